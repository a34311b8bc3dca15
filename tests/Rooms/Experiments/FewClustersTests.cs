using PersonaSelection.Experiments;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class FewClustersTests
{
    [Fact]
    public void Of_five_nothing_is_said()
    {
        Assert.Null(FewClusters.Said(5, "domains"));
        Assert.Contains("fewer than five domains, here 4,", FewClusters.Said(4, "domains"), StringComparison.Ordinal);
    }

    /// <summary>
    /// Of 2,000 samples of n normal clusters the interval holds the mean in 1 - 2^(1 - n) on average: 1,000, 1,500 and 1,750 with sd 22,
    /// 19 and 15. Bounds at four sd: false alarm below 1e-4 each, and the seed is fixed.
    /// </summary>
    [Theory]
    [InlineData(2, 1000, 90)]
    [InlineData(3, 1500, 78)]
    [InlineData(4, 1750, 60)]
    public void Fewer_hold_the_mean_as_often_as_is_said(int clusters, int expected, int within)
    {
        int[] each = [.. Enumerable.Range(0, clusters)];
        int covered = 0;
        for (int trial = 0; trial < 2000; trial++)
        {
            RngStream rng = RngStream.Root(23).Child("few").Child("trial", trial).Child("of", clusters);
            Interval mean = Bootstrap.Mean([.. each.Select(_ => rng.NextGaussian())], each, rng, resamples: 1500);
            if (mean.Low <= 0 && 0 <= mean.High) covered++;
        }
        Assert.InRange(covered, expected - within, expected + within);
    }
}
