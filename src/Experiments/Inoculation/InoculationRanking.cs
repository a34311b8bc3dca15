using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>What rewordings of a data set are expected to do, best first.</summary>
/// <param name="Subject">The data.</param>
/// <param name="Model">Content id of the model.</param>
/// <param name="Data">Content id of the episodes.</param>
/// <param name="Episodes">How many episodes.</param>
/// <param name="Trained">Domains that the data trains on.</param>
/// <param name="RankedBy">The predictor that the order is by.</param>
/// <param name="Plain">What the plain data is expected to do.</param>
/// <param name="Influence">Mean over plain episodes of Cov(L, trait), by trait.</param>
/// <param name="Rewordings">The rewordings, best protection first; the leak grids of the first few are filled.</param>
/// <param name="LeftOut">Rewordings with words that the model does not know.</param>
public sealed record InoculationResult(string Subject, string Model, string Data, int Episodes, IReadOnlyList<string> Trained,
    Predictor RankedBy, PlainForecast Plain, IReadOnlyDictionary<string, double> Influence, IReadOnlyList<RewordingForecast> Rewordings,
    IReadOnlyList<string> LeftOut)
{
    /// <summary>The version of the file format.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Lines of the data that were left out because they hold no training example.</summary>
    public long BadLines { get; init; }

    /// <summary>What the plain episodes say of every persona, and which did not fit the model.</summary>
    public required EvidenceTable Evidence { get; init; }

    /// <summary>How it was asked of a chat model that gives no probabilities; null where probabilities were exact.</summary>
    public AskedForecast? Asked { get; init; }

    /// <summary>What came of holding the evidence against examples of known source; null where there were none, and of a chat model,
    /// whose judge tells of it (<see cref="Asked"/>).</summary>
    public EvidenceCheck? Check { get; init; }
}

/// <summary>Ranks rewordings of a data set before anything is trained.</summary>
public sealed class InoculationRanking
{
    /// <summary>The predictor that ranked rewordings best in trials with tuned models (docs/journal/LOG.md).</summary>
    public const Predictor RankedBy = Predictor.Combined;

    /// <summary>Different episodes that a judge is asked about in each rewording, at most.</summary>
    public const int JudgedEpisodes = 48;

    internal const int FilledTraits = 2, ShownEpisodes = 8;

    private readonly ILanguageModel? _model;
    private readonly PersonaSet _personas;
    private readonly ulong _seed;
    private readonly Func<IProgress<WorkProgress>?, CancellationToken, Forecasting> _open;

    /// <summary>A ranking by exact probabilities.</summary>
    /// <param name="model">The model before training.</param>
    /// <param name="personas">Who it may take the Assistant for.</param>
    /// <param name="probes">Behaviour to protect.</param>
    /// <param name="seed">The seed of which episodes are shown.</param>
    /// <param name="fitted">Where personas that are fitted to examples are kept; null for a folder that is deleted at the end.</param>
    /// <param name="strict">Whether an episode that does not fit the model is an error; it is cut otherwise, as in an audit.</param>
    public InoculationRanking(ILanguageModel model, PersonaSet personas, IReadOnlyList<Probe> probes, ulong seed = 1,
        ArtifactStore? fitted = null, bool strict = false)
        : this(model, personas, seed, (p, c) => new Forecasting(model, personas, probes, TimeProvider.System,
            new ForecastingOptions(seed) { Fitted = fitted, Strict = strict }, p, c))
    {
    }

    private InoculationRanking(ILanguageModel? model, PersonaSet personas, ulong seed,
        Func<IProgress<WorkProgress>?, CancellationToken, Forecasting> open) =>
        (_model, _personas, _seed, _open) = (model, personas, seed, open);

    /// <summary>
    /// A ranking by judgements and choices of a chat model that gives no probabilities: see <see cref="Forecasting.Ask"/>.
    /// </summary>
    /// <param name="chat">The chat model before training.</param>
    /// <param name="personas">Who it may take the Assistant for; at least two.</param>
    /// <param name="probes">Behaviour to protect.</param>
    /// <param name="samples">Answers to each probe after each episode: even, from 2.</param>
    /// <param name="folder">Where the judge's answers are kept.</param>
    /// <param name="seed">The seed of which episodes are judged and shown.</param>
    public static InoculationRanking Ask(IChatModel chat, PersonaSet personas, IReadOnlyList<Probe> probes, int samples, string folder,
        ulong seed = 1) => new(null, personas, seed, (p, c) => Forecasting.Ask(chat, personas, probes,
            new AskingOptions(samples, folder, seed) { Judged = JudgedEpisodes }, TimeProvider.System, p, c));

    /// <summary>
    /// The predictor that rewordings are ranked by: with traits and without, and where surprise is known and where it is not.
    /// </summary>
    internal static Predictor RankedWith(PersonaSet personas, bool probabilities) =>
        personas.Traits.Count == 0 ? Predictor.Covariance : probabilities ? RankedBy : Predictor.TraitCovariance;

    /// <summary>Forecasts and ranks.</summary>
    /// <param name="data">The data.</param>
    /// <param name="trained">Domains that it trains on.</param>
    /// <param name="rewordings">Candidates; those with words the model does not know are left out.</param>
    /// <param name="grids">How many of the best get a leak grid.</param>
    /// <param name="progress">Told about rewordings done.</param>
    /// <param name="cancellation">Stops between rewordings.</param>
    /// <exception cref="UserErrorException"><c>no-rewording</c>: the model knows the words of none.</exception>
    public InoculationResult Rank(EpisodeSet data, IReadOnlyCollection<string> trained, IEnumerable<Rewording> rewordings, int grids,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        using Forecasting behaviour = _open(progress, cancellation);
        var forecasting = new RewordingForecasting(_model, behaviour, data, trained, ShownEpisodes, _seed, cancellation);
        // Trait words are filled in for what the data moves most, each trait turned to the pole that it moves to.
        Trait[] moved = [.. _personas.Traits.OrderByDescending(t => Math.Abs(forecasting.Influence[t.Name])).Take(FilledTraits)
            .Select(t => forecasting.Influence[t.Name] > 0 ? t with { Low = t.High, High = t.Low } : t)];
        RewordingCandidates candidates = RewordingCandidates.Of(rewordings, moved, CanSay);
        Predictor rankedBy = RankedWith(_personas, _model is not null);
        var found = new List<RewordingForecast>();
        int total = candidates.Rewordings.Count + grids;
        foreach (Rewording rewording in candidates.Rewordings)
        {
            progress?.Report(new WorkProgress("rewordings", found.Count, total, "rewordings", rewording.Name));
            found.Add(forecasting.Of(rewording, [], cancellation));
        }
        found = [.. found.OrderByDescending(f => Known(f.Protection[rankedBy]))
            .ThenByDescending(f => Known(f.Protection[Predictor.Covariance]))];
        for (int i = 0; i < Math.Min(grids, found.Count); i++)
        {
            progress?.Report(new WorkProgress("rewordings", candidates.Rewordings.Count + i, total, "rewordings",
                $"{found[i].Rewording.Name}, leaks"));
            IReadOnlyList<LeakCondition> conditions = LeakCondition.Of(found[i].Rewording, CanSay);
            // Where no probe is of a trained domain, nothing can be asked in the form of the training data.
            found[i] = forecasting.Of(found[i].Rewording,
                [.. conditions.Where(c => c.Kind != LeakKind.TrainingFormat || trained.Count > 0)], cancellation);
        }
        progress?.Report(new WorkProgress("rewordings", total, total, "rewordings"));
        return new InoculationResult(data.Name, behaviour.Answers.Model, data.Id.ToString(), data.Episodes.Count, [.. trained], rankedBy,
            forecasting.Plain, forecasting.Influence, found, candidates.LeftOut)
        {
            Evidence = forecasting.Evidence,
            Asked = behaviour.AskedOf(data),
            Check = behaviour.Check,
        };
    }

    // What words a server's model knows is not known here.
    private bool CanSay(string text) => _model is null || RewordingCandidates.CanSay(_model.Tokenizer, text);

    private static double Known(double x) => double.IsNaN(x) ? double.NegativeInfinity : x;
}
