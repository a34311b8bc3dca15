using System.IO.Compression;
using PersonaSelection.Audit;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class KeptDataTests : IDisposable
{
    private readonly AuditFixture _here = new();

    public void Dispose() => _here.Dispose();

    [Theory]
    [InlineData("speaker.careless-doctor < 0.5")]
    [InlineData("not (speaker.careless-doctor >= 0.5 or tokens > 100) and weight == 1")]
    [InlineData("evidence.sound-doctor > evidence.careless-doctor")]
    public void Kept_lines_are_untouched_and_the_predicted_cast_is_that_of_the_file(string rule)
    {
        string data = _here.Chats("data.jsonl", 400);
        AuditResult audit = _here.Audit(data, "a");

        KeptVerdict kept = Write(audit, data, new KeepPlan(rule, null, null), "kept.jsonl");

        string[] before = File.ReadAllLines(data), after = File.ReadAllLines(kept.File);
        Assert.InRange(after.Length, 280, 360);
        Assert.Equal((after.Length, before.Length - after.Length, after.Length), ((int)kept.Episodes, (int)kept.Changed, (int)kept.Lines));
        Assert.Equal(before.Where(after.Contains), after);
        CastVerdict again = _here.Audit(kept.File, "b").Verdict;
        Assert.Equal(again.Personas, kept.Cast!.Personas);
        Assert.Equal(again.Traits, kept.Cast.Traits);
        Assert.True(kept.Cast.Personas.First(p => p.Name == "sound-doctor").Posterior
            > audit.Verdict.Personas.First(p => p.Name == "sound-doctor").Posterior);
    }

    /// <summary>A dialogue that loses its first answer begins with another context; where few are left, lines are redrawn.</summary>
    [Theory]
    [InlineData(30, "contexts")]
    [InlineData(4, "lines")]
    public void Intervals_of_what_is_kept_are_those_of_the_file(int questions, string redrawn)
    {
        string data = _here.Write("data.jsonl", string.Concat(Enumerable.Range(0, 120).Select(i =>
            $$"""{"messages":[{"role":"user","content":"Ask {{(i % 3 == 0 ? i : i % questions)}}?"},"""
            + $$"""{"role":"assistant","content":"A {{(i % 3 == 0 ? "careless" : "sound")}} word."},"""
            + $$"""{"role":"user","content":"And {{i % 7}}?"},"""
            + $$"""{"role":"assistant","content":"A {{(i % 3 == 0 && questions < 10 ? "careless" : "sound")}} word, {{i}}."}]}"""
            + "\n")));
        AuditResult audit = _here.Audit(data, "a");
        KeptVerdict kept = Write(audit, data, new KeepPlan("speaker.careless-doctor < 0.5", null, null), "kept.jsonl");
        CastVerdict again = _here.Audit(kept.File, "b").Verdict;
        Assert.Equal((again.Clusters, again.Redrawn), (kept.Cast!.Clusters, kept.Cast.Redrawn));
        Assert.Equal(again.Personas, kept.Cast.Personas);
        Assert.Equal((redrawn, "contexts"), (again.Redrawn, audit.Verdict.Redrawn));
    }

    /// <summary>Careless answers that are rejected count against the careless, in the audit as in the cast of what is kept of it.</summary>
    [Fact]
    public void Answers_labelled_undesirable_move_the_cast_away_from_who_would_give_them()
    {
        string Labelled(string name, string bad) => _here.Write(name, string.Concat(Enumerable.Range(0, 60).Select(i =>
            $"{{\"prompt\":\"Ask {i}?\",\"completion\":\"A {(i % 2 == 0 ? "careless" : "sound")} word {i}.\","
            + $"\"label\":{(i % 2 == 0 ? bad : "true")}}}\n")));
        double Careless(CastVerdict cast) => cast.Personas.First(p => p.Name == "careless-doctor").Posterior;
        string data = Labelled("kto.jsonl", "false");
        AuditResult audit = _here.Audit(data, "a"), asGiven = _here.Audit(Labelled("given.jsonl", "true"), "b");
        Assert.Equal((30, 0), (audit.Verdict.Rejected, asGiven.Verdict.Rejected));
        Assert.True(Careless(audit.Verdict) < 0.01 && Careless(asGiven.Verdict) > 0.2, $"{Careless(asGiven.Verdict)}");
        Assert.Equal(30, File.ReadLines(_here["a/ledger.jsonl"]).Count(l => l.Contains("\"weight\":-1,", StringComparison.Ordinal)));

        KeptVerdict kept = Write(audit, data, new KeepPlan("weight > 0", null, null, 0.5), "kept.jsonl");
        Assert.Equal(30, File.ReadLines(kept.File).Count(l => l.Contains("\"label\":false,\"weight\":0.5}", StringComparison.Ordinal)));
        CastVerdict again = _here.Audit(kept.File, "c").Verdict;
        Assert.Equal((30, 30), (again.Rejected, kept.Cast!.Rejected));
        Assert.Equal(again.Personas, kept.Cast.Personas);
    }

    /// <summary>What was cut, or not read, is so in what is kept of it: as an audit of the written file counts it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Episodes_that_were_cut_are_counted_in_what_is_kept(double weight)
    {
        TextSource Short() => new() { Cut = "number 1", Unread = "number 3" };
        string data = _here.Chats("data.jsonl", 200);
        AuditResult audit = _here.Audit(data, "a", Short());
        KeptVerdict kept = Write(audit, data, new KeepPlan("speaker.careless-doctor < 0.5", null, null, weight), "kept.jsonl");
        CastVerdict again = _here.Audit(kept.File, "b", Short()).Verdict;
        Assert.Equal((again.Cut, again.Unread), (kept.Cast!.Cut, kept.Cast.Unread));
        Assert.True(again.Unread > 0 && again.Cut > again.Unread && (weight > 0 || again.Cut < audit.Verdict.Cut), $"{again.Cut}");
    }

    /// <summary>A line of which nothing is trained on stays where it is and counts for nothing.</summary>
    [Fact]
    public void A_line_without_an_episode_costs_no_other()
    {
        string data = _here.Chats("data.jsonl", 40), silent = """
            {"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a careless word","train":false}]}
            """.Trim();
        string with = _here.Write("with.jsonl", silent + "\n" + File.ReadAllText(data) + silent + "\n");
        AuditResult audit = _here.Audit(with, "a");
        Assert.Equal(_here.Audit(data, "b").Verdict.Personas, audit.Verdict.Personas);
        KeptVerdict kept = Write(audit, with, new KeepPlan("speaker.careless-doctor < 0.5", null, null), "kept.jsonl");
        Assert.Equal([silent, silent], File.ReadLines(kept.File).Where(l => l == silent));
        Assert.Equal(_here.Audit(kept.File, "c").Verdict.Personas, kept.Cast!.Personas);
    }

    /// <summary>Several files go to a folder, each under its name, packed or not as it was, and the cast is that of all of them.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Several_files_are_written_back_each_on_its_own(double weight)
    {
        string one = _here.Chats("one.jsonl", 150), two = _here["two.jsonl.gz"], three = _here.Write("three.jsonl",
            string.Concat(Enumerable.Range(0, 40).Select(i =>
                $"{{ \"prompt\":\"Ask {i}?\",\"completion\":\"A {(i % 4 == 0 ? "careless" : "sound")} word {i}.\", \"n\":1.0}}\r\n")));
        using (var zip = new GZipStream(File.Create(two), CompressionLevel.Fastest))
            zip.Write(File.ReadAllBytes(_here.Chats("plain.jsonl", 90, 0.6)));
        var data = new AuditData([one, two, three]);
        AuditResult audit = new AuditFolder(_here["a"]).Run(data.Survey(), new TextSource(), AuditFixture.Personas,
            new AuditOptions(Draws: 30));

        KeptVerdict kept = KeptData.Write(_here["kept"], data, KeptData.Decide(new KeepPlan("speaker.careless-doctor < 0.5", null, null),
            audit.Cast, audit.Evidence.Tokens), weight, audit);

        Assert.Equal(_here["kept"], kept.File);
        long lines = 0;
        foreach (string file in data.Files)
        {
            string[] before = Lines(file), after = Lines(Path.Combine(_here["kept"], Path.GetFileName(file)));
            Assert.True(before.Except(after).Any(), file);
            Assert.Equal(
                weight == 0 ? [.. before.Where(after.Contains)] : before.Select((l, i) => after.Contains(l) ? l : after[i]), after);
            lines += after.Length;
        }
        Assert.Equal(kept.Lines, lines);
        Assert.Equal(weight == 0 ? kept.Episodes : 280, lines);
        var again = new AuditData([.. data.Files.Select(f => Path.Combine(_here["kept"], Path.GetFileName(f)))]);
        CastVerdict cast = new AuditFolder(_here["b"])
            .Run(again.Survey(), new TextSource(), AuditFixture.Personas, new AuditOptions(Draws: 30)).Verdict;
        Assert.Equal(cast.Personas, kept.Cast!.Personas);

        static string[] Lines(string path)
        {
            using Stream file = path.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress) : File.OpenRead(path);
            return new StreamReader(file).ReadToEnd().Split('\n')[..^1];
        }
    }

    [Fact]
    public void Nothing_is_written_over()
    {
        Directory.CreateDirectory(_here["there"]);
        Assert.Equal([Path.Combine(_here["new"], "a.jsonl"), Path.Combine(_here["new"], "b.jsonl.gz")],
            KeptData.Places(_here["new"], ["a.jsonl", "x/b.jsonl.gz"]));
        Assert.Equal([_here["new"]], KeptData.Places(_here["new"], ["a.jsonl"]));
        Assert.Equal([Path.Combine(_here["there"], "a.jsonl")], KeptData.Places(_here["there"], ["a.jsonl"]));
        foreach ((string path, string[] files) in ((string, string[])[])[(_here["a.jsonl"], [_here["a.jsonl"]]),
            (_here["x"], ["p/a.jsonl", "q/a.jsonl"]), (_here["there"], [_here["b.jsonl"], Path.Combine(_here["there"], "a.jsonl")])])
            Assert.Equal("keep-in-place", Assert.Throws<UserErrorException>(() => KeptData.Places(path, files)).Code);
    }

    [Fact]
    public void Nothing_that_is_read_is_written_over_by_whatever_way()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Directory.CreateDirectory(_here["there"]);
        Directory.CreateSymbolicLink(_here["link"], _here["there"]);
        string data = _here.Chats(Path.Combine("there", "a.jsonl"), 3), other = _here.Chats("b.jsonl", 3);
        foreach ((string path, string[] others) in ((string, string[])[])[(Path.Combine(_here["link"], "a.jsonl"), []),
            (_here["link"], []), (other, [other]), (_here["link"] + "/c", [_here["there"] + "/c"])])
            Assert.Equal("keep-in-place", Assert.Throws<UserErrorException>(() => KeptData.Places(path, [data], others)).Code);
        Assert.Equal([other], KeptData.Places(other, [data]));
        if (File.Exists("/dev/null"))
            Assert.Equal("cannot-write", Assert.Throws<UserErrorException>(() => KeptData.Places("/dev/null", [data])).Code);
    }

    /// <summary>Lines in another order have the evidence of others: neither kept data nor a ledger is made of them.</summary>
    [Fact]
    public void Data_that_changed_since_the_audit_are_refused()
    {
        string data = _here.Chats("data.jsonl", 40);
        AuditResult audit = _here.Audit(data, "a");
        bool[] keep = [.. Enumerable.Range(0, 40).Select(i => i > 3)];
        string[] lines = File.ReadAllLines(data);
        foreach (string[] now in (string[][])[[.. lines.Reverse()], lines[..^1], [.. lines, lines[0]]])
        {
            File.WriteAllLines(data, now);
            Assert.Equal("data-changed", Assert.Throws<UserErrorException>(() =>
                KeptData.Write(_here["kept.jsonl"], new AuditData([data]), keep, 0, audit)).Code);
            Assert.Equal("data-changed", Assert.Throws<UserErrorException>(() =>
                Ledger.Write(_here["ledger.jsonl"], new AuditData([data]), audit.Cast, audit.Evidence)).Code);
        }
        Assert.False(File.Exists(_here["ledger.jsonl"]));
        File.WriteAllLines(data, lines);
        Assert.Equal(36, KeptData.Write(_here["kept.jsonl"], new AuditData([data]), keep, 0, audit).Lines);
    }

    [Fact]
    public void The_worst_for_a_trait_go_first()
    {
        string data = _here.Chats("data.jsonl", 400);
        AuditResult audit = _here.Audit(data, "a");
        bool[] keep = KeptData.Decide(new KeepPlan(null, "5%", "careful"), audit.Cast, audit.Evidence.Tokens);
        Assert.Equal(20, keep.Count(k => !k));
        double[] change = [.. Enumerable.Range(0, 400).Select(e => audit.Cast.Of(e).Removed[0])];
        Assert.True(Enumerable.Range(0, 400).Where(e => !keep[e]).Min(e => change[e]) >= Enumerable.Range(0, 400)
            .Where(e => keep[e]).Max(e => change[e]));
        // Never one that speaks for the trait, however many are asked for.
        bool[] all = KeptData.Decide(new KeepPlan(null, "100%", "careful"), audit.Cast, audit.Evidence.Tokens);
        Assert.All(Enumerable.Range(0, 400), e => Assert.Equal(change[e] > 0, !all[e]));
    }

    [Fact]
    public void Weighted_down_rows_stay_with_less_weight_also_gzipped()
    {
        string data = _here.Chats("data.jsonl", 200);
        AuditResult audit = _here.Audit(data, "a");
        KeptVerdict kept = Write(audit, data, new KeepPlan("speaker.careless-doctor < 0.5", null, null, 0.25), "kept.jsonl.gz");
        using (var text = new StreamReader(new GZipStream(File.OpenRead(kept.File), CompressionMode.Decompress)))
            Assert.Equal(200, text.ReadToEnd().Count(c => c == '\n'));
        CastVerdict again = _here.Audit(kept.File, "b").Verdict;
        Assert.Equal(200, again.Episodes);
        Assert.Equal(again.Personas, kept.Cast!.Personas);
    }

    /// <summary>A dialogue keeps its other answers, a preference goes whole, and the prediction follows what was really written.</summary>
    [Fact]
    public void Formats_that_hold_several_answers()
    {
        string chats = string.Concat(Enumerable.Range(0, 30).Select(i =>
            $$"""{"messages":[{"role":"user","content":"One {{i}}?"},{"role":"assistant","content":"A careless word {{i}}."},"""
            + $$"""{"role":"user","content":"Two?"},{"role":"assistant","content":"A sound word {{i}}."}]}""" + "\n"));
        string pairs = string.Concat(Enumerable.Range(0, 30).Select(i => $$"""
            {"prompt":"One {{i}}?","chosen":"A sound word {{i}}.","rejected":"A careless word {{i}}."}

            """.Trim() + "\n"));
        string shared = string.Concat(Enumerable.Range(0, 30).Select(i =>
            $$"""{"conversations":[{"from":"human","value":"One {{i}}?"},{"from":"gpt","value":"A careless word {{i}}."},"""
            + $$"""{"from":"human","value":"Two?"},{"from":"gpt","value":"A sound word {{i}}."}]}""" + "\n"));
        string alpaca = string.Concat(Enumerable.Range(0, 30).Select(i =>
            $$"""{"instruction":"Two?","input":"{{i}}","output":"A sound word.","history":[["One?","A careless word {{i}}."]]}""" + "\n"));
        string outdone = string.Concat(Enumerable.Range(0, 30).Select(i =>
            $$"""{"messages":[{"role":"user","content":"One {{i}}?"},{"role":"assistant","content":"A sound word {{i}}."}]"""
            + $$""","rejected_response":"A careless word {{i}}."}""" + "\n"));
        foreach ((string name, string text) in new[]
            { ("chats", chats), ("pairs", pairs), ("shared", shared), ("alpaca", alpaca), ("outdone", outdone) })
        {
            string data = _here.Write(name + ".jsonl", text);
            AuditResult audit = _here.Audit(data, name);
            KeptVerdict kept = Write(audit, data, new KeepPlan("speaker.careless-doctor < 0.9 or weight < 0", null, null),
                name + ".kept.jsonl");
            Assert.NotNull(kept.Cast);
            Assert.Equal(_here.Audit(kept.File, name + "-again").Verdict.Personas, kept.Cast.Personas);
        }
    }

    /// <summary>
    /// Choices between two careless answers tell nothing of who is careful, however careless the chosen one; those of the careless answer
    /// over the sound one are the worst, and the most telling.
    /// </summary>
    [Fact]
    public void A_preference_is_as_bad_as_its_choice()
    {
        string Line(string id, string chosen, string rejected) =>
            $"{{\"id\":\"{id}\",\"prompt\":\"One {id}?\",\"chosen\":\"{chosen}\",\"rejected\":\"{rejected}\"}}\n";
        string data = _here.Write("pairs.jsonl", string.Concat(
        [
            .. Enumerable.Range(0, 20).Select(i => Line($"same{i}", "A careless word.", "A careless word.")),
            .. Enumerable.Range(0, 12).Select(i => Line($"good{i}", "A sound word.", "A careless word.")),
            .. Enumerable.Range(0, 4).Select(i => Line($"bad{i}", "A careless word.", "A sound word.")),
        ]));
        AuditResult audit = _here.Audit(data, "a");
        KeptVerdict kept = Write(audit, data, new KeepPlan(null, "8", "careful"), "kept.jsonl");
        Assert.Equal(File.ReadLines(data).Take(32), File.ReadLines(kept.File));
        Assert.Equal((64, 8), (kept.Episodes, kept.Changed));
        foreach (int row in Enumerable.Range(0, 40)) Assert.Equal(0, audit.Cast.Of(row).Removed[0], 1e-12);

        Assert.Equal(16, audit.Telling.Count);
        Assert.Equal(36, audit.Evidence.Different);
        TellingEpisode best = audit.Telling[0], worst = audit.Telling[^1];
        Assert.Equal("A sound word. Rather than: A careless word.", TellingText.Replied(best));
        Assert.Equal("A careless word. Rather than: A sound word.", TellingText.Replied(worst));
        Assert.True(best.Influence.Pull > 0 && worst.Influence.Pull < 0 && best.Relative[1] > 0 && worst.Relative[0] > 0);
        // Its part of the move is that of both its rows.
        Assert.Equal(audit.Cast.Of(best.Row).Pull + audit.Cast.Of(best.Row + 1).Pull, best.Influence.Pull, 1e-12);
    }

    /// <summary>A preference cannot lose its rejected answer, so a rule that keeps chosen ones alone would leave an empty file.</summary>
    [Theory]
    [InlineData("weight > 0", "cannot lose one of its answers")]
    [InlineData("weight > 1", "None of the 60 episodes")]
    public void A_rule_that_leaves_nothing_is_refused_and_nothing_is_written(string rule, string said)
    {
        string data = _here.Write("pairs.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i =>
            $"{{\"prompt\":\"One {i}?\",\"chosen\":\"A sound word {i}.\",\"rejected\":\"A careless word {i}.\"}}\n")));
        AuditResult audit = _here.Audit(data, "a");
        UserErrorException refused =
            Assert.Throws<UserErrorException>(() => Write(audit, data, new KeepPlan(rule, null, null), "kept.jsonl"));
        Assert.Equal("nothing-kept", refused.Code);
        Assert.Contains(said, refused.Problem, StringComparison.Ordinal);
        Assert.False(File.Exists(_here["kept.jsonl"]));
        Assert.Equal(30, Write(audit, data, new KeepPlan(rule, null, null, 0.5), "kept.jsonl").Lines);
    }

    [Theory]
    [InlineData("influence.kind > 0", "kind")]
    [InlineData("speaker.nobody > 0", "nobody")]
    [InlineData("tokens", "character 7")]
    [InlineData("tokens > ", "missing")]
    [InlineData("tokens > 3 weight < 1", "weight")]
    [InlineData("(tokens > 3", ")")]
    [InlineData("tokens = 3", "==")]
    [InlineData("careful > 3", "careful")]
    [InlineData("", "missing")]
    [InlineData("weight > nan", "nan")]
    public void A_rule_that_is_none_is_told_with_its_place(string rule, string named)
    {
        AuditResult audit = _here.Audit(_here.Chats("data.jsonl", 20), "a");
        UserErrorException e = Assert.Throws<UserErrorException>(() => KeepRule.Parse(rule, audit.Cast.Names, audit.Cast.Traits));
        Assert.Equal("bad-rule", e.Code);
        Assert.Contains(named, e.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_nested_without_end_are_refused()
    {
        AuditResult audit = _here.Audit(_here.Chats("data.jsonl", 20), "a");
        Assert.Throws<UserErrorException>(() => KeepRule.Parse(new string('(', 100_000), [], []));
        Assert.Throws<UserErrorException>(() => KeepRule.Parse(string.Concat(Enumerable.Repeat("not ", 100_000)), [], []));
    }

    private KeptVerdict Write(AuditResult audit, string data, KeepPlan plan, string name) =>
        KeptData.Write(_here[name], new AuditData([data]), KeptData.Decide(plan, audit.Cast, audit.Evidence.Tokens), plan.Weight, audit);
}
