using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>An edge to be computed: what it attends to, and where its keys and values go when edges below it need them.</summary>
internal readonly record struct ScoreStep(int Node, KeyValueStore.Chain Above, CachedRows Sink);

/// <summary>The memory of one thread while scoring.</summary>
internal sealed unsafe class ScoreWorker(PackedDecoder decoder, Interventions? edits) : IDisposable
{
    private readonly InferenceBatch _batch = new();
    private readonly InferenceWorkspace _space = new();
    private int[] _headOfRow = [];
    private int[] _targets = [];

    /// <summary>Keys and values of the job at hand.</summary>
    public KeyValueStore Store { get; } = new(decoder.Config);

    /// <summary>Runs some edges as one batch and writes the log-probabilities of their targets.</summary>
    public void Compute(ScoreSequences sequences, ScoreTree tree, List<ScoreStep> steps, Range range)
    {
        (int first, int count) = range.GetOffsetAndLength(steps.Count);
        _batch.Clear();
        int rows = 0;
        for (int i = first; i < first + count; i++) rows += tree.Nodes[steps[i].Node].Length;
        if (_headOfRow.Length < rows) (_headOfRow, _targets) = (new int[rows], GC.AllocateArray<int>(rows, pinned: true));
        Array.Fill(_headOfRow, -1, 0, rows);
        for (int i = first; i < first + count; i++)
        {
            ref ScoreNode node = ref tree.Nodes[steps[i].Node];
            ReadOnlySpan<int> tokens = sequences.Inputs(node.Sequence).Slice(node.Start, node.Length);
            int start = _batch.Add(tokens, steps[i].Above.Trunk, steps[i].Above.Tail, steps[i].Sink);
            foreach (ScoreTarget target in TargetsOf(tree, node))
            {
                ref int head = ref _headOfRow[start + target.Row];
                if (head >= 0) continue;
                head = _batch.AddHeadRow(start + target.Row);
                // Which target comes first must not matter where scores are to depend on their request alone.
                _targets[head] = sequences.HasParts(target.Sequence, out _, out _) ? 0 : target.Token;
            }
        }
        decoder.Forward(_batch, _space, edits);
        if (_batch.HeadRows > 0) Read(sequences, tree, steps, first, count);
    }

    public void Dispose()
    {
        _space.Dispose();
        Store.Dispose();
    }

    private void Read(ScoreSequences sequences, ScoreTree tree, List<ScoreStep> steps, int first, int count)
    {
        int v = decoder.Config.VocabularySize;
        fixed (int* targets = _targets)
            SoftmaxCrossEntropy.LogProbabilities(_batch.HeadRows, v, _space.Logits, v, targets, _space.LogProbabilities);
        int start = 0;
        for (int i = first; i < first + count; i++)
        {
            ref ScoreNode node = ref tree.Nodes[steps[i].Node];
            foreach (ScoreTarget target in TargetsOf(tree, node))
            {
                int head = _headOfRow[start + target.Row];
                // Another target of the same row differs by its logit alone.
                float* logits = _space.Logits + (long)head * v;
                sequences.Rows[target.Sequence][target.Index] =
                    _space.LogProbabilities[head] + (logits[target.Token] - logits[_targets[head]]);
            }
            start += node.Length;
        }
    }

    private static ReadOnlySpan<ScoreTarget> TargetsOf(ScoreTree tree, in ScoreNode node) =>
        tree.Targets.AsSpan(node.FirstTarget, node.TargetCount);
}
