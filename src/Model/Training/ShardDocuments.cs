using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>The documents of a token shard, gone through again and again, each time in another random order.</summary>
public sealed class ShardDocuments : IDocumentSource
{
    private readonly TokenShard _shard;
    private readonly ShuffledOrder _order;
    private readonly int _epochs;
    private int[] _buffer = new int[1024];

    /// <summary>A source over an open shard, which must stay open.</summary>
    /// <param name="shard">At least one document.</param>
    /// <param name="id">Content id of the shard.</param>
    /// <param name="rng">Decides the order of every epoch.</param>
    /// <param name="epochs">How often each document is read; 0 for without end.</param>
    public ShardDocuments(TokenShard shard, ContentId id, RngStream rng, int epochs = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(shard.Documents, nameof(shard));
        (_shard, _epochs) = (shard, epochs);
        _order = new ShuffledOrder(shard.Documents, rng);
        Id = ContentId.Of("documents", id, rng.Path, epochs).ToString();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public long Position { get; set; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Next()
    {
        if (_epochs > 0 && Position / _shard.Documents >= _epochs) return [];
        int document = _order.At(Position++);
        int length = _shard.LengthOf(document);
        if (length > _buffer.Length) _buffer = new int[Math.Max(length, 2 * _buffer.Length)];
        _shard.CopyTo(document, _buffer);
        return _buffer.AsSpan(0, length);
    }
}
