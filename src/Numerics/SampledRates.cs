namespace PersonaSelection.Numerics;

/// <summary>
/// Rates behind counts in a table, such as those of the answers of many people (columns) to many questions (rows). Rates of a row come from
/// one beta distribution: its mean is the row's own, its concentration common to all rows, so that what differs between columns by
/// chance alone is drawn together.
/// </summary>
/// <remarks>
/// Beta-binomial, fitted by moments: the variance of the shares of a row is m (1 - m) (rho + (1 - rho) / n), rho the correlation of two
/// answers from one column, concentration 1 / rho - 1 (Kleinman 1973). rho is kept between <see cref="LeastCorrelation"/> and
/// <see cref="MostCorrelation"/>: columns are never taken for all alike, and the prior counts for at least one answer,
/// as that of Jeffreys does.
/// </remarks>
public sealed class SampledRates
{
    /// <summary>Columns of a row differ by at least a standard deviation of 0.07 around a mean of one half.</summary>
    public const double LeastCorrelation = 0.02;

    /// <summary>The prior counts for at least one answer.</summary>
    public const double MostCorrelation = 0.5;

    private readonly int[][] _hits, _trials;
    private readonly double[] _means;
    private readonly int _aside;

    private SampledRates(int[][] hits, int[][] trials, double[] means, double concentration, int aside) =>
        (_hits, _trials, _means, Concentration, _aside) = (hits, trials, means, concentration, aside);

    /// <summary>For how many answers the prior counts.</summary>
    public double Concentration { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => _hits.Length;

    /// <summary>Fits the prior.</summary>
    /// <param name="hits">[row][column].</param>
    /// <param name="trials">[row][column]; 0 where nothing is known but the prior.</param>
    /// <param name="aside">So many first columns are of another kind: they have no say in the prior, and have that of Jeffreys in its place
    /// where anything is known of them.</param>
    public static SampledRates Of(int[][] hits, int[][] trials, int aside = 0)
    {
        var means = new double[hits.Length];
        double found = 0, chance = 0, all = 0;
        for (int i = 0; i < hits.Length; i++)
        {
            int[] known = [.. Enumerable.Range(aside, hits[i].Length - aside).Where(h => trials[i][h] > 0)];
            means[i] = (known.Sum(h => hits[i][h]) + 0.5) / (known.Sum(h => trials[i][h]) + 1);
            if (known.Length < 2) continue;
            double q = means[i] * (1 - means[i]);
            found += Statistics.Variance([.. known.Select(h => (double)hits[i][h] / trials[i][h])]);
            chance += q * known.Average(h => 1.0 / trials[i][h]);
            all += q;
        }
        double rho = Math.Clamp(all > chance ? (found - chance) / (all - chance) : 0, LeastCorrelation, MostCorrelation);
        return new SampledRates(hits, trials, means, (1 / rho) - 1, aside);
    }

    /// <summary>The mean of what a rate may be.</summary>
    public double Mean(int row, int column)
    {
        (double a, double b) = Shape(row, column);
        return a / (a + b);
    }

    /// <summary>
    /// The share of hits, which errs by chance alone: over many rows errors average out, as those of <see cref="Mean"/>, which is drawn to
    /// a prior, do not. The mean where nothing is known.
    /// </summary>
    public double Share(int row, int column) =>
        _trials[row][column] > 0 ? (double)_hits[row][column] / _trials[row][column] : Mean(row, column);

    /// <summary>Rates as they may be, each drawn for itself: [row][column].</summary>
    public double[][] Draw(RngStream random)
    {
        return [.. _hits.Select((row, i) => row.Select((_, h) =>
        {
            (double a, double b) = Shape(i, h);
            return random.NextBeta(a, b);
        }).ToArray())];
    }

    private (double A, double B) Shape(int row, int column)
    {
        int hits = _hits[row][column], trials = _trials[row][column];
        (double concentration, double mean) = column < _aside && trials > 0 ? (1, 0.5) : (Concentration, _means[row]);
        return (hits + (concentration * mean), trials - hits + (concentration * (1 - mean)));
    }
}
