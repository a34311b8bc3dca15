using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class ClaimTests
{
    [Theory]
    [InlineData(Sense.AtLeast, 0.2, 0.3, 0.25, 0.35, Verdict.Held)]
    [InlineData(Sense.AtLeast, 0.2, 0.3, 0.15, 0.45, Verdict.Undecided)]
    [InlineData(Sense.AtLeast, 0.2, 0.1, 0.05, 0.15, Verdict.Failed)]
    [InlineData(Sense.AtMost, 0.25, 0.1, 0.05, 0.25, Verdict.Held)]
    [InlineData(Sense.AtMost, 0.25, 0.3, 0.26, 0.34, Verdict.Failed)]
    [InlineData(Sense.AtMost, 0.25, 0.2, 0.10, 0.30, Verdict.Undecided)]
    [InlineData(Sense.AtMost, 0.25, 0.8, 0.6, double.PositiveInfinity, Verdict.Failed)]
    [InlineData(Sense.AtMost, 0.25, 0.2, 0.1, double.PositiveInfinity, Verdict.Undecided)]
    [InlineData(Sense.AtMost, 0.25, double.PositiveInfinity, 0.6, double.PositiveInfinity, Verdict.Undecided)]
    [InlineData(Sense.Above, 0, 0.1, 0.01, 0.2, Verdict.Held)]
    [InlineData(Sense.Above, 0, 0, 0, 0, Verdict.Failed)]
    [InlineData(Sense.Above, 0, 0.1, 0, 0.2, Verdict.Undecided)]
    [InlineData(Sense.Below, 0, 0, 0, 0, Verdict.Failed)]
    [InlineData(Sense.Below, 0, -0.1, -0.2, -0.01, Verdict.Held)]
    [InlineData(Sense.Within, 0.05, 0.01, -0.04, 0.05, Verdict.Held)]
    [InlineData(Sense.Within, 0.05, 0.06, 0.04, 0.08, Verdict.Undecided)]
    [InlineData(Sense.Within, 0.05, -0.1, -0.12, -0.06, Verdict.Failed)]
    public void A_claim_holds_only_when_its_whole_interval_does(Sense sense, double threshold, double value, double low,
        double high, Verdict expected) =>
        Assert.Equal(expected, new Claim("c", "s", "p", sense, threshold).Judge(new Estimate(value, low, high)));

    [Fact]
    public void What_was_not_measured_decides_nothing() =>
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtLeast, 0).Judge(Estimate.Exact(double.NaN)));

    [Fact]
    public void The_interval_over_runs_is_Students()
    {
        // Five runs: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.7764.
        Estimate e = Estimate.OverRuns([1, 2, 3, 4, 5]);
        Assert.Equal(3, e.Value, 1e-12);
        Assert.Equal(3 - 2.776445 * Math.Sqrt(2.5 / 5), e.Low, 1e-5);
        Assert.Equal(3 + 2.776445 * Math.Sqrt(2.5 / 5), e.High, 1e-5);
        // Twelve runs 1 to 12: variance 13, t(0.975, 11) = 2.20099; the normal quantile would be too narrow by a tenth.
        e = Estimate.OverRuns([.. Enumerable.Range(1, 12).Select(x => (double)x)]);
        Assert.Equal(6.5 + 2.20099 * Math.Sqrt(13.0 / 12), e.High, 1e-4);
    }

    [Fact]
    public void A_single_run_decides_nothing()
    {
        Assert.Equal(7, Estimate.OverRuns([7]).Value);
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtLeast, 0).Judge(Estimate.OverRuns([7])));
    }

    /// <summary>Beating both nulls takes both: the skill with the smaller estimate may be the better known one.</summary>
    [Fact]
    public void The_smaller_of_two_skills_has_the_smaller_ends()
    {
        Estimate smaller = DemoClaims.Smaller(new Interval(0.3, 0.2, 0.4, 0.95), new Interval(0.35, -0.1, 0.6, 0.95));
        Assert.Equal(new Estimate(0.3, -0.1, 0.4), smaller);
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.Above, 0).Judge(smaller));
    }

    /// <summary>Where the plain data moved nothing, or the other way, no share of that is known, and none is small.</summary>
    [Fact]
    public void A_share_of_no_shift_is_not_known()
    {
        Assert.Equal(0.25, DemoClaims.ShareOf(0.1, 0.4), 1e-12);
        Estimate share = Estimate.OverRuns([DemoClaims.ShareOf(0.1, -0.1), DemoClaims.ShareOf(0.01, 0.4), DemoClaims.ShareOf(0.01, 0.4)]);
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtMost, 0.25).Judge(share));
    }
}
