using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class ForecastScoreTests
{
    private static ScoredPoint[] Points(Func<double, double> predict)
    {
        double[] shifts = [0.6, 0.3, 0.25, 0.02, -0.05, 0.4];
        double uniform = shifts.Average();
        return [.. shifts.Select((s, i) => new ScoredPoint("cheat", $"d{i}", 0.25, 0.25 + predict(s), 0.25 + s, 0.25 + uniform))];
    }

    [Fact]
    public void A_perfect_forecast_scores_one_everywhere()
    {
        ForecastScore score = ForecastScore.Of(Points(s => s));
        Assert.Equal(1, score.R.Estimate, 1e-12);
        Assert.Equal(1, score.R2.Estimate, 1e-12);
        Assert.Equal(1, score.SkillVsNoChange.Estimate, 1e-12);
        Assert.Equal(1, score.SkillVsUniformShift.Estimate, 1e-12);
        Assert.Equal(0, score.Brier.Estimate, 1e-12);
        Assert.Equal(0, score.LogScore.Estimate, 1e-9);
        Assert.Equal(1, score.R2.Low, 1e-9);
    }

    [Fact]
    public void The_nulls_score_nothing_against_themselves()
    {
        ForecastScore still = ForecastScore.Of(Points(_ => 0));
        Assert.Equal(0, still.SkillVsNoChange.Estimate, 1e-12);
        Assert.True(double.IsNaN(still.R.Estimate));
        ForecastScore uniform = ForecastScore.Of(Points(_ => new[] { 0.6, 0.3, 0.25, 0.02, -0.05, 0.4 }.Average()));
        Assert.Equal(0, uniform.SkillVsUniformShift.Estimate, 1e-12);
        Assert.Equal(0, uniform.R2.Estimate, 1e-12);
        Assert.True(uniform.SkillVsNoChange.Estimate > 0.5, "a uniform shift has much skill against no change, hence the second null");
    }

    [Fact]
    public void Numbers_by_hand()
    {
        ScoredPoint[] points = [new("s", "a", 0.2, 0.5, 0.6, 0.4), new("s", "b", 0.2, 0.3, 0.2, 0.4)];
        ForecastScore score = ForecastScore.Of(points, new BootstrapPlan(0));
        Assert.Equal(1 - (0.02 / 0.16), score.SkillVsNoChange.Estimate, 1e-12);
        Assert.Equal(1 - (0.02 / 0.08), score.SkillVsUniformShift.Estimate, 1e-12);
        Assert.Equal(1 - (0.02 / 0.08), score.R2.Estimate, 1e-12);
        Assert.Equal(0.01, score.Brier.Estimate, 1e-12);
        Assert.Equal(0.1, score.MeanAbsoluteError.Estimate, 1e-12);
        double log = (LogSpace.BernoulliDivergence(0.6, 0.5) + LogSpace.BernoulliDivergence(0.2, 0.3)) / 2;
        Assert.Equal(log, score.LogScore.Estimate, 1e-12);
        // Nothing was redrawn, so nothing has a width.
        Assert.Equal((score.Brier.Estimate, score.Brier.Estimate), (score.Brier.Low, score.Brier.High));
    }

    [Fact]
    public void Shifts_are_centred_so_a_scaled_forecast_keeps_r_and_loses_r2()
    {
        ForecastScore half = ForecastScore.Of(Points(s => s / 2));
        Assert.Equal(1, half.R.Estimate, 1e-12);
        Assert.Equal(0.75, half.SkillVsNoChange.Estimate, 1e-12);
        Assert.True(half.R2.Estimate < half.SkillVsNoChange.Estimate);
    }

    [Fact]
    public void An_interval_over_domains_is_wider_than_one_over_points()
    {
        // The same six domains four times over: four times as many points hold no more information about domains.
        ScoredPoint[] once = Points(s => 0.1 + (0.3 * s)), copied = [.. Enumerable.Range(0, 4).SelectMany(_ => once)];
        ScoredPoint[] pretended = [.. copied.Select((p, i) => p with { Domain = $"{i}" })];
        Interval honest = ForecastScore.Of(copied).SkillVsNoChange, naive = ForecastScore.Of(pretended).SkillVsNoChange;
        Assert.True(honest.High - honest.Low > 1.5 * (naive.High - naive.Low));
    }
}
