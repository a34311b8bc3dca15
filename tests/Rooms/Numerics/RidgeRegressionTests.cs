using MathNet.Numerics;
using MathNet.Numerics.Providers.LinearAlgebra;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public sealed class RidgeRegressionTests
{
    private static (double[][] X, double[][] Y) Data(int n, int p, int q, double noise, ulong seed = 1)
    {
        RngStream rng = RngStream.Root(seed);
        double[][] truth = [.. Enumerable.Range(0, q).Select(_ => Enumerable.Range(0, p).Select(_ => rng.NextGaussian()).ToArray())];
        double[][] x = [.. Enumerable.Range(0, n).Select(_ => Enumerable.Range(0, p).Select(_ => rng.NextGaussian()).ToArray())];
        return (x, [.. x.Select(row =>
            truth.Select((b, t) => 3 * t + row.Zip(b, (u, v) => u * v).Sum() + (noise * rng.NextGaussian())).ToArray())]);
    }

    [Fact]
    public void Cholesky_inverts()
    {
        (double[][] x, _) = Data(9, 6, 1, 0);
        var a = new double[6, 6];
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++) a[i, j] = x.Sum(r => r[i] * r[j]);
        double[,] inverse = Cholesky.Inverse(a);
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++) Assert.Equal(i == j ? 1 : 0, Enumerable.Range(0, 6).Sum(k => a[i, k] * inverse[k, j]), 1e-9);
        Assert.Throws<ArgumentException>(() => Cholesky.Inverse(new double[,] { { 1, 2 }, { 2, 1 } }));
        Assert.Throws<ArgumentException>(() => Cholesky.Factor(new double[2, 3]));
        // Only the lower triangle is read.
        var lower = (double[,])a.Clone();
        for (int i = 0; i < 6; i++)
            for (int j = i + 1; j < 6; j++) lower[i, j] = double.NaN;
        Assert.Equal(inverse, Cholesky.Inverse(lower));
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        (double[][] x, double[][] y) = Data(150, 300, 40, 1);
        int before = Control.MaxDegreeOfParallelism;
        try
        {
            double[][] Solved(int threads)
            {
                Control.MaxDegreeOfParallelism = threads;
                var fit = RidgeRegression.Fit(x, y);
                return [.. fit.LeftOut, fit.CoefficientsOf(7)];
            }
            Assert.Equal(Solved(1), Solved(8));
        }
        finally
        {
            Control.MaxDegreeOfParallelism = before;
        }
        Assert.Contains("Managed", LinearAlgebraControl.Provider.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_noise_it_finds_the_truth_intercepts_included()
    {
        (double[][] x, double[][] y) = Data(30, 4, 3, 0);
        var fit = RidgeRegression.Fit(x, y);
        for (int t = 0; t < 3; t++) Assert.Equal(3.0 * t, fit.InterceptOf(t), 1e-3);
        Assert.All(fit.LeftOut, r => Assert.All(r, e => Assert.Equal(0, e, 1e-2)));
    }

    [Fact]
    public void Left_out_residuals_are_those_of_regressions_without_the_observation()
    {
        (double[][] x, double[][] y) = Data(14, 5, 2, 1);
        var whole = RidgeRegression.Fit(x, y);
        double scale = x.Average(r => r.Sum(v => v * v));
        for (int left = 0; left < 14; left++)
        {
            // The same penalty by gradient-free brute force: solve the normal equations in the inputs and the intercept.
            int[] kept = [.. Enumerable.Range(0, 14).Where(i => i != left)];
            var a = new double[6, 6];
            var b = new double[6, 2];
            foreach (int i in kept)
            {
                double[] row = [.. x[i], 1];
                for (int u = 0; u < 6; u++)
                {
                    for (int v = 0; v < 6; v++) a[u, v] += row[u] * row[v];
                    for (int t = 0; t < 2; t++) b[u, t] += row[u] * y[i][t];
                }
            }
            for (int u = 0; u < 5; u++) a[u, u] += whole.Penalty * scale;
            double[,] inverse = Cholesky.Inverse(a);
            double[] own = [.. x[left], 1];
            for (int t = 0; t < 2; t++)
            {
                double predicted = Enumerable.Range(0, 6).Sum(u => own[u] * Enumerable.Range(0, 6).Sum(v => inverse[u, v] * b[v, t]));
                Assert.Equal(y[left][t] - predicted, whole.LeftOut[left][t], 1e-6);
            }
        }
    }

    [Fact]
    public void Noise_alone_is_shrunk_to_the_mean()
    {
        RngStream rng = RngStream.Root(3);
        double[][] x = [.. Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, 100).Select(_ => rng.NextGaussian()).ToArray())];
        double[][] y = [.. Enumerable.Range(0, 40).Select(_ => Enumerable.Range(0, 30).Select(_ => rng.NextGaussian()).ToArray())];
        var fit = RidgeRegression.Fit(x, y);
        Assert.InRange(fit.Penalty, 1, double.MaxValue);
        Assert.InRange(fit.LeftOut.SelectMany(r => r).Average(e => e * e), 0.85, 1.15);
        var empty = RidgeRegression.Fit([.. x.Select(_ => Array.Empty<double>())], y);
        Assert.Equal(y.Average(r => r[2]), empty.InterceptOf(2), 1e-9);
        Assert.Throws<ArgumentException>(() => RidgeRegression.Fit([[1.0]], [[1.0]]));
    }
}
