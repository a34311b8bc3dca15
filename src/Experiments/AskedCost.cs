using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What a forecast would take of a chat model that gives no probabilities; what is in the cache is counted for nothing.</summary>
/// <param name="Judgement">Who would have given each reply.</param>
/// <param name="Answers">What the model as it is and every persona answer.</param>
/// <param name="Shown">What the model answers after episodes.</param>
public sealed record AskedCost(EndpointEstimate Judgement, EndpointEstimate Answers, EndpointEstimate Shown)
{
    private static readonly EndpointEstimate Nothing = new(0, 0, 0, 0, null);

    /// <summary>All three.</summary>
    public EndpointEstimate Total => Judgement.Plus(Answers).Plus(Shown);

    /// <summary>The cost of <see cref="Forecasting.Of"/> after <see cref="Forecasting.Ask"/>.</summary>
    /// <param name="chat">The chat model.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="samples">Answers to each probe after each episode.</param>
    /// <param name="set">The set.</param>
    /// <param name="seed">The seed.</param>
    public static AskedCost OfForecast(IChatModel chat, PersonaSet personas, IReadOnlyList<Probe> probes, int samples,
        EpisodeSet set, ulong seed)
    {
        var answers = new SampledAnswers(chat, personas, samples);
        // A situation of the data may be that of a probe, and equal questions are paid for once.
        Probe[] all = [.. probes, .. SituationsOf(set, probes, seed)];
        var draws = new ForecastDraws(seed);
        IReadOnlyList<Episode> shown = EpisodeDraw.Of(set, Forecasting.ShownEpisodes, draws.Shown(set)).Episodes;
        IReadOnlyList<Episode> judged = draws.Judged(set, Forecasting.JudgedEpisodes).Episodes;
        return new AskedCost(Of(PersonaJudge.Estimate(personas, judged, chat)),
            Of(answers.EstimateUnderPersonas(all)), Of(answers.EstimateShown(all, shown)));
    }

    /// <summary>
    /// The cost of a ranking of rewordings. Trait words and the best rewordings are not known before: the first traits stand for those that
    /// the data move, and the first rewordings for those that get a leak grid.
    /// </summary>
    /// <param name="chat">The chat model.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="samples">Answers to each probe after each episode.</param>
    /// <param name="set">The set.</param>
    /// <param name="rewordings">The rewordings.</param>
    /// <param name="grids">How many of them get a leak grid.</param>
    /// <param name="seed">The seed.</param>
    public static AskedCost OfRanking(IChatModel chat, PersonaSet personas, IReadOnlyList<Probe> probes, int samples, EpisodeSet set,
        IReadOnlyList<Rewording> rewordings, int grids, ulong seed)
    {
        var answers = new SampledAnswers(chat, personas, samples);
        EpisodeSet judged = new ForecastDraws(seed).Judged(set, InoculationRanking.JudgedEpisodes);
        EpisodeSet shown = RewordingForecasting.ShownOf(set, InoculationRanking.ShownEpisodes, seed);
        Rewording[] all =
            [.. rewordings.SelectMany(r => r.IsTraitFilled ? personas.Traits.Take(InoculationRanking.FilledTraits).Select(r.Filled)
                : [r])];
        IEnumerable<Episode> wordings = judged.Episodes.Concat(all.SelectMany(r => r.Apply(judged).Episodes));
        EndpointEstimate judgement = Of(PersonaJudge.Estimate(personas, wordings, chat));
        EndpointEstimate asked = Of(answers.EstimateUnderPersonas([.. probes, .. SituationsOf(set, probes, seed)]));
        EndpointEstimate after = Of(answers.EstimateShown(probes, shown.Episodes));
        foreach (Rewording rewording in all.Take(grids))
        {
            EpisodeSet reworded = rewording.Apply(shown);
            after = after.Plus(Of(answers.EstimateShown(probes, reworded.Episodes)));
            Turn[] system = [.. reworded.Episodes[0].Context.TakeWhile(t => t.Role == "system")];
            if (system.Length > 0) asked = asked.Plus(Of(answers.EstimateAsItIs(probes, system)));
            foreach (LeakCondition condition in LeakCondition.Of(rewording).Where(c => c.Dress is not null))
            {
                Probe[] dressed = [.. probes.Select(condition.Apply)];
                asked = asked.Plus(Of(answers.EstimateAsItIs(dressed)));
                if (rewording.Place != RewordingPlace.System) after = after.Plus(Of(answers.EstimateShown(dressed, reworded.Episodes)));
            }
        }
        return new AskedCost(judgement, asked, after);
    }

    /// <summary>An estimate; nothing where there is none.</summary>
    internal static EndpointEstimate Of(EndpointEstimate? estimate) => estimate ?? Nothing;

    /// <summary>The situations of the data that a dose is fitted to.</summary>
    internal static Probe[] SituationsOf(EpisodeSet set, IReadOnlyList<Probe> probes, ulong seed) =>
        [.. TrainedSituations.Of(set, probes, e => e.Context).Some(ForecastSource.PaidSituations, new ForecastDraws(seed).Situations(set))];
}
