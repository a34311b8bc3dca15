using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The forward and the hand-derived backward pass of a Llama decoder over ragged rows. Holds only the rotary table: weights, batch and memory
/// are the caller's, so one decoder serves any number of threads, each with its own workspace.
/// </summary>
/// <remarks>
/// Block: mid = pre + Attention(Norm(pre)) Wo, post = mid + SwiGLU(Norm(mid) Wgu) Wdown (Touvron et al. 2023). N rows, M targets.
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
        _rotary = new RotaryTable(config.HeadDim, config.ContextLength, config.RopeTheta);
        _attention = new AttentionShape(config.Heads, config.KvHeads, config.HeadDim);
    }

    /// <summary>The shape.</summary>
    public DecoderConfig Config => _config;

    internal RotaryTable Rotary => _rotary;

    /// <summary>Computes the logits of every target row into <see cref="DecoderWorkspace.Logits"/>.</summary>
    /// <exception cref="ArgumentException">A sequence is longer than the context, a token is not in the vocabulary, or the shapes differ.</exception>
    public void Forward(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, Interventions? edits = null)
    {
        Check(weights, batch, workspace);
        int n = batch.Rows, m = batch.TargetCount, d = _config.Width;
        workspace.Reserve(n, m);
        workspace.LogitRows = m;
        if (n == 0) return;
        float* w = weights.Pointer;
        ParameterLayout layout = weights.Layout;
        float* x = workspace.Blocks[0].Pre;
        Elementwise.Gather(n, d, w + layout.Embedding, batch.TokensPointer, x, d);
        edits?.Forward(ActivationSite.Embed, x, n, workspace);
        for (int i = 0; i < _config.Layers; i++)
        {
            float* next = i + 1 < _config.Layers ? workspace.Blocks[i + 1].Pre : workspace.Last;
            BlockForward(i, w, layout.Blocks[i], workspace.Blocks[i], next, batch, workspace, edits);
        }
        HeadForward(w, layout, batch, workspace, edits);
    }

    /// <summary>
    /// Follows a <see cref="Forward"/> with the same arguments, after a loss has turned the logits into their gradient. Writes the gradient of
    /// every parameter.
    /// </summary>
    /// <param name="weights">As in the forward pass.</param>
    /// <param name="batch">As in the forward pass.</param>
    /// <param name="workspace">As in the forward pass.</param>
    /// <param name="gradient">Overwritten, in the layout of the weights; <see langword="null"/> when only captured gradients are wanted.</param>
    /// <param name="edits">As in the forward pass.</param>
    public void Backward(DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, FloatBuffer? gradient, Interventions? edits = null)
    {
        if (gradient is not null && gradient.Length < weights.Layout.Length)
            throw new ArgumentException("The gradient is shorter than the layout.", nameof(gradient));
        int n = batch.Rows, d = _config.Width;
        float* w = weights.Pointer;
        float* g = gradient is null ? null : gradient.Pointer;
        ParameterLayout layout = weights.Layout;
        if (g != null)
        {
            // Gains are accumulated by their kernel; so are the rows of an untied embedding.
            Elementwise.Fill(layout.Length - layout.MatrixLength, 0, g + layout.MatrixLength);
            if (layout.Head >= 0) Elementwise.Fill((long)_config.VocabularySize * d, 0, g + layout.Embedding);
        }
        if (n == 0 || batch.TargetCount == 0)
        {
            if (g != null) Elementwise.Fill(layout.Length, 0, g);
            return;
        }
        HeadBackward(w, g, layout, batch, workspace, edits);
        for (int i = _config.Layers - 1; i >= 0; i--)
            BlockBackward(i, w, g, layout.Blocks[i], workspace.Blocks[i], batch, workspace, edits);
        edits?.Backward(ActivationSite.Embed, workspace.DStream, n, workspace);
        if (g != null) Elementwise.ScatterAdd(n, d, workspace.DStream, d, batch.TokensPointer, g + layout.Embedding);
    }

    /// <summary>
    /// As <see cref="Backward"/> without gradients of weights, and no further down than a site: what a capture there needs. The blocks below
    /// cost nothing.
    /// </summary>
    internal void BackwardTo(int site, DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, Interventions edits)
    {
        if (batch.Rows == 0 || batch.TargetCount == 0) return;
        float* w = weights.Pointer;
        HeadBackward(w, null, weights.Layout, batch, workspace, edits);
        for (int i = _config.Layers - 1; i >= 0; i--)
        {
            if (site > ActivationSite.Post(i)) return;
            if (site == ActivationSite.Post(i))
            {
                edits.Backward(site, workspace.DStream, batch.Rows, workspace);
                return;
            }
            BlockBackward(i, w, null, weights.Layout.Blocks[i], workspace.Blocks[i], batch, workspace, edits);
        }
        edits.Backward(ActivationSite.Embed, workspace.DStream, batch.Rows, workspace);
    }

    /// <inheritdoc/>
    public void Dispose() => _rotary.Dispose();

    private void BlockForward(int block, float* w, BlockOffsets at, in BlockActivations a, float* next, TokenBatch batch,
        DecoderWorkspace workspace, Interventions? edits)
    {
        int n = batch.Rows, d = _config.Width, qkv = _config.QkvWidth, h = _config.HeadsWidth, f = _config.FeedForward;
        float eps = (float)_config.NormEpsilon;
        edits?.Forward(ActivationSite.Pre(block), a.Pre, n, workspace);
        RmsNorm.Forward(n, d, a.Pre, d, w + at.AttentionNorm, eps, a.AttentionIn, d, a.AttentionScale);
        Gemm.NN(n, qkv, d, a.AttentionIn, d, w + at.Qkv, qkv, a.Qkv, qkv, false, workspace.Gemm);
        // Queries and keys lie side by side: one rotation turns both.
        Numerics.Rotary.Apply(n, _config.Heads + _config.KvHeads, _config.HeadDim, a.Qkv, qkv, batch.PositionsPointer, _rotary, false);
        Attention.Forward(_attention, batch.Sequences, batch.StartsPointer, a.Qkv, qkv, a.Mixed, h, a.LogNormaliser, workspace.Attention);
        AddBranch(n, h, a.Mixed, w + at.AttentionOut, a.Pre, a.Mid, ActivationSite.AttentionOut(block), workspace, edits);
        edits?.Forward(ActivationSite.Mid(block), a.Mid, n, workspace);
        RmsNorm.Forward(n, d, a.Mid, d, w + at.MlpNorm, eps, a.MlpIn, d, a.MlpScale);
        Gemm.NN(n, 2 * f, d, a.MlpIn, d, w + at.GateUp, 2 * f, a.GateUp, 2 * f, false, workspace.Gemm);
        SwiGlu.Forward(n, f, a.GateUp, 2 * f, a.Activated, f);
        AddBranch(n, f, a.Activated, w + at.Down, a.Mid, next, ActivationSite.MlpOut(block), workspace, edits);
        edits?.Forward(ActivationSite.Post(block), next, n, workspace);
    }

    /// <summary>target = stream + input [N, k] · matrix [k, d], through the site of the branch when something happens there.</summary>
    private void AddBranch(int n, int k, float* input, float* matrix, float* stream, float* target, int site,
        DecoderWorkspace workspace, Interventions? edits)
    {
        int d = _config.Width;
        if (target != stream) Elementwise.Copy((long)n * d, stream, target);
        if (edits is null || !edits.Touches(site))
        {
            Gemm.NN(n, d, k, input, k, matrix, d, target, d, true, workspace.Gemm);
            return;
        }
        Gemm.NN(n, d, k, input, k, matrix, d, workspace.Site, d, false, workspace.Gemm);
        edits.Forward(site, workspace.Site, n, workspace);
        Elementwise.Add((long)n * d, workspace.Site, target);
    }

    private void HeadForward(float* w, ParameterLayout layout, TokenBatch batch, DecoderWorkspace workspace, Interventions? edits)
    {
        int n = batch.Rows, m = batch.TargetCount, d = _config.Width, v = _config.VocabularySize, ld = workspace.LogitStride;
        if (m == 0) return;
        if (m < n) Elementwise.Gather(m, d, workspace.Last, batch.TargetRowsPointer, workspace.HeadRows, d);
        float* rows = m < n ? workspace.HeadRows : workspace.Last;
        RmsNorm.Forward(m, d, rows, d, w + layout.FinalNorm, (float)_config.NormEpsilon, workspace.HeadIn, d, workspace.HeadScale);
        edits?.Forward(ActivationSite.Final(_config), workspace.HeadIn, m, workspace);
        if (layout.Head < 0) Gemm.NT(m, v, d, workspace.HeadIn, d, w + layout.Embedding, d, workspace.Logits, ld, false, workspace.Gemm);
        else Gemm.NN(m, v, d, workspace.HeadIn, d, w + layout.Head, v, workspace.Logits, ld, false, workspace.Gemm);
    }

    private void HeadBackward(float* w, float* g, ParameterLayout layout, TokenBatch batch, DecoderWorkspace workspace, Interventions? edits)
    {
        int n = batch.Rows, m = batch.TargetCount, d = _config.Width, v = _config.VocabularySize, ld = workspace.LogitStride;
        float* dLogits = workspace.Logits;
        if (layout.Head < 0)
        {
            if (g != null) Gemm.TN(v, d, m, dLogits, ld, workspace.HeadIn, d, g + layout.Embedding, d, false, workspace.Gemm);
            Gemm.NN(m, d, v, dLogits, ld, w + layout.Embedding, d, workspace.DHeadIn, d, false, workspace.Gemm);
        }
        else
        {
            if (g != null) Gemm.TN(d, v, m, workspace.HeadIn, d, dLogits, ld, g + layout.Head, v, false, workspace.Gemm);
            Gemm.NT(m, d, v, dLogits, ld, w + layout.Head, v, workspace.DHeadIn, d, false, workspace.Gemm);
        }
        edits?.Backward(ActivationSite.Final(_config), workspace.DHeadIn, m, workspace);
        float* dGain = g == null ? null : g + layout.FinalNorm;
        Elementwise.Fill((long)n * d, 0, workspace.DStream);
        if (m == n)
        {
            RmsNorm.Backward(m, d, workspace.Last, d, w + layout.FinalNorm, workspace.HeadScale, workspace.DHeadIn, d, workspace.DStream, d, dGain);
            return;
        }
        Elementwise.Fill((long)m * d, 0, workspace.DBranch);
        RmsNorm.Backward(m, d, workspace.HeadRows, d, w + layout.FinalNorm, workspace.HeadScale, workspace.DHeadIn, d, workspace.DBranch, d, dGain);
        Elementwise.ScatterAdd(m, d, workspace.DBranch, d, batch.TargetRowsPointer, workspace.DStream);
    }

    /// <summary>Turns the gradient of the stream leaving a block, in <see cref="DecoderWorkspace.DStream"/>, into that of the stream entering it.</summary>
    private void BlockBackward(int block, float* w, float* g, BlockOffsets at, in BlockActivations a, TokenBatch batch,
        DecoderWorkspace workspace, Interventions? edits)
    {
        int n = batch.Rows, d = _config.Width, qkv = _config.QkvWidth, h = _config.HeadsWidth, f = _config.FeedForward;
        GemmScratch scratch = workspace.Gemm;
        float* dx = workspace.DStream;
        float* dBranch = workspace.DBranch;
        edits?.Backward(ActivationSite.Post(block), dx, n, workspace);
        float* dOut = BranchGradient(n, dx, ActivationSite.MlpOut(block), workspace, edits);
        if (g != null) Gemm.TN(f, d, n, a.Activated, f, dOut, d, g + at.Down, d, false, scratch);
        Gemm.NT(n, f, d, dOut, d, w + at.Down, d, workspace.DActivated, f, false, scratch);
        // In place: nobody reads the gates again.
        SwiGlu.Backward(n, f, a.GateUp, 2 * f, workspace.DActivated, f, a.GateUp, 2 * f);
        if (g != null) Gemm.TN(d, 2 * f, n, a.MlpIn, d, a.GateUp, 2 * f, g + at.GateUp, 2 * f, false, scratch);
        Gemm.NT(n, d, 2 * f, a.GateUp, 2 * f, w + at.GateUp, 2 * f, dBranch, d, false, scratch);
        RmsNorm.Backward(n, d, a.Mid, d, w + at.MlpNorm, a.MlpScale, dBranch, d, dx, d, g == null ? null : g + at.MlpNorm);
        edits?.Backward(ActivationSite.Mid(block), dx, n, workspace);
        dOut = BranchGradient(n, dx, ActivationSite.AttentionOut(block), workspace, edits);
        if (g != null) Gemm.TN(h, d, n, a.Mixed, h, dOut, d, g + at.AttentionOut, d, false, scratch);
        Gemm.NT(n, h, d, dOut, d, w + at.AttentionOut, d, workspace.DMixed, h, false, scratch);
        Attention.Backward(_attention, batch.Sequences, batch.StartsPointer, a.Qkv, qkv, a.Mixed, h, a.LogNormaliser,
            workspace.DMixed, h, workspace.DQkv, qkv, workspace.Attention);
        Numerics.Rotary.Apply(n, _config.Heads + _config.KvHeads, _config.HeadDim, workspace.DQkv, qkv, batch.PositionsPointer, _rotary, true);
        if (g != null) Gemm.TN(d, qkv, n, a.AttentionIn, d, workspace.DQkv, qkv, g + at.Qkv, qkv, false, scratch);
        Gemm.NT(n, d, qkv, workspace.DQkv, qkv, w + at.Qkv, qkv, dBranch, d, false, scratch);
        RmsNorm.Backward(n, d, a.Pre, d, w + at.AttentionNorm, a.AttentionScale, dBranch, d, dx, d, g == null ? null : g + at.AttentionNorm);
        edits?.Backward(ActivationSite.Pre(block), dx, n, workspace);
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
                throw new ArgumentException($"A sequence of {starts[s + 1] - starts[s]} tokens is longer than the context of {_config.ContextLength}.");
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
