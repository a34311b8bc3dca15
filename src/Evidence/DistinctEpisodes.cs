using PersonaSelection.Corpus;

namespace PersonaSelection.Evidence;

/// <summary>The different contexts of a set of episodes, the different replies to each, and which of them every episode is.</summary>
internal sealed class DistinctEpisodes
{
    private readonly List<IReadOnlyList<Turn>> _contexts = [];
    private readonly List<List<(string Reply, string? Preferred)>> _replies = [];
    private readonly List<string> _clusters = [];
    private readonly (int Context, int Reply)[] _of;

    internal DistinctEpisodes(IReadOnlyList<Episode> episodes)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        _of = new (int, int)[episodes.Count];
        for (int e = 0; e < episodes.Count; e++)
        {
            string key = Turn.KeyOf(episodes[e].Context);
            if (!index.TryGetValue(key, out int c))
            {
                index[key] = c = _contexts.Count;
                _contexts.Add(episodes[e].Context);
                _replies.Add([]);
                _clusters.Add(episodes[e].Id);
            }
            int r = _replies[c].IndexOf((episodes[e].Reply, episodes[e].Preferred));
            if (r < 0)
            {
                r = _replies[c].Count;
                _replies[c].Add((episodes[e].Reply, episodes[e].Preferred));
            }
            _of[e] = (c, r);
        }
    }

    internal IReadOnlyList<IReadOnlyList<Turn>> Contexts => _contexts;

    internal int RepliesOf(int context) => _replies[context].Count;

    internal int ContextOf(int episode) => _of[episode].Context;

    internal int ReplyOf(int episode) => _of[episode].Reply;

    internal string ClusterOf(int episode) => _clusters[_of[episode].Context];
}
