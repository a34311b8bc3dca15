using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Numerics;
using PersonaSelection.Report;
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
        Assert.Equal(expected, new Claim("c", "s", "p", sense, threshold).Judge(new Interval(value, low, high)));

    [Fact]
    public void What_was_not_measured_decides_nothing() =>
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtLeast, 0).Judge(new Interval(double.NaN, double.NaN, double.NaN)));

    [Fact]
    public void The_interval_over_runs_is_Students()
    {
        // Five runs: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.7764.
        Interval e = Interval.OverRuns([1, 2, 3, 4, 5]);
        Assert.Equal(3, e.Estimate, 1e-12);
        Assert.Equal(3 - 2.776445 * Math.Sqrt(2.5 / 5), e.Low, 1e-5);
        Assert.Equal(3 + 2.776445 * Math.Sqrt(2.5 / 5), e.High, 1e-5);
        // Twelve runs 1 to 12: variance 13, t(0.975, 11) = 2.20099; the normal quantile would be too narrow by a tenth.
        e = Interval.OverRuns([.. Enumerable.Range(1, 12).Select(x => (double)x)]);
        Assert.Equal(6.5 + 2.20099 * Math.Sqrt(13.0 / 12), e.High, 1e-4);
    }

    /// <summary>
    /// Runs whose true share lies at the threshold: 1000 of each of two designs. If exactly 2.5 % of them came out on one side, more than
    /// 45 would be once in 10,000 times, and with a whole that is taken for exact about 100 are.
    /// </summary>
    [Fact]
    public void A_share_of_means_is_held_or_failed_by_mistake_as_often_as_said()
    {
        var claim = new Claim("c", "s", "p", Sense.AtMost, 0.5);
        foreach ((double part, double whole) in (ReadOnlySpan<(double, double)>)[(0.02, 0.06), (0.01, 0.03)])
        {
            RngStream random = RngStream.Root(7).Child("shares");
            double[] Runs(int count, double mean, double deviation) =>
                [.. Enumerable.Range(0, count).Select(_ => mean + (deviation * random.NextGaussian()))];
            Verdict[] found = [.. Enumerable.Range(0, 1000)
                .Select(_ => claim.Judge(Interval.Share(Runs(4, 0.1, part), Runs(5, 0.2, whole))))];
            Assert.InRange(found.Count(v => v == Verdict.Held), 8, 45);
            Assert.InRange(found.Count(v => v == Verdict.Failed), 8, 45);
        }
    }

    [Fact]
    public void A_share_is_that_of_the_means_and_of_nothing_there_is_none()
    {
        Interval share = Interval.Share([0.1, 0.14], [0.38, 0.4, 0.42]);
        Assert.Equal(0.3, share.Estimate, 1e-12);
        Assert.True(share.Low < 0.3 && share.High > 0.3 && share.High < 2);
        // Of a whole that does not vary, it is Student's interval of the parts.
        Interval fixedWhole = Interval.Share([0.1, 0.14, 0.12], [0.4, 0.4, 0.4]);
        Assert.Equal(Interval.OverRuns([0.25, 0.35, 0.3]).High, fixedWhole.High, 1e-9);
        Assert.Equal(0.3, Interval.Share([0.12, 0.12], [0.4, 0.4]).High, 1e-9);
        Assert.True(double.IsNaN(Interval.Share([0.1, 0.14], [0.4]).Estimate) && double.IsNaN(Interval.Share([0.1], [0.4, 0.41]).High));
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtMost, 0.5).Judge(Interval.Share([0.1, 0.14], [0.4, -0.1, 0.2])));
    }

    [Fact]
    public void A_single_run_decides_nothing()
    {
        Assert.Equal(7, Interval.OverRuns([7]).Estimate);
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtLeast, 0).Judge(Interval.OverRuns([7])));
    }

    /// <summary>Beating both nulls takes both: the skill with the smaller estimate may be the better known one.</summary>
    [Fact]
    public void The_smaller_of_two_skills_has_the_smaller_ends()
    {
        Interval smaller = DemoClaims.Smaller(new Interval(0.3, 0.2, 0.4, 0.95), new Interval(0.35, -0.1, 0.6, 0.95));
        Assert.Equal(new Interval(0.3, -0.1, 0.4), smaller);
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.Above, 0).Judge(smaller));
    }

    /// <summary>Where the plain data moved nothing, or the other way, no share of that is known, and none is small.</summary>
    [Fact]
    public void A_share_of_no_shift_is_not_known()
    {
        Assert.Equal(0.25, DemoClaims.ShareOf(0.1, 0.4), 1e-12);
        Interval share = Interval.OverRuns([DemoClaims.ShareOf(0.1, -0.1), DemoClaims.ShareOf(0.01, 0.4), DemoClaims.ShareOf(0.01, 0.4)]);
        Assert.Equal(Verdict.Undecided, new Claim("c", "s", "p", Sense.AtMost, 0.25).Judge(share));
    }
}
