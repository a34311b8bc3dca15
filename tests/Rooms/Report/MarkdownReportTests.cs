using System.Text.RegularExpressions;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ReportTests;

public sealed class MarkdownReportTests
{
    [Fact]
    public void Figures_become_tables_with_their_numbers()
    {
        string text = MarkdownReport.Render(SampleReport.Make());
        Assert.StartsWith("# Cheating on one test", text, StringComparison.Ordinal);
        Assert.Contains("| forecast | r | R² | skill, no change | skill, uniform shift |\n| --- | ---: | ---: | ---: | ---: |\n"
            + "| posterior | 0.87 |", text, StringComparison.Ordinal);
        Assert.Contains("a failing test (trained domain)", text, StringComparison.Ordinal);
        Assert.Contains("| **failed** | Episodes at the base model's own rates", text, StringComparison.Ordinal);
        Assert.Contains("    dotnet run -c Release --project src/Cli -- demo --seed 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_with_an_image_shows_the_image_instead()
    {
        string text = MarkdownReport.Render(SampleReport.Dumbbell(), "figures/domains (1).svg");
        Assert.Contains("![Behaviour per domain: before, forecast and after](figures/domains%20%281%29.svg)", text,
            StringComparison.Ordinal);
        Assert.DoesNotContain("| tuning |", text, StringComparison.Ordinal);
    }

    /// <summary>A row is a domain of a tuning only where it is one; of a single panel the name is said already.</summary>
    [Fact]
    public void The_columns_of_a_figure_are_called_what_they_are()
    {
        var dumbbell = new DumbbellFigure
        {
            Title = "t",
            XLabel = "x",
            RowName = "trait",
            Panels = [new DumbbellPanel("data", [new DumbbellRow("kind") { Before = 0, After = 1 }])],
        };
        var scatter = new ScatterFigure
        {
            Title = "t",
            GroupName = "kind",
            Panels = [new ScatterPanel("p", [new("play", [new("a", 0, 1)])])],
        };
        string text = MarkdownReport.Render(new ReportDocument("d") { Blocks = [dumbbell, scatter, SampleReport.Dumbbell()] });
        Assert.Contains("| trait | before | after tuning |", text, StringComparison.Ordinal);
        Assert.Contains("| panel | kind | point |", text, StringComparison.Ordinal);
        Assert.Contains("| tuning | domain | before |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_row_of_a_table_has_as_many_cells_as_its_head_whatever_the_text()
    {
        string text = MarkdownReport.Render(HostileReport.Make());
        foreach (Match table in Regex.Matches(text, @"(^\|.*\n)+", RegexOptions.Multiline))
        {
            int[] bars = [.. table.Value.Trim().Split('\n').Select(line => Regex.Count(line, @"(?<!\\)\|"))];
            Assert.All(bars, b => Assert.Equal(bars[0], b));
        }
        Assert.DoesNotMatch(@"(?<!\\)<(script|img|svg|b>)",
            Regex.Replace(text.Replace("\\`", "", StringComparison.Ordinal), @"`[^`]*`|^    .*$", "", RegexOptions.Multiline));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("**b** and `c*d`", "**b** and `c*d`")]
    [InlineData("2 * 3 * 4", "2 \\* 3 \\* 4")]
    [InlineData("- no list", "\\- no list")]
    [InlineData("1. no list", "1\\. no list")]
    [InlineData("a `half", "a \\`half")]
    [InlineData("# no heading", "\\# no heading")]
    public void Prose_keeps_bold_and_code_and_nothing_else(string prose, string expected)
    {
        Assert.Equal($"# t\n\n{expected}\n", MarkdownReport.Render(new ReportDocument("t") { Blocks = [new Prose(prose)] }));
    }
}
