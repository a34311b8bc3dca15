using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Samples replies from the weights given, one per prompt; the same prompt may come several times. Equal arguments must give equal replies.
/// </summary>
/// <param name="policy">Weights to sample from; not to be changed.</param>
/// <param name="vector">What is added to their activations, where a vector is tuned; null with other methods.</param>
/// <param name="prompts">Token ids, begin id first.</param>
/// <param name="rng">The only source of randomness.</param>
/// <returns>Token ids of one reply per prompt, in order; an empty reply is left out of the step.</returns>
public delegate IReadOnlyList<int[]> ReplySampler(DecoderWeights policy, SteeringVector? vector, IReadOnlyList<int[]> prompts,
    RngStream rng);

/// <summary>
/// Policy gradient (Williams 1992) on replies sampled from the current weights: the sum of -advantage · log p(token), the advantage of a
/// sequence being its note. Baselines are the sampler's business.
/// </summary>
internal sealed unsafe class PolicyGradientLoss : ILossFunction
{
    /// <inheritdoc/>
    public double Evaluate(in LogitRows rows)
    {
        TokenBatch batch = rows.Batch;
        Span<float> weights = batch.Weights;
        for (int i = 0; i < weights.Length; i++) weights[i] = batch.Notes[batch.TargetSequences[i]];
        SoftmaxCrossEntropy.ForwardBackward(rows.Count, rows.Vocabulary, rows.Logits, rows.Stride, batch.TargetsPointer,
            batch.WeightsPointer, rows.Scratch);
        double sum = 0;
        for (int i = 0; i < weights.Length; i++) sum += (double)weights[i] * rows.Scratch[i];
        return sum;
    }
}
