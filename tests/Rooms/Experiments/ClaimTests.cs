using PersonaSelection.Experiments;
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
        // Five runs: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776.
        Estimate e = Estimate.OverRuns([1, 2, 3, 4, 5]);
        Assert.Equal(3, e.Value, 1e-12);
        Assert.Equal(3 - 2.776 * Math.Sqrt(2.5 / 5), e.Low, 1e-9);
        Assert.Equal(3 + 2.776 * Math.Sqrt(2.5 / 5), e.High, 1e-9);
        Assert.Equal(Estimate.Exact(7), Estimate.OverRuns([7]));
    }
}
