using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>What tuning made.</summary>
/// <param name="Weights">The tuned weights, a copy; equal to the base when only a vector was trained.</param>
/// <param name="Curve">How it went.</param>
/// <param name="Adapter">The low-rank update, with that method; already merged into the weights.</param>
/// <param name="Vector">The steering vector, with that method.</param>
public sealed record TuneResult(DecoderWeights Weights, TrainingCurve Curve, LowRankAdapter? Adapter, SteeringVector? Vector);

/// <summary>
/// Post-training: a base model and examples in, a tuned copy out. The base is never changed; equal inputs give equal bits for any number of
/// threads; checkpoints as in pre-training.
/// </summary>
/// <param name="baseWeights">The model to start from, also the reference of DPO and of the KL term.</param>
/// <param name="options">How to tune.</param>
/// <param name="rng">Order of the examples, first low-rank factors, sampled replies.</param>
/// <param name="pool">The workers.</param>
public sealed class Tuner(DecoderWeights baseWeights, TuneOptions options, RngStream rng, WorkerPool pool)
{
    /// <summary>Measures the tuned weights at every point of the curve. With a vector the weights are those of the base.</summary>
    public Func<int, DecoderWeights, IReadOnlyDictionary<string, double>>? Evaluate { get; init; }

    /// <summary>
    /// Shown what is moved at every point of the curve, before it is measured: the adapter or the vector as it stands, still in use.
    /// </summary>
    public Action<int, LowRankAdapter?, SteeringVector?>? AtPoint { get; init; }

    /// <summary>True ends the run early.</summary>
    public Func<TrainingCurve, bool>? StopWhen { get; init; }

    /// <summary>Supervised tuning: the replies of weighted examples become likelier, those of negative weight rarer.</summary>
    /// <exception cref="UserErrorException">An example does not fit, a checkpoint is damaged, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public TuneResult Supervised(IReadOnlyList<TuneExample> examples, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireSome(examples.Count);
        TuneExample.Check(baseWeights.Config, examples);
        var feed = new ExampleFeed(examples, options.BatchSize, options.LossOnContext, rng.Child("examples"));
        return Run(ContentId.Of("examples", [.. examples.Select(e => (object)e.Id)]), _ => feed,
            new CrossEntropyLoss(options.NegativeFloor), progress, cancellation);
    }

    /// <summary>Preference tuning: chosen replies become likelier than rejected ones, measured against the base (DPO).</summary>
    /// <exception cref="UserErrorException">A pair does not fit, a checkpoint is damaged, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public TuneResult Preferences(IReadOnlyList<PreferencePair> pairs, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireSome(pairs.Count);
        PreferencePair.Check(baseWeights.Config, pairs);
        float[] chosen = ReplyScores.Compute(baseWeights, [.. pairs.Select(p => (p.Prefix, p.Chosen))], pool);
        float[] rejected = ReplyScores.Compute(baseWeights, [.. pairs.Select(p => (p.Prefix, p.Rejected))], pool);
        var feed = new PairFeed(pairs, chosen, rejected, options.BatchSize, rng.Child("pairs"));
        return Run(ContentId.Of("pairs", [.. pairs.Select(p => (object)p.Id)]), _ => feed, new PreferenceLoss(options.Beta),
            progress, cancellation);
    }

    /// <summary>
    /// Policy gradient: replies sampled from the model as it stands are made likelier as far as they are rewarded more than their group's
    /// mean, with KL to the base at every token.
    /// </summary>
    /// <param name="prompts">Contexts, begin id first.</param>
    /// <param name="sampler">Samples replies from the model as it stands.</param>
    /// <param name="reward">The reward of a prompt and a reply; pure.</param>
    /// <param name="rewardId">Names the reward for the run's content id.</param>
    /// <param name="progress">Told about tokens done.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="UserErrorException">A checkpoint is damaged, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public TuneResult PolicyGradient(IReadOnlyList<int[]> prompts, ReplySampler sampler, Func<int[], int[], double> reward, string rewardId,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        RequireSome(prompts.Count);
        using var kl = options.KlCoefficient > 0
            ? new ReferenceKlLoss(new PolicyGradientLoss(), options.KlCoefficient, baseWeights, options.MicroBatches)
            : null;
        return Run(ContentId.Of("prompts", [rewardId, .. prompts.Select(p => (object)string.Join(' ', p))]),
            trainable => new SampleFeed(prompts, sampler, reward, options, trainable, rng.Child("samples")),
            kl is null ? new PolicyGradientLoss() : kl, progress, cancellation);
    }

    private static void RequireSome(int count)
    {
        if (count == 0) throw new UserErrorException("no-examples", "There is nothing to train on.", "Give at least one example.");
    }

    private TuneResult Run(ContentId data, Func<Trainable, StepFeed> feed, ILossFunction loss, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        string runId = ContentId.Of("tune", baseWeights.Id(), data, rng.Path, options.Essence()).ToString();
        DecoderWeights copy = baseWeights.Clone();
        LowRankAdapter? adapter = options.Method == TuneMethod.LowRank
            ? new LowRankAdapter(baseWeights.Config, options.Rank, options.Alpha, rng.Child("low-rank"))
            : null;
        string site = options.Site ?? $"blocks.{baseWeights.Config.Layers / 2}.resid_post";
        using Trainable trainable = options.Method switch
        {
            TuneMethod.LowRank => new LowRankWeights(baseWeights, copy, adapter!),
            TuneMethod.Vector => new SteeredWeights(copy, site, options.MicroBatches),
            _ => new FullWeights(copy, options.Tensors.Count == 0 ? null : Moves, options.WeightDecay > 0 ? baseWeights : null),
        };
        using var loop = new TrainingLoop(runId, trainable, feed(trainable), loss, options.Loop(), pool)
        {
            Evaluate = AtPoint is null ? Evaluate : (step, weights) =>
            {
                AtPoint(step, adapter, trainable.Vector);
                return Evaluate?.Invoke(step, weights) ?? new Dictionary<string, double>();
            },
            StopWhen = StopWhen,
        };
        TrainingCurve curve = loop.Run(progress, cancellation);
        return new TuneResult(copy, curve, adapter, trainable.Vector);
    }

    private bool Moves(string tensor) => options.Tensors.Any(prefix => tensor.StartsWith(prefix, StringComparison.Ordinal));
}
