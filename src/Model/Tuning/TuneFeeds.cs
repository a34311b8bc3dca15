using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Examples for supervised tuning. The loss is the mean over tokens, by their weights as shares of the mean size of those of all examples:
/// as shares of a small batch's own they would cancel.
/// </summary>
internal sealed class ExampleFeed(IReadOnlyList<TuneExample> examples, int batchSize, bool lossOnContext, RngStream rng) : StepFeed
{
    private readonly ShuffledOrder _order = new(examples.Count, rng);
    private readonly double _meanSize = examples.Sum(e => Math.Abs(e.Weight) * Targets(e, lossOnContext))
        / examples.Sum(e => (double)Targets(e, lossOnContext));

    public override long Position { get; set; }

    public override bool Fill(StepBatch step)
    {
        step.Clear();
        double tokens = 0;
        for (int i = 0; i < batchSize; i++)
        {
            TuneExample example = examples[_order.At(Position++)];
            int targets = Targets(example, lossOnContext);
            step.Add([.. example.Prefix, .. example.Reply], example.Prefix.Length + example.Reply.Length - targets, (float)example.Weight);
            step.EndGroup();
            tokens += targets;
        }
        step.Deal();
        step.Normaliser = _meanSize > 0 ? _meanSize * tokens : 1;
        step.PositionAfter = Position;
        return true;
    }

    private static int Targets(TuneExample example, bool lossOnContext) =>
        example.Reply.Length + (lossOnContext ? example.Prefix.Length - 1 : 0);
}

/// <summary>
/// Pairs for DPO: chosen and rejected side by side, each with its log-probability under the reference; weights as in
/// <see cref="ExampleFeed"/>.
/// </summary>
internal sealed class PairFeed(IReadOnlyList<PreferencePair> pairs, float[] chosenReference, float[] rejectedReference,
    int batchSize, RngStream rng)
    : StepFeed
{
    private readonly ShuffledOrder _order = new(pairs.Count, rng);
    private readonly double _meanWeight = pairs.Average(p => p.Weight);

    public override long Position { get; set; }

    public override bool Fill(StepBatch step)
    {
        step.Clear();
        for (int i = 0; i < batchSize; i++)
        {
            int k = _order.At(Position++);
            PreferencePair pair = pairs[k];
            step.Add([.. pair.Prefix, .. pair.Chosen], pair.Prefix.Length, (float)pair.Weight, chosenReference[k]);
            step.Add([.. pair.Prefix, .. pair.Rejected], pair.Prefix.Length, (float)pair.Weight, rejectedReference[k]);
            step.EndGroup();
        }
        step.Deal();
        step.Normaliser = _meanWeight * batchSize;
        step.PositionAfter = Position;
        return true;
    }
}

/// <summary>Replies sampled from the model as it is now, each with its advantage over its group.</summary>
internal sealed class SampleFeed(IReadOnlyList<int[]> prompts, ReplySampler sampler, Func<int[], int[], double> reward, TuneOptions options,
    Trainable policy, RngStream rng) : StepFeed
{
    private readonly ShuffledOrder _order = new(prompts.Count, rng.Child("order"));

    public override bool NeedsCurrentWeights => true;

    public override long Position { get; set; }

    public override bool Fill(StepBatch step)
    {
        int groups = Math.Max(1, options.BatchSize / options.GroupSize);
        var asked = new List<int[]>();
        long first = Position;
        for (int g = 0; g < groups; g++)
        {
            int[] prompt = prompts[_order.At(Position++)];
            for (int i = 0; i < options.GroupSize; i++) asked.Add(prompt);
        }
        IReadOnlyList<int[]> replies = sampler(policy.Weights, policy.Vector, asked, rng.Child("step", first));
        if (replies.Count != asked.Count) throw new InvalidOperationException("The sampler must return one reply per prompt.");
        step.Clear();
        for (int g = 0; g < groups; g++)
        {
            int at = g * options.GroupSize;
            double[] rewards = [.. Enumerable.Range(at, options.GroupSize).Select(i => reward(asked[i], replies[i]))];
            double mean = rewards.Average();
            double deviation = Math.Sqrt(rewards.Average(r => (r - mean) * (r - mean)));
            double scale = options.NormaliseAdvantage ? 1 / (deviation + 1e-6) : 1;
            for (int i = 0; i < options.GroupSize; i++)
            {
                if (replies[at + i].Length == 0) continue;
                step.Add([.. asked[at + i], .. replies[at + i]], asked[at + i].Length, 1, (float)((rewards[i] - mean) * scale));
                step.EndGroup();
            }
        }
        step.Deal();
        step.Normaliser = asked.Count;
        step.PositionAfter = Position;
        // A step of empty replies alone has nothing to learn from, but the next one may.
        return true;
    }
}
