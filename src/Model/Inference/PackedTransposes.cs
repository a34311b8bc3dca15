using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The weights packed once for backward passes that make no gradients of weights. Read-only after construction, so any number of threads
/// may use it; the memory goes with it.
/// </summary>
internal sealed unsafe class PackedTransposes
{
    private readonly PackedMatrix[] _qkv, _attentionOut, _gateUp, _down;

    /// <summary>Copies and packs the weights: later changes of them are not seen.</summary>
    public PackedTransposes(DecoderWeights weights)
    {
        DecoderConfig c = weights.Config;
        int d = c.Width, f = c.FeedForward, v = c.VocabularySize;
        float* w = weights.Pointer;
        PackedMatrix[] Pack(int k, int n, Func<BlockOffsets, long> at) =>
            [.. weights.Layout.Blocks.Select(b => PackedMatrix.FromColumns(k, n, w + at(b), k))];
        _qkv = Pack(c.QkvWidth, d, b => b.Qkv);
        _attentionOut = Pack(d, c.HeadsWidth, b => b.AttentionOut);
        _gateUp = Pack(2 * f, d, b => b.GateUp);
        _down = Pack(d, f, b => b.Down);
        Head = weights.Layout.Head < 0 ? PackedMatrix.FromRows(v, d, w + weights.Layout.Embedding, d)
            : PackedMatrix.FromColumns(v, d, w + weights.Layout.Head, v);
    }

    public PackedMatrix Head { get; }

    public PackedMatrix Qkv(int layer) => _qkv[layer];

    public PackedMatrix AttentionOut(int layer) => _attentionOut[layer];

    public PackedMatrix GateUp(int layer) => _gateUp[layer];

    public PackedMatrix Down(int layer) => _down[layer];
}
