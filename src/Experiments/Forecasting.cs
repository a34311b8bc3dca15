using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Experiments;

/// <summary>
/// Forecasts what training on a set will do to a model's behaviour, from the untrained model alone: who its personas say would answer that
/// way, and what showing the episodes in the context does. Personas are put before the model as for an audit: described, shown, fitted or
/// directed, with the calibration of their held-out examples; a chat model that gives no probabilities is asked for judgements and choices.
/// </summary>
public sealed class Forecasting : IDisposable
{
    /// <summary>Episodes shown in the context, at most; more say the same.</summary>
    public const int ShownEpisodes = 24;

    /// <summary>Different episodes that a judge is asked about, at most: each is paid for, and it is their mean that counts.</summary>
    public const int JudgedEpisodes = 200;

    /// <summary>
    /// Situations of the data in which the effect of showing is read, at most, for the same reason; fewer where every answer is paid for.
    /// </summary>
    internal const int ReadSituations = 24;

    /// <summary>How strongly the personas' own weights count when the prior is read off behaviour, in probes.</summary>
    private const double PriorPull = 2;

    private readonly ForecastSource _source;
    private readonly TimeProvider _time;
    private readonly ForecastDraws _draws;

    /// <summary>Measures the model under every persona once; every set is then forecast from the same table.</summary>
    /// <param name="model">The model before training; it must outlive the forecasting.</param>
    /// <param name="personas">Who it may take the Assistant for.</param>
    /// <param name="probes">What is to be forecast.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches; personas that were fitted are kept.</param>
    /// <exception cref="ArgumentException">There is no probe.</exception>
    /// <exception cref="UserErrorException">A persona cannot be put before the model: its direction is of another one, its examples are too
    /// few or too long, or it is to be fitted and the weights are not here.</exception>
    public Forecasting(ILanguageModel model, PersonaSet personas, IReadOnlyList<Probe> probes, TimeProvider time,
        ForecastingOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
        : this(ForecastSource.Of(model, personas, options ??= new ForecastingOptions(), progress, cancellation), probes, time, options.Seed,
            progress, cancellation)
    {
    }

    private Forecasting(ForecastSource source, IReadOnlyList<Probe> probes, TimeProvider time, ulong seed,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        (_source, Questions, _time, _draws) = (source, probes, time, new ForecastDraws(seed));
        try
        {
            if (probes.Count == 0) throw new ArgumentException("There is no probe.", nameof(probes));
            Probes = source.Answers.UnderPersonas(probes, progress, cancellation);
            Behaviour = BehaviourOf(Probes);
            Prior = CastWhere([.. Probes.Rows.Select(r => r.Bare)]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Asks a chat model that gives no probabilities: who would have given a reply by judgement, and probes by choices between two replies.
    /// Contexts of a persona are averaged, as a judge knows it by its description alone.
    /// </summary>
    /// <param name="chat">The chat model before training.</param>
    /// <param name="personas">Who it may take the Assistant for; at least two.</param>
    /// <param name="probes">What is to be forecast.</param>
    /// <param name="asking">How it is asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <exception cref="UserErrorException"><c>few-personas</c>, <c>needs-weights</c>, <c>judge-unreadable</c>, or
    /// the model fails.</exception>
    public static Forecasting Ask(IChatModel chat, PersonaSet personas, IReadOnlyList<Probe> probes, AskingOptions asking,
        TimeProvider time, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        new(ForecastSource.Ask(chat, personas, asking, progress, cancellation), probes, time, asking.Seed, progress, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    /// <summary>The probes.</summary>
    internal IReadOnlyList<Probe> Questions { get; }

    /// <summary>Behaviour under every persona and as it is.</summary>
    public ProbeTable Probes { get; }

    /// <summary>Who the model takes the Assistant for by default: the mixture of personas that behaves most like it.</summary>
    public PersonaDistribution Prior { get; }

    /// <summary>Who the model takes the Assistant for where it gives the low replies to the probes with these probabilities.</summary>
    internal PersonaDistribution CastWhere(IReadOnlyList<double> low) => Mixture.Fit(Probes.Low, low,
        PersonaDistribution.FromWeights(Personas.Personas.Select(p => p.Name), Personas.Prior), PriorPull).Weights;

    /// <summary>
    /// The personas of the columns of <see cref="Probes"/>: of exact probabilities, every way of putting one before
    /// the model is one of its own.
    /// </summary>
    internal PersonaSet Personas => _source.Personas;

    /// <summary>Their values on every trait.</summary>
    internal LabelledMatrix Traits => new(Personas.Personas.Select(p => p.Name), Personas.Traits.Select(t => t.Name),
        (h, t) => Personas.Personas[h].Traits.GetValueOrDefault(Personas.Traits[t].Name));

    /// <summary>How probes are answered.</summary>
    internal IProbeAnswers Answers => _source.Answers;

    /// <summary>How episodes are read where probabilities are exact.</summary>
    internal LikelihoodOptions Reading => _source.Reading;

    /// <summary>p(low | probe, h) as the posterior needs it.</summary>
    internal BehaviourTable Behaviour { get; }

    /// <summary>What came of holding the evidence against examples of known source; null where there were none.</summary>
    internal EvidenceCheck? Check => _source.Check;

    /// <summary>How it was asked, where probabilities are not exact, for data of so many different episodes.</summary>
    internal AskedForecast? AskedOf(EpisodeSet set) => _source.Asked?.Invoke(set.Episodes.DistinctBy(e => e.TextId).Count());

    /// <summary>The episodes that evidence is asked for: all, or as many different ones as may be judged.</summary>
    internal EpisodeSet Weighed(EpisodeSet set) => _draws.Judged(set, _source.Judged);

    /// <summary>What a set says of every persona.</summary>
    internal (EvidenceTable Evidence, Observations Observations) Weigh(EpisodeSet set, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        EvidenceTable evidence = LikelihoodEvidence.Compute(_source.Evidence, Weighed(set), progress, cancellation);
        return (evidence, new Observations(evidence.LogLikelihood, evidence.Weights, evidence.Clusters));
    }

    /// <summary>Forecasts one set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="trainedDomains">Domains that it trains on; <see cref="TrainedDomains.Of"/> finds them.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="ArgumentException">There is no episode, or no probe is about one of the domains.</exception>
    public ForecastSet Of(EpisodeSet set, IReadOnlyCollection<string> trainedDomains, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (set.Episodes.Count == 0) throw new ArgumentException("There is no episode.", nameof(set));
        if (trainedDomains.FirstOrDefault(d => Questions.All(q => q.Domain != d)) is { } unknown)
            throw new ArgumentException($"No probe is about '{unknown}'.", nameof(trainedDomains));
        (EvidenceTable evidence, Observations observations) = Weigh(set, progress, cancellation);
        DoseFit dose = FitDose(set, observations, progress, cancellation);
        OffsetError? offsets = _source.Evidence.OffsetError;
        PosteriorTable cast = PosteriorTable.Of(Prior, observations, dose.Dose, Traits, offsets: offsets);
        var subject = new ForecastSubject(set.Name, trainedDomains, _time);
        Forecast posterior = PosteriorForecast.Make(subject, Prior, observations, dose.Dose, Behaviour,
            provenance: Provenance(set, dose, "evidence", evidence.Id, evidence), offsets: offsets);
        double[] before = [.. Behaviour.Probes.Select(p => p.Before)];
        InContextTable shown = Show(set, Questions, Probes.Counted, progress, cancellation);
        DoseFit doseInContext = FitDoseInContext(set, shown, before, progress, cancellation);
        Forecast inContext = InContextForecast.Make(subject, new ShownObservations(shown.Shifts, shown.Weights, shown.Clusters),
            Behaviour.Probes, doseInContext.Dose, Provenance(set, doseInContext, "in-context", shown.Id), Behaviour.Answers);
        return new ForecastSet(posterior, inContext, NullForecast.NoChange(subject, Behaviour.Probes),
            NullForecast.UniformShift(posterior, _time), NullForecast.UniformShift(inContext, _time), cast,
            cast.Prior.Together(_source.Original), cast.Posterior.Together(_source.Original), dose, doseInContext, evidence)
        {
            Mean = MeanForecast.Of(posterior, inContext, ForecastError.Village, _time),
            Check = Check,
            AmongExamples = _source.Overlap?.Count(set.Episodes) ?? 0,
            Shown = shown,
            Asked = AskedOf(set),
        };
    }

    /// <summary>
    /// The dose brings the behaviour in the data's own situations to the data's own rate of low replies: both are known before any
    /// training. Where no reply is one that a probe knows, the whole set counts as one observation.
    /// </summary>
    internal DoseFit FitDose(EpisodeSet set, Observations observations, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        TrainedSituations situations = Situations(set);
        if (situations.Probes.Count == 0) return OneObservation(observations.Mass);
        Probe[] asked = [.. situations.Some(_source.Situations, _draws.Situations(set))];
        BehaviourTable behaviour = BehaviourOf(Answers.UnderPersonas(asked, progress, cancellation));
        double[] shares = situations.SharesOf(asked);
        return DoseFit.Fit(Prior, observations, behaviour.MeanByPersona(Prior.Personas, shares), situations.Target,
            behaviour.Probes.Zip(shares, (p, s) => p.Before * s).Sum(), _source.Dose);
    }

    /// <summary>The same for showing episodes: how many showings bring the model to the data's own rate.</summary>
    private DoseFit FitDoseInContext(EpisodeSet set, InContextTable shown, double[] probesBefore, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        TrainedSituations situations = Situations(set);
        Probe[] read = [.. situations.Some(Math.Min(ReadSituations, _source.Situations), _draws.Situations(set))
            .Select(Answers.Askable).OfType<Probe>()];
        if (read.Length == 0) return OneObservation(1);
        ProbeReading[] readings = Answers.AsItIs(read, progress: progress, cancellation: cancellation);
        double[] before = [.. readings.Select(r => r.Low)];
        InContextTable there = Show(set, read, [.. readings.Select(r => r.Counted)], progress, cancellation);
        return DoseFit.InContext(before, After(before, there, read.Select(s => s.Id)), situations.Target, probesBefore,
            After(probesBefore, shown, Behaviour.Probes.Select(p => p.Name)), shares: situations.SharesOf(read));

        static double[] After(double[] before, InContextTable shown, IEnumerable<string> probes) =>
            [.. before.Zip(new ShownObservations(shown.Shifts, shown.Weights).For([.. probes]).MeanShift(), (b, s) => b + s)];
    }

    // The same episodes are shown whatever is asked after them.
    private InContextTable Show(EpisodeSet set, IReadOnlyList<Probe> probes, IReadOnlyList<double> before,
        IProgress<WorkProgress>? progress, CancellationToken cancellation) =>
        InContextEvidence.Compute(Answers, _draws.Shown(set, ShownEpisodes), probes, before, progress, cancellation);

    /// <summary>What a forecast was made from; without exact probabilities, also how that was asked.</summary>
    private Dictionary<string, string> Provenance(EpisodeSet set, DoseFit dose, string table, ContentId id, EvidenceTable? judged = null) =>
        new(How(judged))
        {
            ["model"] = Answers.Model,
            ["episodes"] = set.Id.ToString(),
            [table] = id.ToString(),
            ["dose-outcome"] = dose.Outcome.ToString(),
        };

    /// <summary>How a forecast without exact probabilities was obtained, for its provenance: judge, rubric and samples.</summary>
    private Dictionary<string, string> How(EvidenceTable? judged)
    {
        var how = new Dictionary<string, string>();
        if (_source.Asked is null) return how;
        foreach ((string key, string value) in Answers.Provenance) how[key] = value;
        if (judged is null) return how;
        foreach (string key in (string[])["judge", "rubric", "options", "calibration"]) how[key] = judged.Provenance[key];
        how["judged"] = FormattableString.Invariant($"{judged.Rows.Count} different episodes");
        return how;
    }

    private static BehaviourTable BehaviourOf(ProbeTable table) =>
        new(table.Low, [.. table.Rows.Select(r => new ProbeRow(r.Id, r.Domain, r.Cluster, r.Bare))], answers: table.Answers);

    private static DoseFit OneObservation(double mass) =>
        new(mass > 0 ? 1 / mass : 0, 1, double.NaN, double.NaN, double.NaN, 0, DoseOutcome.OneObservation);

    private TrainedSituations Situations(EpisodeSet set) => TrainedSituations.Of(set, Questions, _source.ContextRead);
}
