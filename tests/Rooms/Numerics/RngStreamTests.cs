using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

/// <summary>The statistical tests have fixed seeds; the false-alarm rates stated are those of a fresh seed.</summary>
public class RngStreamTests
{
    [Fact]
    public void Integers_are_uniform()
    {
        // Chi-square with 99 degrees of freedom: P(> 190) < 1e-7, P(< 40) < 1e-7.
        RngStream rng = RngStream.Root(1);
        int[] counts = new int[100];
        for (int i = 0; i < 100_000; i++) counts[rng.NextInt(100)]++;
        Assert.InRange(counts.Sum(c => (c - 1000.0) * (c - 1000) / 1000), 40, 190);
    }

    [Fact]
    public void Gaussians_have_the_right_moments_and_tails()
    {
        // Bounds at 5 standard errors (mean 0.00316, variance 0.0045, share beyond 1.96: 0.0007): false alarm below 1e-6 each.
        RngStream rng = RngStream.Root(2);
        double[] x = [.. Enumerable.Range(0, 100_000).Select(_ => rng.NextGaussian())];
        Assert.InRange(Statistics.Mean(x), -0.016, 0.016);
        Assert.InRange(Statistics.Variance(x), 0.977, 1.023);
        Assert.InRange(x.Count(v => Math.Abs(v) > 1.959964) / 100_000.0, 0.0465, 0.0535);
    }

    [Fact]
    public void Children_are_independent_of_each_other_and_of_their_parent_s_position()
    {
        RngStream parent = RngStream.Root(3);
        ulong before = parent.Child("a").NextUInt64();
        parent.NextUInt64();
        Assert.Equal(before, parent.Child("a").NextUInt64());
        Assert.NotEqual(before, parent.Child("b").NextUInt64());
        Assert.NotEqual(RngStream.Root(4).Child("a").NextUInt64(), before);
        // 45 pairs of children, 2000 numbers each: |r| has standard error 0.0224; 5.5 of them, false alarm below 2e-6 for all pairs.
        double[][] x = [.. Enumerable.Range(0, 10).Select(i => Draw(parent.Child("child", i)))];
        for (int i = 0; i < 10; i++)
        {
            for (int j = 0; j < i; j++) Assert.InRange(Statistics.Pearson(x[i], x[j]), -0.123, 0.123);
        }

        static double[] Draw(RngStream rng) => [.. Enumerable.Range(0, 2000).Select(_ => rng.NextDouble())];
    }

    [Fact]
    public void Restoring_the_state_resumes_at_the_same_number()
    {
        RngStream rng = RngStream.Root(5).Child("x");
        for (int i = 0; i < 10; i++) rng.NextUInt64();
        var state = rng.State;
        ulong[] first = [.. Enumerable.Range(0, 5).Select(_ => rng.NextUInt64())];
        RngStream again = RngStream.Root(99);
        again.State = state;
        Assert.Equal(first, Enumerable.Range(0, 5).Select(_ => again.NextUInt64()));
    }

    [Fact]
    public void Weighted_indices_follow_their_weights()
    {
        // 40000 draws, bounds at 5 standard errors (below 0.0125): false alarm below 2e-6. A zero weight is never drawn.
        RngStream rng = RngStream.Root(6);
        double[] weights = [1, 0, 3, 4];
        int[] counts = new int[4];
        for (int i = 0; i < 40_000; i++) counts[rng.NextIndex(weights)]++;
        Assert.Equal(0, counts[1]);
        for (int i = 0; i < 4; i++) Assert.InRange(counts[i] / 40_000.0, weights[i] / 8 - 0.0125, weights[i] / 8 + 0.0125);
        Assert.Throws<ArgumentException>(() => rng.NextIndex([0, 0]));
    }

    [Fact]
    public void Every_order_of_a_shuffle_is_as_likely()
    {
        // Chi-square with 23 degrees of freedom: P(> 75) < 1e-6.
        RngStream rng = RngStream.Root(7);
        Dictionary<string, int> counts = [];
        for (int i = 0; i < 24_000; i++)
        {
            char[] x = ['a', 'b', 'c', 'd'];
            rng.Shuffle(x.AsSpan());
            counts[new string(x)] = counts.GetValueOrDefault(new string(x)) + 1;
        }
        Assert.Equal(24, counts.Count);
        Assert.InRange(counts.Values.Sum(c => (c - 1000.0) * (c - 1000) / 1000), 0, 75);
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(2.5, 30.5)]
    [InlineData(40, 3)]
    public void BetaNumbers_HaveTheirMeanAndVariance(double a, double b)
    {
        RngStream random = RngStream.Root(5).Child("beta");
        double[] drawn = [.. Enumerable.Range(0, 20000).Select(_ => random.NextBeta(a, b))];
        double mean = a / (a + b), variance = mean * (1 - mean) / (a + b + 1);
        Assert.All(drawn, x => Assert.InRange(x, 0, 1));
        Assert.Equal(mean, drawn.Average(), 5 * Math.Sqrt(variance / drawn.Length));
        Assert.Equal(1, drawn.Average(x => (x - mean) * (x - mean)) / variance, 0.06);
        Assert.Throws<ArgumentException>(() => random.NextBeta(-1, 1));
    }

    /// <summary>The first numbers of the published xoshiro256++ from the state 1, 2, 3, 4, and from the SHA-256 of a path.</summary>
    [Fact]
    public void The_numbers_are_those_of_the_published_generator_and_of_the_path()
    {
        RngStream rng = RngStream.Root(1);
        Assert.Equal(4305646745173625105UL, rng.NextUInt64());
        Assert.Equal(1785587081689781561UL, rng.Child("a").NextUInt64());
        Assert.Equal(6071094794858293027UL, RngStream.Root(1).Child("a", 7).NextUInt64());
        rng.State = (1, 2, 3, 4);
        Assert.Equal([41943041UL, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205],
            Enumerable.Range(0, 5).Select(_ => rng.NextUInt64()));
    }
}
