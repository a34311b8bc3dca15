using PersonaSelection.Corpus;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>
/// Where a set trains, as far as probes know its replies, and how often it replies with the low pole there: what a dose is fitted to.
/// </summary>
/// <param name="Probes">Each different context, with the poles of the probe that knows the reply.</param>
/// <param name="Weights">How much of the set is trained there, by the id of the probe.</param>
/// <param name="Target">The share of low replies there, by weight.</param>
internal sealed record TrainedSituations(IReadOnlyList<Probe> Probes, IReadOnlyDictionary<string, double> Weights, double Target)
{
    /// <summary>The situations of a set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="probes">The probes; of those that know a reply the first counts.</param>
    /// <param name="contextRead">The context of an episode as far as the model reads it; null where it reads nothing.</param>
    public static TrainedSituations Of(EpisodeSet set, IReadOnlyList<Probe> probes, Func<Episode, IReadOnlyList<Turn>?> contextRead)
    {
        Dictionary<string, Probe> byReply = [];
        foreach (Probe probe in probes)
            foreach (string reply in probe.Low.Concat(probe.High)) byReply.TryAdd(reply, probe);
        var situations = new Dictionary<string, Probe>(StringComparer.Ordinal);
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        double low = 0, mass = 0;
        foreach (Episode episode in set.Episodes)
        {
            if (!byReply.TryGetValue(episode.Reply, out Probe? probe) || episode.Weight <= 0) continue;
            string key = Turn.KeyOf(episode.Context);
            if (!situations.TryGetValue(key, out Probe? situation))
            {
                // So that every reply of the probe can follow it.
                string longest = probe.Low.Concat(probe.High).MaxBy(r => r.Length)!;
                if (contextRead(episode with { Reply = longest }) is not { } context) continue;
                situations[key] = situation = probe with { Id = $"situation-{situations.Count}", Context = context };
            }
            weights[situation.Id] = weights.GetValueOrDefault(situation.Id) + episode.Weight;
            mass += episode.Weight;
            if (probe.Low.Contains(episode.Reply)) low += episode.Weight;
        }
        return new TrainedSituations([.. situations.Values], weights, mass > 0 ? low / mass : 0);
    }

    /// <summary>
    /// The shares of some of the situations in what is trained there, which add up to 1: a rate held against <see cref="Target"/> is their
    /// mean by these.
    /// </summary>
    public double[] SharesOf(IReadOnlyList<Probe> some)
    {
        double mass = some.Sum(s => Weights[s.Id]);
        return [.. some.Select(s => Weights[s.Id] / mass)];
    }

    /// <summary>At most so many of the situations, in their order; drawn without replacement where there are more.</summary>
    public IEnumerable<Probe> Some(int most, RngStream random)
    {
        if (Probes.Count <= most) return Probes;
        int[] order = [.. Enumerable.Range(0, Probes.Count)];
        random.Shuffle<int>(order);
        return order.Take(most).Order().Select(i => Probes[i]);
    }
}
