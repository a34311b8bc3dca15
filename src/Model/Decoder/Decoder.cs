using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The forward and the hand-derived backward pass of a Llama decoder over ragged rows. Holds only the rotary table: weights, batch and
/// memory are the caller's, so one decoder serves any number of threads, each with its own workspace.
/// </summary>
/// <remarks>
/// Block: mid = pre + Attention(Norm(pre)) Wo, post = mid + SwiGLU(Norm(mid) Wgu) Wdown (Touvron et al. 2023), with what else a
/// <see cref="DecoderFamily"/> has. N rows, M targets.
/// </remarks>
public sealed unsafe class Decoder : IDisposable
{
    private readonly DecoderConfig _config;
    private readonly RotaryTable _rotary;
    private readonly AttentionShape _attention;

    /// <summary>A decoder of a shape.</summary>
    public Decoder(DecoderConfig config)
    {
        config.Validate();
        _config = config;
        _rotary = new RotaryTable(config.HeadDim, config.ContextLength, config.RopeTheta, config.RopeScaling);
        _attention = new AttentionShape(config.Heads, config.KvHeads, config.HeadDim);
    }

    /// <summary>Computes the logits of every target row into <see cref="DecoderWorkspace.Logits"/>.</summary>
    /// <exception cref="ArgumentException">A sequence is longer than the context, a token is not in the vocabulary, or the
    /// shapes differ.</exception>
    public void Forward(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, Interventions? edits = null) =>
        Forward(weights, batch, workspace, edits, null, null);

    /// <summary>
    /// The same bits with the weights' matrices packed beforehand, and with what every sequence begins with computed beforehand: nothing
    /// may act inside the blocks then.
    /// </summary>
    internal void Forward(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, Interventions? edits,
        PackedProjections? packed, SharedOpening? opening)
    {
        Check(weights, batch, workspace);
        int n = batch.Rows, m = batch.TargetCount, d = _config.Width;
        workspace.Reserve(n, m);
        workspace.LogitRows = m;
        // Nobody reads what the last block adds to rows without a target, unless something reads all rows of a site there.
        workspace.Narrow = m < n && edits?.NeedsAllRows(ActivationSite.AttentionOut(_config.Layers - 1)) is not true;
        if (n == 0) return;
        float* w = weights.Pointer;
        ParameterLayout layout = weights.Layout;
        float* x = workspace.Blocks[0].Pre;
        Elementwise.Gather(n, d, w + layout.Embedding, batch.TokensPointer, x, d);
        edits?.Forward(ActivationSite.Embed, x, n, workspace);
        for (int i = 0; i < _config.Layers; i++)
        {
            float* next = i + 1 < _config.Layers ? workspace.Blocks[i + 1].Pre : workspace.Last;
            BlockForward(i, w, layout.Blocks[i], workspace.Blocks[i], next, batch, workspace, edits, packed, opening);
        }
        HeadForward(w, layout, batch, workspace, edits, packed);
    }

    /// <summary>
    /// Follows a <see cref="Forward(DecoderWeights, TokenBatch, DecoderWorkspace, Interventions)"/> with the same arguments, after a loss
    /// has turned the logits into their gradient. Writes the gradient of every parameter.
    /// </summary>
    /// <param name="weights">As in the forward pass.</param>
    /// <param name="batch">As in the forward pass.</param>
    /// <param name="workspace">As in the forward pass.</param>
    /// <param name="gradient">Overwritten, in the layout of the weights; <see langword="null"/> when only captured
    /// gradients are wanted.</param>
    /// <param name="edits">As in the forward pass.</param>
    public void Backward(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, FloatBuffer? gradient,
        Interventions? edits = null) =>
        Backward(weights, batch, workspace, gradient, edits, null);

    /// <summary>The same bits with the transposes of the weights' matrices packed beforehand.</summary>
    internal void Backward(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, FloatBuffer? gradient,
        Interventions? edits, PackedProjections? packed)
    {
        if (gradient is not null && gradient.Length < weights.Layout.Length)
            throw new ArgumentException("The gradient is shorter than the layout.", nameof(gradient));
        int n = batch.Rows, d = _config.Width;
        float* w = weights.Pointer;
        float* g = gradient is null ? null : gradient.Pointer;
        ParameterLayout layout = weights.Layout;
        if (g != null)
        {
            // Gains and biases are accumulated by their kernels; so are the rows of an untied embedding.
            Elementwise.Fill(layout.Length - layout.MatrixLength, 0, g + layout.MatrixLength);
            if (layout.Head >= 0) Elementwise.Fill((long)_config.VocabularySize * d, 0, g + layout.Embedding);
        }
        if (n == 0 || batch.TargetCount == 0)
        {
            if (g != null) Elementwise.Fill(layout.Length, 0, g);
            return;
        }
        HeadBackward(w, g, layout, batch, workspace, edits, packed);
        for (int i = _config.Layers - 1; i >= 0; i--)
            BlockBackward(i, w, g, layout.Blocks[i], workspace.Blocks[i], batch, workspace, edits, packed);
        edits?.Backward(ActivationSite.Embed, workspace.DStream, n, workspace);
        if (g != null) Elementwise.ScatterAdd(n, d, workspace.DStream, d, batch.TokensPointer, g + layout.Embedding);
    }

    /// <summary>
    /// As <see cref="Backward(DecoderWeights, TokenBatch, DecoderWorkspace, FloatBuffer?, Interventions?)"/> without gradients of weights,
    /// and no further down than a site: what a capture there needs. The blocks below cost nothing.
    /// </summary>
    internal void BackwardTo(int site, DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, Interventions edits,
        PackedProjections packed)
    {
        if (batch.Rows == 0 || batch.TargetCount == 0) return;
        float* w = weights.Pointer;
        HeadBackward(w, null, weights.Layout, batch, workspace, edits, packed);
        for (int i = _config.Layers - 1; i >= 0; i--)
        {
            if (site > ActivationSite.Post(i)) return;
            if (site == ActivationSite.Post(i))
            {
                edits.Backward(site, workspace.DStream, batch.Rows, workspace);
                return;
            }
            BlockBackward(i, w, null, weights.Layout.Blocks[i], workspace.Blocks[i], batch, workspace, edits, packed);
        }
        edits.Backward(ActivationSite.Embed, workspace.DStream, batch.Rows, workspace);
    }

    /// <inheritdoc/>
    public void Dispose() => _rotary.Dispose();

    private void BlockForward(int block, float* w, BlockOffsets at, in BlockActivations a, float* next, TokenBatch batch,
        DecoderWorkspace workspace, Interventions? edits, PackedProjections? packed, SharedOpening? opening)
    {
        int n = batch.Rows, d = _config.Width, h = _config.HeadsWidth, skip = opening?.Rows ?? 0;
        opening?.Copy(block, a, batch);
        edits?.Forward(ActivationSite.Pre(block), a.Pre, n, workspace);
        if (opening is null) Project(block, w, at, a, 0, n, batch, workspace, packed);
        for (int s = 0; s < batch.Sequences && opening is not null; s++)
            Project(block, w, at, a, batch.Starts[s] + skip, batch.Starts[s + 1] - batch.Starts[s] - skip, batch, workspace, packed);
        Attention.Forward(_attention, batch.Sequences, batch.StartsPointer, a.Qkv, _config.QkvWidth, a.Mixed, h, a.LogNormaliser,
            workspace.Attention, skip);
        if (workspace.Narrow && block == _config.Layers - 1)
        {
            n = batch.TargetCount;
            Elementwise.Gather(n, h, a.Mixed, batch.TargetRowsPointer, workspace.HeadMixed, h);
            Elementwise.Gather(n, d, a.Pre, batch.TargetRowsPointer, a.Mid, d);
            Transform(block, w, at, a, workspace.HeadMixed, a.Mid, next, 0, n, workspace, edits, packed);
            return;
        }
        if (opening is null) Transform(block, w, at, a, a.Mixed, a.Pre, next, 0, n, workspace, edits, packed);
        for (int s = 0; s < batch.Sequences && opening is not null; s++)
        {
            int from = batch.Starts[s] + skip;
            Transform(block, w, at, a, a.Mixed, a.Pre, next, from, batch.Starts[s + 1] - from, workspace, edits, packed);
        }
    }

    /// <summary>Queries, keys and values of rows [from, from + n).</summary>
    private void Project(int block, float* w, BlockOffsets at, in BlockActivations a, int from, int n, TokenBatch batch,
        DecoderWorkspace workspace, PackedProjections? packed)
    {
        int d = _config.Width, qkv = _config.QkvWidth;
        float* input = a.AttentionIn + (long)from * d, output = a.Qkv + (long)from * qkv;
        RmsNorm.Forward(n, d, a.Pre + (long)from * d, d, w + at.AttentionNorm, (float)_config.NormEpsilon, input, d,
            a.AttentionScale + from);
        Multiply(n, qkv, d, input, w + at.Qkv, packed?.Qkv(block), output, false, workspace);
        int normed = _config.NormedHeads;
        HeadInputs.Forward(_config, w, at, n, output, a.RawHeads + (long)from * normed * _config.HeadDim,
            a.RawScale + (long)from * normed, batch.PositionsPointer + from, _rotary);
    }

    /// <summary>The rest of the block for rows [from, from + n).</summary>
    private void Transform(int block, float* w, BlockOffsets at, in BlockActivations a, float* mixed, float* stream, float* next, int from,
        int n, DecoderWorkspace workspace, Interventions? edits, PackedProjections? packed)
    {
        int d = _config.Width, h = _config.HeadsWidth, f = _config.FeedForward;
        long rows = (long)from * d;
        float* mid = a.Mid + rows, input = a.MlpIn + rows, gates = a.GateUp + 2L * from * f, activated = a.Activated + (long)from * f;
        AddBranch(n, h, mixed + (long)from * h, w + at.AttentionOut, packed?.AttentionOut(block), stream + rows, mid,
            ActivationSite.AttentionOut(block), workspace, edits);
        edits?.Forward(ActivationSite.Mid(block), mid, n, workspace);
        RmsNorm.Forward(n, d, mid, d, w + at.MlpNorm, (float)_config.NormEpsilon, input, d, a.MlpScale + from);
        Multiply(n, 2 * f, d, input, w + at.GateUp, packed?.GateUp(block), gates, false, workspace);
        SwiGlu.Forward(n, f, gates, 2 * f, activated, f);
        AddBranch(n, f, activated, w + at.Down, packed?.Down(block), mid, next + rows, ActivationSite.MlpOut(block), workspace, edits);
        edits?.Forward(ActivationSite.Post(block), next + rows, n, workspace);
    }

    /// <summary>y [n, columns] (+)= x [n, k] · matrix, from its packed form where there is one: the same bits.</summary>
    private static void Multiply(int n, int columns, int k, float* x, float* matrix, PackedMatrix? packed, float* y, bool add,
        DecoderWorkspace workspace)
    {
        if (packed is null) Gemm.NN(n, columns, k, x, k, matrix, columns, y, columns, add, workspace.Gemm);
        else Gemm.Packed(n, x, k, packed, y, columns, add);
    }

    /// <summary>target = stream + input [N, k] · matrix [k, d], through the site of the branch when something happens there.</summary>
    private void AddBranch(int n, int k, float* input, float* matrix, PackedMatrix? packed, float* stream, float* target, int site,
        DecoderWorkspace workspace, Interventions? edits)
    {
        int d = _config.Width;
        if (target != stream) Elementwise.Copy((long)n * d, stream, target);
        if (edits is null || !edits.Touches(site))
        {
            Multiply(n, d, k, input, matrix, packed, target, true, workspace);
            return;
        }
        Multiply(n, d, k, input, matrix, packed, workspace.Site, false, workspace);
        edits.Forward(site, workspace.Site, n, workspace);
        Elementwise.Add((long)n * d, workspace.Site, target);
    }

    private void HeadForward(float* w, ParameterLayout layout, TokenBatch batch, DecoderWorkspace workspace, Interventions? edits,
        PackedProjections? packed)
    {
        int n = batch.Rows, m = batch.TargetCount, d = _config.Width, v = _config.VocabularySize, ld = workspace.LogitStride;
        if (m == 0) return;
        bool gather = m < n && !workspace.Narrow;
        if (gather) Elementwise.Gather(m, d, workspace.Last, batch.TargetRowsPointer, workspace.HeadRows, d);
        float* rows = gather ? workspace.HeadRows : workspace.Last;
        RmsNorm.Forward(m, d, rows, d, w + layout.FinalNorm, (float)_config.NormEpsilon, workspace.HeadIn, d, workspace.HeadScale);
        edits?.Forward(ActivationSite.Final(_config), workspace.HeadIn, m, workspace);
        if (packed is not null) Gemm.Packed(m, workspace.HeadIn, d, packed.Head, workspace.Logits, ld, false);
        else if (layout.Head < 0)
            Gemm.NT(m, v, d, workspace.HeadIn, d, w + layout.Embedding, d, workspace.Logits, ld, false, workspace.Gemm);
        else Gemm.NN(m, v, d, workspace.HeadIn, d, w + layout.Head, v, workspace.Logits, ld, false, workspace.Gemm);
    }

    private void HeadBackward(float* w, float* g, ParameterLayout layout, TokenBatch batch, DecoderWorkspace workspace,
        Interventions? edits, PackedProjections? packed)
    {
        int n = batch.Rows, m = batch.TargetCount, d = _config.Width, v = _config.VocabularySize, ld = workspace.LogitStride;
        float* dLogits = workspace.Logits;
        if (layout.Head < 0)
        {
            if (g != null) Gemm.TN(v, d, m, dLogits, ld, workspace.HeadIn, d, g + layout.Embedding, d, false, workspace.Gemm);
            if (packed is null) Gemm.NN(m, d, v, dLogits, ld, w + layout.Embedding, d, workspace.DHeadIn, d, false, workspace.Gemm);
        }
        else
        {
            if (g != null) Gemm.TN(d, v, m, workspace.HeadIn, d, dLogits, ld, g + layout.Head, v, false, workspace.Gemm);
            if (packed is null) Gemm.NT(m, d, v, dLogits, ld, w + layout.Head, v, workspace.DHeadIn, d, false, workspace.Gemm);
        }
        if (packed is not null) Gemm.Packed(m, dLogits, ld, packed.Head, workspace.DHeadIn, d, false);
        edits?.Backward(ActivationSite.Final(_config), workspace.DHeadIn, m, workspace);
        float* dGain = g == null ? null : g + layout.FinalNorm;
        Elementwise.Fill((long)n * d, 0, workspace.DStream);
        if (m == n || workspace.Narrow)
        {
            RmsNorm.Backward(m, d, workspace.Last, d, w + layout.FinalNorm, workspace.HeadScale, workspace.DHeadIn, d,
                workspace.DStream, d, dGain);
            return;
        }
        Elementwise.Fill((long)m * d, 0, workspace.DBranch);
        RmsNorm.Backward(m, d, workspace.HeadRows, d, w + layout.FinalNorm, workspace.HeadScale, workspace.DHeadIn, d,
            workspace.DBranch, d, dGain);
        Elementwise.ScatterAdd(m, d, workspace.DBranch, d, batch.TargetRowsPointer, workspace.DStream);
    }

    /// <summary>
    /// Turns the gradient of the stream leaving a block, in <see cref="DecoderWorkspace.DStream"/>, into that of the stream entering it.
    /// </summary>
    private void BlockBackward(int block, float* w, float* g, BlockOffsets at, in BlockActivations a, TokenBatch batch,
        DecoderWorkspace workspace, Interventions? edits, PackedProjections? packed)
    {
        int all = batch.Rows, d = _config.Width, qkv = _config.QkvWidth, h = _config.HeadsWidth, f = _config.FeedForward;
        bool narrow = workspace.Narrow && block == _config.Layers - 1;
        int n = narrow ? batch.TargetCount : all;
        float* mixed = narrow ? workspace.HeadMixed : a.Mixed;
        GemmScratch scratch = workspace.Gemm;
        float* dx = workspace.DStream;
        float* dBranch = workspace.DBranch;
        edits?.Backward(ActivationSite.Post(block), dx, n, workspace);
        float* dOut = BranchGradient(n, dx, ActivationSite.MlpOut(block), workspace, edits);
        if (g != null) Gemm.TN(f, d, n, a.Activated, f, dOut, d, g + at.Down, d, false, scratch);
        MultiplyTransposed(n, f, d, dOut, w + at.Down, packed?.Down(block), workspace.DActivated, scratch);
        // In place: nobody reads the gates again.
        SwiGlu.Backward(n, f, a.GateUp, 2 * f, workspace.DActivated, f, a.GateUp, 2 * f);
        if (g != null) Gemm.TN(d, 2 * f, n, a.MlpIn, d, a.GateUp, 2 * f, g + at.GateUp, 2 * f, false, scratch);
        MultiplyTransposed(n, d, 2 * f, a.GateUp, w + at.GateUp, packed?.GateUp(block), dBranch, scratch);
        RmsNorm.Backward(n, d, a.Mid, d, w + at.MlpNorm, a.MlpScale, dBranch, d, dx, d, g == null ? null : g + at.MlpNorm);
        edits?.Backward(ActivationSite.Mid(block), dx, n, workspace);
        dOut = BranchGradient(n, dx, ActivationSite.AttentionOut(block), workspace, edits);
        if (g != null) Gemm.TN(h, d, n, mixed, h, dOut, d, g + at.AttentionOut, d, false, scratch);
        MultiplyTransposed(n, h, d, dOut, w + at.AttentionOut, packed?.AttentionOut(block), workspace.DMixed, scratch);
        if (narrow)
        {
            Elementwise.Spread(n, d, dx, batch.TargetRowsPointer, all);
            Elementwise.Spread(n, h, workspace.DMixed, batch.TargetRowsPointer, all);
            n = all;
        }
        Attention.Backward(_attention, batch.Sequences, batch.StartsPointer, a.Qkv, qkv, a.Mixed, h, a.LogNormaliser,
            workspace.DMixed, h, workspace.DQkv, qkv, workspace.Attention);
        HeadInputs.Backward(_config, w, g, at, n, workspace.DQkv, a.RawHeads, a.RawScale, batch.PositionsPointer, _rotary,
            workspace.DMixed);
        if (g != null) Gemm.TN(d, qkv, n, a.AttentionIn, d, workspace.DQkv, qkv, g + at.Qkv, qkv, false, scratch);
        MultiplyTransposed(n, d, qkv, workspace.DQkv, w + at.Qkv, packed?.Qkv(block), dBranch, scratch);
        RmsNorm.Backward(n, d, a.Pre, d, w + at.AttentionNorm, a.AttentionScale, dBranch, d, dx, d,
            g == null ? null : g + at.AttentionNorm);
        edits?.Backward(ActivationSite.Pre(block), dx, n, workspace);
    }

    /// <summary>y [n, columns] = x [n, k] · the transpose of a matrix, from its packed form where there is one: the same bits.</summary>
    private static void MultiplyTransposed(int n, int columns, int k, float* x, float* matrix, PackedMatrix? packed,
        float* y, GemmScratch scratch)
    {
        if (packed is null) Gemm.NT(n, columns, k, x, k, matrix, k, y, columns, false, scratch);
        else Gemm.Packed(n, x, k, packed, y, columns, false);
    }

    /// <summary>The gradient of a branch's output: that of the stream, unless something happens at the branch's site.</summary>
    private float* BranchGradient(int n, float* dStream, int site, DecoderWorkspace workspace, Interventions? edits)
    {
        if (edits is null || !edits.Touches(site)) return dStream;
        Elementwise.Copy((long)n * _config.Width, dStream, workspace.Site);
        edits.Backward(site, workspace.Site, n, workspace);
        return workspace.Site;
    }

    private void Check(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace)
    {
        if (weights.Config != _config || workspace.Config != _config)
            throw new ArgumentException("The weights or the workspace belong to a decoder of another shape.");
        ReadOnlySpan<int> starts = batch.Starts;
        for (int s = 0; s < batch.Sequences; s++)
        {
            if (starts[s + 1] - starts[s] > _config.ContextLength)
                throw new ArgumentException(
                    $"A sequence of {starts[s + 1] - starts[s]} tokens is longer than the context of {_config.ContextLength}.");
        }
        foreach (int token in batch.Tokens)
        {
            if ((uint)token >= (uint)_config.VocabularySize)
                throw new ArgumentException($"Token {token} is not in a vocabulary of {_config.VocabularySize}.");
        }
        foreach (int target in batch.Targets)
        {
            if ((uint)target >= (uint)_config.VocabularySize)
                throw new ArgumentException($"Target {target} is not in a vocabulary of {_config.VocabularySize}.");
        }
    }
}
