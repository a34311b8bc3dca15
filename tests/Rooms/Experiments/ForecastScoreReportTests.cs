using PersonaSelection.Experiments;
using PersonaSelection.Posterior;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class ForecastScoreReportTests
{
    [Fact]
    public void Where_next_to_nothing_moved_no_skill_is_told_as_a_number()
    {
        ForecastComparison still = Comparison(8, d => 0.3 + (0.0005 * (d % 2)));
        Assert.True(still.Posterior.SkillVsNoChange.Estimate < -1000);

        TableFigure scores = Scores(still);
        string skill = scores.Rows.Single(r => r[0] == "skill against no change")[1];
        Assert.Equal("below −10 [below −10, below −10]", skill);
        Assert.Contains("next to nothing moved", scores.Caption, StringComparison.Ordinal);
        Assert.DoesNotContain("too narrow", scores.Caption, StringComparison.Ordinal);
        Assert.DoesNotContain(scores.Rows.SelectMany(r => r), c => c.Contains('-'));
    }

    [Fact]
    public void Where_domains_moved_it_is_and_few_domains_are_said_to_be_few()
    {
        TableFigure scores = Scores(Comparison(4, d => 0.5 - (0.1 * d)));
        Assert.StartsWith("−", scores.Rows.Single(r => r[0] == "R²")[1], StringComparison.Ordinal);
        Assert.DoesNotContain("next to nothing moved", scores.Caption, StringComparison.Ordinal);
        Assert.Contains("fewer than five domains, here 4", scores.Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_ends_with_how_to_make_it_again()
    {
        var again = Assert.IsType<ReproduceFigure>(ForecastScoreReport.Of(Comparison(6, d => 0.1 * d), "psm forecast score f").Blocks[^1]);
        Assert.Equal(["psm forecast score f"], again.Commands);
        Assert.Equal(new ReportFact("model", "model-0123456789abcdef"), Assert.Single(again.Ids));
    }

    [Fact]
    public void The_page_says_at_its_top_what_was_forecast_and_what_came()
    {
        ReportDocument page = ForecastScoreReport.Of(Comparison(6, _ => 0.2), "psm");
        Assert.EndsWith("was forecast to move by **+0.08** on average, and moved by **−0.10**.", page.Subtitle, StringComparison.Ordinal);
        Assert.Contains("in the range (thin lines)", page.Figures.OfType<DumbbellFigure>().Single().Caption, StringComparison.Ordinal);
        Assert.Contains("in the range (from, to)", ForecastScoreReport.Held(Comparison(6, _ => 0.2)), StringComparison.Ordinal);
    }

    /// <summary>What the screen says of forecasts and measurements that do not belong together, the page says too.</summary>
    [Fact]
    public void What_does_not_match_is_on_the_page()
    {
        ForecastComparison sound = Comparison(6, d => 0.1 * d);
        Assert.Empty(ForecastScoreReport.Mismatches(sound));
        ForecastComparison other = sound with { SameBase = false, SameData = false, Unmeasured = 1, Unforecast = 1200, Sampled = "8" };
        string[] said = [.. ForecastScoreReport.Of(other, "psm").Blocks.OfType<Prose>().Select(p => p.Text)];
        Assert.Equal(ForecastScoreReport.Mismatches(other), said);
        Assert.Equal(5, said.Length);
        Assert.StartsWith("1 probe was forecast but not measured", said[2], StringComparison.Ordinal);
        Assert.StartsWith("1,200 probes were measured but not forecast", said[3], StringComparison.Ordinal);
    }

    private static TableFigure Scores(ForecastComparison c) => ForecastScoreReport.Of(c, "psm").Figures.OfType<TableFigure>().First();

    /// <summary>All domains start at 0.3 and are forecast to rise, each by a little more.</summary>
    private static ForecastComparison Comparison(int domains, Func<int, double> measured)
    {
        ScoredPoint[] points = [.. Enumerable.Range(0, domains).Select(d =>
            new ScoredPoint("s", $"d{d}", 0.3, 0.35 + (0.01 * d), measured(d), 0.37))];
        ForecastScore score = ForecastScore.Of(points);
        CalibrationCurve curve = CalibrationCurve.Of([.. points.Select(p => p.Predicted)], [.. points.Select(p => p.Observed)]);
        return new ForecastComparison("s", "model-0123456789abcdef", true, true,
            [.. points.Select(p => new ComparedDomain(p.Domain, false, p.Before, p.Predicted, p.Predicted, p.Predicted,
                p.Predicted - 0.1, p.Predicted + 0.1, p.Observed))],
            0.9, score, score, score)
        {
            PosteriorCalibration = curve,
            InContextCalibration = curve,
        };
    }
}
