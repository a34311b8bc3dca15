using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Which domains a set trains on: those are no test of a forecast.</summary>
public static class TrainedDomains
{
    /// <summary>The domains named, or those of the probes that share a reply with the set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="probes">The probes.</param>
    /// <param name="named">Names given by the user; none to guess.</param>
    /// <exception cref="UserErrorException">
    /// <c>unknown-domain</c>: no probe has that name; <c>no-elsewhere</c>: nothing is left to forecast.
    /// </exception>
    public static IReadOnlyList<string> Of(EpisodeSet set, IReadOnlyList<Probe> probes, IReadOnlyCollection<string> named)
    {
        string[] all = [.. probes.Select(p => p.Domain).Distinct()];
        foreach (string name in named)
            if (!all.Contains(name))
                throw new UserErrorException("unknown-domain", $"No probe is about '{name}'.",
                    $"The probes' domains are {string.Join(", ", all)}.");
        HashSet<string> replies = [.. set.Episodes.Select(e => e.Reply)];
        string[] trained = named.Count > 0 ? [.. all.Where(named.Contains)]
            : [.. probes.Where(p => p.Low.Concat(p.High).Any(replies.Contains)).Select(p => p.Domain).Distinct()];
        return trained.Length < all.Length ? trained
            : throw new UserErrorException("no-elsewhere",
                $"{set.Name} trains on every domain that the probes are about, so nothing is left to forecast.",
                "Give probes of other domains, or name the trained ones with --domain.");
    }
}
