using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>
/// Forecasts what rewordings of one data set will do, from the untrained model alone: how much behaviour elsewhere they protect, by several
/// predictors, and what leaks under which prompt, by the persona account and by its rival. Without probabilities nothing is known of how
/// surprising replies are; the dose of reworded data is not fitted, and episodes are shown where a leak grid is wanted alone, as
/// every answer is paid for.
/// </summary>
public sealed class RewordingForecasting
{
    private const int GainDraws = 200;
    private static readonly BootstrapPlan Once = new(Draws: 0);
    private static readonly Persona Bare = new("model", "", "", new Dictionary<string, double>());

    private readonly ILanguageModel? _model;
    private readonly Forecasting _personas;
    private readonly IReadOnlyList<Probe> _probes;
    private readonly ulong _seed;
    private readonly EpisodeSet _plain, _shown;
    private readonly bool[] _elsewhere;
    private readonly Observations _observations;
    private readonly LabelledMatrix _traits, _behaviour;
    private readonly ProbeReading[] _readings;
    private readonly double[] _before, _plainCarry;
    private readonly double[]? _plainSurprise;

    /// <summary>Weighs the plain data.</summary>
    /// <param name="model">The model before training; null for one that gives no probabilities.</param>
    /// <param name="personas">Its behaviour under every persona.</param>
    /// <param name="plain">The data.</param>
    /// <param name="trained">Domains that it trains on.</param>
    /// <param name="shownEpisodes">How many different episodes are shown in the context.</param>
    /// <param name="seed">The seed of which are shown, and of what is redrawn for intervals.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public RewordingForecasting(ILanguageModel? model, Forecasting personas, EpisodeSet plain, IReadOnlyCollection<string> trained,
        int shownEpisodes = 8, ulong seed = 1, CancellationToken cancellation = default)
    {
        (_model, _personas, _probes, _seed, _plain) = (model, personas, personas.Questions, seed, personas.Weighed(plain));
        _elsewhere = [.. _probes.Select(p => !trained.Contains(p.Domain))];
        _shown = ShownOf(plain, shownEpisodes, seed);
        (Evidence, _observations) = personas.Weigh(_plain, null, cancellation);
        DoseFit dose = personas.FitDose(plain, _observations, null, cancellation);
        _traits = personas.Traits;
        string[] names = [.. personas.Personas.Personas.Select(p => p.Name)];
        double[] elsewhere = personas.Behaviour.OfDomains([.. _probes.Where((_, i) => _elsewhere[i]).Select(p => p.Domain)])
            .MeanByPersona(names);
        _behaviour = new LabelledMatrix(names, ["elsewhere"], (h, _) => elsewhere[h]);
        _readings = [.. personas.Probes.Rows.Zip(personas.Probes.Counted, (r, counted) => new ProbeReading(r.Bare, counted))];
        _before = [.. _readings.Select(r => r.Low)];
        double posteriorShift = PosteriorShift(_observations, dose.Dose);
        _plainCarry = CarryOf(_shown, _probes, _readings, cancellation);
        _plainSurprise = Surprises(_plain, cancellation);
        RewordingEffect said = Effect(_observations, _plainSurprise, Once);
        Plain = new PlainForecast(Mean(_before, _elsewhere), posteriorShift, CarriedShift(_plainCarry),
            _plainSurprise is null ? double.NaN : said.Gain(_traits.Columns.Count + 1).Plain, dose);
        Influence = Gains(said).ToDictionary(g => g.Quantity, g => g.Plain, StringComparer.Ordinal);
    }

    /// <summary>What the plain episodes say of every persona.</summary>
    public EvidenceTable Evidence { get; }

    /// <summary>What the plain data is expected to do.</summary>
    public PlainForecast Plain { get; }

    /// <summary>Mean over plain episodes of Cov(L, trait) under the prior, by trait: what the plain data says.</summary>
    public IReadOnlyDictionary<string, double> Influence { get; }

    /// <summary>Forecasts one rewording.</summary>
    /// <param name="rewording">The rewording.</param>
    /// <param name="conditions">Columns of the leak grid; none to leave it out.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public RewordingForecast Of(Rewording rewording, IReadOnlyList<LeakCondition> conditions, CancellationToken cancellation = default)
    {
        EpisodeSet set = rewording.Apply(_plain), shown = rewording.Apply(_shown);
        (EvidenceTable evidence, Observations observations) = _personas.Weigh(set, null, cancellation);
        double[]? surprises = Surprises(set, cancellation);
        RewordingEffect effect = Effect(observations, surprises, Once with { Draws = GainDraws, Seed = _seed });
        double[] carry = _model is not null || conditions.Count > 0
            ? CarryOf(shown, _probes, _readings, cancellation) : [.. _before.Select(_ => double.NaN)];
        double surprise = surprises is null ? double.NaN : effect.Gain(_traits.Columns.Count + 1).Reworded;
        double? ownDose = _model is null ? null : _personas.FitDose(set, observations, null, cancellation).Dose;
        Dictionary<Predictor, Interval> overEpisodes = OverEpisodes(effect);
        Dictionary<Predictor, double> protection = overEpisodes.ToDictionary(p => p.Key, p => p.Value.Estimate);
        protection[Predictor.Posterior] = 1 - PosteriorShift(observations, Plain.Dose.Dose) / Plain.PosteriorShift;
        protection[Predictor.PosteriorOwnDose] =
            ownDose is { } own ? 1 - PosteriorShift(observations, own) / Plain.PosteriorShift : double.NaN;
        protection[Predictor.InContext] = 1 - CarriedShift(carry) / Plain.InContextShift;
        protection[Predictor.SurprisedShift] = 1 - surprise * CarriedShift(carry) / (Plain.Surprise * Plain.InContextShift);
        protection[Predictor.Gate] = SurfaceGate.Protection(rewording);
        PersonaDistribution posterior = Update.OnEpisodes(_personas.Prior, observations, Plain.Dose.Dose);
        LeakForecast[] leaks = [.. conditions.Select(c => Leak(rewording, shown, carry, posterior, c, cancellation))];
        return new RewordingForecast(rewording, Gains(effect), protection, overEpisodes, surprise, leaks)
        {
            Cut = evidence.Rows.Count(r => r.Cut),
        };
    }

    /// <summary>
    /// What reworded episodes say of every trait and of behaviour elsewhere and, where that is known, how surprising they are.
    /// </summary>
    private RewordingEffect Effect(Observations reworded, double[]? surprises, BootstrapPlan plan) => new(
        [.. EpisodePair.Said(_personas.Prior, _observations, reworded, _traits),
            .. EpisodePair.Said(_personas.Prior, _observations, reworded, _behaviour),
            .. surprises is null ? (EpisodePair[])[] : [new EpisodePair("surprise", _plainSurprise!, surprises)]], _observations, plan);

    private RewordingGain[] Gains(RewordingEffect effect) => [.. Enumerable.Range(0, _traits.Columns.Count).Select(effect.Gain)];

    /// <summary>
    /// The share of the plain effect that reworded episodes take away, by the predictors that are means over episodes; NaN for those of
    /// surprise where that is not known.
    /// </summary>
    private Dictionary<Predictor, Interval> OverEpisodes(RewordingEffect effect)
    {
        int traits = _traits.Columns.Count;
        double Traits(IReadOnlyList<(double, double)> means) => RewordingEffect.Taken(means.Take(traits));
        double Elicitation(IReadOnlyList<(double, double)> means) =>
            means.Count > traits + 1 ? RewordingEffect.Taken(means[traits + 1]) : double.NaN;
        return new Dictionary<Predictor, Interval>
        {
            [Predictor.Covariance] = effect.Of(means => RewordingEffect.Taken(means[traits])),
            [Predictor.TraitCovariance] = effect.Of(Traits),
            [Predictor.Elicitation] = effect.Of(Elicitation),
            [Predictor.Combined] = effect.Of(means => (Math.Clamp(Traits(means), 0, 1) + Math.Clamp(Elicitation(means), 0, 1)) / 2),
        };
    }

    private double Mean(IReadOnlyList<double> values, IReadOnlyList<bool> among) => Mean(_probes, values, among);

    /// <summary>The mean over domains of the mean over the probes of each.</summary>
    internal static double Mean(IReadOnlyList<Probe> probes, IReadOnlyList<double> values, IReadOnlyList<bool> among) =>
        Enumerable.Range(0, probes.Count).Where(i => among[i]).GroupBy(i => probes[i].Domain, StringComparer.Ordinal)
            .Select(g => g.Average(i => values[i])).DefaultIfEmpty(double.NaN).Average();

    private LeakForecast Leak(Rewording rewording, EpisodeSet shown, double[] carry, PersonaDistribution posterior, LeakCondition condition,
        CancellationToken cancellation)
    {
        bool[] among = condition.Kind == LeakKind.TrainingFormat ? [.. _elsewhere.Select(e => !e)] : _elsewhere;
        Probe[] dressed = [.. _probes.Select(condition.Apply)];
        ProbeReading[] readings = condition.Dress is null ? _readings : _personas.Answers.AsItIs(dressed, cancellation: cancellation);
        double[] before = [.. readings.Select(r => r.Low)];
        // A line above the chat stands over the shown episode and the question alike, so its episode's lesson is carried to the other line.
        double[] inContext = Carried(before, condition.Dress is null || rewording.Place == RewordingPlace.System
            ? carry : CarryOf(shown, dressed, readings, cancellation));
        double opening = SurfaceGate.Opening(rewording, condition.Added);
        double[] gate = Carried(before, [.. _plainCarry.Select(d => opening * d)]);
        double[] atRunTime = AtRunTime(posterior, before);
        return new LeakForecast(condition.Kind, condition.Added, Mean(before, among), Mean(inContext, among),
            Mean(atRunTime, among), Mean(gate, among));
    }

    /// <summary>
    /// p(h|D,c) in proportion to p(h|D) p(c|h). Who the model takes the Assistant for in a condition is read off what it does there before
    /// training, p0(h|c), as p0(h) is off what it does as it is, so that p(c|h) is p0(h|c) / p0(h) but for a constant, and flat where
    /// nothing is added.
    /// </summary>
    private double[] AtRunTime(PersonaDistribution trained, double[] before)
    {
        PersonaDistribution prior = _personas.Prior;
        PersonaDistribution here = _personas.CastWhere(before);
        double[] context = [.. here.LogProbabilities.ToArray().Select((log, h) => prior.LogProbabilities[h] > double.NegativeInfinity
            ? log - prior.LogProbabilities[h] : double.NegativeInfinity)];
        double[] start = _personas.Behaviour.Predict(here), after = _personas.Behaviour.Predict(Update.OnContext(trained, context));
        return [.. before.Select((b, i) => Math.Clamp(b + after[i] - start[i], 0, 1))];
    }

    private double PosteriorShift(Observations observations, double dose)
    {
        double[] start = _personas.Behaviour.Predict(_personas.Prior);
        double[] after = _personas.Behaviour.Predict(Update.OnEpisodes(_personas.Prior, observations, dose));
        return Mean(after, _elsewhere) - Mean(start, _elsewhere);
    }

    /// <summary>
    /// What an episode that is shown adds to the log odds of every probe's low reply beyond what its own system turn does, in the mean over
    /// the episodes by their weights: negative ones push away.
    /// </summary>
    private double[] CarryOf(EpisodeSet episodes, IReadOnlyList<Probe> probes, ProbeReading[] before, CancellationToken cancellation)
    {
        var carry = new double[probes.Count];
        double mass = episodes.Episodes.Sum(e => Math.Abs(e.Weight));
        if (mass == 0) return carry;
        ShownBlock shown = _personas.Answers.Shown(probes, [.. before.Select(r => r.Counted)])
            .Compute(episodes.Episodes, cancellation: cancellation);
        Dictionary<string, ProbeReading[]> underSystem = [];
        for (int e = 0; e < shown.Shifts.Length; e++)
        {
            Turn[] system = [.. shown.Contexts[e].TakeWhile(t => t.Role == "system")];
            string key = Turn.KeyOf(system);
            if (!underSystem.TryGetValue(key, out ProbeReading[]? start))
                underSystem[key] = start = system.Length == 0
                    ? before : _personas.Answers.AsItIs(probes, system, cancellation: cancellation);
            double weight = episodes.Episodes[e].Weight / mass;
            for (int i = 0; i < carry.Length; i++)
            {
                double after = before[i].Counted + shown.Shifts[e][i] + (start[i].Low - start[i].Counted);
                carry[i] += weight * (LogOdds(Math.Clamp(after, 0, 1)) - LogOdds(start[i].Low));
            }
        }
        return carry;
    }

    /// <summary>-log p of every reply after its context, in nats; null where the model gives no probabilities.</summary>
    private double[]? Surprises(EpisodeSet set, CancellationToken cancellation)
    {
        if (_model is null) return null;
        EvidenceTable table = LikelihoodEvidence.Compute(new LikelihoodSource([PresentedPersona.AsGiven(Bare, _model)], _personas.Reading),
            set, cancellation: cancellation);
        return [.. Enumerable.Range(0, table.Rows.Count).Select(e => -table.LogLikelihood[e, 0])];
    }

    /// <summary>The probability of every probe's low reply once a carry is added to its log odds.</summary>
    private static double[] Carried(double[] before, double[] carry) =>
        [.. before.Select((b, i) => LogSpace.Logistic(LogOdds(b) + carry[i]))];

    /// <summary>What a carry shifts elsewhere.</summary>
    private double CarriedShift(double[] carry) => Mean(Carried(_before, carry), _elsewhere) - Mean(_before, _elsewhere);

    private static double LogOdds(double p) => LogSpace.LogOdds(p, 1e-4);

    /// <summary>The different episodes that are shown, at most so many.</summary>
    internal static EpisodeSet ShownOf(EpisodeSet set, int count, ulong seed) =>
        EpisodeDraw.Of(set, count, RngStream.Root(seed).Child("shown")).Episodes;
}

/// <summary>What plain data is expected to do elsewhere.</summary>
/// <param name="Before">P(low) elsewhere before training.</param>
/// <param name="PosteriorShift">The posterior's forecast of its shift.</param>
/// <param name="InContextShift">What one episode that is shown adds to the log odds, in the mean, as a shift.</param>
/// <param name="Surprise">Mean -log p(y|x) in nats per episode; NaN where no probabilities are given.</param>
/// <param name="Dose">The dose.</param>
public sealed record PlainForecast(double Before, double PosteriorShift, double InContextShift, double Surprise, DoseFit Dose);
