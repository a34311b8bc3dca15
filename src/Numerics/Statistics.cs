using MathNet.Numerics.Distributions;

namespace PersonaSelection.Numerics;

/// <summary>
/// Summaries of samples, in double. What is undefined (a correlation with a constant, the mean of nothing) is NaN, and so is what is made
/// of a NaN.
/// </summary>
public static class Statistics
{
    /// <summary>The arithmetic mean.</summary>
    public static double Mean(ReadOnlySpan<double> x)
    {
        double sum = 0;
        foreach (double v in x) sum += v;
        return sum / x.Length;
    }

    /// <summary>The same less their mean.</summary>
    public static double[] Centred(double[] x)
    {
        double mean = Mean(x);
        return Array.ConvertAll(x, v => v - mean);
    }

    /// <summary>The unbiased sample variance (divisor n - 1), in two passes; NaN below two values.</summary>
    public static double Variance(ReadOnlySpan<double> x)
    {
        if (x.Length < 2) return double.NaN;
        double mean = Mean(x), sum = 0;
        foreach (double v in x) sum += (v - mean) * (v - mean);
        return sum / (x.Length - 1);
    }

    /// <summary>The square root of <see cref="Variance"/>.</summary>
    public static double StandardDeviation(ReadOnlySpan<double> x) => Math.Sqrt(Variance(x));

    /// <summary>Pearson's correlation r, in [-1, 1].</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Pearson(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        SameLength(x.Length, y.Length);
        double mx = Mean(x), my = Mean(y), xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double dx = x[i] - mx, dy = y[i] - my;
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        double scale = Math.Sqrt(xx) * Math.Sqrt(yy);
        return scale > 0 ? Math.Clamp(xy / scale, -1, 1) : double.NaN;
    }

    /// <summary>Spearman's correlation: Pearson's of the ranks, ties sharing their mean rank.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Spearman(ReadOnlySpan<double> x, ReadOnlySpan<double> y) => Pearson(Ranks(x), Ranks(y));

    /// <summary>
    /// R2 = 1 - sum((actual - predicted)^2) / sum((actual - mean(actual))^2): one for a perfect prediction, zero for the
    /// mean, negative for worse.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double RSquared(ReadOnlySpan<double> actual, ReadOnlySpan<double> predicted)
    {
        SameLength(actual.Length, predicted.Length);
        double mean = Mean(actual), residual = 0, total = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            residual += (actual[i] - predicted[i]) * (actual[i] - predicted[i]);
            total += (actual[i] - mean) * (actual[i] - mean);
        }
        return total > 0 ? 1 - residual / total : double.NaN;
    }

    /// <summary>Ranks from 1, ties sharing their mean rank; beside a NaN nothing has a rank.</summary>
    public static double[] Ranks(ReadOnlySpan<double> x)
    {
        double[] sorted = x.ToArray();
        int[] order = new int[x.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(sorted, order);
        double[] ranks = new double[x.Length];
        if (StartsWithNaN(sorted))
        {
            Array.Fill(ranks, double.NaN);
            return ranks;
        }
        for (int i = 0; i < order.Length;)
        {
            int end = i + 1;
            while (end < order.Length && sorted[end] == sorted[i]) end++;
            for (int j = i; j < end; j++) ranks[order[j]] = (i + 1 + end) / 2.0;
            i = end;
        }
        return ranks;
    }

    /// <summary>
    /// The area under the receiver operating characteristic: the chance that a random positive scores above a random negative, ties
    /// counting one half. NaN when either class is empty.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Auroc(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positive)
    {
        SameLength(scores.Length, positive.Length);
        double[] ranks = Ranks(scores);
        double sum = 0;
        long hits = 0;
        for (int i = 0; i < ranks.Length; i++)
        {
            if (!positive[i]) continue;
            sum += ranks[i];
            hits++;
        }
        long misses = ranks.Length - hits;
        return hits == 0 || misses == 0 ? double.NaN : (sum - hits * (hits + 1) / 2.0) / ((double)hits * misses);
    }

    /// <summary>
    /// The quantile at <paramref name="probability"/> by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is not in [0, 1].</exception>
    public static double Quantile(ReadOnlySpan<double> x, double probability)
    {
        if (!(probability is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(probability));
        double[] sorted = x.ToArray();
        Array.Sort(sorted);
        if (sorted.Length == 0 || StartsWithNaN(sorted)) return double.NaN;
        double at = probability * (sorted.Length - 1);
        int below = (int)at;
        double share = at - below, low = sorted[below];
        if (share == 0 || low == sorted[below + 1]) return low;
        double high = sorted[below + 1];
        // Between a number and infinity lies infinity; the difference of two infinities is no number.
        return double.IsFinite(high - low) ? low + (share * (high - low)) : ((1 - share) * low) + (share * high);
    }

    /// <summary>A quantile of Student's t.</summary>
    /// <param name="probability">How much lies below the quantile, in (0, 1).</param>
    /// <param name="freedom">Degrees of freedom, above 0 and not necessarily whole.</param>
    public static double StudentQuantile(double probability, double freedom) => StudentT.InvCDF(0, 1, freedom, probability);

    // Sorting puts them first.
    private static bool StartsWithNaN(double[] sorted) => sorted.Length > 0 && double.IsNaN(sorted[0]);

    private static void SameLength(int a, int b)
    {
        if (a != b) throw new ArgumentException($"The samples differ in length: {a} and {b}.");
    }
}
