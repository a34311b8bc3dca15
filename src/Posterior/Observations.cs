using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// What was seen, as numbers: L[e,h] = log p(observation e | persona h) in nats, a weight for each observation, and the cluster it
/// belongs to. Where the numbers come from is not known here.
/// </summary>
public sealed class Observations
{
    private readonly double[] _weights;

    /// <summary>Observations with their weights and clusters.</summary>
    /// <param name="logLikelihood">Observations x personas, nats; minus infinity is allowed, NaN and plus infinity are not.</param>
    /// <param name="weights">One finite weight each, negative for what is pushed away from; 1 when absent.</param>
    /// <param name="clusters">Observations that stand or fall together in a bootstrap; each on its own when absent.</param>
    /// <exception cref="ArgumentException">Lengths differ or a number is not allowed.</exception>
    public Observations(LabelledMatrix logLikelihood, IReadOnlyList<double>? weights = null, IReadOnlyList<string>? clusters = null)
    {
        int count = logLikelihood.Rows.Count;
        LogLikelihood = logLikelihood;
        _weights = weights is null ? [.. Enumerable.Repeat(1.0, count)] : [.. weights];
        Clusters = clusters ?? logLikelihood.Rows;
        if (_weights.Length != count) throw new ArgumentException($"{count} observations need {count} weights.", nameof(weights));
        if (Clusters.Count != count) throw new ArgumentException($"{count} observations need {count} clusters.", nameof(clusters));
        for (int e = 0; e < count; e++)
        {
            if (!double.IsFinite(_weights[e]))
                throw new ArgumentException($"The weight of '{logLikelihood.Rows[e]}' is not finite.", nameof(weights));
            foreach (double x in logLikelihood.Row(e))
                if (double.IsNaN(x) || double.IsPositiveInfinity(x))
                    throw new ArgumentException($"A log-likelihood of '{logLikelihood.Rows[e]}' is {x}.", nameof(logLikelihood));
        }
    }

    /// <summary>L[e,h] in nats, observations x personas.</summary>
    public LabelledMatrix LogLikelihood { get; }

    /// <summary>The weight of each observation.</summary>
    public IReadOnlyList<double> Weights => _weights;

    /// <summary>The cluster of each observation.</summary>
    public IReadOnlyList<string> Clusters { get; }

    /// <summary>sum_e |w_e|: how many observations there are when each counts once.</summary>
    public double Mass => _weights.Sum(Math.Abs);

    /// <summary>How many clusters of equal weight there would be; see <see cref="ClusterResampling.Effective"/>.</summary>
    public double EffectiveClusters => EffectiveClustersOf(Clusters, _weights);

    /// <summary>The same observations with the personas in this order.</summary>
    /// <exception cref="ArgumentException">A persona is missing.</exception>
    public Observations For(IReadOnlyList<string> personas)
    {
        LabelledMatrix aligned = LogLikelihood.WithColumns(personas);
        return ReferenceEquals(aligned, LogLikelihood) ? this : new Observations(aligned, _weights, Clusters);
    }

    /// <summary>
    /// sum_e m_e w_e L[e,h] in nats for every persona, where m counts how often each observation is taken (once when empty).
    /// An observation with weight 0 changes nothing, however impossible. With a negative weight an impossible observation counts as
    /// the least likely possible one of its row: being pushed away from what one never does is no endless recommendation.
    /// </summary>
    public double[] Total(ReadOnlySpan<double> multiplicity = default)
    {
        var total = new double[LogLikelihood.Columns.Count];
        for (int e = 0; e < _weights.Length; e++)
        {
            double w = multiplicity.IsEmpty ? _weights[e] : _weights[e] * multiplicity[e];
            if (w == 0) continue;
            ReadOnlySpan<double> row = LogLikelihood.Row(e);
            double floor = w < 0 ? LeastPossible(row) : double.NegativeInfinity;
            for (int h = 0; h < total.Length; h++) total[h] += w * Math.Max(row[h], floor);
        }
        return total;
    }

    internal static double EffectiveClustersOf(IReadOnlyList<string> clusters, IReadOnlyList<double> weights) =>
        ClusterResampling.Effective([.. clusters.Zip(weights, (c, w) => (Cluster: c, Size: Math.Abs(w)))
            .GroupBy(x => x.Cluster, x => x.Size, StringComparer.Ordinal).Select(g => g.Sum())]);

    /// <summary>The smallest finite number of a row; 0 when there is none.</summary>
    internal static double LeastPossible(ReadOnlySpan<double> row)
    {
        double least = double.PositiveInfinity;
        foreach (double x in row)
            if (x > double.NegativeInfinity) least = Math.Min(least, x);
        return double.IsInfinity(least) ? 0 : least;
    }
}
