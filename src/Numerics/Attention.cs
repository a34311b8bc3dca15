namespace PersonaSelection.Numerics;

/// <summary>
/// The heads of an attention layer; query head h reads key and value head h / (Heads / KvHeads). Scores are scaled by 1/sqrt(HeadDim).
/// </summary>
/// <param name="Heads">Query heads, a multiple of <paramref name="KvHeads"/>.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="HeadDim">Floats per head.</param>
public readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim)
{
    internal float Scale => 1 / MathF.Sqrt(HeadDim);

    internal int KeyOffset => Heads * HeadDim;

    internal int ValueOffset => (Heads + KvHeads) * HeadDim;

    internal int RowLength => (Heads + 2 * KvHeads) * HeadDim;
}

/// <summary>
/// Causal softmax attention over ragged sequences with grouped queries. A row of qkv is [q heads | k heads | v heads]; sequence s owns rows
/// starts[s] to starts[s + 1]. A sequence's results do not depend on the other sequences. Scalar twin: <c>ScalarAttention</c>.
/// </summary>
public static unsafe class Attention
{
    /// <summary>
    /// o[i] = softmax(q k^T / sqrt(hd)) v over the rows of i's sequence up to i; lse[i, h] is the log of the softmax's denominator (nats).
    /// The first rows of a sequence, as many as <paramref name="skip"/>, keep the o and lse they have.
    /// </summary>
    public static void Forward(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse,
        AttentionScratch scratch, int skip = 0) =>
        KernelSet.Current.AttentionForward(s, sequences, starts, qkv, ldqkv, o, ldo, lse, scratch, skip);

    /// <summary>The gradient of qkv (written) given the gradient of o and what <see cref="Forward"/> left.</summary>
    public static void Backward(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse, float* dO, int lddo,
        float* dqkv, int lddqkv, AttentionScratch scratch) =>
        KernelSet.Current.AttentionBackward(s, sequences, starts, qkv, ldqkv, o, ldo, lse, dO, lddo, dqkv, lddqkv, scratch);

    /// <summary>
    /// Attention of new rows to cached rows and, causally, to each other. Sequence s sees prefixLength[s] rows at prefixRows[s], then
    /// ownLength[s] rows at ownRows[s], then its own new rows. A cache row is [k heads | v heads], 2 KvHeads HeadDim floats. Only new rows
    /// from firstQuery[s] on get an o; all of them where firstQuery is null.
    /// </summary>
    public static void Cached(
        AttentionShape s, int sequences, int* starts, int* firstQuery, float* qkv, int ldqkv, float** prefixRows, int* prefixLength,
        float** ownRows, int* ownLength, float* o, int ldo, AttentionScratch scratch) =>
        KernelSet.Current.AttentionCached(s, sequences, starts, firstQuery, qkv, ldqkv, prefixRows, prefixLength, ownRows,
            ownLength, o, ldo, scratch);
}

/// <summary>The working memory of attention: one per worker, grown on first use and kept.</summary>
public sealed unsafe class AttentionScratch : IDisposable
{
    private readonly FloatBuffer?[] _panels = new FloatBuffer?[5], _scores = new FloatBuffer?[2];
    private FloatBuffer? _sums;

    internal float* Panels(int slot, long length) => GemmScratch.Reserve(ref _panels[slot], length);

    internal float* Scores(int slot, long length) => GemmScratch.Reserve(ref _scores[slot], length);

    internal float* Sums(long length) => GemmScratch.Reserve(ref _sums, length);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FloatBuffer? buffer in _panels) buffer?.Dispose();
        foreach (FloatBuffer? buffer in _scores) buffer?.Dispose();
        _sums?.Dispose();
    }
}
