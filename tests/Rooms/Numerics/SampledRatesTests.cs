using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public sealed class SampledRatesTests
{
    private static int Hits(RngStream random, int trials, double rate) => Enumerable.Range(0, trials).Count(_ => random.NextBool(rate));

    private static int[][] Filled(int rows, int columns, int value) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Repeat(value, columns).ToArray())];

    [Fact]
    public void What_columns_differ_by_is_told_from_chance()
    {
        RngStream random = RngStream.Root(4);
        const int rows = 200, columns = 6, trials = 8;
        int[][] Sampled(Func<double> rate) =>
            [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => Hits(random, trials, rate())).ToArray())];
        // Uniform rates are a beta distribution of concentration 2.
        SampledRates differ = SampledRates.Of(Sampled(random.NextDouble), Filled(rows, columns, trials)),
            same = SampledRates.Of(Sampled(() => 0.4), Filled(rows, columns, trials));
        Assert.InRange(differ.Concentration, 1.5, 2.6);
        Assert.Equal((1 / SampledRates.LeastCorrelation) - 1, same.Concentration, 1e-9);
        int[][] sure =
            [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(h => h % 2 == 0 ? 0 : trials).ToArray())];
        Assert.Equal((1 / SampledRates.MostCorrelation) - 1, SampledRates.Of(sure, Filled(rows, columns, trials)).Concentration, 1e-9);
    }

    [Fact]
    public void Rates_are_drawn_around_their_means_as_far_as_the_counts_leave_open()
    {
        int[][] hits = [[3, 8, 0, 5], [1, 2, 0, 60]], trials = [[8, 8, 0, 8], [8, 8, 8, 80]];
        var rates = SampledRates.Of(hits, trials, aside: 1);
        RngStream random = RngStream.Root(2);
        double[][][] draws = [.. Enumerable.Range(0, 4000).Select(_ => rates.Draw(random))];
        for (int i = 0; i < 2; i++)
        {
            for (int h = 0; h < 4; h++)
            {
                double mean = rates.Mean(i, h), known = trials[i][h] + (h == 0 ? 1 : rates.Concentration);
                double[] drawn = [.. draws.Select(d => d[i][h])];
                Assert.Equal(mean, drawn.Average(), 0.01);
                Assert.Equal(mean * (1 - mean) / (known + 1), Statistics.Variance(drawn), 0.004);
            }
        }
        // Where nothing was answered, the others of the row tell.
        Assert.Equal(13.5 / 17, rates.Mean(0, 2), 1e-12);
        Assert.Equal(rates.Draw(RngStream.Root(7))[1], rates.Draw(RngStream.Root(7))[1]);
    }

    [Fact]
    public void What_stands_aside_has_no_say()
    {
        int[][] trials = Filled(2, 4, 8);
        SampledRates one = SampledRates.Of([[0, 2, 6, 3], [0, 8, 1, 4]], trials, aside: 1),
            other = SampledRates.Of([[8, 2, 6, 3], [8, 8, 1, 4]], trials, aside: 1);
        Assert.Equal((one.Concentration, one.Mean(1, 2)), (other.Concentration, other.Mean(1, 2)));
        Assert.True(one.Mean(0, 0) < other.Mean(0, 0));
    }

    [Fact]
    public void What_stands_aside_is_not_drawn_to_the_others()
    {
        int[][] hits = [[24, 4, 3, 5], [24, 5, 2, 4], [0, 3, 4, 2]], trials = [[32, 32, 32, 32], [32, 32, 32, 32], [0, 32, 32, 32]];
        var rates = SampledRates.Of(hits, trials, aside: 1);
        Assert.Equal(0.75, rates.Share(0, 0));
        Assert.Equal(24.5 / 33, rates.Mean(0, 0), 1e-12);
        Assert.True(rates.Mean(0, 1) < rates.Share(0, 1) + 0.1);
        // Of which nothing is known may be as the others.
        Assert.Equal(9.5 / 97, rates.Share(2, 0), 1e-12);
    }

    [Fact]
    public void A_row_of_which_one_column_is_known_has_no_say_in_how_columns_differ()
    {
        int[][] hits = [[1, 7, 4], [6, 2, 3]], trials = [[8, 8, 8], [8, 8, 8]];
        double two = SampledRates.Of(hits, trials).Concentration;
        Assert.Equal(two, SampledRates.Of([.. hits, [5, 0, 0]], [.. trials, [8, 0, 0]]).Concentration, 1e-12);
        Assert.Equal(two, SampledRates.Of([.. hits, [0, 0, 0]], [.. trials, [0, 0, 0]]).Concentration, 1e-12);
    }
}
