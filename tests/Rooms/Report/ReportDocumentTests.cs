using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ReportTests;

public sealed class ReportDocumentTests
{
    [Fact]
    public void A_saved_report_is_loaded_with_the_same_content()
    {
        using var folder = new TemporaryFolder();
        string path = folder["report.json"];
        ReportDocument document = SampleReport.Make();
        document.Save(path);
        ReportDocument again = ReportDocument.Load(path);
        Assert.Equal(document.ToJson(), again.ToJson());
        Assert.Equal(document.Blocks.Select(b => b.GetType()), again.Blocks.Select(b => b.GetType()));
        Assert.Equal(HtmlReport.Render(document), HtmlReport.Render(again));
    }

    [Fact]
    public void Json_names_the_schema_the_kind_and_the_verdict_in_words()
    {
        using JsonDocument json = JsonDocument.Parse(SampleReport.Make().ToJson());
        Assert.Equal(1, json.RootElement.GetProperty("schema").GetInt32());
        var kinds = json.RootElement.GetProperty("blocks").EnumerateArray().Select(b => b.GetProperty("kind").GetString()).ToHashSet();
        Assert.Equal(["cast", "claims", "dumbbell", "heading", "lines", "prose", "quote", "reproduce", "scatter", "table"], kinds.Order());
        JsonElement claims = json.RootElement.GetProperty("blocks").EnumerateArray()
            .First(b => b.GetProperty("kind").GetString() == "claims");
        Assert.Equal("failed", claims.GetProperty("claims")[3].GetProperty("verdict").GetString());
    }

    [Fact]
    public void Numbers_that_are_not_finite_survive_as_nothing()
    {
        var figure = new LinesFigure
        {
            Title = "t",
            XLabel = "x",
            Panels = [new LinePanel("y") { Series = [new("a", [0, 1, 2], [1, double.NaN, 3])] }],
        };
        var document = new ReportDocument("t") { Blocks = [figure] };
        Assert.Contains("null", document.ToJson(), StringComparison.Ordinal);
        var again = (LinesFigure)ReportDocument.FromJson(document.ToJson()).Blocks[0];
        Assert.Equal([1, double.NaN, 3], again.Panels[0].Series[0].Y);
    }

    [Fact]
    public void What_is_absent_stays_absent_where_the_default_is_not()
    {
        var figure = new DumbbellFigure
        {
            Title = "t",
            XLabel = "x",
            Minimum = null,
            Maximum = null,
            Panels = [new("p", [new("d") { Before = 0.5 }])],
        };
        var again = (DumbbellFigure)ReportDocument.FromJson(new ReportDocument("t") { Blocks = [figure] }.ToJson()).Blocks[0];
        Assert.Null(again.Minimum);
        Assert.Null(again.Maximum);
        Assert.Null(again.Panels[0].Rows[0].PredictedInterval);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"title\":null}")]
    [InlineData("{\"schema\":2,\"title\":\"t\"}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[null]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":null}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"video\"}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"text\":\"no kind\"}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"prose\"}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"lines\",\"title\":\"f\",\"xLabel\":\"x\",\"panels\":[]}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"lines\",\"title\":\"f\",\"xLabel\":\"x\",\"panels\":[null]}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"cast\",\"title\":\"f\",\"stages\":[null],\"members\":[]}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"reproduce\",\"title\":\"f\",\"commands\":[null]}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"scatter\",\"title\":\"f\",\"panels\":[{\"name\":\"p\","
        + "\"groups\":[null]}]}]}")]
    [InlineData("{\"schema\":1,\"title\":\"t\",\"blocks\":[{\"kind\":\"table\",\"title\":\"f\",\"columns\":[{\"name\":\"a\"}],"
        + "\"rows\":[[\"1\",\"2\"]]}]}")]
    [InlineData(" \n")]
    public void What_is_no_report_is_refused_by_name(string json)
    {
        var error = Assert.Throws<UserErrorException>(() => ReportDocument.FromJson(json, "some.json"));
        Assert.Equal("bad-report", error.Code);
        Assert.Contains("some.json", error.Problem, StringComparison.Ordinal);
        Assert.DoesNotMatch("isFinalBlock|BytePosition", error.Problem);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void An_absent_file_is_refused_by_name()
    {
        var error = Assert.Throws<UserErrorException>(() => ReportDocument.Load("/nowhere/report.json"));
        Assert.Equal("bad-report", error.Code);
    }

    [Fact]
    public void A_figure_that_contradicts_itself_is_not_written()
    {
        var lines = new LinesFigure { Title = "t", XLabel = "x", Panels = [new LinePanel("y") { Series = [new("a", [0, 1], [1])] }] };
        var cast = new CastFigure { Title = "t", Stages = ["a", "b"], Members = [new("m", 0.5, [0.1])] };
        var error = Assert.Throws<ArgumentException>(() => HtmlReport.Render(new ReportDocument("t") { Blocks = [lines, cast] }));
        Assert.Contains("series a has 2 x but 1 y", error.Message, StringComparison.Ordinal);
        Assert.Contains("m has 1 weights after but there are 2 stages", error.Message, StringComparison.Ordinal);
    }
}
