using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ReportTests;

public sealed class StaticChartTests
{
    public static TheoryData<string> Drawn => ["lines", "cast", "dumbbell", "scatter"];

    [Theory]
    [MemberData(nameof(Drawn))]
    public void A_figure_stands_alone_as_well_formed_svg_within_its_frame(string kind)
    {
        foreach (double width in (double[])[360, 640, 1000])
        {
            XElement svg = XElement.Parse(SvgFigure.Render(Sample(kind), width: width));
            XNamespace ns = "http://www.w3.org/2000/svg";
            Assert.Equal(ns + "svg", svg.Name);
            double height = double.Parse(svg.Attribute("height")!.Value, CultureInfo.InvariantCulture);
            Assert.DoesNotContain("var(", svg.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
            foreach (XElement text in svg.Descendants(ns + "text"))
            {
                double x = Number(text, "x"), y = Number(text, "y"), size = Number(text, "font-size");
                string anchor = text.Attribute("text-anchor")?.Value ?? "start";
                double length = SvgCanvas.TextWidth(text.Value, size) * 0.9;
                double left = anchor == "end" ? x - length : anchor == "middle" ? x - length / 2 : x;
                Assert.True(left >= -2 && left + length <= width + 40,
                    $"{kind} at {width}: \"{text.Value}\" runs from {left} to {left + length}");
                Assert.InRange(y, 0, height);
            }
        }
    }

    [Fact]
    public void A_square_character_takes_its_room_and_is_not_cut_in_two()
    {
        Assert.Equal(40, SvgCanvas.TextWidth("\u65e5\u672c", 20));
        Assert.Equal("\U0001F600\u2026", SvgCanvas.Fit("\U0001F600\U0001F600\U0001F600", 20, 40));
    }

    [Theory]
    [InlineData(0, "0\u202f%")]
    [InlineData(1e-6, "<0.1\u202f%")]
    [InlineData(0.0004, "<0.1\u202f%")]
    [InlineData(0.001, "0.1\u202f%")]
    [InlineData(-0.0001, ">\u22120.1\u202f%")]
    public void What_rounds_to_nothing_is_not_nothing(double probability, string said) =>
        Assert.Equal(said, FigureNumber.Percent(probability));

    [Fact]
    public void Numbers_have_a_true_minus_sign_and_no_sign_at_nothing()
    {
        Assert.Equal(["1.50", "\u22121.50", "0.00", "0.00", "\u22120.125", "\u22122", "–", "–"], [FigureNumber.Fixed(1.5),
            FigureNumber.Fixed(-1.5), FigureNumber.Fixed(-0.001), FigureNumber.Fixed(0), FigureNumber.Fixed(-0.125, 3),
            FigureNumber.Fixed(-2, 0), FigureNumber.Fixed(double.NaN), FigureNumber.Fixed(null)]);
        Assert.Equal(["+0.25", "\u22120.25", "0.00"], ((double[])[0.25, -0.25, 0.004]).Select(x => FigureNumber.Signed(x)));
        Assert.Equal(["\u221210.00", "below \u221210", "0.97", "–"],
            ((double[])[-10, -183.2, 0.97, double.NaN]).Select(x => FigureNumber.Skill(x)));
    }

    [Fact]
    public void A_column_of_sentences_is_marked_as_one()
    {
        var table = new TableFigure
        {
            Title = "t",
            Columns = [new("word"), new("sentence")],
            Rows = [["a", "Some words that stand in a row."]],
        };

        string html = HtmlReport.Render(new ReportDocument("d") { Blocks = [table] }, withScript: false);

        Assert.Contains("<td class=\"t\">Some words", html, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">a</th>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dot_lies_where_its_number_is()
    {
        var figure = new ScatterFigure
        {
            Title = "t",
            Panels = [new ScatterPanel("", [new("g", [new("low", 0, 0), new("mid", 0.5, 0.5), new("high", 1, 1)])])],
        };
        string svg = StaticChart.Draw(figure, 400, new Dictionary<string, int> { ["g"] = 2 }).Body;
        double[] left = [.. Regex.Matches(svg, "<path d=\"M([0-9.]+) ([0-9.]+)a4.6")
            .Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        double[] top = [.. Regex.Matches(svg, "<path d=\"M([0-9.]+) ([0-9.]+)a4.6")
            .Select(m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(3, left.Length);
        Assert.Equal((left[0] + left[2]) / 2, left[1], 1);
        Assert.Equal((top[0] + top[2]) / 2, top[1], 1);
        Assert.True(left[2] > left[0] && top[2] < top[0]);
        Assert.Equal(left[2] - left[0], top[0] - top[2], 1);
        Assert.Contains("f-h2", svg, StringComparison.Ordinal);
    }

    /// <summary>Two lanes where there are two things to tell apart; and the interval is told.</summary>
    [Fact]
    public void Where_nothing_is_foretold_a_dot_stands_in_the_middle_of_its_row()
    {
        string Drawn(double? predicted) => StaticChart.Draw(new DumbbellFigure
        {
            Title = "t",
            XLabel = "x",
            Percent = false,
            Panels = [new DumbbellPanel("p", [new DumbbellRow("d")
                { After = 0.5, AfterInterval = new FigureInterval(0.25, 0.75), Predicted = predicted }])],
        }, 400, new Dictionary<string, int>()).Body;
        double Height(string svg, string pattern) =>
            double.Parse(Regex.Match(svg, pattern).Groups[1].Value, CultureInfo.InvariantCulture);
        double Above(string svg) => Height(svg, "y=\"([0-9.]+)\"[^>]*>d<") - 4.5 - Height(svg, "<path d=\"M[0-9.]+ ([0-9.]+)a5");
        Assert.Equal(0, Above(Drawn(null)), 2);
        Assert.Equal(4.5, Above(Drawn(0.4)), 2);
        Assert.Contains("after tuning 0.5 (0.25 to 0.75)</title>", Drawn(null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bar_is_as_long_as_its_weight()
    {
        var figure = new CastFigure { Title = "t", Stages = ["s"], Members = [new("a", 0.2, [0.4]), new("b", 0.8, [0.6])] };
        string svg = StaticChart.Draw(figure, 600, new Dictionary<string, int>()).Body;
        double[] before = Widths(svg, "height=\"6\" class=\"f-mark\""), after = Widths(svg, "height=\"11\" class=\"f-h0\"");
        Assert.Equal(4, before[1] / before[0], 2);
        Assert.Equal(1.5, after[1] / after[0], 2);
        Assert.Equal(2, after[0] / before[0], 2);

        static double[] Widths(string svg, string tail) => [.. Regex.Matches(svg, "width=\"([0-9.]+)\" " + tail)
            .Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
    }

    /// <summary>The number is that of the bar after, and stands at its end also where the bar before is longer.</summary>
    [Fact]
    public void A_number_stands_at_the_bar_that_it_is_of()
    {
        var figure = new CastFigure { Title = "t", Stages = ["s"], Members = [new("a", 0.8, [0.1]), new("b", 0.1, [0.1])] };
        string svg = StaticChart.Draw(figure, 600, new Dictionary<string, int>()).Body;
        string[] at = [.. Regex.Matches(svg, "<text x=\"([0-9.]+)\"[^>]*>10").Select(m => m.Groups[1].Value)];
        Assert.Equal(2, at.Length);
        Assert.Equal(at[1], at[0]);
    }

    [Fact]
    public void A_name_from_right_to_left_is_isolated_and_marks_in_a_name_are_none()
    {
        Assert.Equal("plain *x*", NameText.Plain("plain *x*"));
        Assert.Equal("\u2068طبيب\u2069", NameText.Plain("طبيب"));
        Assert.Equal("\u2068a\u202eb\u2069", NameText.Plain("a\u202eb"));
        foreach (string name in (string[])["טרול", "a\u202eb", "a טרול 7"])
            Assert.Equal(name.Length + 2, NameText.IsolatedLength(NameText.Plain(name) + " 0.5\u2069"));
        foreach (string other in (string[])["", "\u2068", "טרול\u2069", "\u2068a\u2069", "\u2068\u2069", "\u2068טרול", "\u2068ט\n\u2069",
            "\u2068\u2068ט\u2069\u2069", " \u2068ט\u2069"])
            Assert.Equal(0, NameText.IsolatedLength(other));
        foreach (string name in (string[])["**x**", "`x`", "a\\*b", "*", "**", "\\", "x`", "a ** b ** c"])
        {
            Assert.Equal([new InlineText.Span(InlineText.Style.Plain, $"A {name} b")], InlineText.Parse($"A {NameText.InProse(name)} b"));
            Assert.Equal([new InlineText.Span(InlineText.Style.Bold, name)], InlineText.Parse($"**{NameText.InProse(name)}**"));
        }
        Assert.Equal("C:\\temp, 2 * 3", InlineText.Plain("C:\\temp, 2 * 3"));
        var figure = new CastFigure { Title = "t", Stages = ["s"], Members = [new("טרול", 0.8, [0.1])] };
        Assert.Contains("\u2068טרול\u2069: 80", System.Net.WebUtility.HtmlDecode(SvgFigure.Render(figure)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 5, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(-0.13, 0.34, 5, new[] { -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4 })]
    [InlineData(7, 7, 2, new[] { 6.5, 7, 7.5 })]
    public void Ticks_are_round_and_hold_the_data(double low, double high, int ticks, double[] expected)
    {
        IReadOnlyList<double> actual = ChartAxis.Over([low, high], 0, 100, ticks).Ticks();
        Assert.Equal(expected.Length, actual.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 9);
    }

    [Theory]
    [InlineData(1e-320, 1e-319)]
    [InlineData(-1e308, 1e308)]
    [InlineData(1e15, 1e15)]
    [InlineData(double.NaN, double.PositiveInfinity)]
    public void Absurd_numbers_still_end(double low, double high)
    {
        foreach (bool logarithmic in (bool[])[false, true])
        {
            var axis = ChartAxis.Over([low, high], 0, 100, 5, logarithmic: logarithmic);
            Assert.InRange(axis.Ticks().Count, 0, 41);
            Assert.True(double.IsFinite(axis.At(low)) || double.IsNaN(low));
        }
    }

    [Fact]
    public void One_name_has_one_hue_in_all_figures_of_a_report()
    {
        IReadOnlyDictionary<string, int> hues = ChartColours.HuesOf(SampleReport.Make().Figures);
        Assert.Equal(["cheat", "requested-cheat", "good", "base-rate"], hues.OrderBy(h => h.Value).Select(h => h.Key));
    }

    [Fact]
    public void Text_colours_contrast_with_the_paper_in_light_and_dark()
    {
        foreach (Match theme in Regex.Matches(ChartColours.PageCss(), @":root\{([^}]*)\}"))
        {
            var colours = theme.Groups[1].Value.Split(';').Select(c => c.Split(':')).ToDictionary(c => c[0][2..], c => c[1]);
            foreach (string name in (string[])["ink", "soft", "held", "failed", "undecided", "h0", "h1", "h2", "h3", "h4", "h5"])
                foreach (string ground in (string[])["paper", "card"])
                    Assert.True(Contrast(colours[name], colours[ground]) >= 4.5,
                        $"{name} on {ground}: {Contrast(colours[name], colours[ground]):0.00}");
            Assert.True(Contrast(colours["mark"], colours["paper"]) >= 3);
        }
    }

    private static double Contrast(string a, string b)
    {
        double x = Luminance(a), y = Luminance(b);
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static double Luminance(string hex)
    {
        double Channel(int at)
        {
            double c = Convert.ToInt32(hex.Substring(at, 2), 16) / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }
        return 0.2126 * Channel(1) + 0.7152 * Channel(3) + 0.0722 * Channel(5);
    }

    private static double Number(XElement element, string name) =>
        double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static Figure Sample(string kind) => kind switch
    {
        "lines" => SampleReport.Loss(),
        "cast" => SampleReport.Cast(),
        "dumbbell" => SampleReport.Dumbbell(),
        _ => SampleReport.Scatter(),
    };
}
