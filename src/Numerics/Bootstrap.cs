using System.Runtime.InteropServices;

namespace PersonaSelection.Numerics;

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
