using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What would be asked of a chat model that gives no probabilities. Nothing is asked.</summary>
/// <param name="chat">The chat model.</param>
/// <param name="personas">The personas.</param>
/// <param name="probes">The probes.</param>
/// <param name="samples">Answers to each probe after each episode.</param>
/// <param name="seed">The seed.</param>
public sealed class AskingPlan(IChatModel chat, PersonaSet personas, IReadOnlyList<Probe> probes, int samples, ulong seed)
{
    private static readonly EndpointEstimate Nothing = new(0, 0, 0, 0, null);

    private readonly SampledAnswers _answers = new(chat, personas, samples);

    /// <summary>The cost of <see cref="Forecasting.Of"/> after <see cref="Forecasting.Ask"/>.</summary>
    /// <param name="set">The set.</param>
    public AskedCost OfForecast(EpisodeSet set)
    {
        // A situation of the data may be that of a probe, and equal questions are paid for once.
        Probe[] all = [.. probes, .. SituationsOf(set)];
        var draws = new ForecastDraws(seed);
        IReadOnlyList<Episode> shown = draws.Shown(set, Forecasting.ShownEpisodes).Episodes.Episodes;
        IReadOnlyList<Episode> judged = draws.Judged(set, Forecasting.JudgedEpisodes).Episodes;
        return new AskedCost(Known(PersonaJudge.Estimate(personas, judged, chat)),
            Known(_answers.EstimateUnderPersonas(all)), Known(_answers.EstimateShown(all, shown)));
    }

    /// <summary>
    /// The cost of a ranking of rewordings. Trait words and the best rewordings are not known before: the first traits stand for those that
    /// the data move, and the first rewordings for those that get a leak grid.
    /// </summary>
    /// <param name="set">The set.</param>
    /// <param name="rewordings">The rewordings.</param>
    /// <param name="grids">How many of them get a leak grid.</param>
    public AskedCost OfRanking(EpisodeSet set, IReadOnlyList<Rewording> rewordings, int grids)
    {
        EpisodeSet judged = new ForecastDraws(seed).Judged(set, InoculationRanking.JudgedEpisodes);
        EpisodeSet shown = RewordingForecasting.ShownOf(set, InoculationRanking.ShownEpisodes, seed);
        Rewording[] all =
            [.. rewordings.SelectMany(r => r.IsTraitFilled ? personas.Traits.Take(InoculationRanking.FilledTraits).Select(r.Filled)
                : [r])];
        IEnumerable<Episode> wordings = judged.Episodes.Concat(all.SelectMany(r => r.Apply(judged).Episodes));
        EndpointEstimate judgement = Known(PersonaJudge.Estimate(personas, wordings, chat));
        EndpointEstimate asked = Known(_answers.EstimateUnderPersonas([.. probes, .. SituationsOf(set)]));
        EndpointEstimate after = Known(_answers.EstimateShown(probes, shown.Episodes));
        foreach (Rewording rewording in all.Take(grids))
        {
            EpisodeSet reworded = rewording.Apply(shown);
            after = after.Plus(Known(_answers.EstimateShown(probes, reworded.Episodes)));
            Turn[] system = [.. reworded.Episodes[0].Context.TakeWhile(t => t.Role == "system")];
            if (system.Length > 0) asked = asked.Plus(Known(_answers.EstimateAsItIs(probes, system)));
            foreach (LeakCondition condition in LeakCondition.Of(rewording).Where(c => c.Dress is not null))
            {
                Probe[] dressed = [.. probes.Select(condition.Apply)];
                asked = asked.Plus(Known(_answers.EstimateAsItIs(dressed)));
                if (rewording.Place != RewordingPlace.System) after = after.Plus(Known(_answers.EstimateShown(dressed, reworded.Episodes)));
            }
        }
        return new AskedCost(judgement, asked, after);
    }

    private static EndpointEstimate Known(EndpointEstimate? estimate) => estimate ?? Nothing;

    /// <summary>The situations of the data that a dose is fitted to.</summary>
    private Probe[] SituationsOf(EpisodeSet set) =>
        [.. TrainedSituations.Of(set, probes, e => e.Context).Some(ForecastSource.PaidSituations, new ForecastDraws(seed).Situations(set))];
}
