using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public sealed class TableFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string File(string name) => _folder[name];

    private static EvidenceTable Evidence() => OracleEvidence.FromFormula("world",
        new EpisodeSet("s", [new("é1", [new Turn("user", "hi")], "no", -0.5), new("e2", [], "yes")]), ["saint", "rogue \"x\""],
        (e, h) => h == "saint" && e.Reply == "no" ? double.NegativeInfinity : -1.0 / 3);

    private static ProbeTable Probes() => new(EvidenceKind.Likelihood, new LabelledMatrix(["p", "q"], ["a", "b"], [0.0, 1, 0.1, 1.0 / 3]),
        [new("p", "d", "c", 0.5), new("q", "d", "c", 0.25)], new Dictionary<string, string> { ["model"] = "m" });

    private static InContextTable Shown() => new(new LabelledMatrix(["e"], ["p", "q"], [-1.0, 0.7]), [new("e", 3, "e")],
        new Dictionary<string, string> { ["model"] = "m" });

    [Fact]
    public void Tables_come_back_bit_for_bit()
    {
        Evidence().Save(File("e"));
        EvidenceTable read = EvidenceTable.Load(File("e"));
        Assert.Equal(Evidence().Id, read.Id);
        Assert.Equal(EvidenceKind.Oracle, read.Kind);
        Assert.Equal(Evidence().Rows, read.Rows);
        Assert.Equal(double.NegativeInfinity, read.LogLikelihood["é1", "saint"]);
        Assert.Equal(-1.0 / 3, read.LogLikelihood["e2", "rogue \"x\""]);
        Probes().Save(File("p"));
        Assert.Equal(Probes().Id, ProbeTable.Load(File("p")).Id);
        Assert.Equal(Probes().Rows, ProbeTable.Load(File("p")).Rows);
        Shown().Save(File("i"));
        Assert.Equal(Shown().Id, InContextTable.Load(File("i")).Id);
        Assert.DoesNotContain('\r', System.IO.File.ReadAllText(File("i")));
    }

    [Theory]
    [InlineData(1, "{\"psm\":\"evidence-table\"", "{\"psm\":\"shopping-list\"", "line 1, says this is a 'shopping-list'")]
    [InlineData(1, "\"schema\":1", "\"schema\":9", "line 1, says schema 9")]
    [InlineData(1, "\"kind\":\"oracle\"", "\"kind\":\"3\"", "line 1, names an unknown kind '3'")]
    [InlineData(1, "\"columns\":[\"saint\"", "\"columns\":[\"rogue \\\"x\\\"\"", "occurs twice")]
    [InlineData(2, "\"weight\":-0.5", "\"weight\":\"much\"", "line 2, has a 'weight' that is not number")]
    [InlineData(2, "\"weight\":-0.5", "\"weight\":1e999", "line 2, has a 'weight' that is not a finite number")]
    [InlineData(3, "\"id\":\"e2\"", "\"id\":\"é1\"", "line 3, has the id 'é1' for the second time")]
    [InlineData(3, "\"id\":\"e2\",", "", "line 3, has no 'id'")]
    [InlineData(3, "\"tokens\":0", "\"tokens\":-4", "line 3, has a 'tokens' that is not a count")]
    [InlineData(3, "\"values\":[", "\"values\":[-1,", "line 3, has 3 values for 2 columns")]
    [InlineData(3, "\"values\":[-", "\"values\":[true,-", "line 3, has 3 values")]
    [InlineData(3, "}", "", "line 3, is not JSON")]
    [InlineData(3, "{", "[{", "line 3, is not JSON")]
    [InlineData(3, "\"id\":\"e2\"", "\"\\ud800\":1", "line 3, holds text that is not well-formed Unicode")]
    [InlineData(3, "\"id\":\"e2\"", "\"id\":\"\\ud800\"", "line 3, holds text that is not well-formed Unicode")]
    public void A_damaged_line_is_named(int line, string from, string to, string expected)
    {
        Evidence().Save(File("e"));
        string[] lines = System.IO.File.ReadAllLines(File("e"));
        Assert.Contains(from, lines[line - 1], StringComparison.Ordinal);
        lines[line - 1] = lines[line - 1].Replace(from, to, StringComparison.Ordinal);
        System.IO.File.WriteAllLines(File("e"), lines);
        UserErrorException e = Assert.Throws<UserErrorException>(() => EvidenceTable.Load(File("e")));
        Assert.Equal("bad-table", e.Code);
        Assert.Contains(expected, e.Problem, StringComparison.Ordinal);
        Assert.Contains(File("e"), e.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(e.Remedy);
    }

    [Fact]
    public void A_changed_number_no_longer_matches_the_id()
    {
        Evidence().Save(File("e"));
        System.IO.File.WriteAllText(File("e"),
            System.IO.File.ReadAllText(File("e")).Replace("-0.3333333333333333", "-0.33", StringComparison.Ordinal));
        Assert.Equal("altered-table", Assert.Throws<UserErrorException>(() => EvidenceTable.Load(File("e"))).Code);
    }

    [Fact]
    public void Other_damage_is_refused_too()
    {
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => EvidenceTable.Load(File("none"))).Code);
        System.IO.File.WriteAllText(File("empty"), "");
        Assert.Contains("empty", Assert.Throws<UserErrorException>(() => EvidenceTable.Load(File("empty"))).Problem,
            StringComparison.Ordinal);
        System.IO.File.WriteAllBytes(File("binary"), [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 31))]);
        Assert.Equal("bad-table", Assert.Throws<UserErrorException>(() => ProbeTable.Load(File("binary"))).Code);
        System.IO.File.WriteAllText(File("long"), new string('[', (1 << 24) + 2));
        Assert.Contains("longer", Assert.Throws<UserErrorException>(() => ProbeTable.Load(File("long"))).Problem, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File("deep"), new string('[', 100000));
        Assert.Throws<UserErrorException>(() => ProbeTable.Load(File("deep")));
        Probes().Save(File("p"));
        System.IO.File.WriteAllText(File("p"),
            System.IO.File.ReadAllText(File("p")).Replace("\"bare\":0.5", "\"bare\":1.5", StringComparison.Ordinal));
        Assert.Equal("bad-table", Assert.Throws<UserErrorException>(() => ProbeTable.Load(File("p"))).Code);
        Shown().Save(File("i"));
        System.IO.File.WriteAllText(File("i"), System.IO.File.ReadAllText(File("i")).Replace("0.7", "null", StringComparison.Ordinal));
        Assert.Contains("value number 2", Assert.Throws<UserErrorException>(() => InContextTable.Load(File("i"))).Problem,
            StringComparison.Ordinal);
    }
}
