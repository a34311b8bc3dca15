using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>What one block leaves behind for the backward pass. Rows are tokens.</summary>
internal unsafe struct BlockActivations
{
    /// <summary>[N, d] residual stream entering the block, and between its halves.</summary>
    public float* Pre, Mid;

    /// <summary>[N, d] normed inputs of the two halves.</summary>
    public float* AttentionIn, MlpIn;

    /// <summary>[N] reciprocal root mean squares.</summary>
    public float* AttentionScale, MlpScale;

    /// <summary>[N, (Hq + Hkv) hd] queries and keys before their norms; [N, Hq + Hkv] scales of those; where there are any.</summary>
    public float* RawHeads, RawScale;

    /// <summary>[N, qkv] after rotation; [N, heads·hd] mixed values; [N, heads] log normalisers.</summary>
    public float* Qkv, Mixed, LogNormaliser;

    /// <summary>[N, 2F] and [N, F].</summary>
    public float* GateUp, Activated;
}

/// <summary>
/// All memory of one forward (and backward) pass, for one thread at a time. Sized on first use and grown when a larger batch comes; a pass
/// that fits allocates nothing.
/// </summary>
public sealed unsafe class DecoderWorkspace : IDisposable
{
    private readonly bool _forBackward;
    private FloatBuffer? _arena;
    private int _rows, _targets;
    private FloatBuffer?[] _captured = [], _capturedGradients = [], _capFlags = [];
    private int[] _capturedRows = [];

    /// <summary>Nothing allocated yet.</summary>
    /// <param name="config">The shape of the decoder.</param>
    /// <param name="forBackward">False when only forward passes will be run: blocks then share their memory.</param>
    public DecoderWorkspace(DecoderConfig config, bool forBackward = true)
    {
        Config = config;
        _forBackward = forBackward;
        Blocks = new BlockActivations[config.Layers];
        LogitStride = (config.VocabularySize + 15) / 16 * 16;
        // Rows a page apart would fight over the same places of the first-level cache.
        if (LogitStride % 1024 == 0) LogitStride += 16;
    }

    /// <summary>The shape of the decoder.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Floats from one row of logits to the next.</summary>
    public int LogitStride { get; }

    /// <summary>Rows of logits of the last pass.</summary>
    public int LogitRows { get; internal set; }

    /// <summary>Logits [<see cref="LogitRows"/>, V], one row per target of the batch; a loss turns them into their gradient.</summary>
    public float* Logits { get; private set; }

    /// <summary>One float per row of logits, for a loss to use.</summary>
    internal float* Losses { get; private set; }

    internal BlockActivations[] Blocks { get; }

    /// <summary>Whether the last block, behind its attention, has rows for targets alone [M, ..] in the last pass.</summary>
    internal bool Narrow { get; set; }

    /// <summary>[N, d] residual stream leaving the last block.</summary>
    internal float* Last { get; private set; }

    /// <summary>[M, heads·hd] mixed values of the last block, when that is narrow.</summary>
    internal float* HeadMixed { get; private set; }

    /// <summary>[M, d] gathered rows, their norm, its scale.</summary>
    internal float* HeadRows { get; private set; }

    internal float* HeadIn { get; private set; }

    internal float* HeadScale { get; private set; }

    /// <summary>Gradients: [M, d] head input; [N, d] stream, branch and site; [N, qkv]; [N, heads·hd]; [N, F].</summary>
    internal float* DHeadIn { get; private set; }

    internal float* DStream { get; private set; }

    internal float* DBranch { get; private set; }

    internal float* Site { get; private set; }

    internal float* DQkv { get; private set; }

    internal float* DMixed { get; private set; }

    internal float* DActivated { get; private set; }

    /// <summary>Which row of the batch gets which row of a table: for <see cref="Interventions.Place"/>.</summary>
    internal List<(int Row, int Index)> Placed { get; } = [];

    internal GemmScratch Gemm { get; } = new();

    internal AttentionScratch Attention { get; } = new();

    /// <summary>The logits of one target, [V].</summary>
    public Span<float> LogitRow(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)LogitRows, nameof(row));
        return new Span<float>(Logits + (long)row * LogitStride, Config.VocabularySize);
    }

    /// <summary>Activations copied by <see cref="Interventions.Capture"/> in the last pass, [rows, d].</summary>
    public ReadOnlySpan<float> Captured(int slot) => _captured[slot]!.Span(0, checked(_capturedRows[slot] * Config.Width));

    /// <summary>Gradients of the loss with respect to them, [rows, d], after a backward pass.</summary>
    public ReadOnlySpan<float> CapturedGradient(int slot) => _capturedGradients[slot]!.Span(0, checked(_capturedRows[slot] * Config.Width));

    /// <summary>Makes room.</summary>
    internal void Reserve(int rows, int targets)
    {
        if (rows <= _rows && targets <= _targets) return;
        _rows = Math.Max(rows, _rows);
        _targets = Math.Max(targets, _targets);
        _arena?.Dispose();
        long total = Place(null);
        _arena = new FloatBuffer(total);
        Place(_arena.Pointer);
    }

    internal float* CaptureBuffer(int slot, int rows)
    {
        float* buffer = Keyed(ref _captured, slot, (long)rows * Config.Width);
        if (slot >= _capturedRows.Length) Array.Resize(ref _capturedRows, slot + 1);
        _capturedRows[slot] = rows;
        return buffer;
    }

    internal float* CaptureGradientBuffer(int slot, int rows) => Keyed(ref _capturedGradients, slot, (long)rows * Config.Width);

    internal float* CapFlags(int slot, int rows) => Keyed(ref _capFlags, slot, rows);

    /// <inheritdoc/>
    public void Dispose()
    {
        _arena?.Dispose();
        foreach (FloatBuffer? buffer in (FloatBuffer?[])[.. _captured, .. _capturedGradients, .. _capFlags]) buffer?.Dispose();
        Gemm.Dispose();
        Attention.Dispose();
    }

    private static float* Keyed(ref FloatBuffer?[] buffers, int slot, long length)
    {
        if (slot >= buffers.Length) Array.Resize(ref buffers, slot + 1);
        if (buffers[slot] is not { } buffer || buffer.Length < length)
        {
            buffers[slot]?.Dispose();
            buffers[slot] = buffer = new FloatBuffer(length);
        }
        return buffer.Pointer;
    }

    /// <summary>Hands out the arena in the order of the forward pass.</summary>
    /// <returns>Floats needed.</returns>
    private long Place(float* arena)
    {
        long used = 0;
        float* Take(long length)
        {
            float* at = arena == null ? null : arena + used;
            used += (length + 15) / 16 * 16;
            return at;
        }

        long n = _rows, m = _targets, d = Config.Width;
        for (int i = 0; i < Blocks.Length; i++)
        {
            if (i > 0 && !_forBackward)
            {
                Blocks[i] = Blocks[0];
                continue;
            }
            ref BlockActivations b = ref Blocks[i];
            b.Pre = Take(n * d);
            b.AttentionIn = Take(n * d);
            b.AttentionScale = Take(n);
            b.RawHeads = Take(n * Config.NormedHeads * Config.HeadDim);
            b.RawScale = Take(n * Config.NormedHeads);
            b.Qkv = Take(n * Config.QkvWidth);
            b.Mixed = Take(n * Config.HeadsWidth);
            b.LogNormaliser = Take(n * Config.Heads);
            b.Mid = _forBackward ? Take(n * d) : b.Pre;
            b.MlpIn = _forBackward ? Take(n * d) : b.AttentionIn;
            b.MlpScale = _forBackward ? Take(n) : b.AttentionScale;
            b.GateUp = Take(n * 2 * Config.FeedForward);
            b.Activated = Take(n * Config.FeedForward);
        }
        Last = _forBackward ? Take(n * d) : Blocks[0].Pre;
        HeadMixed = Take(m * Config.HeadsWidth);
        HeadRows = Take(m * d);
        HeadIn = Take(m * d);
        HeadScale = Take(m);
        Logits = Take(m * LogitStride);
        Losses = Take(m);
        Site = Take(n * d);
        if (!_forBackward) return used;
        DHeadIn = Take(m * d);
        DStream = Take(n * d);
        DBranch = Take(n * d);
        DQkv = Take(n * Config.QkvWidth);
        DMixed = Take(n * Config.HeadsWidth);
        DActivated = Take(n * Config.FeedForward);
        return used;
    }
}
