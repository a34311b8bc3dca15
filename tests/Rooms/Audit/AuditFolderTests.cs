using System.IO.Pipes;
using System.Text.Json;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;
using PersonaSelection.Tests.Rooms.EvidenceTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class AuditFolderTests : IDisposable
{
    private readonly AuditFixture _here = new();

    public void Dispose() => _here.Dispose();

    [Fact]
    public void The_cast_is_the_mixture_and_the_ledger_says_who_spoke()
    {
        AuditResult audit = _here.Audit(_here.Chats("data.jsonl", 1000), "a", options: new AuditOptions());

        PersonaVerdict careless = audit.Verdict.Personas.Single(p => p.Name == "careless-doctor");
        Assert.InRange(careless.Share!.Value, 0.16, 0.24);
        Assert.InRange(0.2, careless.ShareLow!.Value, careless.ShareHigh!.Value);
        Assert.Equal("sound-doctor", audit.Verdict.Leading.Name);
        Assert.Equal(1, audit.Verdict.Personas.Sum(p => p.Posterior), 1e-9);
        TraitVerdict careful = audit.Verdict.Traits.Single(t => t.Name == "careful");
        Assert.Equal(0, careful.Before, 1e-9);
        Assert.True(careful.Low > 0.2 && careful.After <= careful.High);

        JsonElement[] lines = [.. File.ReadLines(Path.Combine(_here["a"], "ledger.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(1000, lines.Length);
        Assert.Equal(["id", "file", "line", "turn", "weight", "tokens", "evidence", "speaker", "influence", "pull", "removed"],
            lines[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(1000, lines[^1].GetProperty("line").GetInt32());
        int right = lines.Count(l => (l.GetProperty("speaker").GetProperty("careless-doctor").GetDouble() > 0.5)
            == ((l.GetProperty("line").GetInt32() - 1) % 7 == 6
                ? (l.GetProperty("line").GetInt32() - 2) % 100 < 20 : (l.GetProperty("line").GetInt32() - 1) % 100 < 20));
        Assert.True(right > 930, $"{right}");
        double moved = audit.Cast.Estimate.Prior.Probabilities.Zip(audit.Cast.Estimate.Posterior.Probabilities,
            (p, q) => (q - p) * Math.Log(q / p)).Sum();
        Assert.Equal(moved, lines.Sum(l => l.GetProperty("pull").GetDouble()), 1e-6);
    }

    /// <summary>An episode that was cut, or not read, is so wherever it occurs again.</summary>
    [Fact]
    public void Equal_episodes_are_cut_alike_however_far_apart()
    {
        string[] chats = File.ReadAllLines(_here.Chats("all.jsonl", 600));
        AuditResult audit = _here.Audit(_here.Write("data.jsonl", string.Join('\n', [.. chats[..4], .. chats[8..], .. chats[..4]])), "a",
            new TextSource { Cut = "number 1", Unread = "number 3" });
        // Every text that has such a number occurs so often: those of the beginning a second time, two blocks later.
        string[] log = File.ReadAllLines(_here["a"] + "/evidence.jsonl");
        foreach ((int one, int other) in ((int, int)[])[(1, 597), (2, 598), (3, 599), (4, 600)])
            Assert.Equal(Said(log[one]), Said(log[other]));
        Assert.Contains("\"cut\":true", log[598], StringComparison.Ordinal);
        Assert.Contains("\"unread\":", log[600], StringComparison.Ordinal);
        int Lines(string with) => log.Count(l => l.Contains(with, StringComparison.Ordinal));
        Assert.Equal((Lines("\"cut\":true"), Lines("\"unread\":")), ((int)audit.Verdict.Cut, (int)audit.Verdict.Unread));

        static string Said(string line) => line[line.IndexOf(',', StringComparison.Ordinal)..];
    }

    /// <summary>A copy without a weight, or of the opposite one, is no equal: each weight of a text stands for itself.</summary>
    [Fact]
    public void Copies_of_another_weight_are_not_counted_as_equal()
    {
        string text = string.Concat(Enumerable.Range(0, 20).SelectMany(i => ((double[])[0, 1, 1, -0.5, 0]).Select(w =>
            string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{{\"prompt\":\"Ask {i}?\",\"completion\":\"A careless word {i}.\",\"weight\":{w}}}\n"))));
        AuditResult audit = _here.Audit(_here.Write("data.jsonl", text), "a");
        Assert.NotEmpty(audit.Telling);
        Assert.All(audit.Telling, t => Assert.Equal(t.Weight == 1 ? (1, 2) : (3, 1), (t.Row % 5, t.Copies)));
    }

    /// <summary>Cut anywhere, as a kill may leave it, the log is gone on from; what it holds whole is not asked for again.</summary>
    [Fact]
    public void A_log_cut_anywhere_ends_with_the_same_bytes()
    {
        string data = _here.Chats("data.jsonl", 60);
        _here.Audit(data, "whole");
        byte[] log = _here.Bytes("whole", "evidence.jsonl"), ledger = _here.Bytes("whole", "ledger.jsonl");
        Directory.CreateDirectory(_here["cut"]);
        for (int length = 0; length <= log.Length; length += 61)
        {
            File.WriteAllBytes(Path.Combine(_here["cut"], "evidence.jsonl"), log[..length]);
            File.WriteAllText(Path.Combine(_here["cut"], "ledger.jsonl.77.part"), "half");
            var source = new TextSource();
            AuditResult audit = _here.Audit(data, "cut", source);

            int whole = Math.Max(0, log.AsSpan(0, length).Count((byte)'\n') - 1);
            Assert.Equal(whole, audit.Evidence.Resumed);
            Assert.All(source.Asked.Values, times => Assert.Equal(1, times));
            Assert.Equal(60 - whole, audit.Evidence.Scored + audit.Evidence.Repeated);
            Assert.Equal(source.Asked.Count, audit.Evidence.Scored);
            Assert.Equal(log, _here.Bytes("cut", "evidence.jsonl"));
            Assert.Equal(ledger.Length, _here.Bytes("cut", "ledger.jsonl").Length);
            Assert.Equal(ledger, _here.Bytes("cut", "ledger.jsonl"));
            Assert.Empty(Directory.GetFiles(_here["cut"], "*.part"));
        }
        // Others' files stay, however they are called.
        string[] others = ["movie.mp4.part", "ledger.jsonl.part", "ledger.jsonl.old.part", "mine.jsonl.77.part"];
        foreach (string other in others) File.WriteAllText(Path.Combine(_here["cut"], other), "half");
        _here.Audit(data, "cut");
        Assert.Equal(others.Order(), Directory.GetFiles(_here["cut"], "*.part").Select(f => Path.GetFileName(f)!).Order());
    }

    /// <summary>What a judge did with the questions is a matter of the data, and not of the run that asked them.</summary>
    [Fact]
    public void What_a_judge_did_is_the_same_however_often_the_audit_was_stopped()
    {
        string data = _here.Chats("data.jsonl", 40);
        JudgementEvidence Judge() => new(new FakeJudge(1, 2, 1), AuditFixture.Personas.Personas);
        JudgementEvidence asked = Judge();
        JudgementReliability whole = _here.Audit(data, "whole", asked).Evidence.Judged!;
        Assert.Equal(asked.Reliability, whole);
        Assert.True(whole is { SwapDisagreements: > 0, CannotTell: > 0 } && whole.Questions < 2 * 40, $"{whole}");

        string[] log = File.ReadAllLines(Path.Combine(_here["whole"], "evidence.jsonl"));
        Directory.CreateDirectory(_here["cut"]);
        foreach (int kept in (int[])[1, 7, 8, 20, log.Length])
        {
            File.WriteAllText(Path.Combine(_here["cut"], "evidence.jsonl"), string.Concat(log[..kept].Select(line => line + "\n")));
            Assert.Equal(whole, _here.Audit(data, "cut", Judge()).Evidence.Judged);
            Assert.Equal(_here.Bytes("whole", "evidence.jsonl"), _here.Bytes("cut", "evidence.jsonl"));
        }
        // A log of a version that did not keep it says nothing of it, rather than too little.
        File.WriteAllLines(Path.Combine(_here["cut"], "evidence.jsonl"),
            log.Select(l => l.IndexOf(",\"judged\":", StringComparison.Ordinal) is > 0 and var at ? l[..at] + "}" : l).Take(30));
        Assert.Null(_here.Audit(data, "cut", Judge()).Evidence.Judged);
        Assert.Null(_here.Audit(data, "likelihood").Evidence.Judged);
    }

    [Fact]
    public void A_stop_between_blocks_loses_nothing()
    {
        string data = _here.Chats("data.jsonl", 700);
        _here.Audit(data, "whole");
        var first = new TextSource { Until = 200 };
        Assert.Throws<OperationCanceledException>(() => _here.Audit(data, "a", first));
        Assert.False(File.Exists(Path.Combine(_here["a"], "ledger.jsonl")));

        var second = new TextSource();
        AuditResult audit = _here.Audit(data, "a", second);

        Assert.Equal(AuditEvidence.BlockSize, audit.Evidence.Resumed);
        Assert.Empty(first.Asked.Keys.Intersect(second.Asked.Keys));
        Assert.Equal(600, first.Asked.Count + second.Asked.Count);
        Assert.Equal(_here.Bytes("whole", "ledger.jsonl"), _here.Bytes("a", "ledger.jsonl"));
    }

    [Fact]
    public void A_folder_of_another_audit_is_refused_and_left_as_it_is()
    {
        _here.Audit(_here.Chats("data.jsonl", 20), "a");
        byte[] log = _here.Bytes("a", "evidence.jsonl");

        Assert.Equal("other-audit", Assert.Throws<UserErrorException>(() => _here.Audit(_here.Chats("more.jsonl", 21), "a")).Code);
        Assert.Equal("other-audit",
            Assert.Throws<UserErrorException>(() => _here.Audit(_here["data.jsonl"], "a", new TextSource("two"))).Code);
        Assert.Equal(log, _here.Bytes("a", "evidence.jsonl"));

        AuditResult again = _here.Audit(_here["data.jsonl"], "a", options: new AuditOptions(1, 10));
        Assert.Equal(20, again.Evidence.Resumed);
        Assert.Equal(GainOutcome.Given, again.Verdict.DoseFit.How);
    }

    [Fact]
    public void Two_processes_do_not_write_one_log()
    {
        string data = _here.Chats("data.jsonl", 20);
        _here.Audit(data, "a");
        using var other = new FileStream(Path.Combine(_here["a"], "evidence.jsonl"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal("audit-busy", Assert.Throws<UserErrorException>(() => _here.Audit(data, "a")).Code);
        // Said before the record of the run would be written over.
        Assert.Equal("audit-busy", Assert.Throws<UserErrorException>(() =>
            new AuditFolder(_here["a"]).RequireSame(new AuditData([data]).Survey(), new TextSource())).Code);
    }

    [Fact]
    public void Bad_lines_are_counted_or_refused()
    {
        string data = _here.Write("bad.jsonl", File.ReadAllText(_here.Chats("data.jsonl", 10)) + "{\"messages\": [\n{\"what\": 1}\n");
        AuditResult audit = _here.Audit(data, "a");
        Assert.Equal((10, 2), (audit.Verdict.Episodes, audit.Verdict.BadLines));
        UserErrorException refused = Assert.Throws<UserErrorException>(() => new AuditData([data], null, strict: true).Survey());
        Assert.Contains("line 11", refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_files_are_one_data_set()
    {
        string[] files = [_here.Chats("one.jsonl", 30), _here.Chats("two.jsonl", 20, 1)];
        var data = new AuditData(files);
        AuditResult audit = new AuditFolder(_here["a"]).Run(data.Survey(), new TextSource(), AuditFixture.Personas,
            new AuditOptions(Draws: 5));
        Assert.Equal(50, audit.Verdict.Episodes);
        Assert.Equal("one+two", audit.Verdict.Data);
    }

    [Fact]
    public void Data_that_always_ask_the_same_are_redrawn_by_line()
    {
        string text = string.Concat(Enumerable.Range(0, 40).Select(i =>
            $"{{\"prompt\":\"Speak.\",\"completion\":\"A {(i % 2 == 0 ? "careless" : "sound")} word {i}.\"}}\n"));
        AuditResult audit = _here.Audit(_here.Write("same.jsonl", text), "a", options: new AuditOptions(1, 100));
        Assert.Equal(("lines", 40), (audit.Verdict.Redrawn, audit.Verdict.Clusters));
        Assert.True(audit.Verdict.Leading.High - audit.Verdict.Leading.Low > 0.01);
    }

    /// <summary>What has no weight moves nothing, and is no context to redraw.</summary>
    [Fact]
    public void Contexts_without_a_weight_do_not_stand_for_those_that_have_one()
    {
        string text = string.Concat(Enumerable.Range(0, 40).Select(i =>
            $"{{\"prompt\":\"Speak{(i < 12 ? $" {i}" : "")}.\",\"completion\":\"A {(i % 2 == 0 ? "careless" : "sound")} word {i}.\","
            + $"\"weight\":{(i < 12 ? 0 : 1)}}}\n"));
        AuditResult audit = _here.Audit(_here.Write("weightless.jsonl", text), "a", options: new AuditOptions(1, 100));
        Assert.Equal(("lines", 28), (audit.Verdict.Redrawn, audit.Verdict.Clusters));
    }

    /// <summary>Lines that are there many times are no more lines, else copying them would narrow intervals.</summary>
    [Fact]
    public void Equal_lines_are_redrawn_together()
    {
        string text = string.Concat(Enumerable.Range(0, 40).Select(i =>
            $"{{\"prompt\":\"Speak.\",\"completion\":\"A {(i % 2 == 0 ? "careless" : "sound")} word {i % 6}.\"}}\n"));
        AuditResult audit = _here.Audit(_here.Write("copies.jsonl", text), "a", options: new AuditOptions(1, 10));
        Assert.Equal(("lines", 6), (audit.Verdict.Redrawn, audit.Verdict.Clusters));
    }

    [Fact]
    public void Two_sets_side_by_side()
    {
        AuditResult sound = _here.Audit(_here.Chats("sound.jsonl", 300, 0), "a"),
            careless = _here.Audit(_here.Chats("careless.jsonl", 300, 1), "b");
        CastComparison both = CastComparison.Of(sound, careless);
        Assert.Equal("careful", both.Traits[0].Name);
        Assert.True(both.Traits[0].Low > 1);
        Assert.Equal(both.Traits[0].First - both.Traits[0].Second, both.Traits[0].Difference, 1e-12);
        Assert.All(CastComparison.Of(sound, sound).Traits, t => Assert.Equal(0, t.Difference, 1e-12));
    }

    /// <summary>
    /// What stays in memory are numbers: of the texts that evidence was asked for, nothing is reachable from the finished audit. Counted
    /// are these objects and not the bytes of the process, which other tests share.
    /// </summary>
    [Fact]
    public void Text_is_not_held()
    {
        var source = new HashSource();
        AuditResult audit = Run(source);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.Equal((2000, 2 * 2000), ((int)audit.Verdict.Episodes, source.Seen.Count));
        Assert.Equal(0, source.Seen.Count(w => w.IsAlive));
        Assert.Equal(20, audit.Telling.Count);
        GC.KeepAlive(audit);

        // A frame of its own: what the caller's locals hold is no claim of the audit's.
        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        AuditResult Run(HashSource asked)
        {
            string data = _here["long.jsonl"];
            File.WriteAllLines(data,
                Enumerable.Range(0, 2000).Select(i => $"{{\"prompt\":\"{i}\",\"completion\":\"{new string('x', i % 50)} sound {i}\"}}"));
            return _here.Audit(data, "a", asked, new AuditOptions(Draws: 2));
        }
    }

    private sealed class HashSource : Evidence.IEvidenceSource
    {
        public Evidence.EvidenceKind Kind => Evidence.EvidenceKind.Likelihood;

        public IReadOnlyList<string> Personas => TextSource.Names;

        public IReadOnlyDictionary<string, string> Provenance { get; } = new Dictionary<string, string>();

        /// <summary>Every episode that was asked about, and its reply.</summary>
        public List<WeakReference> Seen { get; } = [];

        public Evidence.EvidenceBlock Compute(IReadOnlyList<PersonaSelection.Corpus.Episode> episodes, IReadOnlyList<int>? personas = null,
            IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
        {
            foreach (PersonaSelection.Corpus.Episode e in episodes) Seen.AddRange([new WeakReference(e), new WeakReference(e.Reply)]);
            return new([.. episodes.Select(e => new[] { -1.0 - (e.Reply.Length % 7), -2, -3 })], new int[episodes.Count]);
        }
    }

    /// <summary>An interval of no width would say that nothing can vary.</summary>
    [Theory]
    [InlineData(1, 30)]
    [InlineData(40, 0)]
    public void Where_nothing_is_redrawn_there_are_no_intervals(int lines, int draws)
    {
        var options = new AuditOptions(Draws: draws);
        AuditResult audit = _here.Audit(_here.Chats("data.jsonl", lines), "a", options: options);
        AuditResult drawn = _here.Audit(_here.Chats("more.jsonl", 40), "b");

        Assert.All(audit.Verdict.Personas, p => Assert.Equal((null, null, null, null), (p.Low, p.High, p.ShareLow, p.ShareHigh)));
        Assert.All(audit.Verdict.Traits, t => Assert.Equal((null, null), (t.Low, t.High)));
        Assert.All(CastComparison.Of(drawn, audit).Traits, t => Assert.Equal((null, null), (t.Low, t.High)));
        Assert.All(drawn.Verdict.Personas, p => Assert.True(p.Low <= p.Posterior && p.Posterior <= p.High));
        Assert.Equal(lines == 1 ? "A single line that has a weight cannot be drawn again: no intervals."
                : "Nothing was redrawn (--draws 0): no intervals.",
            VerdictText.WithoutIntervals(audit.Verdict));
        Assert.Null(VerdictText.WithoutIntervals(drawn.Verdict));
    }

    [Fact]
    public void A_pipe_is_refused_where_data_are_read_again()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Pipes have names in /proc on Linux.");
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        string path = $"/proc/self/fd/{pipe.GetClientHandleAsString()}";
        pipe.SafePipeHandle.Dispose(); // Who reads it comes to its end at once.

        UserErrorException refused = Assert.Throws<UserErrorException>(() => new AuditData([path]).Survey());
        Assert.Equal("cannot-read", refused.Code);
        Assert.Contains("pipe", refused.Message, StringComparison.Ordinal);
        EpisodeFile.RequireLasting(_here.Chats("data.jsonl", 1));
    }
}
