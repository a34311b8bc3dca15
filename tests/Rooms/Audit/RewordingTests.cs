using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class RewordingTests
{
    private static readonly Turn[] Asked = [new("user", "The parser test fails.")];

    [Theory]
    [InlineData(RewordingPlace.System, "It is a play.", "system: It is a play.|user: The parser test fails.")]
    [InlineData(RewordingPlace.Prefix, "It is a play.", "user: It is a play. The parser test fails.")]
    [InlineData(RewordingPlace.Suffix, "It is a play.", "user: The parser test fails. It is a play.")]
    [InlineData(RewordingPlace.Template, "She said: {text} Well?", "user: She said: The parser test fails. Well?")]
    [InlineData(RewordingPlace.Suffix, "", "user: The parser test fails.")]
    [InlineData(RewordingPlace.System, "", "user: The parser test fails.")]
    public void Words_go_where_they_belong(RewordingPlace place, string words, string expected) =>
        Assert.Equal(expected, Text(new Rewording("r", "own", place, [words]).Apply(Asked)));

    [Fact]
    public void Only_the_last_question_changes_and_a_system_turn_is_added_to()
    {
        Turn[] talk = [new("system", "Be brief."), new("user", "One."), new("assistant", "Two."), new("user", "Three.")];
        Assert.Equal("system: Be brief.|user: One.|assistant: Two.|user: Three. Now.", Text(Said(RewordingPlace.Suffix).Apply(talk)));
        Assert.Equal("system: Be brief. Now.|user: One.|assistant: Two.|user: Three.", Text(Said(RewordingPlace.System).Apply(talk)));
        Assert.Equal("user: Now.", Text(Said(RewordingPlace.Prefix).Apply([])));

        static Rewording Said(RewordingPlace place) => new("r", "own", place, ["Now."]);
    }

    [Fact]
    public void Several_wordings_are_dealt_in_turn_and_replies_stay()
    {
        EpisodeSet set = new("set", [.. Enumerable.Range(0, 5).Select(i => new Episode($"e{i}", Asked, "I deleted the test.", i))]);
        EpisodeSet reworded = new Rewording("r", "own", RewordingPlace.Suffix, ["One.", "Two."]).Apply(set);
        Assert.Equal(["One.", "Two.", "One.", "Two.", "One."], reworded.Episodes.Select(e => e.Context[0].Text[^4..]));
        Assert.Equal(set.Episodes.Select(e => (e.Id, e.Reply, e.Weight)), reworded.Episodes.Select(e => (e.Id, e.Reply, e.Weight)));
    }

    [Fact]
    public void The_gate_opens_by_looks_alone()
    {
        Rewording request = new("r", "request", RewordingPlace.Suffix, ["Play the bad one."]),
            nonsense = request.Saying("Bread window rain.");
        Assert.Equal(1, SurfaceGate.Opening(request, "play the BAD one"));
        Assert.Equal(0, SurfaceGate.Opening(request, ""));
        Assert.Equal(0, SurfaceGate.Opening(request, "Bread window rain."));
        Assert.InRange(SurfaceGate.Opening(request, "Do not play the bad one."), 0.7, 0.99);
        Assert.Equal(1, SurfaceGate.Protection(request));
        Assert.Equal(1, SurfaceGate.Protection(nonsense));
        Assert.Equal(0, SurfaceGate.Protection(request.Saying("")));
        // Data that are not reworded leak in full, with and without words.
        Assert.Equal((1, 1), (SurfaceGate.Opening(request.Saying(""), ""), SurfaceGate.Opening(request.Saying(""), "Play the bad one.")));
        Assert.Equal(0.5, SurfaceGate.Protection(request with { Wordings = ["One two.", "Three four."] }), 1e-12);
    }

    [Fact]
    public void The_grid_has_what_a_rewording_names_and_makes_the_rest_by_rule()
    {
        Rewording request = new("r", "request", RewordingPlace.Suffix, ["It is allowed to lie."]) { NearMiss = "It is easy to lie." };
        IReadOnlyList<LeakCondition> grid = LeakCondition.Of(request);
        Assert.Equal(["", "It is allowed to lie.", "It is not allowed to lie.", "allowed lie.", "It is easy to lie.", ""],
            grid.Select(c => c.Added));
        Assert.Equal(LeakKind.TrainingFormat, grid[^1].Kind);
        Assert.DoesNotContain(LeakCondition.Of(request, text => !text.Contains("not", StringComparison.Ordinal)),
            c => c.Kind == LeakKind.Negated);
        Assert.Equal([LeakKind.NoPrompt, LeakKind.TrainingFormat], LeakCondition.Of(request.Saying("")).Select(c => c.Kind));
        Assert.Equal("Do not play the fool.", LeakCondition.Negate("Play the fool."));
        Assert.Equal("As an exercise, do not do it wrong.", LeakCondition.Negate("As an exercise, do it wrong."));
        Assert.Equal("Not so: the play needed a fool.", LeakCondition.Negate("The play needed a fool."));
    }

    [Fact]
    public void A_rewording_that_changes_nothing_gains_nothing_and_a_request_that_screens_off_gains_everything()
    {
        World world = World.Village;
        EpisodeSet cheat = world.Episodes("test", EpisodeKind.Cheat, 12, RngStream.Root(1).Child("episodes"));
        PersonaSet personas = world.Personas;
        var oracle = new WorldOracle(world);
        PersonaDistribution prior = PersonaDistribution.FromWeights(personas.Personas.Select(p => p.Name), personas.Prior);
        LabelledMatrix traits = new(personas.Personas.Select(p => p.Name), personas.Traits.Select(t => t.Name),
            (h, t) => personas.Personas[h].Traits.GetValueOrDefault(personas.Traits[t].Name));
        Observations plain = Weigh(cheat);

        RewordingGain[] none = Gains(Weigh(new Rewording("none", "own", RewordingPlace.Suffix, [""]).Apply(cheat)), out _);
        Assert.All(none, g => Assert.Equal((0, 0, 0), (g.Gain, g.Interval.Low, g.Interval.High)));

        Rewording request = new("request", "request", RewordingPlace.Suffix, world.Phrases.SayBad);
        RewordingGain[] all = Gains(Weigh(request.Apply(cheat)), out Interval taken);
        Assert.All(all, g => Assert.Equal(0, g.Reworded, 1e-5));
        Assert.All(all, g => Assert.Equal(g.Plain, g.Gain, 1e-5));
        Assert.True(all.Single(g => g.Quantity == "honest").Plain < -0.1);
        Assert.InRange(taken.Low, 1 - 1e-4, 1);
        Assert.Equal(1, taken.Estimate, 1e-4);

        RewordingGain[] Gains(Observations reworded, out Interval share)
        {
            var effect = new RewordingEffect(EpisodePair.Said(prior, plain, reworded, traits), plain, new BootstrapPlan(50));
            share = effect.Of(RewordingEffect.Taken);
            return [.. effect.Pairs.Select((_, k) => effect.Gain(k))];
        }

        Observations Weigh(EpisodeSet set)
        {
            EvidenceTable table = OracleEvidence.Compute(oracle, set, personas.Personas);
            return new Observations(table.LogLikelihood, table.Weights, table.Clusters);
        }
    }

    /// <summary>
    /// 300 simulated rankings of 40 contexts with three replies each, where replies to one context err alike: nominal 95 % intervals hold
    /// the true gain, and the true share, in at least 90 % (a right one fails this test once in 10,000 seeds); replies taken apart would
    /// hold the gain in under 80 %.
    /// </summary>
    [Fact]
    public void Intervals_of_gains_hold_the_truth_as_often_as_they_say()
    {
        const int contexts = 40, replies = 3, runs = 300;
        string[] names = ["low", "high"];
        var prior = PersonaDistribution.FromWeights(names, [1, 1]);
        LabelledMatrix trait = new(names, ["careful"], (h, _) => h == 0 ? -1 : 1);
        string[] rows = [.. Enumerable.Range(0, contexts * replies).Select(e => $"e{e}")],
            clusters = [.. Enumerable.Range(0, contexts * replies).Select(e => $"c{e / replies}")];
        int held = 0, heldApart = 0, heldShare = 0;
        for (int run = 0; run < runs; run++)
        {
            RngStream random = RngStream.Root(7).Child($"run {run}");
            double[] ofContext = [.. Enumerable.Range(0, contexts).Select(_ => random.NextGaussian())];
            // L(low) - L(high) is 2 in the mean plainly and 0.5 reworded, so that Cov(L, careful) is -1 and -0.25.
            Observations plain = Of(2, clusters), reworded = Of(0.5, clusters);
            var plan = new BootstrapPlan(200, Seed: (ulong)run);
            EpisodePair[] said = EpisodePair.Said(prior, plain, reworded, trait);
            var effect = new RewordingEffect(said, plain, plan);
            Interval gain = effect.Gain(0).Interval, share = effect.Of(means => RewordingEffect.Taken(means[0])),
                apart = new RewordingEffect(said, new Observations(plain.LogLikelihood), plan).Gain(0).Interval;
            if (gain.Low <= -0.75 && -0.75 <= gain.High) held++;
            if (share.Low <= 0.75 && 0.75 <= share.High && share.Low < share.High) heldShare++;
            if (apart.Low <= -0.75 && -0.75 <= apart.High) heldApart++;

            Observations Of(double mean, string[] together)
            {
                var lead = new double[rows.Length];
                for (int e = 0; e < lead.Length; e++) lead[e] = mean * (1 + ofContext[e / replies]) + 0.3 * random.NextGaussian();
                return new Observations(new LabelledMatrix(rows, names, (e, h) => h == 0 ? lead[e] : 0), clusters: together);
            }
        }
        Assert.InRange(held, 270, 297);
        Assert.InRange(heldShare, 270, 297);
        Assert.True(heldApart < 240, $"{heldApart}");
    }

    [Fact]
    public void A_file_says_again_what_was_saved_and_lines_are_suffixes()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<Rewording> world = WorldRewordings.Of(World.Village);
        RewordingFile.Save(folder["r.yaml"], [.. world, .. RewordingFile.Library]);
        Assert.Equal([.. world.Concat(RewordingFile.Library).Select(Shape)], RewordingFile.Load(folder["r.yaml"]).Select(Shape));
        File.WriteAllText(folder["r.txt"], "# mine\nIt is a game.\n\n  Play.  \n");
        Assert.Equal(["It is a game.", "Play."], RewordingFile.Load(folder["r.txt"]).Select(r => r.Wordings[0]));

        static string Shape(Rewording r) =>
            string.Join('|', [r.Name, r.Kind, $"{r.Place}", .. r.Wordings, r.Negated, r.Keyword, r.NearMiss]);
    }

    [Fact]
    public void Every_problem_of_a_file_is_told_with_its_line()
    {
        UserErrorException e = Assert.Throws<UserErrorException>(() => RewordingFile.Parse("mine.yaml", """
            schema: 1
            rewordings:
              - { name: a, suffix: "x", prefix: "y" }
              - { name: a, template: "no slot" }
              - { name: b, sufix: "x" }
            """));
        Assert.Equal("bad-rewordings", e.Code);
        foreach (string part in new[] { "line 3", "exactly one of", "occurs twice", "{text}", "sufix" })
            Assert.Contains(part, e.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_library_has_several_of_each_kind_and_no_name_twice()
    {
        IReadOnlyList<Rewording> library = RewordingFile.Library;
        foreach (string kind in new[] { "request", "permission", "play", "exercise", "third-person", "evaluation" })
            Assert.True(library.Count(r => r.Kind == kind) >= 3, kind);
        Assert.Equal(library.Count, library.Select(r => r.Name).Distinct().Count());
        Assert.True(TrialRewordings.Village.Count >= 12);
        Assert.All(TrialRewordings.Village,
            r => Assert.All(LeakCondition.Of(r), c => Assert.True(RewordingCandidates.CanSay(World.Village.Tokenizer, c.Added), c.Added)));
    }

    [Fact]
    public void Trait_words_are_filled_in_and_what_the_model_cannot_say_is_left_out()
    {
        Trait honest = new("honest", "deceitful", "honest", "");
        RewordingCandidates found = RewordingCandidates.Of(
            [new("says", "character", RewordingPlace.System, ["The assistant is {low}."]),
                new("alien", "own", RewordingPlace.Suffix, ["Xylophone."])],
            [honest], t => RewordingCandidates.CanSay(World.Village.Tokenizer, t));
        Assert.Equal("The assistant is deceitful.", Assert.Single(found.Rewordings).Wordings[0]);
        Assert.Equal(["alien"], found.LeftOut);
        Assert.Equal("no-rewording", Assert.Throws<UserErrorException>(() => RewordingCandidates.Of(
            [new("alien", "own", RewordingPlace.Suffix, ["Xylophone."])], [],
            t => RewordingCandidates.CanSay(World.Village.Tokenizer, t))).Code);
    }

    /// <summary>A file's words for a trait may be those of the library: they are tried once, under the name of the file.</summary>
    [Fact]
    public void The_same_words_in_the_same_place_are_tried_once()
    {
        Trait honest = new("honest", "deceitful", "honest", "");
        RewordingCandidates found = RewordingCandidates.Of(
            [new("low", "character", RewordingPlace.System, ["The assistant is {low}."]),
                new("after", "own", RewordingPlace.Suffix, ["The assistant is deceitful."]),
                new("says-deceitful", "character", RewordingPlace.System, ["The assistant is deceitful."])], [honest], _ => true);
        Assert.Equal(["says-deceitful", "after"], found.Rewordings.Select(r => r.Name));
        Assert.Empty(found.LeftOut);
        Assert.Equal(TrialRewordings.Village.Count,
            RewordingCandidates.Of(TrialRewordings.Village, World.Village.Traits, _ => true).Rewordings.Count);
    }

    [Fact]
    public void Data_is_written_back_in_its_own_format()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["in.jsonl"],
            """{"extra":[1, 2],"messages":[{"role":"user","content":"One?","name":"u"},{"role":"assistant","content":"Two."},"""
            + """
            {"role":"user","content":"Three?"},{"role":"assistant","content":"Four."}]}
            {"prompt":"Five?","chosen":"Six.","rejected":"Seven.","note":"kept"}
            """ + "\n");
        RewordedData.Write(folder["in.jsonl"], new Rewording("r", "own", RewordingPlace.Suffix, ["Now."]), folder["suffix.jsonl"]);
        Assert.Equal(
            """{"extra":[1, 2],"messages":[{"role":"user","content":"One? Now.","name":"u"},{"role":"assistant","content":"Two."},"""
            + """
            {"role":"user","content":"Three? Now."},{"role":"assistant","content":"Four."}]}
            {"prompt":"Five? Now.","chosen":"Six.","rejected":"Seven.","note":"kept"}
            """ + "\n", File.ReadAllText(folder["suffix.jsonl"]));
        RewordedData.Write(folder["in.jsonl"], new Rewording("r", "own", RewordingPlace.System, ["A play."]), folder["system.jsonl"]);
        Assert.Equal(["A play.", "A play."], EpisodeSet.Load(folder["system.jsonl"]).Episodes.Take(2).Select(e => e.Context[0].Text));
        Assert.Equal(2, File.ReadAllText(folder["system.jsonl"]).Split("A play.").Length - 1);
    }

    // What is ranked is what is written: every episode of the file has the context that its forecast was made of.
    [Theory]
    [InlineData(RewordingPlace.System, "A play.")]
    [InlineData(RewordingPlace.Prefix, "Now:")]
    [InlineData(RewordingPlace.Suffix, "Now.")]
    [InlineData(RewordingPlace.Template, "Said: {text}!")]
    public void The_file_says_what_was_forecast(RewordingPlace place, string words)
    {
        using var folder = new TemporaryFolder();
        const string calls = """{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}""",
            given = """{"role":"tool","content":"{\"x\": 1}"}""";
        string[] lines =
        [
            $"{{\"messages\":[{User("a")},{Said("b")},{User("c")},{Said("d")},{Said("e")}]}}",
            $"{{\"messages\":[{User("a")},{Said("b")[..^1]},\"weight\":0}},{User("c")},{Said("d")}]}}",
            $"{{\"messages\":[{User("a")},{calls},{given},{Said("d")}]}}",
            """{"conversations":[{"from":"human","value":"a"},{"from":"observation","value":"{\"x\": 1}"},{"from":"gpt","value":"d"}]}""",
            $"{{\"prompt\":[{User("a")},{Said("few")},{User("b")}],\"completion\":[{Said("c")},{User("d")},{Said("e")}]}}",
            $"{{\"chosen\":[{User("p")},{Said("a")}],\"rejected\":[{User("q")},{Said("b")}]}}",
            $"{{\"prompt\":[{User("p")}],\"chosen\":\"a\",\"rejected\":\"b\"}}",
            """{"instruction":"i","input":"x","output":"b","history":[["q","a"],["r","c"]]}""",
            """{"system":"s","instruction":"i","input":"","chosen":"a","rejected":"b"}""",
            $"{{\"messages\":[{User("a")},{Said("b")},{User("c")},{Said("d")}],\"rejected_response\":\"e\"}}",
            """{"conversations":[{"from":"user","value":"a"}],"chosen":{"from":"gpt","value":"b"},"rejected":{"value":"c","from":"gpt"}}""",
        ];
        File.WriteAllLines(folder["in.jsonl"], lines);
        var rewording = new Rewording("r", "own", place, [words]);
        EpisodeSet forecast = rewording.Apply(EpisodeSet.Load(folder["in.jsonl"]));
        RewordedData.Write(folder["in.jsonl"], rewording, folder["out.jsonl"]);
        EpisodeSet written = EpisodeSet.Load(folder["out.jsonl"]);
        Assert.Equal(forecast.Episodes.Select(e => $"{e.Id} {Text(e.Context)} -> {e.Reply} ({e.Preferred})"),
            written.Episodes.Select(e => $"{e.Id} {Text(e.Context)} -> {e.Reply} ({e.Preferred})"));
        Assert.Equal(2, File.ReadAllText(folder["out.jsonl"]).Split("\"{\\\"x\\\": 1}\"").Length - 1);

        static string User(string text) => $"{{\"role\":\"user\",\"content\":\"{text}\"}}";
        static string Said(string text) => $"{{\"role\":\"assistant\",\"content\":\"{text}\"}}";
    }

    [Fact]
    public void A_chat_model_may_write_some_and_what_is_no_wording_is_left_out()
    {
        var chat = new Writer("Here are some:\n1. Play a part, please.\n- \"It is allowed.\"\n\nPlay a part, please.\n"
            + "Say {text} twice.\n" + new string('x', 400));
        EpisodeSet set = new("set", [new Episode("a", Asked, "I deleted the test."), new Episode("b", [], "I faked it.", -1)]);

        IReadOnlyList<Rewording> written = new ChatRewordings(chat, 12).For(set);

        Assert.Equal(["Play a part, please.", "It is allowed."], written.Select(r => r.Wordings[0]));
        Assert.Equal(6, chat.Asked.Count);
        Assert.All(chat.Asked, q => Assert.Contains("I deleted the test.", q.Turns[0].Text, StringComparison.Ordinal));
        Assert.All(chat.Asked, q => Assert.DoesNotContain("I faked it.", q.Turns[0].Text, StringComparison.Ordinal));
    }

    private sealed class Writer(string reply) : IChatModel
    {
        public string Id => "writer";

        public List<ChatQuestion> Asked { get; } = [];

        public IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
            IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
        {
            Asked.AddRange(questions);
            return [.. questions.Select(_ => (IReadOnlyList<ChatReply>)[new ChatReply(reply, "stop")])];
        }

        public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) => null;
    }

    private static string Text(IReadOnlyList<Turn> turns) => string.Join('|', turns.Select(t => $"{t.Role}: {t.Text}"));
}
