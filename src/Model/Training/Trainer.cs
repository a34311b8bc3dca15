using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Pre-training: weights in, the same weights trained. Equal inputs give equal bits for any number of threads, and a run that was killed at
/// any moment continues from its last checkpoint to the same bits.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly TrainingLoop _loop;

    /// <summary>A run that has not begun.</summary>
    /// <param name="weights">Trained in place.</param>
    /// <param name="source">What to read.</param>
    /// <param name="options">How to train.</param>
    /// <param name="pool">The workers; any number gives the same bits.</param>
    public Trainer(DecoderWeights weights, IDocumentSource source, TrainOptions options, WorkerPool pool)
    {
        string runId = ContentId.Of("run", weights.Id(), source.Id, source.Position, options.Essence()).ToString();
        _loop = new TrainingLoop(runId, new FullWeights(weights),
            new DocumentFeed(source, options.TokensPerStep, weights.Config.ContextLength), new CrossEntropyLoss(), options, pool);
    }

    /// <summary>Content id of what the run depends on: first weights, data and options.</summary>
    public string RunId => _loop.RunId;

    /// <summary>
    /// Measures the weights at every point of the curve: step and weights in, readings by name out. Must not change the weights.
    /// </summary>
    public Func<int, DecoderWeights, IReadOnlyDictionary<string, double>>? Evaluate
    {
        get => _loop.Evaluate;
        init => _loop.Evaluate = value;
    }

    /// <summary>Asked at every point of the curve; true ends the run early (see <see cref="TrainingCurve.NoLongerImproves"/>).</summary>
    public Func<TrainingCurve, bool>? StopWhen
    {
        get => _loop.StopWhen;
        init => _loop.StopWhen = value;
    }

    /// <summary>Runs to the end, or on from the checkpoint if there is one at <see cref="TrainOptions.CheckpointPath"/>.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint has been written where a path is set.</exception>
    /// <exception cref="UserErrorException">The checkpoint is damaged or of another run, or the loss is no longer a number.</exception>
    public TrainingCurve Run(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        _loop.Run(progress, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _loop.Dispose();
}
