namespace PersonaSelection.Numerics;

/// <summary>
/// What is believed of sums, one per column: their mean and covariance, Gaussian, before and after some of them are known.
/// </summary>
/// <remarks>
/// Once a reference is named, sums are differences from it, since what all columns share in a row does not matter and may be unknown.
/// </remarks>
internal sealed class ColumnSums
{
    private const double Jitter = 1e-9;

    private readonly int _reference;

    public ColumnSums(double[] mean, double[,] covariance, int reference = -1) =>
        (Mean, Covariance, _reference) = (mean, covariance, reference);

    /// <summary>[column].</summary>
    public double[] Mean { get; }

    /// <summary>[column, column].</summary>
    public double[,] Covariance { get; }

    /// <summary>The same as differences from one column.</summary>
    public ColumnSums From(int reference)
    {
        int n = Mean.Length;
        var c = new double[n, n];
        for (int g = 0; g < n; g++)
            for (int h = 0; h < n; h++)
                c[g, h] = Covariance[g, h] - Covariance[g, reference] - Covariance[reference, h] + Covariance[reference, reference];
        return new ColumnSums([.. Mean.Select(m => m - Mean[reference])], c, reference);
    }

    /// <summary>After some columns, other than the reference, became known.</summary>
    /// <param name="columns">Which.</param>
    /// <param name="values">Their sums, as differences from the reference.</param>
    public (ColumnSums After, double Surprise) Given(int[] columns, double[] values)
    {
        if (columns.Length == 0) return (this, 0);
        int n = Mean.Length, k = columns.Length;
        var own = new double[k, k];
        double trace = 0;
        for (int i = 0; i < k; i++) trace += Covariance[columns[i], columns[i]];
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++) own[i, j] = Covariance[columns[i], columns[j]] + (i == j ? (Jitter * trace) + 1e-300 : 0);
        double[,] inverse = Cholesky.Inverse(own);
        double[] off = [.. columns.Select((h, i) => values[i] - Mean[h])], pull = new double[k];
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++) pull[i] += inverse[i, j] * off[j];
        double[] mean = [.. Mean];
        var c = (double[,])Covariance.Clone();
        var gain = new double[k];
        for (int g = 0; g < n; g++)
        {
            for (int i = 0; i < k; i++)
            {
                gain[i] = 0;
                for (int j = 0; j < k; j++) gain[i] += inverse[i, j] * Covariance[columns[j], g];
                mean[g] += Covariance[columns[i], g] * pull[i];
            }
            for (int h = 0; h < n; h++)
                for (int i = 0; i < k; i++) c[g, h] -= gain[i] * Covariance[columns[i], h];
        }
        for (int i = 0; i < k; i++)
        {
            mean[columns[i]] = values[i];
            for (int h = 0; h < n; h++) c[columns[i], h] = c[h, columns[i]] = 0;
        }
        for (int h = 0; h < n; h++) c[h, h] = Math.Max(0, c[h, h]);
        return (new ColumnSums(mean, c, _reference), RowFeatures.Dot(off, pull));
    }

    /// <summary>How far sums of standard deviation sd are off on average, weighted.</summary>
    public double Stake(double[] share)
    {
        double sum = 0;
        for (int h = 0; h < share.Length; h++) sum += share[h] * Math.Sqrt(Covariance[h, h]);
        return sum;
    }

    /// <summary>The columns to know next, best first, each lowering the stake most, and the stake after them.</summary>
    /// <param name="share">What each column counts.</param>
    /// <param name="known">Columns that are known.</param>
    /// <param name="count">How many.</param>
    public (int[] Columns, double Stake) Next(double[] share, IReadOnlyCollection<int> known, int count)
    {
        ColumnSums now = this;
        var chosen = new List<int>();
        while (chosen.Count < count)
        {
            int best = -1;
            double least = double.PositiveInfinity;
            for (int j = 0; j < share.Length; j++)
            {
                double own = now.Covariance[j, j], after = 0;
                if (!(share[j] > 0) || !(own > 0) || known.Contains(j) || chosen.Contains(j)) continue;
                for (int h = 0; h < share.Length; h++)
                {
                    double x = now.Covariance[h, j];
                    after += share[h] * Math.Sqrt(Math.Max(0, now.Covariance[h, h] - (x * x / own)));
                }
                if (now._reference < 0) after = -share[j] * Math.Sqrt(own);
                if (after < least) (best, least) = (j, after);
            }
            if (best < 0) break;
            chosen.Add(best);
            now = now._reference < 0 ? now.From(best) : now.Given([best], [now.Mean[best]]).After;
        }
        return ([.. chosen], now.Stake(share));
    }

    /// <summary>Draws errors of the sums, Student's t with some degrees of freedom, all columns stretched alike.</summary>
    /// <param name="draws">How many.</param>
    /// <param name="variance">Times the covariance.</param>
    /// <param name="freedom">Degrees of freedom.</param>
    /// <param name="rng">The draws.</param>
    public IEnumerable<double[]> Draw(int draws, double variance, int freedom, RngStream rng)
    {
        int n = Mean.Length;
        double trace = 0;
        for (int h = 0; h < n; h++) trace += Covariance[h, h];
        var a = (double[,])Covariance.Clone();
        for (int h = 0; h < n; h++) a[h, h] += (Jitter * trace) + 1e-300;
        double[,] l = Cholesky.Factor(a);
        var z = new double[n];
        for (int draw = 0; draw < draws; draw++)
        {
            double chi = 0;
            for (int i = 0; i < freedom; i++) chi += Math.Pow(rng.NextGaussian(), 2);
            double size = Math.Sqrt(variance * freedom / chi);
            for (int h = 0; h < n; h++) z[h] = rng.NextGaussian();
            var error = new double[n];
            for (int g = 0; g < n; g++)
            {
                for (int h = 0; h <= g; h++) error[g] += l[g, h] * z[h];
                error[g] *= size;
            }
            yield return error;
        }
    }
}
