using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>What a forecast would take of a model that gives probabilities.</summary>
/// <param name="Reading">What is read; null for a server.</param>
/// <param name="Contexts">Contexts of all personas.</param>
/// <param name="Replies">Replies that are scored at most, without the probes after the episodes that are shown.</param>
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
    public static ForecastCost Of(EpisodeSet set, PersonaSet personas, IReadOnlyList<Probe> probes, Transformer model)
    {
        int contexts = AuditCost.Contexts(personas);
        var reading = new ModelReading(model, personas, Some(set));
        double asked = probes.Sum(reading.TokensOf), data = DataTokens(set, probes, reading);
        int shown = Math.Min(Forecasting.ShownEpisodes, set.Episodes.Count);
        double tokens = ((contexts + 1) * (asked + data)) + reading.Openings.Sum() + (shown * (asked + reading.Episode));
        return new ForecastCost(reading.Cost(tokens), contexts, RepliesOf(set, probes, contexts), AuditCost.FittedOf(personas), null);
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
        (set.Episodes.DistinctBy(e => e.TextId).Count() * reading.Episode) + Situations(set, probes).Sum(reading.TokensOf);

    /// <summary>The cost with a server, where every reply is a request, and brings along everything that stands before it.</summary>
    /// <param name="set">The data.</param>
    /// <param name="personas">The personas.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="prices">What tokens cost.</param>
    public static ForecastCost Served(EpisodeSet set, PersonaSet personas, IReadOnlyList<Probe> probes, TokenPrices prices)
    {
        int contexts = AuditCost.Contexts(personas, served: true);
        return new ForecastCost(null, contexts, RepliesOf(set, probes, contexts), 0, ServedEstimate(set, personas, probes, prices));
    }

    private static long RepliesOf(EpisodeSet set, IReadOnlyList<Probe> probes, int contexts) =>
        (contexts + 1L) * probes.Sum(p => (long)p.Low.Count + p.High.Count) + (long)contexts * set.Episodes.Count;

    private static EndpointEstimate ServedEstimate(EpisodeSet set, PersonaSet personas, IReadOnlyList<Probe> probes, TokenPrices prices)
    {
        long[] contexts = [.. AuditCost.ServedOpenings(personas), 0];
        long[] episodes = [.. set.Episodes.Select(e => AuditCost.ServedTokens(e.Context) + EndpointEstimate.Tokens(e.Reply))];
        long[] replies = [.. probes.SelectMany(p => Asked(p, p.Context))];
        long[] situations = [.. Situations(set, probes).SelectMany(s => Asked(s, s.Context))];
        int shown = Math.Min(Forecasting.ShownEpisodes, episodes.Length), under = replies.Length + situations.Length + episodes.Length;
        long shownTokens = shown == 0 ? 0 : (long)(shown * episodes.Average());
        long calibrated = AuditCost.ServedCalibration(personas), calibratedTokens = (long)(calibrated * episodes.Average());
        long requests = (contexts.Length * (under + calibrated)) + ((1L + shown) * replies.Length);
        long tokens = (contexts.Sum() * (under + calibrated)) + ((1L + shown) * replies.Sum()) + (shownTokens * replies.Length)
            + (contexts.Length * (episodes.Sum() + replies.Sum() + situations.Sum() + calibratedTokens));
        return new EndpointEstimate(requests, 0, tokens, 0, prices.Of(tokens, 0));
    }

    // A probe's replies in the data's own situations, where those of the data are its.
    private static IEnumerable<Probe> Situations(EpisodeSet set, IReadOnlyList<Probe> probes)
    {
        Dictionary<string, Probe> byReply = [];
        foreach (Probe probe in probes)
            foreach (string reply in probe.Low.Concat(probe.High)) byReply.TryAdd(reply, probe);
        return set.Episodes.DistinctBy(e => string.Join('\n', e.Context.Select(t => t.Text)))
            .Where(e => byReply.ContainsKey(e.Reply)).Select(e => byReply[e.Reply] with { Context = e.Context });
    }

    private static IEnumerable<long> Asked(Probe probe, IReadOnlyList<Turn> context) =>
        probe.Low.Concat(probe.High).Select(r => AuditCost.ServedTokens(context) + EndpointEstimate.Tokens(r));
}
