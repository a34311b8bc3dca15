using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Several adapters of one frozen base tuned together until they tell their own replies from the others'. A step lowers the sum over its
/// examples of <c>-log softmax_h(scale * log p(reply | context, h))</c> at the owner, which for two adapters and one prompt is what DPO
/// lowers, and of <c>-likelihood * log p(reply | context, owner)</c>, so that they stay language models; both per token of all its
/// replies. The gradient of the first with respect to one log-probability is <c>scale * (P(h) - [h owns it])</c>: policy gradient with
/// that, negated, for an advantage.
/// </summary>
/// <param name="baseWeights">The frozen weights.</param>
/// <param name="options">Steps, rate, and examples in a step, of all owners together; owners take turns.</param>
/// <param name="scale">What log-probabilities of whole replies are multiplied by; positive.</param>
/// <param name="likelihood">Weight of the likelihood of a token beside it; not negative.</param>
/// <param name="rng">Order of the examples.</param>
/// <param name="pool">The workers; the same bits for any number of them.</param>
/// <remarks>
/// Weights of examples are not read. An example says that its owner, and none of the others, would reply so: a persona's examples are what
/// it says, each once however often it was said (<c>PersonaExamples</c> in the room Evidence), and a weight is a number of times. It is
/// what is trained on that has weights.
/// Checkpoints as in other trainings: a run that was stopped or killed goes on from the last one to the same bits.
/// </remarks>
public sealed unsafe class ContrastTuner(DecoderWeights baseWeights, TuneOptions options, double scale, double likelihood,
    RngStream rng, WorkerPool pool)
{
    // A reply that is told apart this surely moves nothing, and is not read backwards.
    private const double LeastPush = 1e-3;

    /// <summary>
    /// Called at every point of <see cref="TuneOptions.EvaluateEvery"/> with the step; the adapters are then those of that step.
    /// </summary>
    public Action<int>? AtPoint { get; init; }

    /// <summary>Moves the adapters in place.</summary>
    /// <param name="adapters">One for each owner, at least two.</param>
    /// <param name="examples">[owner]: its examples, at least one.</param>
    /// <param name="progress">Told about steps.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>Mean loss of every step, per example, without the likelihood.</returns>
    /// <exception cref="UserErrorException">An example does not fit, a checkpoint is damaged or of another run, or
    /// training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what is done is in the checkpoint.</exception>
    public double[] Run(IReadOnlyList<LowRankAdapter> adapters, IReadOnlyList<IReadOnlyList<TuneExample>> examples,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        ArgumentOutOfRangeException.ThrowIfNegative(likelihood);
        if (adapters.Count < 2 || examples.Count != adapters.Count)
            throw new ArgumentException("It takes at least two adapters, and examples for each.", nameof(adapters));
        if (adapters.Any(a => a.Length != adapters[0].Length))
            throw new ArgumentException("The adapters have different ranks.", nameof(adapters));
        foreach (IReadOnlyList<TuneExample> own in examples) TuneExample.Check(baseWeights.Config, own);
        TrainOptions loop = options.Loop();
        loop.Validate();
        LowRankWeights[] moved = [.. adapters.Select(a => new LowRankWeights(baseWeights, baseWeights.Clone(), a))];
        Optimiser[] optimisers = [.. moved.Select(m => new Optimiser(m.Parameters.Length, m.DecayLength, loop, pool, m.Hidden))];
        using var engine = new GradientEngine(baseWeights.Config, options.MicroBatches, pool);
        try
        {
            // A run is what moves, from where, on what, and how.
            string runId = ContentId.Of("contrast", [baseWeights.Id(), rng.Path, options.Essence(), scale, likelihood,
                .. adapters.Select(a => a.Id), .. examples.SelectMany(own => own.Select(e => (object)e.Id).Append(own.Count))]).ToString();
            var losses = new double[options.Steps];
            int from = options.CheckpointPath is { } there && File.Exists(there) ? Resume(there, runId, moved, optimisers, losses) : 0;
            foreach (LowRankWeights m in moved) m.Materialise();
            ShuffledOrder[] orders = [.. examples.Select((e, h) => new ShuffledOrder(e.Count, rng.Child("examples", h)))];
            var step = new StepBatch(options.MicroBatches, loop.TokensPerStep);
            for (int s = from; s < options.Steps; s++)
            {
                if (cancellation.IsCancellationRequested)
                {
                    Save(s, runId, moved, optimisers, losses);
                    throw new OperationCanceledException(cancellation);
                }
                (int Owner, TuneExample Example)[] batch = [.. Enumerable.Range(s * options.BatchSize, options.BatchSize).Select(i =>
                    (i % examples.Count, examples[i % examples.Count][orders[i % examples.Count].At(i / examples.Count)]))];
                losses[s] = Step(batch, moved, optimisers, engine, step, loop.LearningRateAt(s + 1));
                progress?.Report(new WorkProgress(options.Stage, s + 1, options.Steps, "steps",
                    string.Create(CultureInfo.InvariantCulture, $"contrast {losses[s]:0.000}")));
                bool last = s + 1 == options.Steps, point = last || (options.EvaluateEvery > 0 && (s + 1) % options.EvaluateEvery == 0);
                if (point) AtPoint?.Invoke(s + 1);
                if (!last && options.CheckpointEvery > 0 && (point || (s + 1) % options.CheckpointEvery == 0))
                    Save(s + 1, runId, moved, optimisers, losses);
            }
            return losses;
        }
        finally
        {
            foreach (Optimiser optimiser in optimisers) optimiser.Dispose();
            foreach (LowRankWeights m in moved)
            {
                m.Weights.Dispose();
                m.Dispose();
            }
        }
    }

    private void Save(int done, string runId, LowRankWeights[] moved, Optimiser[] optimisers, double[] losses)
    {
        if (options.CheckpointPath is not { } path) return;
        // Whoever had nothing to learn in a step took none: each has taken its own number.
        Dictionary<string, double> taken = optimisers.Index().ToDictionary(o => Name(o.Index), o => (double)o.Item.Step);
        TrainingCheckpoint.Save(path, new CheckpointHeader(0, runId, done, 0, 0, 0, 0,
            [.. losses.Take(done).Select((loss, s) => new TrainingPoint(s + 1, 0, loss, 0, 0, s + 1 == done ? taken : []))],
            moved[0].Parameters.Length), Arrays(moved, optimisers));
    }

    private static int Resume(string path, string runId, LowRankWeights[] moved, Optimiser[] optimisers, double[] losses)
    {
        CheckpointHeader header = TrainingCheckpoint.Load(path, runId, moved[0].Parameters.Length, Arrays(moved, optimisers));
        foreach (TrainingPoint point in header.Points) losses[point.Step - 1] = point.Loss;
        for (int h = 0; h < optimisers.Length; h++) optimisers[h].Step = header.Step == 0 ? 0 : (int)header.Points[^1].Readings[Name(h)];
        return header.Step;
    }

    private static FloatBuffer[] Arrays(LowRankWeights[] moved, Optimiser[] optimisers) =>
        [.. moved.Zip(optimisers, (m, o) => (FloatBuffer[])[m.Parameters, o.First, o.Second]).SelectMany(a => a)];

    private static string Name(int owner) => owner.ToString(CultureInfo.InvariantCulture);

    private double Step((int Owner, TuneExample Example)[] batch, LowRankWeights[] moved, Optimiser[] optimisers, GradientEngine engine,
        StepBatch step, double rate)
    {
        (int[], int[])[] replies = [.. batch.Select(b => (b.Example.Prefix, b.Example.Reply))];
        float[][] told = [.. moved.Select(m => ReplyScores.Compute(m.Weights, replies, pool))];
        double[][] pushes = Pushes(told, [.. batch.Select(b => b.Owner)], scale, likelihood, out double contrast);
        var loss = new PolicyGradientLoss();
        double tokens = batch.Sum(b => (double)b.Example.Reply.Length);
        for (int h = 0; h < moved.Length; h++)
        {
            step.Clear();
            for (int i = 0; i < batch.Length; i++)
            {
                double push = pushes[i][h];
                if (Math.Abs(push) < LeastPush) continue;
                step.Add([.. batch[i].Example.Prefix, .. batch[i].Example.Reply], batch[i].Example.Prefix.Length, 1, (float)push);
                step.EndGroup();
            }
            step.Deal();
            if (step.Rows == 0) continue;
            (double sum, double squares) = engine.Run(moved[h], step.Parts, loss);
            (FloatBuffer gradient, squares) = moved[h].PullBack(engine.Gradient, squares, step.Parts);
            double norm = Math.Sqrt(squares) / tokens;
            if (!double.IsFinite(norm) || !double.IsFinite(sum))
                throw new UserErrorException("training-diverged",
                    $"At step {optimisers[h].Step + 1} of {options.Stage} the loss is no longer a number.",
                    "Leave out examples that are hardly text, or give the personas as shown or described (given).");
            optimisers[h].Update(moved[h].Parameters.Pointer, gradient.Pointer, rate,
                Optimiser.ClipFactor(norm, options.ClipNorm) / tokens);
        }
        // All see the same state of all: nobody's weights change before everybody's gradient is known.
        foreach (LowRankWeights m in moved) m.Materialise();
        return contrast;
    }

    /// <summary>
    /// How much likelier every reply is to become under every adapter: minus the gradient of an example's loss with
    /// respect to its log-probability.
    /// </summary>
    /// <param name="told">[adapter][example]: log p of the reply, nats.</param>
    /// <param name="owners">The adapter that each example belongs to.</param>
    /// <param name="scale">What log-probabilities are multiplied by.</param>
    /// <param name="likelihood">Weight of the owner's log-probability.</param>
    /// <param name="contrast">Mean of -log P(owner), nats.</param>
    /// <returns>[example][adapter].</returns>
    internal static double[][] Pushes(float[][] told, int[] owners, double scale, double likelihood, out double contrast)
    {
        double[][] pushes = [.. owners.Select((_, i) => told.Select(t => scale * t[i]).ToArray())];
        contrast = 0;
        for (int i = 0; i < owners.Length; i++)
        {
            double total = LogSpace.LogSumExp(pushes[i]);
            contrast += (total - pushes[i][owners[i]]) / owners.Length;
            for (int h = 0; h < told.Length; h++)
                pushes[i][h] = (h == owners[i] ? scale + likelihood : 0) - (scale * Math.Exp(pushes[i][h] - total));
        }
        return pushes;
    }
}
