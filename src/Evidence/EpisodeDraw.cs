using PersonaSelection.Corpus;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>Different episodes that stand for a whole set where each has its price.</summary>
public sealed class EpisodeDraw
{
    private EpisodeDraw(EpisodeSet whole, Drawn[] drawn)
    {
        Whole = whole;
        Episodes = new EpisodeSet(whole.Name, [.. drawn.Select(d => d.Episode with { Weight = d.Weight })]);
        Clusters = [.. drawn.Select(d => d.Cluster)];
    }

    /// <summary>What they stand for.</summary>
    public EpisodeSet Whole { get; }

    /// <summary>The episodes.</summary>
    public EpisodeSet Episodes { get; }

    /// <summary>The cluster of each: episodes with the same context share one.</summary>
    internal IReadOnlyList<string> Clusters { get; }

    /// <summary>
    /// The different episodes with their weights added up, but for those that count for nothing where others count; at most so many, drawn
    /// without replacement, whose weights are scaled up to stand for all.
    /// </summary>
    /// <param name="episodes">The set.</param>
    /// <param name="maximum">How many at most.</param>
    /// <param name="random">Where the draw comes from; needed only when there are too many.</param>
    public static EpisodeDraw Of(EpisodeSet episodes, int maximum = int.MaxValue, RngStream? random = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        var distinct = new DistinctEpisodes(episodes.Episodes);
        Drawn[] all = [.. Enumerable.Range(0, episodes.Episodes.Count).GroupBy(e => (distinct.ContextOf(e), distinct.ReplyOf(e)))
            .Select(g => new Drawn(episodes.Episodes[g.First()], g.Sum(e => episodes.Episodes[e].Weight), distinct.ClusterOf(g.First())))];
        if (all.Any(d => d.Weight != 0)) all = [.. all.Where(d => d.Weight != 0)];
        if (all.Length <= maximum) return new EpisodeDraw(episodes, all);
        if (random is null) throw new ArgumentNullException(nameof(random), "There are more episodes than may be taken: a draw is needed.");
        int[] order = [.. Enumerable.Range(0, all.Length)];
        random.Shuffle<int>(order);
        double scale = (double)all.Length / maximum;
        return new EpisodeDraw(episodes,
            [.. order.Take(maximum).Order().Select(i => all[i] with { Weight = all[i].Weight * scale })]);
    }

    private sealed record Drawn(Episode Episode, double Weight, string Cluster);
}
