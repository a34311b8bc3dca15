using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// L[e,h] of very many observations by number instead of by name: 8 bytes for each number and 12 for each row, and nothing else is kept but
/// shifts where there are any. The same quantity as <see cref="Observations"/>.
/// </summary>
/// <param name="personas">Names of the columns, all different; at least one.</param>
/// <exception cref="ArgumentException">There is no persona.</exception>
public sealed class EvidenceRows(IReadOnlyList<string> personas)
{
    private const int ChunkRows = 1024;

    private readonly List<double[]> _chunks = [];
    private readonly List<double[]> _shifts = [];
    private readonly List<double> _weights = [];
    private readonly List<int> _clusters = [];
    private readonly HashSet<int> _seconds = [];

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Personas { get; } = personas.Count > 0 ? personas
        : throw new ArgumentException("There is no persona.", nameof(personas));

    /// <summary>Number of observations.</summary>
    public int Count => _weights.Count;

    /// <summary>Clusters are numbered from 0 to one less than this.</summary>
    public int ClusterCount { get; private set; }

    /// <summary>sum_e |w_e|: how many observations there are when each counts once.</summary>
    public double Mass { get; private set; }

    /// <summary>How many clusters of equal weight there would be; see <see cref="ClusterResampling.Effective"/>.</summary>
    public double EffectiveClusters => ClusterResampling.Effective(Sizes);

    /// <summary>The clusters that have a weight: those that a bootstrap redraws.</summary>
    public int[] WeightedClusters => [.. Sizes.Index().Where(s => s.Item > 0).Select(s => s.Index)];

    private double[] Sizes
    {
        get
        {
            var sizes = new double[ClusterCount];
            for (int e = 0; e < Count; e++) sizes[_clusters[e]] += Math.Abs(_weights[e]);
            return sizes;
        }
    }

    /// <summary>The content id of what was observed: personas, numbers and clusters, whatever they weigh.</summary>
    internal ContentId Id =>
        ContentId.Of("evidence-rows", [.. Personas, .. _chunks, _clusters.Select(c => (double)c).ToArray()]);

    /// <summary>Appends an observation.</summary>
    /// <param name="logLikelihood">One number per persona in nats; minus infinity is allowed, NaN and plus infinity are not.</param>
    /// <param name="weight">A finite weight, negative for what is pushed away from.</param>
    /// <param name="cluster">Not negative; observations of one cluster stand or fall together in a bootstrap.</param>
    /// <param name="shifts">What the observation did to answers, where the log-likelihood was made of that by a
    /// <see cref="SampledReweighing"/>; for all observations or none.</param>
    /// <param name="second">Whether it is the second half of a choice whose first half is the observation before it.</param>
    /// <exception cref="ArgumentException">A number is not allowed, or there is not one per persona.</exception>
    public void Add(ReadOnlySpan<double> logLikelihood, double weight, int cluster, double[]? shifts = null, bool second = false)
    {
        if (logLikelihood.Length != Personas.Count) throw new ArgumentException("One number per persona is needed.", nameof(logLikelihood));
        foreach (double x in logLikelihood)
            if (double.IsNaN(x) || double.IsPositiveInfinity(x))
                throw new ArgumentException($"A log-likelihood is {x}.", nameof(logLikelihood));
        if (!double.IsFinite(weight)) throw new ArgumentException($"A weight is {weight}.", nameof(weight));
        ArgumentOutOfRangeException.ThrowIfNegative(cluster);
        if (_shifts.Count != (shifts is null ? 0 : Count))
            throw new ArgumentException("All observations have shifts, or none.", nameof(shifts));
        if (shifts is not null) _shifts.Add(shifts);
        if (second && (Count == 0 || _seconds.Contains(Count - 1)))
            throw new ArgumentException("A choice has two halves.", nameof(second));
        if (second) _seconds.Add(Count);
        int at = Count % ChunkRows;
        if (at == 0) _chunks.Add(new double[ChunkRows * Personas.Count]);
        logLikelihood.CopyTo(_chunks[^1].AsSpan(at * Personas.Count));
        _weights.Add(weight);
        _clusters.Add(cluster);
        ClusterCount = Math.Max(ClusterCount, cluster + 1);
        Mass += Math.Abs(weight);
    }

    /// <summary>L[e,.] in nats.</summary>
    public ReadOnlySpan<double> Row(int e) => _chunks[e / ChunkRows].AsSpan(e % ChunkRows * Personas.Count, Personas.Count);

    /// <summary>What the observation did to answers; nothing where that is not known.</summary>
    public ReadOnlySpan<double> Shifts(int e) => _shifts.Count > 0 ? _shifts[e] : [];

    /// <summary>The weight of an observation.</summary>
    public double Weight(int e) => _weights[e];

    /// <summary>The cluster of an observation.</summary>
    public int Cluster(int e) => _clusters[e];

    /// <summary>
    /// The observations that are there together or not at all, from the first to before the end: the two halves of a choice, and any other
    /// alone.
    /// </summary>
    public (int First, int End) Together(int e) => (_seconds.Contains(e) ? e - 1 : e, _seconds.Contains(e + 1) ? e + 2 : e + 1);

    /// <summary>The same observations with other clusters and weights; those for which the weight is null are left out. </summary>
    /// <param name="cluster">The cluster of an observation.</param>
    /// <param name="weight">Its weight; as it is when absent.</param>
    public EvidenceRows Regrouped(Func<int, int> cluster, Func<int, double?>? weight = null)
    {
        var result = new EvidenceRows(Personas);
        bool before = false;
        for (int e = 0; e < Count; e++)
        {
            double? w = weight is null ? _weights[e] : weight(e);
            double[]? shifts = _shifts.Count > 0 ? _shifts[e] : null;
            if (w is { } stays) result.Add(Row(e), stays, cluster(e), shifts, before && _seconds.Contains(e));
            before = w is not null;
        }
        return result;
    }

    /// <summary>sum_e w_e L[e,h] in nats; minus infinity and negative weights as in <see cref="Observations.Total"/>.</summary>
    public double[] Total()
    {
        var total = new double[Personas.Count];
        for (int e = 0; e < Count; e++) AddTo(total, e);
        return total;
    }

    private void AddTo(Span<double> total, int e)
    {
        double w = _weights[e];
        if (w == 0) return;
        ReadOnlySpan<double> row = Row(e);
        double floor = w < 0 ? Observations.LeastPossible(row) : double.NegativeInfinity;
        for (int h = 0; h < total.Length; h++) total[h] += w * Math.Max(row[h], floor);
    }
}
