using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What a forecast would take of a model that gives probabilities.</summary>
/// <param name="Reading">What is read; null for a server.</param>
/// <param name="Contexts">Contexts of all personas.</param>
/// <param name="Replies">Replies that are scored, without those that personas are calibrated on; fewer where the model cannot read
/// all.</param>
/// <param name="Fitted">Personas that may have to be fitted first, which is not counted.</param>
/// <param name="Estimate">Requests and tokens; null for a model of this machine.</param>
public sealed record ForecastCost(ReadingCost? Reading, int Contexts, long Replies, int Fitted, EndpointEstimate? Estimate)
{
    private const int SampledEpisodes = 256;

    /// <summary>The cost with a model of this machine.</summary>
    /// <param name="set">The data.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="model">The model.</param>
    /// <param name="seed">The seed.</param>
    public static ForecastCost Of(EpisodeSet set, PersonaSet personas, IReadOnlyList<Probe> probes, Transformer model, ulong seed)
    {
        int contexts = AuditCost.Contexts(personas);
        var work = ForecastWork.Of(set, probes, seed);
        var reading = new ModelReading(model, personas, Some(set));
        double asked = probes.Sum(reading.TokensOf), there = work.Read.Sum(reading.TokensOf);
        double tokens = ((contexts + 1) * (asked + work.Situations.Sum(reading.TokensOf))) + (contexts * work.Said.Count * reading.Episode)
            + reading.Openings.Sum() + there + (work.Shown * (asked + there + (2 * reading.Episode)));
        return new ForecastCost(reading.Cost(tokens), contexts, work.Replies(contexts), AuditCost.FittedOf(personas), null);
    }

    /// <summary>Some of the episodes, spread evenly over a set.</summary>
    internal static Episode[] Some(EpisodeSet set)
    {
        int step = 1 + (set.Episodes.Count / SampledEpisodes);
        return [.. set.Episodes.Where((_, i) => i % step == 0)];
    }

    /// <summary>
    /// Tokens that the data are read in under one persona: different episodes and, where their replies are those of a probe, all of its
    /// replies in their situations, which the dose is fitted to.
    /// </summary>
    internal static double DataTokens(EpisodeSet set, IReadOnlyList<Probe> probes, ModelReading reading) =>
        (ForecastWork.SaidBy(set).Count * reading.Episode) + TrainedSituations.Of(set, probes, e => e.Context).Probes.Sum(reading.TokensOf);

    /// <summary>The cost with a server, where every reply is a request, and brings along everything that stands before it.</summary>
    /// <param name="set">The data.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="prices">What tokens cost.</param>
    /// <param name="seed">The seed.</param>
    public static ForecastCost Served(EpisodeSet set, PersonaSet personas, IReadOnlyList<Probe> probes, TokenPrices prices, ulong seed)
    {
        int contexts = AuditCost.Contexts(personas, served: true);
        var work = ForecastWork.Of(set, probes, seed);
        return new ForecastCost(null, contexts, work.Replies(contexts), 0, Served(work, personas, prices));
    }

    private static EndpointEstimate Served(ForecastWork work, PersonaSet personas, TokenPrices prices)
    {
        IReadOnlyList<long> openings = AuditCost.ServedOpenings(personas);
        long[] said = [.. work.Said.Select(e => AuditCost.ServedTokens(e.Context) + EndpointEstimate.Tokens(e.Reply))];
        long[] there = [.. Asked(work.Read)], after = [.. Asked(work.Probes), .. there];
        long[] under = [.. Asked(work.Probes), .. Asked(work.Situations)];
        long calibrated = AuditCost.ServedCalibration(personas), each = said.Length + calibrated;
        // Held-out examples are taken for as long as the episodes.
        double saidTokens = said.Sum() + (calibrated * said.Average());
        long tokens = (long)(((openings.Count + 1) * under.Sum()) + (openings.Count * saidTokens)
            + (openings.Sum() * (under.Length + each)) + there.Sum()
            + (work.Shown * (after.Sum() + (said.Average() * after.Length))));
        return new EndpointEstimate(work.Replies(openings.Count) + (openings.Count * calibrated), 0, tokens, 0, prices.Of(tokens, 0));
    }

    private static IEnumerable<long> Asked(IEnumerable<Probe> probes) => probes.SelectMany(p =>
        p.Low.Concat(p.High).Select(r => AuditCost.ServedTokens(p.Context) + EndpointEstimate.Tokens(r)));
}
