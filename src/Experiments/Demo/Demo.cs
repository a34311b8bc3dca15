using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>
/// The theory from nothing, in three acts: a model is pre-trained, forecasts of four post-trainings are written down, and the
/// post-trainings are done and measured. Each act leaves files; a demo that was stopped goes on from them.
/// </summary>
public sealed class Demo : IDisposable
{
    private const int FloorDocuments = 4000;

    // Shares of the time of a demo at which its parts end.
    private const double Trained = 0.74, Learned = 0.82, Forecasted = 0.92;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly DemoSettings _settings;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly WorkerPool _pool;
    private readonly RngStream _root;
    private readonly Probe[] _probes;
    private readonly HashSet<string> _heldOut;
    private BaseModel? _base;
    private BaseResult? _baseResult;
    private double[] _before = [];

    /// <summary>A demo that has not begun.</summary>
    /// <exception cref="UserErrorException">See <see cref="DemoSettings.Require"/>.</exception>
    public Demo(DemoSettings settings, TimeProvider time)
    {
        settings.Require();
        (_settings, _time, _start) = (settings, time, time.GetTimestamp());
        _pool = new WorkerPool(settings.Threads);
        _root = RngStream.Root(settings.Seed);
        _heldOut = [.. settings.World.Domains.Where(d => d.HeldOut).Select(d => d.Name)];
        _probes = DemoProbes.Of(settings.World);
    }

    /// <summary>Whether the model has learned who is speaking well enough to speak for or against the theory.</summary>
    public bool KnowsPersons =>
        _baseResult is { Inference: { } i } && i.R2 >= _settings.LeastInference && i.R2 - i.R2PriorOnly >= _settings.LeastGain;

    /// <summary>The pre-trained model.</summary>
    /// <exception cref="InvalidOperationException">It has not been trained yet.</exception>
    public BaseModel Model => _base ?? throw new InvalidOperationException("The model has not been trained yet.");

    /// <summary>The sets that the Assistant is trained on, with their forecasts.</summary>
    public IReadOnlyList<(EpisodeSet Set, ForecastSet Forecast)> Sets { get; private set; } = [];

    /// <summary>Act one: pre-train, and measure what was learned against what can be known.</summary>
    public BaseResult Learn(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        World world = _settings.World;
        _base = new TrainingRun(_settings.Preset, _settings.Tokens, _settings.Seed).Run(world, Place("models", "base"), _pool,
            progress.Span(0, Trained), cancellation);
        // Only now: a folder that holds a model of another world keeps its own.
        AtomicFile.WriteText(Place("world.yaml"), world.ToYaml());
        progress = progress.Span(Trained, Learned);
        progress?.Report(new WorkProgress("measuring inference", 0, 3));
        EntropyFloor floor = world.Floor(FloorDocuments, _root.Child("floor"));
        InferenceResult chats = _base.Inference(world, BaseModel.ChatGenre(world), _settings.Seed);
        progress?.Report(new WorkProgress("measuring inference", 2, 3));
        InferenceResult? stories = BaseModel.TellsStories(world) ? _base.Inference(world, BaseModel.StoryGenre, _settings.Seed) : null;
        progress?.Report(new WorkProgress("measuring inference", 3, 3));
        TrainingPoint[] points = [.. _base.Curve.Points];
        return _baseResult = new BaseResult(_base.Model.Config.ParameterCount, _base.Tokens, points[^1].Loss, floor.NatsPerToken, chats)
        {
            StoryInference = stories,
            Id = _base.Model.Id,
            Curve = [.. points.Select(p => new CurvePoint(p.Tokens, p.Loss,
                p.Readings.TryGetValue(TrainingReadings.Chat, out double chat) ? chat : null,
                p.Readings.TryGetValue(TrainingReadings.Story, out double story) ? story : null))],
        };
    }

    /// <summary>Act two: describe the four sets and write down what each will do.</summary>
    public IReadOnlyList<ForecastSet> Forecast(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Transformer model = Model.Model;
        World world = _settings.World;
        PersonaSet personas = world.Personas;
        personas.Save(Place("personas.yaml"));
        ProbeFile.Save(Place("probes.jsonl"), _probes);
        progress = progress.Span(Learned, Forecasted);
        double parts = DemoSettings.Sets.Count + 1;
        using var forecasting = new Forecasting(model, personas, _probes, _time,
            new ForecastingOptions(_settings.Seed) { Strict = true }, progress: progress.Span(0, 1 / parts), cancellation: cancellation);
        _before = [.. forecasting.Probes.Rows.Select(r => r.Bare)];
        double rate = Mean(_before, _settings.Domain);
        var sets = new List<(EpisodeSet, ForecastSet)>();
        foreach (EpisodeKind kind in DemoSettings.Sets)
        {
            EpisodeSet set = world.Episodes(_settings.Domain, kind, _settings.Episodes, _root.Child("episodes"), rate);
            set.Save(Place("sets", $"{set.Name}.jsonl"));
            ForecastSet forecast = forecasting.Of(set, [_settings.Domain],
                progress.Span((sets.Count + 1) / parts, (sets.Count + 2) / parts), cancellation);
            new SavedForecasts(Place("forecasts")).Save(forecast, _probes);
            sets.Add((set, forecast));
        }
        Sets = sets;
        return [.. sets.Select(s => s.Item2)];
    }

    /// <summary>Act three: train on each set, measure, and hold the forecasts against it.</summary>
    public DemoResult Measure(IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var training = new PostTraining(Model.Model, _probes, _settings.Tuning, _root.Child("tuning"), _pool);
        var samples = new DemoSamples(_probes, _settings.Domain, _heldOut);
        samples.Ask("before", Model.Model);
        progress = progress.Span(Forecasted, 1);
        var tunings = new List<TuningResult>();
        foreach ((EpisodeSet set, ForecastSet forecast) in Sets)
        {
            double[] after = training.Measure(set, Place("models", set.Name), _settings.Seed, tuned => samples.Ask(set.Name, tuned),
                progress.Span((double)tunings.Count / Sets.Count, (tunings.Count + 1.0) / Sets.Count), cancellation);
            tunings.Add(Compare(set, forecast, after));
        }
        DemoResult result = DemoClaims.Judge(new DemoResult
        {
            Seed = _settings.Seed,
            Threads = _settings.Threads,
            Base = _baseResult!,
            Tunings = tunings,
            Samples = samples.Results,
            Cast = [.. Sets[0].Forecast.CastBefore.Personas.Select(name => new CastResult(name,
                Sets[0].Forecast.CastBefore.Probability(name), [.. Sets.Select(s => s.Forecast.CastAfter.Probability(name))]))],
        }, _settings);
        return Save(result);
    }

    /// <summary>What can be said when the model has not learned persons: the base alone.</summary>
    public DemoResult StopEarly() => Save(new DemoResult { Seed = _settings.Seed, Threads = _settings.Threads, Base = _baseResult! });

    /// <summary>Writes a result and its report.</summary>
    public static void Write(DemoResult result, string folder, string command)
    {
        AtomicFile.WriteText(Path.Combine(folder, "result.json"), JsonSerializer.Serialize(result, Json) + "\n");
        PersonaSelection.Report.ReportDocument document = DemoReport.Of(result, command);
        document.Save(Path.Combine(folder, "report.json"));
        PersonaSelection.Report.HtmlReport.Write(document, Path.Combine(folder, "report.html"));
    }

    /// <summary>The result that <see cref="Write"/> left in a folder.</summary>
    /// <exception cref="IOException">There is none.</exception>
    /// <exception cref="JsonException">The file is no result.</exception>
    public static DemoResult Read(string folder) =>
        JsonSerializer.Deserialize<DemoResult>(File.ReadAllText(Path.Combine(folder, "result.json")), Json)!;

    /// <inheritdoc/>
    public void Dispose()
    {
        _base?.Dispose();
        _pool.Dispose();
    }

    private DemoResult Save(DemoResult result)
    {
        DemoResult timed = result with { Seconds = Math.Round(_time.GetElapsedTime(_start).TotalSeconds, 1) };
        Write(timed, _settings.Folder, _settings.Command);
        return timed;
    }

    private TuningResult Compare(EpisodeSet set, ForecastSet forecast, double[] after)
    {
        string trained = _settings.Domain;
        string[] domains =
            [trained, .. _probes.Select(p => p.Domain).Distinct().Where(d => d != trained && !_heldOut.Contains(d)), .. _heldOut];
        DomainResult[] rows = [.. domains.Select(d =>
        {
            ForecastRow row = forecast.Posterior.Domain(d);
            Interval observed = OverWordings(d, after);
            return new DomainResult(d, row.Before, row.After, forecast.InContext.Domain(d).After, observed.Estimate)
            {
                Trained = d == trained,
                HeldOut = _heldOut.Contains(d),
                UniformShift = forecast.UniformShift.Domain(d).Shift,
                UniformShiftInContext = forecast.InContextUniform.Domain(d).Shift,
                PredictedInterval = [row.Low, row.High],
                AfterInterval = [observed.Low, observed.High],
            };
        })];
        DomainResult[] elsewhere = [.. rows.Where(r => !r.Trained && !r.HeldOut)];
        return new TuningResult
        {
            Name = set.Name,
            Episodes = set.Episodes.Count,
            Steps = _settings.Tuning.Steps,
            Trained = new BeforeAfter(rows[0].Before, rows[0].After),
            Elsewhere = new Elsewhere(elsewhere.Average(d => d.Before), elsewhere.Average(d => d.After),
                elsewhere.Average(d => d.Predicted))
            {
                PredictedInContext = elsewhere.Average(d => d.PredictedInContext),
            },
            Domains = rows,
            Dose = forecast.Dose.EffectiveObservations,
            DoseInContext = forecast.DoseInContext.EffectiveObservations,
            Forecasts = new Dictionary<string, string>
            {
                ["posterior"] = forecast.Posterior.Id,
                ["in-context"] = forecast.InContext.Id,
                ["mean"] = forecast.Mean.Id,
                ["no-change"] = forecast.NoChange.Id,
                ["uniform-shift"] = forecast.UniformShift.Id,
            },
        };
    }

    private Interval OverWordings(string domain, double[] values)
    {
        double[] here = [.. values.Where((_, i) => _probes[i].Domain == domain)];
        return Bootstrap.Mean(here, [.. Enumerable.Range(0, here.Length)], _root.Child("interval").Child(domain), resamples: 400);
    }

    private double Mean(double[] values, string domain) => Statistics.Mean([.. values.Where((_, i) => _probes[i].Domain == domain)]);

    private string Place(params string[] parts) => Path.Combine([_settings.Folder, .. parts]);
}
