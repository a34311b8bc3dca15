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
    private readonly IReadOnlyList<TokenShard> _shards;
    private readonly RngStream? _reshuffle;
    private readonly long[] _starts;
    private int[] _buffer = new int[1024];
    private int[] _order = [];
    private long _pass;

    public FolderDocuments(string id, IReadOnlyList<TokenShard> shards, RngStream? reshuffle = null)
    {
        Id = reshuffle is null ? id : ContentId.Of("documents", id, reshuffle.Path).ToString();
        (_shards, _reshuffle) = (shards, reshuffle);
        _starts = new long[shards.Count + 1];
        for (int s = 0; s < shards.Count; s++) _starts[s + 1] = _starts[s] + shards[s].Documents;
    }

    public string Id { get; }

    public long Position { get; set; }

    public ReadOnlySpan<int> Next()
    {
        (long pass, long at) = Math.DivRem(Position++, _starts[^1]);
        if (_reshuffle is not null && pass > 0) at = OrderOf(pass)[at];
        int place = Array.BinarySearch(_starts, at);
        // An empty shard starts where the next one does: the last of equal starts is the one that holds the document.
        int s = place >= 0 ? place : ~place - 1;
        while (_starts[s + 1] == at) s++;
        int document = (int)(at - _starts[s]), length = _shards[s].LengthOf(document);
        if (length > _buffer.Length) _buffer = new int[Math.Max(length, 2 * _buffer.Length)];
        _shards[s].CopyTo(document, _buffer);
        return _buffer.AsSpan(0, length);
    }

    private int[] OrderOf(long pass)
    {
        if (pass == _pass) return _order;
        if (_order.Length == 0) _order = new int[checked((int)_starts[^1])];
        for (int i = 0; i < _order.Length; i++) _order[i] = i;
        _reshuffle!.Child("pass", pass).Shuffle(_order.AsSpan());
        _pass = pass;
        return _order;
    }
}
