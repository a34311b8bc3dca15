using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments;

/// <summary>Documents of several shards in a random order.</summary>
internal sealed class ShuffledDocuments : IDisposable
{
    private const int ReportEvery = 1024;

    private readonly List<TokenShard> _shards = [];
    private readonly ShardPlaces _places;
    private readonly int[] _order;

    /// <summary>Opens the shards.</summary>
    /// <param name="folder">Their folder.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="tokenizer">Where their ids come from.</param>
    /// <param name="random">Decides the order.</param>
    public ShuffledDocuments(string folder, IEnumerable<WrittenShard> shards, ITokenizer tokenizer, RngStream random)
    {
        try
        {
            foreach (WrittenShard shard in shards) _shards.Add(TokenShard.Open(Path.Combine(folder, shard.Name), tokenizer));
            _places = new ShardPlaces(_shards);
            _order = [.. Enumerable.Range(0, checked((int)_places.Count))];
            random.Shuffle(_order.AsSpan());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many there are.</summary>
    public int Count => _order.Length;

    /// <summary>The documents from a place in the order on.</summary>
    public IEnumerable<int[]> From(int place, IProgress<WorkProgress>? progress)
    {
        for (; place < Count; place++)
        {
            if (place % ReportEvery == 0) progress?.Report(new WorkProgress("shuffling", place, Count, "documents"));
            (TokenShard shard, int document) = _places.Of(_order[place]);
            yield return shard.Read(document);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TokenShard shard in _shards) shard.Dispose();
    }
}
