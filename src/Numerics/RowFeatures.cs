namespace PersonaSelection.Numerics;

/// <summary>What is known of every row of a table before most of its cells, as numbers whose products say how alike two rows are.</summary>
internal static class RowFeatures
{
    // More columns than this are first mixed at random, which keeps the products nearly as they are.
    private const int MostInputs = 200;
    private const int MostFeatures = 100;

    /// <summary>
    /// Principal components with flattened sizes: a component of size s becomes one of size s^power, since a rough guide knows in which
    /// directions rows differ better than how far. Mean squared length 1.
    /// </summary>
    /// <param name="rows">[row][input].</param>
    /// <param name="powers">Each gives features of its own; 1 leaves the sizes as they are.</param>
    /// <param name="rng">Mixes inputs where there are many.</param>
    public static double[][][] Flatten(double[][] rows, double[] powers, RngStream rng)
    {
        int inputs = rows[0].Length;
        if (inputs > MostInputs)
        {
            double[][] mix =
                [.. Enumerable.Range(0, inputs).Select(_ => Enumerable.Range(0, MostInputs).Select(_ => rng.NextGaussian()).ToArray())];
            rows = [.. rows.Select(r => Mixed(r, mix))];
            inputs = MostInputs;
        }
        var gram = new double[inputs, inputs];
        foreach (double[] r in rows)
            for (int i = 0; i < inputs; i++)
                for (int j = 0; j < inputs; j++) gram[i, j] += r[i] * r[j];
        (double[] values, double[][] vectors) = SymmetricEigen.Of(gram);
        int kept = values.TakeWhile(v => v > 1e-10 * values[0] && v > 0).Take(MostFeatures).Count();
        return [.. powers.Select(power =>
        {
            double[][] axes = [.. Enumerable.Range(0, kept).Select(k =>
                Array.ConvertAll(vectors[k], x => x * Math.Pow(values[k] / values[0], (power - 1) / 2)))];
            double[][] features = [.. rows.Select(r => axes.Select(a => Dot(a, r)).ToArray())];
            double length = features.Sum(f => Dot(f, f)) / features.Length;
            return length > 0 ? [.. features.Select(f => Array.ConvertAll(f, x => x / Math.Sqrt(length)))] : features;
        })];
    }

    /// <summary>The product of two vectors.</summary>
    internal static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static double[] Mixed(double[] row, double[][] mix)
    {
        var result = new double[MostInputs];
        for (int i = 0; i < row.Length; i++)
            for (int j = 0; j < MostInputs; j++) result[j] += row[i] * mix[i][j];
        return result;
    }

    /// <summary>A row with the least of its finite numbers in place of minus infinity, so that sums and regressions stay finite.</summary>
    public static double[] Possible(double[] row)
    {
        if (!row.Contains(double.NegativeInfinity)) return row;
        double least = row.Where(double.IsFinite).DefaultIfEmpty(0).Min();
        return Array.ConvertAll(row, x => double.IsNegativeInfinity(x) ? least : x);
    }
}
