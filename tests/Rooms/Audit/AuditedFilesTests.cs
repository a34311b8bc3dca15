using System.Security.Cryptography;
using PersonaSelection.Audit;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

/// <summary>What an audit does to files that are not its own.</summary>
public sealed class AuditedFilesTests : IDisposable
{
    private readonly AuditFixture _here = new();

    public void Dispose() => _here.Dispose();

    /// <summary>A file that is no log of ours stays to the byte, also without a line feed at its end.</summary>
    [Theory]
    [InlineData("{\"messages\":[]}")]
    [InlineData("{\"psm\":\"evidence-log\",\"schema\":1,\"id\":\"audit-")]
    [InlineData("{\"psm\":\"evidence-log\",\"schema\":1} ")]
    public void A_file_of_the_user_is_no_log_that_was_cut(string text)
    {
        string data = _here.Chats("data.jsonl", 20);
        bool cut = text.EndsWith('-');
        foreach (string name in (string[])["evidence.jsonl", "cells.jsonl"])
        {
            string path = Path.Combine(Directory.CreateDirectory(_here[name]).FullName, name),
                there = name == "cells.jsonl" ? text.Replace("evidence-log", "cell-log", StringComparison.Ordinal) : text;
            File.WriteAllText(path, there);
            DataSurvey survey = new AuditData([data]).Survey();
            Action begin = name == "cells.jsonl" ? () => CellLog.Open(path, survey.Id, new TextSource()).Dispose()
                : () => _here.Audit(data, name);
            if (cut)
            {
                begin();
                new AuditFolder(_here["evidence.jsonl"]).RequireSame(survey, new TextSource());
                continue;
            }
            Assert.Equal("other-audit", Assert.Throws<UserErrorException>(begin).Code);
            Assert.Equal(there, File.ReadAllText(path));
            if (name == "evidence.jsonl")
                Assert.Equal("other-audit", Assert.Throws<UserErrorException>(() =>
                    new AuditFolder(_here[name]).RequireSame(survey, new TextSource())).Code);
        }
    }

    [Fact]
    public void Hashing_large_data_can_be_stopped()
    {
        string first = _here.Chats("first.jsonl", 20), second = _here.Chats("second.jsonl", 30);
        var data = new AuditData([first, second]);
        Assert.Equal([.. new[] { first, second }.Select(f => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f))))],
            data.Digests(TestContext.Current.CancellationToken));
        Assert.Throws<OperationCanceledException>(() => data.Digests(new CancellationToken(canceled: true)));
    }

    /// <summary>Fitting personas takes hours: what will be refused anyway is refused before it.</summary>
    [Fact]
    public void Another_audit_is_known_by_its_kind_and_personas_before_there_is_evidence()
    {
        _here.Audit(_here.Chats("data.jsonl", 4), "a");
        var folder = new AuditFolder(_here["a"]);
        var source = new TextSource();
        string kind = EvidenceLog.KindName(source.Kind);

        folder.RequireKin(kind, source.Personas);
        new AuditFolder(_here["empty"]).RequireKin(kind, source.Personas);
        foreach (Action other in (Action[])[() => folder.RequireKin("judgement", source.Personas),
            () => folder.RequireKin(kind, [.. source.Personas, "joker"])])
            Assert.Equal("other-audit", Assert.Throws<UserErrorException>(other).Code);
    }

    /// <summary>As many lines in another order: what came in since would be evidence of others, and none of it stays in the log.</summary>
    [Fact]
    public void Data_that_change_while_they_are_audited_are_refused_and_the_log_is_that_of_before()
    {
        string data = _here.Chats("data.jsonl", 600);
        string[] lines = File.ReadAllLines(data);
        Assert.Throws<OperationCanceledException>(() => _here.Audit(data, "a", new TextSource { Until = 200 }));
        byte[] log = _here.Bytes("a", "evidence.jsonl");
        var source = new TextSource { Meanwhile = () => File.WriteAllLines(data, lines.Reverse()) };
        Assert.Equal("data-changed", Assert.Throws<UserErrorException>(() => _here.Audit(data, "a", source)).Code);
        Assert.Equal(log, _here.Bytes("a", "evidence.jsonl"));
        File.WriteAllLines(data, lines);
        _here.Audit(data, "a");
        _here.Audit(data, "whole");
        Assert.Equal(_here.Bytes("whole", "ledger.jsonl"), _here.Bytes("a", "ledger.jsonl"));
    }

    [Fact]
    public void An_audit_does_not_write_over_what_it_reads()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        string data = _here.Chats("data.jsonl", 3), ledger = _here["a/ledger.jsonl"];
        Directory.CreateDirectory(_here["a"]);
        Directory.CreateSymbolicLink(_here["link"], _here["a"]);
        AuditRequest Of(string read, string compared, string beside, string? kept = null) =>
            new([read], [compared], _here["a"], new AuditOptions()) { Beside = [beside], Out = kept };
        string other = _here["other.jsonl"], personas = _here["personas.yaml"];
        Of(data, other, personas, _here["kept.jsonl"]).RequireApart();
        foreach (AuditRequest bad in (AuditRequest[])[Of(ledger, other, personas), Of(data, _here["link/cast.json"], personas),
            Of(data, other, _here["a/report.html"]), Of(data, _here["a/compared/ledger.jsonl"], personas)])
            Assert.Equal("audit-in-place", Assert.Throws<UserErrorException>(bad.RequireApart).Code);
        foreach (string kept in (string[])[data, other, personas])
            Assert.Equal("keep-in-place", Assert.Throws<UserErrorException>(Of(data, other, personas, kept).RequireApart).Code);
    }

    /// <summary>
    /// Each of 12 lines is in every third sample: 100 of 300 with a standard deviation of 8.2; 5 of them by chance in one of 10^5 seeds.
    /// </summary>
    [Fact]
    public void Episodes_are_drawn_evenly_and_stay_in_the_order_of_the_data()
    {
        var data = new AuditData([_here.Chats("data.jsonl", 12)]);
        int[][] drawn = [.. Enumerable.Range(0, 300).Select(seed => Lines(4, (ulong)seed))];
        Assert.All(drawn, lines => Assert.Equal(lines.Distinct().Order(), lines));
        Assert.All(drawn, lines => Assert.Equal(4, lines.Length));
        Assert.All(Enumerable.Range(1, 12), line => Assert.InRange(drawn.Count(lines => lines.Contains(line)), 100 - 41, 100 + 41));
        Assert.Equal(drawn[7], Lines(4, 7));
        Assert.Equal(Enumerable.Range(1, 12), Lines(50, 1));

        int[] Lines(int count, ulong seed) => [.. data.Sample(count, RngStream.Root(seed)).Select(e => (int)e.Source!.Line)];
    }
}
