using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Pre-training: weights in, the same weights trained. Equal inputs give equal bits for any number of threads, and a run that was killed at
/// any moment continues from its last checkpoint to the same bits.
/// </summary>
public sealed unsafe class Trainer : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly IDocumentSource _source;
    private readonly TrainOptions _options;
    private readonly GradientEngine _engine;
    private readonly Optimiser _optimiser;
    private readonly CrossEntropyLoss _loss = new();
    private readonly List<TrainingPoint> _points = [];
    private readonly Action _prepareNext;
    private StepBatch _now, _next;
    private bool _hasNext;
    private long _tokens;
    private double _lossSum, _lossWeight;

    /// <summary>A run that has not begun.</summary>
    /// <param name="weights">Trained in place.</param>
    /// <param name="source">What to read.</param>
    /// <param name="options">How to train.</param>
    /// <param name="pool">The workers; any number gives the same bits.</param>
    public Trainer(DecoderWeights weights, IDocumentSource source, TrainOptions options, WorkerPool pool)
    {
        options.Validate();
        (_weights, _source, _options) = (weights, source, options);
        _engine = new GradientEngine(weights.Config, options.MicroBatches, pool);
        _optimiser = new Optimiser(weights.Layout.Length, weights.Layout.MatrixLength, options.Beta1, options.Beta2, options.Epsilon,
            options.WeightDecay, pool);
        _now = new StepBatch(options.MicroBatches, options.TokensPerStep);
        _next = new StepBatch(options.MicroBatches, options.TokensPerStep);
        _prepareNext = () => _hasNext = _next.Fill(_source, _options.TokensPerStep, _weights.Config.ContextLength);
        RunId = ContentId.Of("run", weights.Id(), source.Id, source.Position,
            (options with { CheckpointPath = null, CheckpointEvery = 0, Stage = "" }).ToString()).ToString();
    }

    /// <summary>Content id of what the run depends on: first weights, data and options.</summary>
    public string RunId { get; }

    /// <summary>Measures the weights at every point of the curve: step and weights in, readings by name out. Must not change the weights.</summary>
    public Func<int, DecoderWeights, IReadOnlyDictionary<string, double>>? Evaluate { get; init; }

    /// <summary>Asked at every point of the curve; true ends the run early (see <see cref="TrainingCurve.NoLongerImproves"/>).</summary>
    public Func<TrainingCurve, bool>? StopWhen { get; init; }

    /// <summary>Steps done.</summary>
    public int Step => _optimiser.Step;

    /// <summary>Runs to the end, or on from the checkpoint if there is one at <see cref="TrainOptions.CheckpointPath"/>.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint has been written where a path is set.</exception>
    /// <exception cref="UserErrorException">The checkpoint is damaged or of another run, or the loss is no longer a number.</exception>
    public TrainingCurve Run(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        if (_options.CheckpointPath is { } path && File.Exists(path)) Resume(path);
        bool stopped = _points.Count > 0 && StopWhen?.Invoke(new TrainingCurve(_points)) == true;
        long positionBefore = _source.Position;
        _prepareNext();
        while (!stopped && Step < _options.Steps && _hasNext)
        {
            if (cancellation.IsCancellationRequested)
            {
                Save(positionBefore);
                throw new OperationCanceledException(cancellation);
            }
            (_now, _next) = (_next, _now);
            positionBefore = _now.PositionAfter;
            double norm = TakeStep(out double meanLoss);
            bool last = Step == _options.Steps || !_hasNext;
            progress?.Report(new WorkProgress(_options.Stage, _tokens, (double)_tokens / Step * _options.Steps, "tokens",
                string.Create(CultureInfo.InvariantCulture, $"loss {meanLoss:0.000}")));
            if (last || (_options.EvaluateEvery > 0 && Step % _options.EvaluateEvery == 0))
            {
                AddPoint(norm);
                stopped = StopWhen?.Invoke(new TrainingCurve(_points)) == true;
            }
            if (!last && _options.CheckpointEvery > 0 && Step % _options.CheckpointEvery == 0) Save(positionBefore);
        }
        _source.Position = positionBefore;
        return new TrainingCurve([.. _points]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _optimiser.Dispose();
    }

    private double TakeStep(out double meanLoss)
    {
        int targets = 0;
        foreach (TokenBatch part in _now.Parts) targets += part.TargetCount;
        (double loss, double squares) = _engine.Run(_weights, _now.Parts, _loss, null, _prepareNext);
        double norm = Math.Sqrt(squares) / targets;
        meanLoss = loss / targets;
        if (!double.IsFinite(norm) || !double.IsFinite(loss))
        {
            throw new UserErrorException("training-diverged", $"At step {Step + 1} of {_options.Stage} the loss is no longer a number.",
                "Use a smaller learning rate or a longer warm-up.");
        }
        _optimiser.Update(_weights.Pointer, _engine.Gradient.Pointer, _options.LearningRateAt(Step + 1),
            Optimiser.ClipFactor(norm, _options.ClipNorm) / targets);
        _tokens += targets;
        _lossSum += loss;
        _lossWeight += targets;
        return norm;
    }

    private void AddPoint(double norm)
    {
        IReadOnlyDictionary<string, double> readings = Evaluate?.Invoke(Step, _weights) ?? new Dictionary<string, double>();
        _points.Add(new TrainingPoint(Step, _tokens, _lossSum / _lossWeight, _options.LearningRateAt(Step), norm, readings));
        (_lossSum, _lossWeight) = (0, 0);
    }

    private void Save(long position)
    {
        if (_options.CheckpointPath is not { } path) return;
        TrainingCheckpoint.Save(path, new CheckpointHeader(0, RunId, Step, _tokens, position, _lossSum, _lossWeight, _points,
            _weights.Layout.Length), _weights.Buffer, _optimiser.First, _optimiser.Second);
    }

    private void Resume(string path)
    {
        CheckpointHeader header = TrainingCheckpoint.Load(path, RunId, _weights.Layout.Length, _weights.Buffer, _optimiser.First, _optimiser.Second);
        (_optimiser.Step, _tokens, _source.Position) = (header.Step, header.Tokens, header.Position);
        (_lossSum, _lossWeight) = (header.LossSum, header.LossWeight);
        _points.Clear();
        _points.AddRange(header.Points);
    }
}
