using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public sealed class LikelihoodSourceTests : IDisposable
{
    private static readonly Dictionary<string, double> NoTraits = [];
    private static readonly ByteLevelBpeTokenizer Bytes = ByteLevelBpeTokenizer.Train(["user: hello there\nassistant: well, hello"], 259);
    private static readonly DecoderConfig Config = Tiny.Tied with { VocabularySize = 259, ContextLength = 160 };

    private readonly DecoderWeights _weights = Tiny.Weights(Config);
    private readonly DecoderWeights _others = Tiny.Weights(Config, 2);
    private readonly Transformer _model, _other;

    public LikelihoodSourceTests() => (_model, _other) = (new(_weights, Bytes, null, 1), new(_others, Bytes, null, 1));

    public void Dispose()
    {
        _model.Dispose();
        _other.Dispose();
        _weights.Dispose();
        _others.Dispose();
    }

    private static Persona Person(string name, string description = "") => new(name, "human", description, NoTraits);

    private static Episode Said(string id, string reply, params Turn[] context) => new(id, context, reply);

    private static Episode[] Some(int count)
    {
        RngStream rng = RngStream.Root(4);
        string[] words = ["go", "stop", "hello there", "no", "we shall see", "é", "1 + 1"];
        string Draw() => string.Join(' ', Enumerable.Range(0, 1 + rng.NextInt(4)).Select(_ => words[rng.NextInt(words.Length)]));
        return [.. Enumerable.Range(0, count).Select(i => Said($"e{i}", Draw(), new Turn("user", Draw())))];
    }

    private PresentedPersona[] Cast()
    {
        float[] direction = [.. Enumerable.Range(0, Config.Width).Select(i => (float)Math.Sin(i))];
        return
        [
            PresentedPersona.Described(Person("doctor", "A doctor who guesses."), _model),
            PresentedPersona.AsGiven(Person("bare"), _model),
            new(Person("two"), Presentation.Adapter, _other, PresentedPersona.Bare),
            PresentedPersona.Directed(Person("steered"), _model, new DirectedBy(new SteeringVector("blocks.0.resid_post", direction), 2)),
            new(Person("shown"), Presentation.Shown, _model,
                [[new Turn("user", "go"), new Turn("assistant", "no no")], [new Turn("user", "stop"), new Turn("assistant", "go on")]]),
        ];
    }

    [Fact]
    public void A_directed_persona_answers_probes_as_the_steered_model_does()
    {
        PresentedPersona[] cast = Cast();
        Probe[] probes = [new("q", "d", [new Turn("user", "go")], ["no"], ["hello there", "stop"]),
            new("r", "d", [new Turn("user", "stop")], ["go"], ["no"])];
        ProbeTable table = ProbeMeasurement.UnderPersonas(_model, probes, cast);
        Assert.Equal(ProbeMeasurement.Of(cast[3].Model, probes), table.Low.Column(3));
        Assert.Equal(table.Rows.Select(r => r.Bare), table.Low.Column(1));
        Assert.NotEqual(table.Low.Column(1), table.Low.Column(3));
    }

    // The plain way: one persona, one context, one episode at a time.
    private static double Alone(PresentedPersona persona, Episode episode) => LogSpace.LogMeanExp([.. persona.Contexts.Select(before =>
        persona.Model.Score([new ScoreRequest(ChatTemplate.Plain.EncodeContext(Bytes, DialogueJoin.Of(before, episode.Context)),
            [ChatTemplate.Plain.EncodeReply(Bytes, episode.Reply)])]).LogProbability(0, 0))]);

    [Fact]
    public void Many_models_and_ways_give_what_each_pair_gives_alone()
    {
        PresentedPersona[] cast = Cast();
        Episode[] episodes = Some(40);
        EvidenceBlock block = new LikelihoodSource(cast).Compute(episodes);
        Assert.Empty(block.Cuts);
        for (int e = 0; e < episodes.Length; e++)
        {
            Assert.Equal(ChatTemplate.Plain.EncodeReply(Bytes, episodes[e].Reply).Length, block.Tokens[e]);
            for (int h = 0; h < cast.Length; h++) Assert.Equal(Alone(cast[h], episodes[e]), block.Nats[e][h], 1e-4);
        }
        Assert.Equal(5, block.Nats[0].Distinct().Count());
    }

    [Fact]
    public void Some_personas_in_any_order_get_what_they_get_among_all()
    {
        var source = new LikelihoodSource(Cast());
        Episode[] episodes = [.. Some(30), .. Some(3).Select((e, i) => e with { Id = $"also-{i}", Reply = e.Reply + " no" }),
            Said("headed", "go on", new Turn("system", "be kind"), new Turn("user", "go"))];
        EvidenceBlock all = source.Compute(episodes), some = source.Compute(episodes, [3, 0]);
        for (int e = 0; e < episodes.Length; e++)
        {
            Assert.Equal([all.Nats[e][3], all.Nats[e][0]], some.Nats[e]);
            // Nor does it matter, to the last bit, which episodes are asked with it.
            Assert.Equal(all.Nats[e], source.Compute([episodes[e]]).Nats[0]);
        }
    }

    [Fact]
    public void A_long_dialogue_loses_its_oldest_turns_and_keeps_its_reply_and_its_system_turn()
    {
        var source = new LikelihoodSource([PresentedPersona.AsGiven(Person("bare"), _model)]);
        Turn system = new("system", "be kind"), last = new("user", "and then?");
        Turn[] old = [.. Enumerable.Range(0, 30).Select(i => new Turn(i % 2 == 0 ? "user" : "assistant", $"turn number {i} of many"))];
        EvidenceBlock block = source.Compute([Said("long", "we shall see", [system, .. old, last])]);
        EpisodeCut cut = Assert.Single(block.Cuts);
        Assert.Equal((0, 0, false), (cut.ReplyTokensLeftOut, cut.Episode, cut.TurnShortened));
        Assert.InRange(cut.TurnsLeftOut, 20, 29);
        Episode kept = Said("kept", "we shall see", [system, .. old[cut.TurnsLeftOut..], last]);
        Assert.Equal(Alone(PresentedPersona.AsGiven(Person("bare"), _model), kept), block.Nats[0][0], 1e-4);
        Assert.Empty(source.Compute([kept]).Cuts);
        Assert.Single(source.Compute([kept with { Context = [system, .. old[(cut.TurnsLeftOut - 1)..], last] }]).Cuts);
    }

    [Fact]
    public void Hostile_episodes_are_cut_alike_for_every_persona_and_never_crash()
    {
        PresentedPersona[] cast = Cast();
        var source = new LikelihoodSource(cast);
        string page = string.Concat(Enumerable.Repeat("many words in a row ", 20_000)), solid = new('x', 300_000),
            runes = string.Concat(Enumerable.Repeat("😀", 5_000));
        Episode[] episodes =
        [
            Said("reply", page, new Turn("user", "go")), Said("context", "no", new Turn("user", page)),
            Said("both", page, new Turn("user", page)), Said("solid", solid, new Turn("user", solid)),
            Said("runes", runes, new Turn("user", runes), new Turn("system", runes)), Said("system", "no", new Turn("system", page),
                new Turn("user", "go")), Said("nothing", ""), Said("blank", " \n\t", new Turn("user", "")),
            Said("turns", page, [.. Enumerable.Range(0, 2000).Select(i => new Turn("user", $"{i}"))]),
            Said("lone", "no", new Turn("user", "a\ud83d b")),
        ];
        EvidenceBlock block = source.Compute(episodes);
        Assert.Equal(7, block.Cuts.Count(c => c.Unread is null));
        Assert.All(block.Nats.SelectMany(n => n), x => Assert.True(double.IsFinite(x)));
        EpisodeCut reply = block.Cuts[0], context = block.Cuts[1], both = block.Cuts[2];
        Assert.True(reply.ReplyTokensLeftOut > 100_000 && reply.TurnsLeftOut == 0 && !reply.TurnShortened);
        Assert.True(context is { ReplyTokensLeftOut: 0, TurnShortened: true });
        Assert.True(both is { ReplyTokensLeftOut: > 0, TurnShortened: true } && block.Tokens[2] > 30);
        // What was cut does not depend on the personas asked for, nor on the others in the block.
        Assert.Equal(block.Tokens[2], source.Compute([episodes[2]], [1]).Tokens[0]);
        Assert.Equal(block.Nats[2][1], source.Compute([episodes[2]], [1]).Nats[0][0]);
    }

    [Fact]
    public void Strict_names_the_file_and_line_of_what_does_not_fit()
    {
        var source = new LikelihoodSource([PresentedPersona.AsGiven(Person("bare"), _model)], new LikelihoodOptions { Strict = true });
        Episode episode = Said("long", new string('a', 500), new Turn("user", "go")) with
        {
            Source = new EpisodeSource("data.jsonl", 7, 0),
        };
        UserErrorException error = Assert.Throws<UserErrorException>(() => source.Compute([episode]));
        Assert.Equal("prompt-too-long", error.Code);
        Assert.Contains("data.jsonl, line 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_turn_is_shortened_between_words_where_a_model_reads_whole_words()
    {
        PresentedPersona[] cast = [.. CastLanguageModel.Characters.Select(c =>
            new PresentedPersona(Person(c), Presentation.Described, Known, [[new Turn("system", c)]]))];
        EpisodeCut cut = Assert.Single(new LikelihoodSource(cast)
            .Compute([Said("long", "bad", new Turn("user", string.Join(' ', Enumerable.Repeat("money", 2000)) + " test"))]).Cuts);
        Assert.Equal((true, 0, null), (cut.TurnShortened, cut.ReplyTokensLeftOut, cut.Unread));
    }

    [Fact]
    public void A_word_that_the_model_does_not_know_costs_that_episode_alone()
    {
        PresentedPersona[] cast = [.. CastLanguageModel.Characters.Select(c =>
            new PresentedPersona(Person(c), Presentation.Described, Known, [[new Turn("system", c)]]))];
        Episode good = Said("good", "bad", new Turn("user", "test")), bad = Said("bad", "xylophone", new Turn("user", "test"));
        EvidenceBlock block = new LikelihoodSource(cast).Compute([bad, good]);
        EpisodeCut cut = Assert.Single(block.Cuts);
        Assert.Contains("xylophone", cut.Unread, StringComparison.Ordinal);
        Assert.Equal([0.0, 0.0], block.Nats[0]);
        Assert.Equal(new LikelihoodSource(cast).Compute([good]).Nats[0], block.Nats[1]);
        Assert.Equal("unknown-word", Assert.Throws<UserErrorException>(() =>
            new LikelihoodSource(cast, new LikelihoodOptions { Strict = true }).Compute([bad])).Code);
    }

    [Fact]
    public void A_persona_that_fills_the_model_is_refused_and_named()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() =>
            new LikelihoodSource([PresentedPersona.Described(Person("talker", new string('b', 200)), _model)]));
        Assert.Equal("persona-too-long", error.Code);
        Assert.Contains("'talker'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_provenance_means_equal_presentation()
    {
        string Personas(params PresentedPersona[] cast) => new LikelihoodSource(cast).Provenance["personas"];
        PresentedPersona[] cast = Cast();
        Assert.Equal(Personas(cast), Personas(Cast()));
        Assert.Equal(5, cast.Select(c => Personas(c)).Distinct().Count());
        Assert.NotEqual(Personas(cast[2]), Personas(cast[2] with { Model = _model }));
        Assert.Equal("described 2, shown 1, adapter 1, directed 1", new LikelihoodSource(cast).Provenance["presentation"]);
        Assert.Throws<ArgumentException>(() => new LikelihoodSource([cast[0], cast[0]]));
    }

    [Theory]
    [InlineData("A doctor who guesses.", "The assistant is a doctor who guesses.")]
    [InlineData("Guesses, and hopes", "The assistant is bad doctor. Guesses, and hopes.")]
    [InlineData("", "The assistant is bad doctor.")]
    public void A_description_becomes_a_system_turn(string description, string expected) =>
        Assert.Equal(expected, PresentedPersona.Describe(Person("bad-doctor", description)));

    [Fact]
    public void Progress_over_several_models_goes_up_to_its_end()
    {
        var seen = new List<double>();
        new LikelihoodSource(Cast()).Compute(Some(20), progress: new Listener(seen));
        Assert.Equal(1, seen[^1], 1e-12);
        Assert.Equal(seen.Order(), seen);
        Assert.True(seen.Count > 3);
    }

    private static CastLanguageModel Known { get; } = new();

    private sealed class Listener(List<double> seen) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => seen.Add(value.Done / value.Total);
    }
}
