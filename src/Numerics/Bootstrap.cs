using System.Runtime.InteropServices;
using MathNet.Numerics.Distributions;

namespace PersonaSelection.Numerics;

/// <summary>An estimate with the two ends of its interval.</summary>
/// <param name="Estimate">The statistic on the sample itself.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
/// <param name="Level">The nominal coverage, such as 0.95.</param>
public sealed record Interval(double Estimate, double Low, double High, double Level)
{
    /// <summary>
    /// The expanded percentile interval of redrawn estimates (Hesterberg 2015, "What Teachers Should Know About the Bootstrap"); those
    /// that are NaN are left out. Without any it has no width. Redrawn samples of n clusters vary by (n - 1) / n too little, and how
    /// much they vary is known from n clusters alone: the ends are the quantiles at the normal probabilities of Student's quantile times
    /// sqrt(n / (n - 1)). Below five clusters these are the smallest and the largest redrawn estimate, and one cluster has no width.
    /// </summary>
    /// <param name="estimate">The statistic on the sample itself.</param>
    /// <param name="samples">The same on redrawn samples.</param>
    /// <param name="level">Nominal coverage in (0, 1).</param>
    /// <param name="clusters">How many clusters were redrawn; see <see cref="ClusterResampling.Effective"/>.</param>
    public static Interval OfSamples(double estimate, IEnumerable<double> samples, double level, double clusters)
    {
        double[] drawn = [.. samples.Where(x => !double.IsNaN(x))];
        if (drawn.Length == 0) return new Interval(estimate, estimate, estimate, level);
        double tail = Tail((1 - level) / 2, clusters);
        return new Interval(estimate, Statistics.Quantile(drawn, tail), Statistics.Quantile(drawn, 1 - tail), level);
    }

    /// <summary>From the lower of both low ends to the higher of both high ones.</summary>
    public Interval Around(Interval other) => this with { Low = Math.Min(Low, other.Low), High = Math.Max(High, other.High) };

    /// <summary>
    /// The fewest redrawn samples that have quantiles as far out as the ends of an interval of this level: n samples divide what may come
    /// into n + 1 equally probable parts, so that the outermost of fewer lie within the interval that they should bound. 40 for 0.95.
    /// </summary>
    /// <param name="level">Nominal coverage in (0, 1).</param>
    public static int FewestSamples(double level) => (int)Math.Ceiling((2 / (1 - level)) - 1e-9);

    private static double Tail(double nominal, double clusters) => clusters < 2 ? 0 : Normal.CDF(0, 1,
        Math.Sqrt(clusters / (clusters - 1)) * Statistics.StudentQuantile(nominal, clusters - 1));
}

/// <summary>
/// Bootstrap that resamples whole clusters (Davison and Hinkley 1997, section 3.8): items that share a question stay together.
/// </summary>
public static class Bootstrap
{
    /// <summary>
    /// The interval of a statistic of rows. The statistic is called with the row indices of a sample (rows repeat) and must not keep the
    /// span. Resamples on which the statistic is NaN are left out.
    /// </summary>
    /// <param name="clusters">The cluster of each row; any integers.</param>
    /// <param name="statistic">The statistic of a list of row indices.</param>
    /// <param name="rng">Consumed by the resampling.</param>
    /// <param name="level">Nominal coverage in (0, 1).</param>
    /// <param name="resamples">How many resamples.</param>
    /// <exception cref="ArgumentException">No rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A level outside (0, 1), or no resamples.</exception>
    public static Interval Clustered(
        ReadOnlySpan<int> clusters, Func<ReadOnlySpan<int>, double> statistic, RngStream rng, double level = 0.95, int resamples = 2000)
    {
        if (clusters.IsEmpty) throw new ArgumentException("A bootstrap needs rows.", nameof(clusters));
        if (!(level is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(level));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        var resampling = ClusterResampling.Of(clusters.ToArray());
        var times = new double[clusters.Length];
        var sample = new List<int>(clusters.Length);
        List<double> values = new(resamples);
        for (int r = 0; r < resamples; r++)
        {
            resampling.Draw(rng, times);
            sample.Clear();
            for (int i = 0; i < times.Length; i++)
                for (int k = 0; k < times[i]; k++) sample.Add(i);
            double value = statistic(CollectionsMarshal.AsSpan(sample));
            if (!double.IsNaN(value)) values.Add(value);
        }
        int[] all = new int[clusters.Length];
        for (int i = 0; i < all.Length; i++) all[i] = i;
        return Interval.OfSamples(statistic(all), values, level, resampling.EffectiveClusters);
    }

    /// <summary>The interval of the mean of <paramref name="values"/>.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or there are no rows.</exception>
    public static Interval Mean(ReadOnlySpan<double> values, ReadOnlySpan<int> clusters, RngStream rng,
        double level = 0.95, int resamples = 2000)
    {
        if (values.Length != clusters.Length) throw new ArgumentException("One cluster per value.", nameof(clusters));
        double[] copy = values.ToArray();
        return Clustered(clusters, Average, rng, level, resamples);

        double Average(ReadOnlySpan<int> rows)
        {
            double sum = 0;
            foreach (int row in rows) sum += copy[row];
            return sum / rows.Length;
        }
    }
}
