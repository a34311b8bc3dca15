using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Log-probabilities of whole replies by plain forward passes, for references. Scoring at large is the transformer's business.
/// </summary>
internal static unsafe class ReplyScores
{
    private const int SequencesPerJob = 32;

    /// <summary>log p(reply | prefix) of each, in nats.</summary>
    public static float[] Compute(DecoderWeights weights, IReadOnlyList<(int[] Prefix, int[] Reply)> items, WorkerPool pool)
    {
        using var decoder = new Decoder(weights.Config);
        DecoderWorkspace[] workspaces =
            [.. Enumerable.Range(0, pool.Threads).Select(_ => new DecoderWorkspace(weights.Config, forBackward: false))];
        float[] scores = new float[items.Count];
        pool.Run((items.Count + SequencesPerJob - 1) / SequencesPerJob, (job, worker) =>
        {
            int first = job * SequencesPerJob;
            var batch = new TokenBatch();
            for (int i = first; i < Math.Min(items.Count, first + SequencesPerJob); i++)
                batch.AddSequence([.. items[i].Prefix, .. items[i].Reply], items[i].Prefix.Length);
            DecoderWorkspace workspace = workspaces[worker];
            decoder.Forward(weights, batch, workspace);
            SoftmaxCrossEntropy.LogProbabilities(batch.TargetCount, weights.Config.VocabularySize, workspace.Logits, workspace.LogitStride,
                batch.TargetsPointer, workspace.Losses);
            double[] sums = new double[batch.Sequences];
            for (int i = 0; i < batch.TargetCount; i++) sums[batch.TargetSequences[i]] += workspace.Losses[i];
            for (int s = 0; s < sums.Length; s++) scores[first + s] = (float)sums[s];
        });
        foreach (DecoderWorkspace workspace in workspaces) workspace.Dispose();
        return scores;
    }
}
