namespace PersonaSelection.Numerics;

/// <summary>
/// Ridge regression of many targets on the same inputs, solved in the space of observations: n observations cost n^3 whatever the number of
/// inputs. An intercept (or several) goes unpenalised. The penalty is the one that leaves the least squared error on observations left out.
/// </summary>
/// <remarks>Left-out residuals in closed form: a_i / C^-1_ii with C the bordered kernel matrix (Cawley and Talbot 2007).</remarks>
public sealed class RidgeRegression
{
    private static readonly double[] Ladder = [.. Enumerable.Range(-6, 10).Select(i => Math.Pow(10, i))];
    private readonly double[,] _coefficients, _intercepts;

    private RidgeRegression(double[,] coefficients, double[,] intercepts, double penalty, double freedom, double[][] leftOut)
    {
        (_coefficients, _intercepts) = (coefficients, intercepts);
        (Penalty, Freedom, LeftOut) = (penalty, freedom, leftOut);
    }

    /// <summary>The penalty chosen, in units of the mean squared length of the inputs.</summary>
    public double Penalty { get; }

    /// <summary>Effective number of parameters per target, intercepts included: the trace of the hat matrix.</summary>
    public double Freedom { get; }

    /// <summary>target - prediction of the regression fitted without that observation, [observation][target].</summary>
    public double[][] LeftOut { get; }

    /// <summary>Fits.</summary>
    /// <param name="inputs">[observation][input]; may have no inputs at all.</param>
    /// <param name="targets">[observation][target].</param>
    /// <param name="weights">How much each observation counts, positive; all 1 when absent.</param>
    /// <param name="group">Observations of different groups (numbered from 0) have an intercept of their own; one
    /// group when absent.</param>
    /// <param name="importance">How much the error of each target counts in the choice of the penalty; all 1 when absent.</param>
    /// <exception cref="ArgumentException">Fewer observations than intercepts and one more.</exception>
    public static RidgeRegression Fit(IReadOnlyList<double[]> inputs, IReadOnlyList<double[]> targets,
        ReadOnlySpan<double> weights = default, ReadOnlySpan<int> group = default, ReadOnlySpan<double> importance = default)
    {
        int n = inputs.Count, groups = 1;
        foreach (int g in group) groups = Math.Max(groups, g + 1);
        if (n != targets.Count || n <= groups)
            throw new ArgumentException($"{n} inputs and {targets.Count} targets do not make a regression.", nameof(inputs));
        double[] w = weights.IsEmpty ? Filled(n) : weights.ToArray();
        double[] share = importance.IsEmpty ? Filled(targets[0].Length) : importance.ToArray();
        var borders = new double[n, groups];
        for (int i = 0; i < n; i++) borders[i, group.IsEmpty ? 0 : group[i]] = 1;
        double[,] kernel = Gram(inputs);
        double scale = 0;
        for (int i = 0; i < n; i++) scale += kernel[i, i] / n;
        if (!(scale > 0)) scale = 1;
        Solution? best = null;
        foreach (double penalty in Ladder)
        {
            Solution solution = Solve(kernel, borders, targets, w, penalty, scale);
            double error = 0;
            for (int i = 0; i < n; i++)
                for (int q = 0; q < share.Length; q++) error += w[i] * share[q] * solution.LeftOut[i][q] * solution.LeftOut[i][q];
            // Ties, as when there are no inputs, go to the larger penalty.
            if (best is null || error <= best.Error) best = solution with { Error = error };
        }
        return best!.Make(inputs);
    }

    /// <summary>What each input adds to one target, per unit.</summary>
    public double[] CoefficientsOf(int target) =>
        [.. Enumerable.Range(0, _coefficients.GetLength(0)).Select(j => _coefficients[j, target])];

    /// <summary>What one target is without any input.</summary>
    public double InterceptOf(int target, int group = 0) => _intercepts[group, target];

    /// <summary>The prediction for one observation, [target].</summary>
    public double[] Predict(ReadOnlySpan<double> input, int group = 0)
    {
        var result = new double[_intercepts.GetLength(1)];
        for (int q = 0; q < result.Length; q++) result[q] = _intercepts[group, q];
        for (int j = 0; j < input.Length; j++)
        {
            double x = input[j];
            if (x == 0) continue;
            for (int q = 0; q < result.Length; q++) result[q] += x * _coefficients[j, q];
        }
        return result;
    }

    private static double[] Filled(int n)
    {
        var ones = new double[n];
        Array.Fill(ones, 1);
        return ones;
    }

    private static double[,] Gram(IReadOnlyList<double[]> inputs)
    {
        var kernel = new double[inputs.Count, inputs.Count];
        for (int i = 0; i < inputs.Count; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = 0;
                for (int k = 0; k < inputs[i].Length; k++) sum += inputs[i][k] * inputs[j][k];
                kernel[i, j] = kernel[j, i] = sum;
            }
        }
        return kernel;
    }

    private static Solution Solve(double[,] kernel, double[,] borders, IReadOnlyList<double[]> targets, double[] w,
        double penalty, double scale)
    {
        int n = w.Length, f = borders.GetLength(1), q = targets[0].Length;
        var a = (double[,])kernel.Clone();
        for (int i = 0; i < n; i++) a[i, i] += penalty * scale / w[i];
        double[,] inverse = Cholesky.Inverse(a);
        double[,] mf = Product(inverse, borders);
        var s = new double[f, f];
        for (int i = 0; i < n; i++)
            for (int u = 0; u < f; u++)
                for (int v = 0; v < f; v++) s[u, v] += borders[i, u] * mf[i, v];
        // Rows of mf S^-1: what takes the intercepts out.
        double[,] g = Product(mf, Cholesky.Inverse(s));
        var centred = inverse;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int u = 0; u < f; u++) centred[i, j] -= g[i, u] * mf[j, u];
        var dual = new double[n, q];
        var intercepts = new double[f, q];
        var leftOut = new double[n][];
        double freedom = n;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
                for (int t = 0; t < q; t++) dual[i, t] += centred[i, j] * targets[j][t];
            for (int u = 0; u < f; u++)
                for (int t = 0; t < q; t++) intercepts[u, t] += g[i, u] * targets[i][t];
            leftOut[i] = new double[q];
            for (int t = 0; t < q; t++) leftOut[i][t] = dual[i, t] / centred[i, i];
            freedom -= penalty * scale / w[i] * centred[i, i];
        }
        return new Solution(dual, intercepts, penalty, freedom, leftOut);
    }

    private static double[,] Product(double[,] a, double[,] b)
    {
        int n = a.GetLength(0), m = a.GetLength(1), p = b.GetLength(1);
        var c = new double[n, p];
        for (int i = 0; i < n; i++)
            for (int k = 0; k < m; k++)
                for (int j = 0; j < p; j++) c[i, j] += a[i, k] * b[k, j];
        return c;
    }

    private sealed record Solution(double[,] Dual, double[,] Intercepts, double Penalty, double Freedom, double[][] LeftOut)
    {
        public double Error { get; init; }

        public RidgeRegression Make(IReadOnlyList<double[]> inputs)
        {
            int p = inputs[0].Length, q = Dual.GetLength(1);
            var coefficients = new double[p, q];
            for (int i = 0; i < inputs.Count; i++)
                for (int j = 0; j < p; j++)
                    for (int t = 0; t < q; t++) coefficients[j, t] += inputs[i][j] * Dual[i, t];
            return new RidgeRegression(coefficients, Intercepts, Penalty, Freedom, LeftOut);
        }
    }
}
