using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Documents to pre-train on, in one fixed order. The document at a position depends on the position alone, so that a run can be
/// resumed by setting it. Read by one thread at a time, not always the same.
/// </summary>
public interface IDocumentSource
{
    /// <summary>Content id of the whole sequence of documents.</summary>
    string Id { get; }

    /// <summary>Number of documents read since the beginning; set it to continue there.</summary>
    long Position { get; set; }

    /// <summary>
    /// The token ids of the next document, begin and end ids included, valid until the next call; empty when there are no more.
    /// </summary>
    ReadOnlySpan<int> Next();
}

/// <summary>Documents computed from their index.</summary>
/// <param name="id">Content id of the generator with its parameters and seed.</param>
/// <param name="document">The document of an index; a pure function.</param>
public sealed class GeneratedDocuments(string id, Func<long, int[]> document) : IDocumentSource
{
    /// <inheritdoc/>
    public string Id { get; } = id;

    /// <inheritdoc/>
    public long Position { get; set; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Next() => document(Position++);
}

/// <summary>A list of documents in memory, gone through again and again, each time in another random order.</summary>
public sealed class ListedDocuments : IDocumentSource
{
    private readonly IReadOnlyList<int[]> _documents;
    private readonly ShuffledOrder _order;
    private readonly int _epochs;

    /// <summary>A source over a list.</summary>
    /// <param name="documents">At least one.</param>
    /// <param name="rng">Decides the order of every epoch.</param>
    /// <param name="epochs">How often each document is read; 0 for without end.</param>
    public ListedDocuments(IReadOnlyList<int[]> documents, RngStream rng, int epochs = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(documents.Count, nameof(documents));
        _documents = documents;
        _epochs = epochs;
        _order = new ShuffledOrder(documents.Count, rng);
        Id = ContentId.Of("documents", [rng.Path, epochs, .. documents.Select(d => string.Join(' ', d))]).ToString();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public long Position { get; set; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Next()
    {
        if (_epochs > 0 && Position / _documents.Count >= _epochs) return [];
        return _documents[_order.At(Position++)];
    }
}
