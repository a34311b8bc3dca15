using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>What a ranking of rewordings would take of a model of this machine.</summary>
public static class RankingCost
{
    /// <summary>At most, as rewordings with words that the model does not know are left out.</summary>
    /// <param name="set">The data.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="model">The model.</param>
    /// <param name="rewordings">How many rewordings.</param>
    /// <param name="grids">How many get a leak grid.</param>
    public static ReadingCost Of(EpisodeSet set, PersonaSet personas, IReadOnlyList<Probe> probes, Transformer model, int rewordings,
        int grids)
    {
        var reading = new ModelReading(model, personas, ForecastCost.Some(set));
        int contexts = reading.Openings.Count, conditions = Enum.GetValues<LeakKind>().Length;
        double asked = probes.Sum(reading.TokensOf), data = ForecastCost.DataTokens(set, probes, reading),
            shown = Math.Min(InoculationRanking.ShownEpisodes, set.Episodes.Count) * (asked + reading.Episode);
        // The data as they are and in every wording, and again for a grid; how surprising they are needs the model as it is.
        double each = ((contexts + 1) * data) + reading.Openings.Sum() + shown;
        return reading.Cost(((contexts + 1) * asked) + ((1 + rewordings + grids) * each) + (grids * conditions * (asked + shown)));
    }
}
