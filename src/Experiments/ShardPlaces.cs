using PersonaSelection.Corpus;

namespace PersonaSelection.Experiments;

/// <summary>Where each of the documents of several shards stands, by its number over all of them.</summary>
internal sealed class ShardPlaces
{
    private readonly IReadOnlyList<TokenShard> _shards;
    private readonly long[] _starts;

    public ShardPlaces(IReadOnlyList<TokenShard> shards)
    {
        _shards = shards;
        _starts = new long[shards.Count + 1];
        for (int s = 0; s < shards.Count; s++) _starts[s + 1] = _starts[s] + shards[s].Documents;
    }

    /// <summary>How many documents there are.</summary>
    public long Count => _starts[^1];

    /// <summary>The shard that holds a document, and its number there.</summary>
    public (TokenShard Shard, int Document) Of(long document)
    {
        int place = Array.BinarySearch(_starts, document);
        // An empty shard starts where the next one does: the last of equal starts is the one that holds the document.
        int s = place >= 0 ? place : ~place - 1;
        while (_starts[s + 1] == document) s++;
        return (_shards[s], (int)(document - _starts[s]));
    }
}
