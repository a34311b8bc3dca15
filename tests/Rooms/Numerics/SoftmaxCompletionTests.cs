using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public sealed class SoftmaxCompletionTests
{
    private static double[][] Normal(RngStream rng, int rows, int columns) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => rng.NextGaussian()).ToArray())];

    // Rows that all columns share, and columns with a bias: what evidence of text looks like.
    private static double[][] Table(int rows, int columns, int rank, double noise, ulong seed)
    {
        RngStream rng = RngStream.Root(seed).Child("table", rank);
        double[][] a = Normal(rng, rows, rank), b = Normal(rng, columns, rank);
        double[] bias = Normal(rng, 1, rank)[0];
        return [.. a.Select(u =>
        {
            double level = -10 + (4 * rng.NextGaussian());
            return b.Select(v => level + (noise * rng.NextGaussian())
                + (Enumerable.Range(0, rank).Sum(k => (u[k] + (0.3 * bias[k])) * v[k]) / Math.Sqrt(rank))).ToArray();
        })];
    }

    private static double[] Posterior(double[][] x, double[] weights, double dose)
    {
        var log = new double[x[0].Length];
        for (int h = 0; h < log.Length; h++)
            for (int e = 0; e < x.Length; e++) log[h] += dose * weights[e] * x[e][h];
        LogSpace.NormalizeLog(log);
        return [.. log.Select(Math.Exp)];
    }

    private static double Distance(double[] p, double[] q) => p.Zip(q, (a, b) => Math.Abs(a - b)).Sum() / 2;

    private static double[] Ones(int n) => [.. Enumerable.Repeat(1.0, n)];

    private static CompletedTable Run(double[][] x, double[] weights, double dose, CompletionPlan? plan = null, double[][]? guide = null) =>
        SoftmaxCompletion.Run(weights, new double[x[0].Length], dose,
            (rows, columns) => [.. rows.Select(e => columns.Select(h => x[e][h]).ToArray())], plan, guide);

    [Theory]
    [InlineData(5, 0.02, 1)]
    [InlineData(5, 0.02, 10)]
    [InlineData(10, 0.02, 1)]
    [InlineData(5, 0.1, 500)]
    public void Low_rank_needs_a_tenth_of_five_hundred_by_two_hundred(int rank, double noise, double effective)
    {
        double[][] x = Table(500, 200, rank, noise, 1);
        CompletedTable found = Run(x, Ones(500), effective / 500);
        Assert.True(found.Met && found.Bound <= 0.02 && found.Share <= 0.1, $"{found.Bound} from {found.Share}");
        Assert.True(Distance(Posterior(x, Ones(500), effective / 500), Posterior(found.Values, Ones(500), effective / 500)) <= 0.02);
        for (int e = 0; e < 500; e++)
            for (int h = 0; h < 200; h++)
                if (found.Known[e][h]) Assert.Equal(x[e][h], found.Values[e][h]);
        Assert.Equal(found.Share, found.Known.Sum(r => r.Count(k => k)) / 1e5, 1e-12);
    }

    [Fact]
    public void A_table_of_full_rank_says_that_the_bound_is_not_met_and_more_cells_meet_it()
    {
        double[][] x = Table(120, 60, 60, 0.5, 2);
        CompletedTable some = Run(x, Ones(120), 0.05);
        Assert.False(some.Met);
        Assert.True(some.Bound > 0.02 && some.Share <= 0.11);
        CompletedTable all = Run(x, Ones(120), 0.05, new CompletionPlan { MaximumShare = 1 });
        Assert.True(all.Met && all.Share > 0.5, $"{all.Share}");
        Assert.True(Distance(Posterior(x, Ones(120), 0.05), Posterior(all.Values, Ones(120), 0.05)) <= 0.02);
    }

    [Fact]
    public void The_bound_holds_as_often_as_it_says()
    {
        // 100 tables at 95 %: 88 or fewer would happen by chance once in 230 runs (binomial, if exactly 95 % held).
        int held = 0;
        for (ulong seed = 0; seed < 100; seed++)
        {
            double[][] x = Table(100, 40, 2 + (int)(seed % 7), seed % 2 == 0 ? 0.1 : 0.4, seed);
            double dose = (seed % 3) switch { 0 => 0.01, 1 => 0.05, _ => 0.3 };
            CompletedTable found = Run(x, Ones(100), dose, new CompletionPlan { MaximumShare = 0.3, Seed = seed });
            if (Distance(Posterior(x, Ones(100), dose), Posterior(found.Values, Ones(100), dose)) <= found.Bound + 1e-12) held++;
        }
        Assert.True(held >= 89, $"{held} of 100");
    }

    [Fact]
    public void A_good_guide_saves_cells()
    {
        RngStream rng = RngStream.Root(5);
        double[][] x = Table(200, 60, 30, 0.1, 4);
        double[][] guide = [.. x.Select(r => r.Select(v => (2 * v) + (0.1 * rng.NextGaussian())).ToArray())];
        var plan = new CompletionPlan { MaximumShare = 0.6 };
        CompletedTable without = Run(x, Ones(200), 0.01, plan), with = Run(x, Ones(200), 0.01, plan, guide);
        Assert.True(with.Met && with.Share < 0.6 * without.Share, $"{with.Share} against {without.Share}");
        Assert.True(Distance(Posterior(x, Ones(200), 0.01), Posterior(with.Values, Ones(200), 0.01)) <= 0.02);
    }

    [Fact]
    public void Weights_of_either_sign_and_none_are_heeded()
    {
        double[][] x = Table(150, 50, 3, 0.02, 6);
        double[] weights = [.. Enumerable.Range(0, 150).Select(e => e % 5 == 0 ? -1.0 : e % 7 == 0 ? 0 : 1 + (e % 3))];
        CompletedTable found = Run(x, weights, 0.02, new CompletionPlan { MaximumShare = 0.4 });
        Assert.True(found.Met);
        Assert.True(Distance(Posterior(x, weights, 0.02), Posterior(found.Values, weights, 0.02)) <= 0.02);
        Assert.All(Enumerable.Range(0, 150).Where(e => weights[e] == 0), e => Assert.DoesNotContain(true, found.Known[e]));
    }

    /// <summary>A column that is impossible in some rows and the likeliest by far in the others does not hide the rest.</summary>
    [Fact]
    public void Minus_infinity_rules_a_column_out()
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            double[][] x = Table(60, 12, 6, 0.5, seed);
            for (int e = 0; e < 60; e++) x[e][3] = e % 3 == 0 ? double.NegativeInfinity : x[e][3] + 100;
            CompletedTable found = Run(x, Ones(60), 0.3, new CompletionPlan { MaximumShare = 0.6, Seed = seed });
            Assert.Equal(0, Posterior(found.Values, Ones(60), 0.3)[3]);
            Assert.True(!found.Met || Distance(Posterior(x, Ones(60), 0.3), Posterior(found.Values, Ones(60), 0.3)) <= 0.02,
                $"seed {seed}");
        }
    }

    /// <summary>What cannot be said is pushed away from as the least that can be.</summary>
    [Fact]
    public void Minus_infinity_in_a_row_of_negative_weight_counts_as_the_least_of_the_row()
    {
        double[][] x = Table(12, 6, 3, 0.1, 9), floored = [.. x.Select(r => (double[])r.Clone())];
        double[] weights = [.. Enumerable.Range(0, 12).Select(e => e < 4 ? -1.0 : 1)];
        x[1][2] = double.NegativeInfinity;
        floored[1][2] = x[1].Where(double.IsFinite).Min();
        CompletedTable found = Run(x, weights, 0.3, new CompletionPlan { MaximumShare = 1 });
        Assert.Equal(double.NegativeInfinity, found.Values[1][2]);
        double[][] said = [.. found.Values.Select(RowFeatures.Possible)];
        Assert.Equal(0, Distance(Posterior(floored, weights, 0.3), Posterior(said, weights, 0.3)), 1e-9);
        Assert.Throws<ArgumentException>(() => Run([[1, double.PositiveInfinity], [1, 2], [3, 4]], Ones(3), 1));
    }

    [Fact]
    public void Small_tables_are_asked_for_whole_and_the_same_seed_asks_the_same()
    {
        double[][] x = Table(8, 5, 5, 1, 7);
        CompletedTable whole = Run(x, Ones(8), 1, new CompletionPlan { MaximumShare = 1 });
        Assert.Equal(0, whole.Bound);
        Assert.Equal(1, whole.Share);
        double[][] y = Table(100, 40, 4, 0.1, 8);
        Assert.Equal(Run(y, Ones(100), 0.1).Values, Run(y, Ones(100), 0.1).Values);
        Assert.Throws<ArgumentException>(() => Run([[1, double.NaN], [1, 2], [3, 4]], Ones(3), 1));
    }
}
