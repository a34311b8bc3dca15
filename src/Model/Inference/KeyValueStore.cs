using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The kept keys and values of the inner edges of a tree. An edge sees at most two blocks: a trunk, which holds a whole path from position
/// 0, and a tail, which holds what follows it. An edge below another copies the tail above it; when its tail outgrows its trunk it becomes
/// a trunk.
/// </summary>
internal sealed unsafe class KeyValueStore : IDisposable
{
    private readonly int _layers, _width;
    private FloatBuffer? _rows;
    private float* _next;

    public KeyValueStore(DecoderConfig config)
    {
        _layers = config.Layers;
        _width = 2 * config.KvHeads * config.HeadDim;
    }

    /// <summary>What the sequences below an edge attend to.</summary>
    /// <param name="Trunk">Rows from position 0.</param>
    /// <param name="Tail">The rows after them.</param>
    public readonly record struct Chain(CachedRows Trunk, CachedRows Tail);

    /// <summary>Rows that an edge will need; false when it becomes a trunk.</summary>
    public static int RowsFor(in ScoreNode node, int trunkAbove, int tailAbove, out bool isTrunk)
    {
        int tail = tailAbove + node.Length;
        isTrunk = tail >= trunkAbove;
        return isTrunk ? trunkAbove + tail : tail;
    }

    /// <summary>Makes room for this many rows and forgets what was there.</summary>
    public void Reset(long rows)
    {
        long floats = rows * _layers * _width;
        if (_rows is null || _rows.Length < floats)
        {
            _rows?.Dispose();
            _rows = new FloatBuffer(floats + floats / 4);
        }
        _next = _rows.Pointer;
    }

    /// <summary>Takes room for an edge below a chain and copies what it carries on.</summary>
    /// <param name="node">The edge.</param>
    /// <param name="above">What the edge itself attends to.</param>
    /// <param name="sink">Where the edge's own keys and values are to be put.</param>
    /// <returns>What the edges below will attend to, once the sink is filled.</returns>
    public Chain Extend(in ScoreNode node, Chain above, out CachedRows sink)
    {
        int rows = RowsFor(node, above.Trunk.Length, above.Tail.Length, out bool isTrunk);
        long stride = (long)rows * _width;
        float* to = _next;
        _next += stride * _layers;
        int carried = rows - node.Length;
        for (int layer = 0; layer < _layers && carried > 0; layer++)
        {
            float* at = to + layer * stride;
            if (isTrunk) at = Copy(above.Trunk, layer, at);
            Copy(above.Tail, layer, at);
        }
        sink = new CachedRows(to + (long)carried * _width, node.Length, stride);
        var stored = new CachedRows(to, rows, stride);
        return isTrunk ? new Chain(stored, default) : new Chain(above.Trunk, stored);
    }

    public void Dispose() => _rows?.Dispose();

    private float* Copy(CachedRows from, int layer, float* to)
    {
        long floats = (long)from.Length * _width;
        if (floats > 0) Elementwise.Copy(floats, from.At(layer), to);
        return to + floats;
    }
}
