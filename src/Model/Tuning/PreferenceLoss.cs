using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Direct preference optimisation (Rafailov et al. 2023): sequences come in pairs, chosen first, and the loss of a pair is
/// -log sigma(beta · margin) with margin = (log p(chosen) - reference) - (log p(rejected) - reference). Its gradient with respect to either
/// log-probability is ∓ beta sigma(-beta margin): cross-entropy with weights that depend on the margin.
/// </summary>
/// <param name="beta">How closely the tuned model is held to the reference; larger is closer.</param>
internal sealed unsafe class PreferenceLoss(double beta) : ILossFunction
{
    /// <inheritdoc/>
    public double Evaluate(in LogitRows rows)
    {
        TokenBatch batch = rows.Batch;
        int n = rows.Count;
        float* logp = rows.Scratch;
        SoftmaxCrossEntropy.LogProbabilities(n, rows.Vocabulary, rows.Logits, rows.Stride, batch.TargetsPointer, logp);
        ReadOnlySpan<int> sequence = batch.TargetSequences;
        Span<float> weights = batch.Weights;
        double sum = 0;
        for (int at = 0; at < n;)
        {
            int pair = sequence[at] / 2, end = at;
            double margin = batch.Notes[2 * pair + 1] - batch.Notes[2 * pair];
            for (; end < n && sequence[end] / 2 == pair; end++) margin += sequence[end] % 2 == 0 ? logp[end] : -logp[end];
            double weight = weights[at];
            sum += weight * Softplus(-beta * margin);
            float push = (float)(weight * beta / (1 + Math.Exp(beta * margin)));
            for (; at < end; at++) weights[at] = sequence[at] % 2 == 0 ? push : -push;
        }
        SoftmaxCrossEntropy.ForwardBackward(n, rows.Vocabulary, rows.Logits, rows.Stride, batch.TargetsPointer, batch.WeightsPointer, logp);
        return sum;
    }

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));
}
