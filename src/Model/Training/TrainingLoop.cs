using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The loop under pre-training and tuning: steps, curve, checkpoints, cancellation, early stop. What is moved is a trainable.
/// </summary>
internal sealed unsafe class TrainingLoop : IDisposable
{
    private readonly Trainable _trainable;
    private readonly StepFeed _feed;
    private readonly ILossFunction _loss;
    private readonly TrainOptions _options;
    private readonly GradientEngine _engine;
    private readonly Optimiser _optimiser;
    private readonly List<TrainingPoint> _points = [];
    private readonly Action _prepareNext;
    private StepBatch _now, _next;
    private bool _hasNext;
    private long _tokens;
    private double _lossSum, _lossWeight;

    public TrainingLoop(string runId, Trainable trainable, StepFeed feed, ILossFunction loss, TrainOptions options, WorkerPool pool)
    {
        options.Validate();
        (RunId, _trainable, _feed, _loss, _options) = (runId, trainable, feed, loss, options);
        _engine = new GradientEngine(trainable.Weights.Config, options.MicroBatches, pool);
        _optimiser = new Optimiser(trainable.Parameters.Length, trainable.DecayLength, options, pool, trainable.Hidden);
        _now = new StepBatch(options.MicroBatches, options.TokensPerStep);
        _next = new StepBatch(options.MicroBatches, options.TokensPerStep);
        _prepareNext = () => _hasNext = _feed.Fill(_next);
    }

    public string RunId { get; }

    public int Step => _optimiser.Step;

    public Func<int, DecoderWeights, IReadOnlyDictionary<string, double>>? Evaluate { get; set; }

    public Func<TrainingCurve, bool>? StopWhen { get; set; }

    public TrainingCurve Run(IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (_options.CheckpointPath is { } path && File.Exists(path)) Resume(path);
        _trainable.Materialise();
        bool stopped = _points.Count > 0 && StopWhen?.Invoke(new TrainingCurve(_points)) == true;
        long position = _feed.Position;
        // A feed that needs the current weights is asked just before each step; any other works ahead while a step is taken.
        bool ahead = !_feed.NeedsCurrentWeights;
        if (ahead) _prepareNext();
        while (!stopped && Step < _options.Steps)
        {
            if (cancellation.IsCancellationRequested)
            {
                Save(position);
                throw new OperationCanceledException(cancellation);
            }
            if (!ahead) _prepareNext();
            if (!_hasNext) break;
            (_now, _next) = (_next, _now);
            position = _now.PositionAfter;
            double norm = TakeStep(ahead ? _prepareNext : null, out double loss);
            bool last = Step == _options.Steps || !_hasNext;
            bool measured = last || (_options.EvaluateEvery > 0 && Step % _options.EvaluateEvery == 0);
            progress?.Report(new WorkProgress(_options.Stage, _tokens, (double)_tokens / Step * _options.Steps, "tokens",
                string.Create(CultureInfo.InvariantCulture, $"loss {loss:0.000}")));
            if (measured)
            {
                AddPoint(norm);
                stopped = StopWhen?.Invoke(new TrainingCurve(_points)) == true;
            }
            // Measuring may take longer than the steps before it: it is not done twice.
            if (!last && _options.CheckpointEvery > 0 && (measured || Step % _options.CheckpointEvery == 0)) Save(position);
        }
        // The last update has no step after it whose loss would tell.
        if (!IsFinite(_trainable.Parameters) || !IsFinite(_trainable.Weights.Buffer))
            throw Diverged(Step, "the weights are no longer numbers");
        _feed.Position = position;
        return new TrainingCurve([.. _points]);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _optimiser.Dispose();
    }

    private double TakeStep(Action? meanwhile, out double meanLoss)
    {
        int targets = _now.Targets;
        double normaliser = _now.Normaliser;
        (double loss, double squares) = _engine.Run(_trainable, _now.Parts, _loss, meanwhile);
        (FloatBuffer gradient, squares) = _trainable.PullBack(_engine.Gradient, squares, _now.Parts);
        double norm = Math.Sqrt(squares) / normaliser;
        meanLoss = loss / normaliser;
        if (!double.IsFinite(norm) || !double.IsFinite(loss))
            throw Diverged(Step + 1, "the loss is no longer a number");
        _optimiser.Update(_trainable.Parameters.Pointer, gradient.Pointer, _options.LearningRateAt(Step + 1),
            Optimiser.ClipFactor(norm, _options.ClipNorm) / normaliser);
        _trainable.Materialise();
        _tokens += targets;
        _lossSum += loss;
        _lossWeight += normaliser;
        return norm;
    }

    private static bool IsFinite(FloatBuffer numbers) => double.IsFinite(Elementwise.SumOfSquares(numbers.Length, numbers.Pointer));

    private UserErrorException Diverged(int step, string how) =>
        new("training-diverged", $"At step {step} of {_options.Stage} {how}.", "Use a smaller learning rate; psm model tune takes --lr.");

    private void AddPoint(double norm)
    {
        IReadOnlyDictionary<string, double> readings = Evaluate?.Invoke(Step, _trainable.Weights) ?? new Dictionary<string, double>();
        _points.Add(new TrainingPoint(Step, _tokens, _lossSum / _lossWeight, _options.LearningRateAt(Step), norm, readings));
        (_lossSum, _lossWeight) = (0, 0);
    }

    private void Save(long position)
    {
        if (_options.CheckpointPath is not { } path) return;
        TrainingCheckpoint.Save(path, new CheckpointHeader(0, RunId, Step, _tokens, position, _lossSum, _lossWeight, _points,
            _trainable.Parameters.Length), _trainable.Parameters, _optimiser.First, _optimiser.Second);
    }

    private void Resume(string path)
    {
        CheckpointHeader header = TrainingCheckpoint.Load(path, RunId, _trainable.Parameters.Length,
            _trainable.Parameters, _optimiser.First, _optimiser.Second);
        (_optimiser.Step, _tokens, _feed.Position) = (header.Step, header.Tokens, header.Position);
        (_lossSum, _lossWeight) = (header.LossSum, header.LossWeight);
        _points.Clear();
        _points.AddRange(header.Points);
    }
}
