using PersonaSelection.Corpus;
using PersonaSelection.Model;

namespace PersonaSelection.Experiments;

/// <summary>The documents of several shards in their written order, from the start again when they are over.</summary>
internal sealed class FolderDocuments : IDocumentSource
{
    private readonly IReadOnlyList<TokenShard> _shards;
    private readonly long[] _starts;
    private int[] _buffer = new int[1024];

    public FolderDocuments(string id, IReadOnlyList<TokenShard> shards)
    {
        (Id, _shards) = (id, shards);
        _starts = new long[shards.Count + 1];
        for (int s = 0; s < shards.Count; s++) _starts[s + 1] = _starts[s] + shards[s].Documents;
    }

    public string Id { get; }

    public long Position { get; set; }

    public ReadOnlySpan<int> Next()
    {
        long at = Position++ % _starts[^1];
        int place = Array.BinarySearch(_starts, at);
        // An empty shard starts where the next one does: the last of equal starts is the one that holds the document.
        int s = place >= 0 ? place : ~place - 1;
        while (_starts[s + 1] == at) s++;
        int document = (int)(at - _starts[s]), length = _shards[s].LengthOf(document);
        if (length > _buffer.Length) _buffer = new int[Math.Max(length, 2 * _buffer.Length)];
        _shards[s].CopyTo(document, _buffer);
        return _buffer.AsSpan(0, length);
    }
}
