namespace PersonaSelection.Numerics;

/// <summary>
/// Draws whole clusters with replacement, so that items that share a question, a situation or a run are never counted as independent.
/// </summary>
/// <remarks>Cluster bootstrap: Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 3.8.</remarks>
public sealed class ClusterResampling
{
    private readonly int[] _clusterOf, _drawn;

    private ClusterResampling(int[] clusterOf, int count, int[] drawn)
    {
        (_clusterOf, ClusterCount, _drawn) = (clusterOf, count, drawn);
        var sizes = new double[count];
        foreach (int k in clusterOf) sizes[k]++;
        EffectiveClusters = Effective(sizes);
    }

    /// <summary>Number of different clusters.</summary>
    public int ClusterCount { get; }

    /// <summary><see cref="Effective"/> by the number of items in each cluster.</summary>
    public double EffectiveClusters { get; }

    /// <summary>
    /// How many clusters of equal size tell as much of how a sum varies: (sum of sizes)^2 / sum of squares (Kish 1965). 0 for none.
    /// </summary>
    /// <param name="sizes">How much each cluster counts, not negative.</param>
    public static double Effective(ReadOnlySpan<double> sizes)
    {
        double sum = 0, squares = 0;
        foreach (double size in sizes)
        {
            sum += size;
            squares += size * size;
        }
        return squares > 0 ? sum * sum / squares : 0;
    }

    /// <summary>Groups items by the label of their cluster.</summary>
    /// <param name="clusters">One label per item.</param>
    /// <param name="weights">One weight per item: a cluster whose items all weigh 0 is never drawn. All are drawn when absent.</param>
    public static ClusterResampling Of<T>(IEnumerable<T> clusters, IReadOnlyList<double>? weights = null) where T : notnull
    {
        var index = new Dictionary<T, int>();
        int[] clusterOf = [.. clusters.Select(c => index.TryGetValue(c, out int k) ? k : index[c] = index.Count)];
        int[] drawn = [.. clusterOf.Where((_, i) => weights is null || weights[i] != 0).Distinct().Order()];
        return new ClusterResampling(clusterOf, index.Count, drawn);
    }

    /// <summary>Fills in how often each item occurs in one redrawn sample.</summary>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="multiplicity">One number per item.</param>
    public void Draw(RngStream random, Span<double> multiplicity)
    {
        if (multiplicity.Length != _clusterOf.Length) throw new ArgumentException("One number per item is needed.", nameof(multiplicity));
        var times = new int[ClusterCount];
        for (int k = 0; k < _drawn.Length; k++) times[_drawn[random.NextInt(_drawn.Length)]]++;
        for (int i = 0; i < _clusterOf.Length; i++) multiplicity[i] = times[_clusterOf[i]];
    }
}
