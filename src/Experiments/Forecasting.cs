using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Experiments;

/// <summary>What is predicted of one training set before it is trained on, and everything it was predicted from.</summary>
/// <param name="Posterior">From the posterior over personas.</param>
/// <param name="InContext">From showing the episodes in the context.</param>
/// <param name="NoChange">The null that nothing moves.</param>
/// <param name="UniformShift">The null that all domains move alike, by the mean that <paramref name="Posterior"/> predicts.</param>
/// <param name="InContextUniform">The same with the mean that <paramref name="InContext"/> predicts.</param>
/// <param name="Cast">Prior and posterior over personas, each way of putting one before the model on its own.</param>
/// <param name="CastBefore">Who the model takes the Assistant for: the prior over personas.</param>
/// <param name="CastAfter">Who the set says the Assistant is: the posterior over personas.</param>
/// <param name="Dose">The dose of the posterior and how its search ended.</param>
/// <param name="DoseInContext">The same of the forecast in context: how many showings of an episode the set is worth.</param>
/// <param name="Evidence">L[e,h].</param>
public sealed record ForecastSet(Forecast Posterior, Forecast InContext, Forecast NoChange, Forecast UniformShift,
    Forecast InContextUniform, PosteriorTable Cast, PersonaDistribution CastBefore, PersonaDistribution CastAfter, DoseFit Dose,
    DoseFit DoseInContext, EvidenceTable Evidence)
{
    /// <summary>Episodes that are word for word among the examples of the personas; on those, evidence flatters who learnt them.</summary>
    public long AmongExamples { get; init; }

    /// <summary>What was shown in the context, and what of it did not fit.</summary>
    public required InContextTable Shown { get; init; }

    /// <summary>Writes every forecast and the evidence into a folder.</summary>
    public void Save(string folder)
    {
        string name = Posterior.Subject;
        Evidence.Save(Path.Combine(folder, $"{name}.evidence.jsonl"));
        foreach (Forecast forecast in new[] { Posterior, InContext, NoChange, UniformShift })
            forecast.Save(Path.Combine(folder, $"{name}.{KindName(forecast.Kind)}.json"));
    }

    /// <summary>The kind as it is written in files.</summary>
    public static string KindName(ForecastKind kind) => kind switch
    {
        ForecastKind.Posterior => "posterior",
        ForecastKind.InContext => "in-context",
        ForecastKind.NoChange => "no-change",
        _ => "uniform-shift",
    };
}

/// <summary>
/// Forecasts what training on a set will do to a model's behaviour, from the untrained model alone: who its personas say would answer that
/// way, and what showing the episodes in the context does. Personas are put before the model as for an audit: described, shown, fitted or
/// directed, with the calibration of their held-out examples.
/// </summary>
public sealed class Forecasting : IDisposable
{
    /// <summary>Episodes shown in the context, at most; more say the same.</summary>
    public const int ShownEpisodes = 24;

    // Situations of the data in which the effect of showing is read, at most, for the same reason.
    private const int ReadSituations = 24;

    /// <summary>How strongly the personas' own weights count when the prior is read off behaviour, in probes.</summary>
    private const double PriorPull = 2;

    private readonly ILanguageModel _model;
    private readonly PersonaSet _personas;
    private readonly PresentedPersonas _presented;
    private readonly LikelihoodSource _evidence;
    private readonly IReadOnlyDictionary<string, string> _original;
    private readonly IReadOnlyList<Probe> _probes;
    private readonly TimeProvider _time;
    private readonly ulong _seed;
    private readonly LikelihoodOptions _reading;
    private readonly BehaviourTable _behaviour;

    /// <summary>Measures the model under every persona once; every set is then forecast from the same table.</summary>
    /// <param name="model">The model before training; it must outlive the forecasting.</param>
    /// <param name="personas">Who it may take the Assistant for.</param>
    /// <param name="probes">What is to be forecast.</param>
    /// <param name="time">The clock.</param>
    /// <param name="seed">The seed of what is shown and redrawn.</param>
    /// <param name="fitted">Where personas that are fitted to examples are kept; null for a folder that is deleted at the end.</param>
    /// <param name="strict">Whether an episode that does not fit the model, or that it cannot read, is an error; it is cut
    /// otherwise, as in an audit.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches; personas that were fitted are kept.</param>
    /// <exception cref="UserErrorException">A persona cannot be put before the model: its direction is of another one, its examples are too
    /// few or too long, or it is to be fitted and the weights are not here.</exception>
    public Forecasting(ILanguageModel model, PersonaSet personas, IReadOnlyList<Probe> probes, TimeProvider time, ulong seed = 1,
        ArtifactStore? fitted = null, bool strict = false, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        (_model, _probes, _time, _seed) = (model, probes, time, seed);
        // Each way of describing a persona is a hypothesis of its own: an update selects among them too, and forecasts better for it.
        _personas = personas.Apart(out _original);
        PresentationOptions options = EvidenceSources.Presenting(_personas, model, fitted);
        _presented = PresentedPersonas.Of(_personas, model, options, progress, cancellation);
        try
        {
            _reading = new LikelihoodOptions { Template = options.Template, Strict = strict, Independent = false };
            _evidence = new LikelihoodSource(_presented.Personas,
                _reading with { Calibration = _presented.Calibration, WordCounts = _presented.WordCounts });
            Probes = ProbeMeasurement.UnderPersonas(model, probes, _presented.Personas, progress: progress, cancellation: cancellation);
            _behaviour = new BehaviourTable(Probes.Low, [.. Probes.Rows.Select(r => new ProbeRow(r.Id, r.Domain, r.Cluster, r.Bare))]);
            Prior = Mixture.Fit(Probes.Low, [.. Probes.Rows.Select(r => r.Bare)],
                PersonaDistribution.FromWeights(_personas.Personas.Select(p => p.Name), _personas.Prior), PriorPull).Weights;
        }
        catch
        {
            _presented.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _presented.Dispose();

    /// <summary>Behaviour under every persona and as it is.</summary>
    public ProbeTable Probes { get; }

    /// <summary>Who the model takes the Assistant for by default: the mixture of personas that behaves most like it.</summary>
    public PersonaDistribution Prior { get; }

    /// <summary>Every way of putting a persona before the model, as a persona of its own: the columns of <see cref="Probes"/>.</summary>
    internal PersonaSet Apart => _personas;

    /// <summary>p(low | probe, h) as the posterior needs it.</summary>
    internal BehaviourTable Behaviour => _behaviour;

    /// <summary>How episodes are read: whether one that does not fit is an error.</summary>
    internal LikelihoodOptions Reading => _reading;

    /// <summary>What a set says of every persona, and the dose that brings the model to the set's own rate where the set trains.</summary>
    internal (EvidenceTable Evidence, Observations Observations, DoseFit Dose) Weigh(EpisodeSet set, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        EvidenceTable evidence = LikelihoodEvidence.Compute(_evidence, set, progress, cancellation);
        var observations = new Observations(evidence.LogLikelihood, evidence.Weights, evidence.Clusters);
        return (evidence, observations, FitDose(Situations(set), observations));
    }

    /// <summary>Forecasts one set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="trainedDomains">Domains that it trains on.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public ForecastSet Of(EpisodeSet set, IReadOnlyCollection<string> trainedDomains, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        (EvidenceTable evidence, Observations observations, DoseFit dose) = Weigh(set, progress, cancellation);
        LabelledMatrix traits = new(_personas.Personas.Select(p => p.Name), _personas.Traits.Select(t => t.Name),
            (h, t) => _personas.Personas[h].Traits.GetValueOrDefault(_personas.Traits[t].Name));
        PosteriorTable cast = PosteriorTable.Of(Prior, observations, dose.Dose, traits);
        var provenance = new Dictionary<string, string>
        {
            ["model"] = _model.Id,
            ["episodes"] = set.Id.ToString(),
            ["evidence"] = evidence.Id.ToString(),
            ["dose-outcome"] = dose.Outcome.ToString(),
        };
        Forecast posterior = PosteriorForecast.Make(set.Name, Prior, observations, dose.Dose, _behaviour, trainedDomains,
            _time, provenance: provenance);
        InContextTable shown = Show(set, _probes, progress, cancellation);
        DoseFit doseInContext = FitDoseInContext(set, shown, cancellation);
        Forecast inContext = InContextForecast.Make(set.Name, shown.Shifts, shown.Weights, shown.Clusters, _behaviour.Probes,
            trainedDomains, _time, doseInContext.Dose, provenance: new Dictionary<string, string>
            {
                ["model"] = _model.Id,
                ["episodes"] = set.Id.ToString(),
                ["in-context"] = shown.Id.ToString(),
                ["dose-outcome"] = doseInContext.Outcome.ToString(),
            });
        return new ForecastSet(posterior, inContext, NullForecast.NoChange(set.Name, _behaviour.Probes, trainedDomains, _time),
            NullForecast.UniformShift(posterior, _time), NullForecast.UniformShift(inContext, _time), cast, cast.Prior.Together(_original),
            cast.Posterior.Together(_original), dose, doseInContext, evidence)
        {
            AmongExamples = _presented.Overlap.Count(set.Episodes),
            Shown = shown,
        };
    }

    /// <summary>
    /// The dose brings the behaviour in the data's own situations to the data's own rate of low replies: both are known before any
    /// training. Where no reply is one that a probe knows, the whole set counts as one observation.
    /// </summary>
    private DoseFit FitDose(TrainedSituations situations, Observations observations)
    {
        if (situations.Probes.Count == 0) return OneObservation(observations.Mass);
        ProbeTable there = ProbeMeasurement.UnderPersonas(_model, situations.Probes, _presented.Personas);
        var behaviour = new BehaviourTable(there.Low, [.. there.Rows.Select(r => new ProbeRow(r.Id, r.Domain, r.Cluster, r.Bare))]);
        return DoseFit.Fit(Prior, observations, behaviour.MeanByPersona(Prior.Personas), situations.Target,
            Statistics.Mean([.. there.Rows.Select(r => r.Bare)]));
    }

    /// <summary>The same for showing episodes: how many showings bring the model to the data's own rate.</summary>
    private DoseFit FitDoseInContext(EpisodeSet set, InContextTable shown, CancellationToken cancellation)
    {
        TrainedSituations situations = Situations(set);
        Probe[] read = [.. situations.Some(ReadSituations, RngStream.Root(_seed).Child("situations").Child(set.Name))
            .Select(p => InContextEvidence.Askable(_model, p, _reading)).OfType<Probe>()];
        if (read.Length == 0) return OneObservation(1);
        double[] before = ProbeMeasurement.Of(_model, read, template: _reading.Template, cancellation: cancellation);
        double[] probesBefore = [.. _behaviour.Probes.Select(p => p.Before)];
        return DoseFit.InContext(before, After(before, Show(set, read, null, cancellation), read.Select(s => s.Id)), situations.Target,
            probesBefore, After(probesBefore, shown, _behaviour.Probes.Select(p => p.Name)));

        static double[] After(double[] before, InContextTable shown, IEnumerable<string> probes) =>
            [.. before.Zip(InContextForecast.MeanShift(shown.Shifts.WithColumns([.. probes]), shown.Weights), (b, s) => b + s)];
    }

    // The same episodes are shown whatever is asked after them.
    private InContextTable Show(EpisodeSet set, IReadOnlyList<Probe> probes, IProgress<WorkProgress>? progress,
        CancellationToken cancellation) =>
        InContextEvidence.Compute(_model, set, probes, ShownEpisodes, RngStream.Root(_seed).Child("shown").Child(set.Name), _reading,
            progress: progress, cancellation: cancellation);

    private static DoseFit OneObservation(double mass) =>
        new(mass > 0 ? 1 / mass : 0, 1, double.NaN, double.NaN, double.NaN, 0, DoseOutcome.Attained);

    private TrainedSituations Situations(EpisodeSet set) => TrainedSituations.Of(set, _probes, _evidence.ContextRead);
}
