using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments;

/// <summary>
/// The documents of several shards in their written order; when they are over, again, or in another order for every pass.
/// </summary>
internal sealed class FolderDocuments : IDocumentSource
{
    private readonly ShardPlaces _places;
    private readonly RngStream? _reshuffle;
    private int[] _buffer = new int[1024];
    private int[] _order = [];
    private long _pass;

    public FolderDocuments(string id, IReadOnlyList<TokenShard> shards, RngStream? reshuffle = null)
    {
        Id = reshuffle is null ? id : ContentId.Of("documents", id, reshuffle.Path).ToString();
        (_places, _reshuffle) = (new ShardPlaces(shards), reshuffle);
    }

    public string Id { get; }

    public long Position { get; set; }

    public ReadOnlySpan<int> Next()
    {
        (long pass, long at) = Math.DivRem(Position++, _places.Count);
        if (_reshuffle is not null && pass > 0) at = OrderOf(pass)[at];
        (TokenShard shard, int document) = _places.Of(at);
        int length = shard.LengthOf(document);
        if (length > _buffer.Length) _buffer = new int[Math.Max(length, 2 * _buffer.Length)];
        shard.CopyTo(document, _buffer);
        return _buffer.AsSpan(0, length);
    }

    private int[] OrderOf(long pass)
    {
        if (pass == _pass) return _order;
        if (_order.Length == 0) _order = new int[checked((int)_places.Count)];
        for (int i = 0; i < _order.Length; i++) _order[i] = i;
        _reshuffle!.Child("pass", pass).Shuffle(_order.AsSpan());
        _pass = pass;
        return _order;
    }
}
