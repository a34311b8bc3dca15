using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// A decoder's weights packed once for inference, and the forward pass over new rows that attend to cached ones. Read-only after
/// construction, so any number of threads may use it, each with its own <see cref="InferenceWorkspace"/>.
/// </summary>
internal sealed unsafe class PackedDecoder : IDisposable
{
    private readonly RotaryTable _rotary;
    private readonly AttentionShape _attention;
    private readonly DecoderWeights _weights;

    /// <summary>
    /// Packs the matrices. The embedding and the vectors are read where they are: the weights must not change, nor be disposed of before
    /// this.
    /// </summary>
    public PackedDecoder(HeldWeights weights, int threads)
    {
        _weights = weights.Unpacked;
        DecoderConfig c = Config = _weights.Config;
        _rotary = new RotaryTable(c.HeadDim, c.ContextLength, c.RopeTheta, c.RopeScaling);
        _attention = new AttentionShape(c.Heads, c.KvHeads, c.HeadDim);
        Projections = weights.Pack(PackedProjections.Forward(c), threads);
    }

    public DecoderConfig Config { get; }

    /// <summary>Floats of one cached row in one layer: keys, then values.</summary>
    public int CacheWidth => 2 * Config.KvHeads * Config.HeadDim;

    internal PackedProjections Projections { get; }

    /// <summary>
    /// Runs the rows of a batch: keys and values go to each sequence's sink, and the logits of the batch's head rows
    /// into <see cref="InferenceWorkspace.Logits"/>, [head rows, V].
    /// </summary>
    public void Forward(InferenceBatch batch, InferenceWorkspace space, Interventions? edits)
    {
        DecoderConfig c = Config;
        int n = batch.Rows, m = batch.HeadRows, d = c.Width, v = c.VocabularySize;
        if (n == 0) return;
        space.Reserve(c, n, m);
        // x: [n, d], the residual stream
        Elementwise.Gather(n, d, _weights.Pointer + _weights.Layout.Embedding, batch.TokensPointer, space.Stream, d);
        edits?.Apply(ActivationSite.Embed, space.Stream, n);
        int last = c.Layers - 1;
        for (int i = 0; i < last; i++)
        {
            Attend(i, null, batch, space, edits);
            Transform(i, n, space.Mixed, space.Stream, space, edits);
        }
        // Nobody reads what the last block adds to other rows than those with logits: of them, only keys and values are needed.
        Attend(last, batch.FirstQueries, batch, space, edits);
        if (m == 0) return;
        Elementwise.Gather(m, c.HeadsWidth, space.Mixed, batch.HeadRowsPointer, space.Qkv, c.HeadsWidth);
        Elementwise.Gather(m, d, space.Stream, batch.HeadRowsPointer, space.HeadIn, d);
        Transform(last, m, space.Qkv, space.HeadIn, space, edits);
        RmsNorm.Forward(m, d, space.HeadIn, d, _weights.Pointer + _weights.Layout.FinalNorm, (float)c.NormEpsilon, space.HeadIn, d,
            space.Scale);
        edits?.Apply(ActivationSite.Final(c), space.HeadIn, m);
        Gemm.Packed(m, space.HeadIn, d, Projections.Head, space.Logits, v, false);
    }

    public void Dispose()
    {
        _rotary.Dispose();
        Projections.Dispose();
    }

    /// <summary>
    /// The attention of a block, up to the mixed values; of a sequence's rows, only those from its first query on get any.
    /// </summary>
    private void Attend(int i, int* firstQueries, InferenceBatch batch, InferenceWorkspace space, Interventions? edits)
    {
        DecoderConfig c = Config;
        int n = batch.Rows, d = c.Width, qkv = c.QkvWidth, h = c.HeadsWidth;
        float* w = _weights.Pointer;
        BlockOffsets at = _weights.Layout.Blocks[i];
        edits?.Apply(ActivationSite.Pre(i), space.Stream, n);
        RmsNorm.Forward(n, d, space.Stream, d, w + at.AttentionNorm, (float)c.NormEpsilon, space.Normed, d, space.Scale);
        Gemm.Packed(n, space.Normed, d, Projections.Qkv(i), space.Qkv, qkv, false);
        HeadInputs.Forward(c, w, at, n, space.Qkv, null, null, batch.PositionsPointer, _rotary);
        batch.PointAtLayer(i);
        Attention.Cached(_attention, batch.Sequences, batch.StartsPointer, firstQueries, space.Qkv, qkv, batch.PrefixPointers,
            batch.PrefixLengths, batch.OwnPointers, batch.OwnLengths, space.Mixed, h, space.Attention);
        batch.Store(i, space.Qkv + h, qkv, CacheWidth);
    }

    /// <summary>The rest of a block, in place on the residual stream of some rows.</summary>
    private void Transform(int i, int n, float* mixed, float* stream, InferenceWorkspace space, Interventions? edits)
    {
        DecoderConfig c = Config;
        int d = c.Width, f = c.FeedForward;
        AddBranch(n, mixed, c.HeadsWidth, Projections.AttentionOut(i), stream, ActivationSite.AttentionOut(i), space, edits);
        edits?.Apply(ActivationSite.Mid(i), stream, n);
        RmsNorm.Forward(n, d, stream, d, _weights.Pointer + _weights.Layout.Blocks[i].MlpNorm, (float)c.NormEpsilon, space.Normed, d,
            space.Scale);
        Gemm.Packed(n, space.Normed, d, Projections.GateUp(i), space.GateUp, 2 * f, false);
        SwiGlu.Forward(n, f, space.GateUp, 2 * f, space.Activated, f);
        AddBranch(n, space.Activated, f, Projections.Down(i), stream, ActivationSite.MlpOut(i), space, edits);
        edits?.Apply(ActivationSite.Post(i), stream, n);
    }

    /// <summary>stream += input [n, k] · matrix [k, d], through the site of the branch when something happens there.</summary>
    private void AddBranch(int n, float* input, int k, PackedMatrix matrix, float* stream, int site,
        InferenceWorkspace space, Interventions? edits)
    {
        int d = Config.Width;
        if (edits is null || !edits.Touches(site))
        {
            Gemm.Packed(n, input, k, matrix, stream, d, true);
            return;
        }
        Gemm.Packed(n, input, k, matrix, space.Normed, d, false);
        edits.Apply(site, space.Normed, n);
        Elementwise.Add((long)n * d, space.Normed, stream);
    }
}
