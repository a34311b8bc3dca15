namespace PersonaSelection.Numerics;

/// <summary>
/// How far the offsets of a <see cref="SoftmaxCalibration"/> may be off, as they were fitted to some cases only. A draw weighs every case
/// anew, by 1 plus a normal number, those of a class as much as ever together, and moves the offsets as far as that moves their optimum to
/// first order (the multiplier bootstrap of a maximum likelihood estimate: its covariance is that of the sandwich, White 1982). Scales are
/// held.
/// </summary>
public sealed class OffsetError
{
    // [case][class]: what each case has moved the offsets by, in nats.
    private readonly double[][] _moved;

    private OffsetError(double[][] moved) => _moved = moved;

    /// <summary>Number of classes.</summary>
    public int Classes => _moved[0].Length;

    /// <summary>Of offsets that were fitted, or left at 0, beside some scales.</summary>
    /// <param name="fitted">What was fitted.</param>
    /// <param name="inputs">[case][input][class]: what it was fitted to; at least one case.</param>
    /// <param name="classes">The true class of each case. Classes that do not occur have no offset, and none of its errors.</param>
    /// <param name="weights">The weight of each case, positive.</param>
    public static OffsetError Of(SoftmaxCalibration fitted, IReadOnlyList<double[][]> inputs, IReadOnlyList<int> classes,
        IReadOnlyList<double> weights)
    {
        int[] occurring = [.. classes.Distinct().Order()];
        int count = fitted.Offsets.Count, n = occurring.Length;
        double total = weights.Sum();
        // The curvature of the mean loss along the offsets, and of the weak pull towards 0 that keeps it from being singular.
        var curvature = new double[n, n];
        var slopes = new double[n, inputs.Count];
        for (int j = 0; j < n; j++) curvature[j, j] = SoftmaxCalibrationFit.Pull(inputs.Count);
        for (int i = 0; i < inputs.Count; i++)
        {
            double[] p = fitted.Probabilities(inputs[i]);
            double w = weights[i] / total;
            for (int j = 0; j < n; j++)
            {
                double pj = p[occurring[j]];
                slopes[j, i] = w * ((classes[i] == occurring[j] ? 1 : 0) - pj);
                curvature[j, j] += w * pj;
                for (int k = 0; k < n; k++) curvature[j, k] -= w * pj * p[occurring[k]];
            }
        }
        // How many cases of a class there are was chosen, and is no part of the error.
        foreach (IGrouping<int, int> same in Enumerable.Range(0, inputs.Count).GroupBy(i => classes[i]))
        {
            double all = same.Sum(i => weights[i]);
            for (int j = 0; j < n; j++)
            {
                double mean = same.Sum(i => slopes[j, i]) / all;
                foreach (int i in same) slopes[j, i] -= weights[i] * mean;
            }
        }
        double[,] solved = Cholesky.Solve(curvature, slopes);
        var moved = new double[inputs.Count][];
        for (int i = 0; i < moved.Length; i++)
        {
            moved[i] = new double[count];
            double mean = Enumerable.Range(0, n).Average(j => solved[j, i]);
            for (int j = 0; j < n; j++) moved[i][occurring[j]] = solved[j, i] - mean;
        }
        return new OffsetError(moved);
    }

    /// <summary>The standard deviation of a class's offset, in nats.</summary>
    public double Deviation(int h) => Math.Sqrt(_moved.Sum(m => m[h] * m[h]));

    /// <summary>An error by class, in nats, of mean 0.</summary>
    /// <param name="random">Where it comes from.</param>
    public double[] Draw(RngStream random)
    {
        var error = new double[Classes];
        foreach (double[] m in _moved)
        {
            double z = random.NextGaussian();
            for (int h = 0; h < error.Length; h++) error[h] += z * m[h];
        }
        return error;
    }
}
