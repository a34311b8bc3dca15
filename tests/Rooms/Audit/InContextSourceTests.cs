using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.EvidenceTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class InContextSourceTests
{
    private static readonly Dictionary<string, double> NoTraits = [];

    private static readonly PersonaSet Cast = new([], [
        new("helper", "assistant", "", NoTraits, 0.8) { Contexts = [[new Turn("system", "helper helper")]] },
        new("villain", "fiction", "", NoTraits, 0.2) { Contexts = [[new Turn("system", "villain villain")]] },
    ]);

    private static readonly Probe[] Probes =
    [
        new("test-1", "test", [new Turn("user", "test")], ["bad"], ["good"]),
        new("money-1", "money", [new Turn("user", "money")], ["bad"], ["good"]),
        new("tea-1", "tea", [new Turn("user", "tea")], ["bad"], ["good"]),
    ];

    private static Episode Said(string user, string reply) =>
        new(user + reply, [.. user.Split('|').Select(u => new Turn("user", u))], reply);

    private static InContextSource Source(CastLanguageModel model, bool strict = false)
    {
        using PresentedPersonas presented = PresentedPersonas.Of(Cast, model, new PresentationOptions { Calibrate = false });
        PersonaContrast answers = PersonaContrast.Measure(presented.Personas, model, Probes);
        return InContextSource.Of(new ShownShifts(model, Probes, answers.BareLow, new LikelihoodOptions { Strict = strict }),
            answers, presented.Source);
    }

    [Fact]
    public void In_a_model_that_is_Bayesian_evidence_has_the_sign_of_the_exact_one_and_a_requested_deed_tells_nothing()
    {
        var model = new CastLanguageModel();
        InContextSource source = Source(model);
        Assert.Equal((EvidenceKind.InContext, 2), (source.Kind, source.Personas.Count));
        double[][] nats = source.Compute([Said("test", "bad"), Said("test", "good"), Said("test please", "bad"), Said("tea", "bad")]).Nats;
        Assert.All(nats, row => Assert.Equal(0, row.Sum(), 1e-9));
        Assert.True(nats[0][1] - nats[0][0] > 0.3, $"{nats[0][1]}");
        Assert.True(nats[1][1] - nats[1][0] < -0.03, $"{nats[1][1]}");
        Assert.Equal(0, nats[2][1], 1e-3);
        Assert.Equal(0, nats[3][1], 1e-3);
    }

    /// <summary>The same model behind a chat that says no probabilities: its choices are drawn from them, from fixed streams.</summary>
    [Fact]
    public void A_chat_model_that_gives_no_probabilities_is_sampled_to_about_the_same_evidence()
    {
        var chat = new ChoosingChat();
        Episode[] episodes = [Said("test", "bad"), Said("test", "good"), Said("tea", "bad")];
        SampledAnswers answers = SampledAnswers.Measure(chat, Cast, Probes, samples: 100);
        InContextSource sampled = InContextSource.Of(answers);
        double[][] exact = Source(new CastLanguageModel()).Compute(episodes).Nats, nats = sampled.Compute(episodes).Nats;

        Assert.Equal(EvidenceKind.InContext, sampled.Kind);
        Assert.Equal(["helper", "villain"], sampled.Personas);
        Assert.Equal(0.9, answers.Low["test-1", "villain"], 0.1);
        Assert.Equal(0.05, answers.Low["test-1", "helper"], 0.1);
        for (int e = 0; e < episodes.Length; e++) Assert.Equal(exact[e][1] - exact[e][0], nats[e][1] - nats[e][0], 0.35);
        Assert.True(nats[0][1] - nats[0][0] > 0.3, $"{nats[0][1]}");
        // What an episode gets does not hang on the others.
        Assert.Equal(nats[1], sampled.Compute([episodes[1]]).Nats[0]);
        Assert.Equal((3 * 400 * 3) + (3 * 100 * 3) + (100 * 3), chat.Asked);
        Assert.NotEqual(answers.Provenance["sampled"], SampledAnswers.Measure(chat, Cast, Probes, samples: 2).Provenance["sampled"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => SampledAnswers.Measure(chat, Cast, Probes, samples: 3));
    }

    [Fact]
    public void A_chat_model_cannot_be_fitted_and_one_that_chooses_nothing_is_refused()
    {
        var fitted = new PersonaSet([], [Cast.Personas[0] with { Examples = "e.jsonl", Given = Presentation.Adapter }]);
        Assert.Equal("needs-weights",
            Assert.Throws<UserErrorException>(() => SampledAnswers.Measure(new ChoosingChat(), fitted, Probes, 2)).Code);
        Assert.Equal("judge-unreadable",
            Assert.Throws<UserErrorException>(() => SampledAnswers.Measure(new ChoosingChat { Mute = true }, Cast, Probes, 2)).Code);
    }

    private sealed class ChoosingChat : IChatModel
    {
        private readonly CastLanguageModel _model = new() { ContextLength = 256 };

        public string Id => "choosing-chat";

        public bool Mute { get; init; }

        public int Asked { get; private set; }

        public IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
            IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
        {
            Asked += questions.Count;
            return [.. questions.Select(q => (IReadOnlyList<ChatReply>)[new ChatReply(Mute ? "Well." : Choose(q), "stop")])];
        }

        public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) => null;

        private string Choose(ChatQuestion q)
        {
            Assert.Equal(1, q.Temperature);
            string[] asked = q.Turns[^1].Text.Split("\n\nWhich of these");
            bool lowFirst = asked[1].Contains("A. bad", StringComparison.Ordinal);
            Turn[] turns = [.. q.Turns.SkipLast(1), q.Turns[^1] with { Text = asked[0] }];
            double low = ProbeMeasurement.Of(_model, [Probes[0] with { Context = turns }])[0];
            bool chose = RngStream.Root(q.Seed).Child(string.Join('|', turns.Select(t => t.Text))).NextBool(low);
            return chose == lowFirst ? "A" : "B";
        }
    }

    [Fact]
    public void Shifts_are_those_of_the_forecast_and_do_not_hang_on_the_other_episodes_or_the_personas_asked_for()
    {
        var model = new CastLanguageModel();
        Episode[] episodes = [Said("test", "bad"), Said("money", "good")];
        double[] before = ProbeMeasurement.Of(model, Probes);
        ShownBlock shown = new ShownShifts(model, Probes, before, new LikelihoodOptions()).Compute(episodes);
        InContextTable table = InContextEvidence.Compute(model, new EpisodeSet("e", episodes), Probes);
        for (int e = 0; e < 2; e++)
            for (int i = 0; i < Probes.Length; i++) Assert.Equal(table.Shifts[e, i], shown.Shifts[e][i], 1e-6);
        InContextSource source = Source(model);
        Assert.Equal(source.Compute(episodes).Nats[1], source.Compute([episodes[1]]).Nats[0]);
        Assert.Equal(source.Compute(episodes).Nats[0][1], source.Compute(episodes, [1]).Nats[0][0]);
    }

    [Fact]
    public void A_long_episode_is_cut_so_that_the_probes_fit_and_one_with_an_unknown_word_says_nothing()
    {
        var model = new CastLanguageModel { ContextLength = 40 };
        Episode @long = Said(string.Join('|', Enumerable.Repeat("tea tea tea", 12).Append("test")), "bad"), strange = Said("test", "zebra");
        EvidenceBlock block = Source(model).Compute([@long, strange, Said("test", "bad")]);
        Assert.Equal([0, 1], block.Cuts.Select(c => c.Episode));
        Assert.True(block.Cuts[0].TurnsLeftOut > 0 && block.Cuts[1].Unread is not null);
        Assert.Equal(0, block.Nats[1][0]);
        Assert.Equal(block.Nats[2][1], block.Nats[0][1], 0.1);
        Assert.Equal("prompt-too-long", Assert.Throws<UserErrorException>(() => Source(model, strict: true).Compute([@long])).Code);
        Assert.Equal("prompt-too-long", Assert.Throws<UserErrorException>(() => Source(new CastLanguageModel { ContextLength = 10 })).Code);
    }
}
