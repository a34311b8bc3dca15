using PersonaSelection.Corpus;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What <see cref="Forecasting.Of"/> reads of a model that gives probabilities, known before anything is read.</summary>
/// <param name="Probes">The probes: under every persona, as the model is, and after every episode that is shown.</param>
/// <param name="Situations">Those of the data, which the dose is fitted to: under every persona and as the model is.</param>
/// <param name="Read">Those of them in which the effect of showing is read: as the model is, and after every episode that is shown.</param>
/// <param name="Said">What is weighed under every persona: different episodes, and what was preferred to a rejected reply.</param>
/// <param name="Shown">How many different episodes are shown.</param>
internal sealed record ForecastWork(IReadOnlyList<Probe> Probes, IReadOnlyList<Probe> Situations, IReadOnlyList<Probe> Read,
    IReadOnlyList<Episode> Said, int Shown)
{
    /// <summary>The work for some data.</summary>
    /// <param name="set">The data.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="seed">The seed.</param>
    public static ForecastWork Of(EpisodeSet set, IReadOnlyList<Probe> probes, ulong seed)
    {
        TrainedSituations situations = TrainedSituations.Of(set, probes, e => e.Context);
        return new ForecastWork(probes, situations.Probes,
            [.. situations.Some(Forecasting.ReadSituations, new ForecastDraws(seed).Situations(set))], SaidBy(set),
            Math.Min(Forecasting.ShownEpisodes, set.Episodes.DistinctBy(e => e.TextId).Count()));
    }

    /// <summary>Different replies of some data to their contexts, and what was preferred to them.</summary>
    public static IReadOnlyList<Episode> SaidBy(EpisodeSet set) =>
        [.. set.Episodes.Concat(set.Episodes.Where(e => e.Preferred is not null).Select(e => e with { Reply = e.Preferred! }))
            .Select(e => e with { Preferred = null }).DistinctBy(e => e.TextId)];

    /// <summary>Replies that are scored for it.</summary>
    /// <param name="contexts">Contexts of all personas.</param>
    public long Replies(int contexts) => ((contexts + 1) * (Count(Probes) + Count(Situations))) + ((long)contexts * Said.Count)
        + Count(Read) + (Shown * (Count(Probes) + Count(Read)));

    private static long Count(IReadOnlyList<Probe> probes) => probes.Sum(p => (long)p.Low.Count + p.High.Count);
}
