using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>How a reply's log-probability would change if something were added to activations.</summary>
/// <param name="TokenLogProbabilities">log p of every token of the continuation, in nats.</param>
/// <param name="Values">
/// d log p(continuation | prefix) / d offset, nats per unit: one row of the model's width for each group of positions, row by row.
/// </param>
public sealed record ReplyGradient(float[] TokenLogProbabilities, float[] Values)
{
    /// <summary>log p(continuation | prefix) in nats.</summary>
    public double LogProbability => TokenLogProbabilities.Sum(x => (double)x);
}

/// <summary>
/// Gradients of log-probabilities with respect to activations: one forward pass, and a backward pass that stops where the activations are
/// and makes no gradients of weights. Results depend neither on the number of threads nor on what is asked for together.
/// </summary>
public sealed unsafe class ActivationGradients
{
    // Enough rows for the matrix products to run at full speed, few enough for the activations to stay in the cache.
    private const int RowsPerBatch = 256;
    private readonly Transformer _model;
    private readonly Interventions _edits;
    private readonly int _slot, _site, _lead;

    private ActivationGradients(Transformer model, string site, ReadOnlySpan<float> offset, ReadOnlySpan<float> lead)
    {
        _model = model;
        _site = ActivationSite.Index(model.Config, site);
        if (_site == ActivationSite.Final(model.Config))
            throw new ArgumentException("The last site has rows for predicted tokens only.", nameof(site));
        _edits = model.Interventions is { } own ? new Interventions(own) : new Interventions(model.Config);
        if (!offset.IsEmpty) _edits.Add(site, offset);
        _lead = lead.Length / model.Config.Width;
        if (_lead > 0) _edits.Place(site, lead);
        _slot = _edits.Capture(site);
        Groups = _lead > 0 ? _lead : 3;
    }

    /// <summary>Rows of <see cref="ReplyGradient.Values"/>.</summary>
    public int Groups { get; }

    /// <summary>
    /// At a site, three groups of positions: those before the reply is predicted, the one that predicts its first token (the last of the
    /// prefix), and those that predict its later tokens.
    /// </summary>
    /// <param name="model">The model, steered or not.</param>
    /// <param name="site">A name from <see cref="ActivationSite"/>, except <c>final</c>, which has no row for every token.</param>
    /// <param name="offset">Where the gradient is taken: this is added to the activations at the site, in every row.
    /// Empty for nothing.</param>
    /// <exception cref="ArgumentException">No such site, or an offset of another width.</exception>
    public static ActivationGradients AtSite(Transformer model, string site, ReadOnlySpan<float> offset = default) =>
        new(model, site, offset, []);

    /// <summary>
    /// At a lead: vectors that stand in the place of token embeddings between the begin token and the rest of the prefix, such as the mean
    /// of the contexts of several personas. One group for each position of the lead.
    /// </summary>
    /// <param name="model">The model, steered or not.</param>
    /// <param name="lead">[positions, width], at least one.</param>
    /// <exception cref="ArgumentException">The lead is empty or not a whole number of rows.</exception>
    public static ActivationGradients AtLead(Transformer model, ReadOnlySpan<float> lead)
    {
        if (lead.IsEmpty || lead.Length % model.Config.Width != 0)
            throw new ArgumentException($"A lead is one or more rows of {model.Config.Width} numbers.", nameof(lead));
        return new ActivationGradients(model, "embed", [], lead);
    }

    /// <summary>One result per continuation, indexed [request][continuation].</summary>
    /// <param name="requests">Prefixes with continuations.</param>
    /// <param name="progress">Told about tokens done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">A request, with the lead, is longer than the model's context.</exception>
    public ReplyGradient[][] Compute(IReadOnlyList<ScoreRequest> requests, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        // Checks lengths and ids as scoring does, so that both ways to evidence refuse the same requests.
        _ = new ScoreSequences(requests, _model.Config.VocabularySize, _model.ContextLength - _lead);
        ReplyGradient[][] results = [.. requests.Select(r => new ReplyGradient[r.Continuations.Count])];
        (int Request, int Continuation)[] order =
            [.. requests.SelectMany((r, i) => Enumerable.Range(0, r.Continuations.Count).Select(c => (i, c)))];
        int RowsOf(int i) =>
            _lead + requests[order[i].Request].Prefix.Length + requests[order[i].Request].Continuations[order[i].Continuation].Length - 1;
        List<(int Start, int End)> batches = Cut(order.Length, RowsOf);
        if (batches.Count == 0) return results;
        using var decoder = new Decoder(_model.Config);
        using var pool = new WorkerPool(Math.Min(_model.Threads, batches.Count));
        using var openingSpace = new DecoderWorkspace(_model.Config);
        SharedOpening? opening = Opening(requests, decoder, openingSpace);
        DecoderWorkspace[] workspaces = [.. Enumerable.Range(0, pool.Threads).Select(_ => new DecoderWorkspace(_model.Config))];
        TokenBatch[] rows = [.. workspaces.Select(_ => new TokenBatch(RowsPerBatch))];
        long done = 0, total = Enumerable.Range(0, order.Length).Sum(i => (long)RowsOf(i));
        try
        {
            pool.Run(batches.Count, (job, worker) =>
            {
                cancellation.ThrowIfCancellationRequested();
                (int start, int end) = batches[job];
                rows[worker].Clear();
                workspaces[worker].Placed.Clear();
                for (int i = start; i < end; i++)
                    Add(requests[order[i].Request], order[i].Continuation, rows[worker], workspaces[worker].Placed);
                ReplyGradient[] found = RunBatch(decoder, rows[worker], workspaces[worker], opening);
                for (int i = start; i < end; i++) results[order[i].Request][order[i].Continuation] = found[i - start];
                progress?.Report(new WorkProgress("gradients", Interlocked.Add(ref done, rows[worker].Rows), total, "tokens"));
            });
        }
        finally
        {
            foreach (DecoderWorkspace workspace in workspaces) workspace.Dispose();
        }
        return results;
    }

    private void Add(ScoreRequest request, int continuation, TokenBatch batch, List<(int Row, int Index)> placed)
    {
        for (int i = 0; i < _lead; i++) placed.Add((batch.Rows + 1 + i, i));
        // The ids under the lead are never read: their rows are replaced.
        batch.AddSequence([request.Prefix[0], .. Enumerable.Repeat(request.Prefix[0], _lead), .. request.Prefix[1..],
            .. request.Continuations[continuation]], request.Prefix.Length + _lead);
    }

    /// <summary>
    /// The first token and the lead, which no reply changes; null where there is no lead, where first tokens differ or something acts on
    /// activations inside.
    /// </summary>
    private SharedOpening? Opening(IReadOnlyList<ScoreRequest> requests, Decoder decoder, DecoderWorkspace space)
    {
        int first = requests[0].Prefix[0];
        if (_lead == 0 || _model.Interventions is not null || requests.Any(r => r.Prefix[0] != first)) return null;
        var batch = new TokenBatch(_lead + 1);
        batch.AddRows([.. Enumerable.Repeat(first, _lead + 1)]);
        for (int i = 0; i < _lead; i++) space.Placed.Add((1 + i, i));
        decoder.Forward(_model.Unpacked, batch, space, _edits, _model.Decoder.Projections, new SharedOpening(space, 0));
        return new SharedOpening(space, _lead + 1);
    }

    private ReplyGradient[] RunBatch(Decoder decoder, TokenBatch batch, DecoderWorkspace workspace, SharedOpening? opening)
    {
        decoder.Forward(_model.Unpacked, batch, workspace, _edits, _model.Decoder.Projections, opening);
        // Logits become the gradient of the loss, which is minus log p.
        SoftmaxCrossEntropy.ForwardBackward(batch.TargetCount, _model.Config.VocabularySize, workspace.Logits, workspace.LogitStride,
            batch.TargetsPointer, batch.WeightsPointer, workspace.Losses);
        decoder.BackwardTo(_site, _model.Unpacked, batch, workspace, _edits, _model.Transposes);
        int d = _model.Config.Width, target = 0;
        ReadOnlySpan<float> gradient = workspace.CapturedGradient(_slot);
        var results = new ReplyGradient[batch.Sequences];
        for (int s = 0; s < batch.Sequences; s++)
        {
            int start = batch.Starts[s], first = batch.TargetRows[target];
            var nats = new float[batch.Starts[s + 1] - first];
            for (int t = 0; t < nats.Length; t++) nats[t] = -workspace.Losses[target++];
            var values = new float[Groups * d];
            int from = _lead > 0 ? start + 1 : start, to = _lead > 0 ? from + _lead : batch.Starts[s + 1];
            for (int row = from; row < to; row++)
            {
                int group = _lead > 0 ? row - from : row < first ? 0 : row == first ? 1 : 2;
                Span<float> sum = values.AsSpan(group * d, d);
                ReadOnlySpan<float> at = gradient.Slice(row * d, d);
                for (int j = 0; j < d; j++) sum[j] -= at[j];
            }
            results[s] = new ReplyGradient(nats, values);
        }
        return results;
    }

    private static List<(int Start, int End)> Cut(int count, Func<int, int> rowsOf)
    {
        var batches = new List<(int, int)>();
        int start = 0, rows = 0;
        for (int i = 0; i < count; i++)
        {
            if (rows > 0 && rows + rowsOf(i) > RowsPerBatch)
            {
                batches.Add((start, i));
                (start, rows) = (i, 0);
            }
            rows += rowsOf(i);
        }
        if (count > start) batches.Add((start, count));
        return batches;
    }
}
