namespace PersonaSelection.Numerics;

/// <summary>
/// A Gaussian model of the rows of a table: row e is (features_e · coefficients + noise), coefficients of variance 1 and noise of a given
/// variance, both with one unknown covariance over columns. Fitted to some rows it tells the weighted sum of others.
/// </summary>
/// <remarks>
/// The same as kernel regression over rows without an intercept, and the choice of rows as in Bayesian quadrature: the next row is the one
/// that lowers the variance of the sum most, which no value has a say in.
/// </remarks>
internal sealed class RowModel
{
    private readonly double[] _weights;
    private readonly double _noise;
    private readonly int[] _rows;
    private readonly double[][] _targets;
    private readonly double[,] _spread;
    private readonly double[][] _toward;
    private readonly double _logVolume;

    /// <summary>Fits.</summary>
    /// <param name="features">[row][feature], of all rows.</param>
    /// <param name="weights">What each row counts in the sum; 0 for rows that do not.</param>
    /// <param name="noise">The variance of the noise.</param>
    /// <param name="rows">The rows that are known.</param>
    /// <param name="targets">[known row][column].</param>
    public RowModel(double[][] features, double[] weights, double noise, int[] rows, double[][] targets)
    {
        (Features, _weights, _noise, _rows, _targets) = (features, weights, noise, rows, targets);
        int n = features[0].Length, columns = targets.Length > 0 ? targets[0].Length : 0;
        var precision = new double[n, n];
        _toward = [.. Enumerable.Range(0, n).Select(_ => new double[columns])];
        for (int i = 0; i < n; i++) precision[i, i] = 1;
        for (int r = 0; r < rows.Length; r++)
        {
            double[] f = features[rows[r]];
            for (int i = 0; i < n; i++)
            {
                double x = f[i] / noise;
                for (int j = 0; j <= i; j++) precision[i, j] += x * f[j];
                for (int h = 0; h < columns; h++) _toward[i][h] += x * targets[r][h];
            }
        }
        _spread = n == 0 ? precision : Cholesky.Inverse(precision);
        double[,] factor = n == 0 ? precision : Cholesky.Factor(precision);
        for (int i = 0; i < n; i++) _logVolume += 2 * Math.Log(factor[i, i]);
        Coefficients = [.. Enumerable.Range(0, n).Select(i =>
        {
            var row = new double[columns];
            for (int j = 0; j < n; j++)
                for (int h = 0; h < columns; h++) row[h] += _spread[i, j] * _toward[j][h];
            return row;
        })];
    }

    /// <summary>[row][feature].</summary>
    public double[][] Features { get; }

    /// <summary>[feature][column].</summary>
    public double[][] Coefficients { get; }

    /// <summary>How badly the known rows fit, as -2 log-likelihood per row and column up to a constant, over some columns.</summary>
    public double Misfit(IEnumerable<int> columns) =>
        (_logVolume / _rows.Length) + Math.Log(_noise) + Math.Log(Math.Max(columns.Sum(h => Cross(h, h)), 1e-300));

    /// <summary>The covariance over columns, [column, column].</summary>
    public double[,] Covariance()
    {
        int n = _targets[0].Length;
        var c = new double[n, n];
        for (int g = 0; g < n; g++)
            for (int h = 0; h <= g; h++) c[g, h] = c[h, g] = Cross(g, h) / _rows.Length;
        return c;
    }

    /// <summary>The sum over rows that are not known, [column], and its variance as a multiple of the covariance.</summary>
    /// <param name="open">The rows.</param>
    public (double[] Sum, double Variance) SumOf(IReadOnlyList<int> open)
    {
        double[] t = Total(open), sum = new double[_targets[0].Length];
        for (int i = 0; i < t.Length; i++)
            for (int h = 0; h < sum.Length; h++) sum[h] += t[i] * Coefficients[i][h];
        return (sum, Variance(_spread, t, open));
    }

    /// <summary>The rows to ask for next, best first, and the variance of the sum over those that stay open.</summary>
    /// <param name="open">The rows to choose from.</param>
    /// <param name="count">How many.</param>
    public (int[] Rows, double Variance) Next(IReadOnlyList<int> open, int count)
    {
        var spread = (double[,])_spread.Clone();
        var left = new List<int>(open);
        double[] t = Total(left), own = [.. open.Select(e => RowFeatures.Dot(Features[e], Times(spread, Features[e])))];
        var position = open.Select((e, i) => (e, i)).ToDictionary(p => p.e, p => p.i);
        var chosen = new List<int>();
        for (int k = 0; k < count && left.Count > 0; k++)
        {
            double[] along = Times(spread, t);
            int best = -1;
            double most = -1;
            foreach (int e in left)
            {
                double shared = RowFeatures.Dot(Features[e], along) + (_noise * _weights[e]),
                    gain = shared * shared / (own[position[e]] + _noise);
                if (gain > most) (best, most) = (e, gain);
            }
            double[] q = Times(spread, Features[best]);
            double scale = own[position[best]] + _noise;
            for (int i = 0; i < q.Length; i++)
                for (int j = 0; j < q.Length; j++) spread[i, j] -= q[i] * q[j] / scale;
            foreach (int e in left)
            {
                double x = RowFeatures.Dot(Features[e], q);
                own[position[e]] = Math.Max(0, own[position[e]] - (x * x / scale));
            }
            for (int i = 0; i < t.Length; i++) t[i] -= _weights[best] * Features[best][i];
            left.Remove(best);
            chosen.Add(best);
        }
        return ([.. chosen], Variance(spread, t, left));
    }

    private double Variance(double[,] spread, double[] t, IReadOnlyList<int> open) =>
        Math.Max(0, RowFeatures.Dot(t, Times(spread, t))) + (_noise * open.Sum(e => _weights[e] * _weights[e]));

    private double Cross(int g, int h)
    {
        double sum = 0;
        foreach (double[] y in _targets) sum += y[g] * y[h] / _noise;
        for (int i = 0; i < _toward.Length; i++) sum -= _toward[i][g] * Coefficients[i][h];
        return sum;
    }

    private double[] Total(IReadOnlyList<int> rows)
    {
        var t = new double[Features[0].Length];
        foreach (int e in rows)
            for (int i = 0; i < t.Length; i++) t[i] += _weights[e] * Features[e][i];
        return t;
    }

    private static double[] Times(double[,] a, double[] x)
    {
        var y = new double[x.Length];
        for (int i = 0; i < y.Length; i++)
            for (int j = 0; j < y.Length; j++) y[i] += a[i, j] * x[j];
        return y;
    }
}
