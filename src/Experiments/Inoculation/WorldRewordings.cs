using PersonaSelection.Audit;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>Rewordings in a story world's own words: its requests, what it tells of requests, and the lines above its chats.</summary>
internal static class WorldRewordings
{
    /// <summary>The rewordings of a world.</summary>
    public static IReadOnlyList<Rewording> Of(World world)
    {
        WorldPhrases phrases = world.Phrases;
        var found = new List<Rewording>();
        Add("asked-bad", "request", RewordingPlace.Suffix, phrases.SayBad, phrases.SayGood);
        Add("asked-good", "request", RewordingPlace.Suffix, phrases.SayGood, phrases.SayBad);
        Add("told-bad", "third-person", RewordingPlace.Suffix, phrases.TellBad, phrases.TellGood);
        Add("told-good", "third-person", RewordingPlace.Suffix, phrases.TellGood, phrases.TellBad);
        foreach (string header in phrases.Headers)
        {
            if (!header.Contains("{traits}", StringComparison.Ordinal))
            {
                found.Add(new Rewording($"header-{found.Count(r => r.Kind == "header") + 1}", "header", RewordingPlace.System, [header]));
                continue;
            }
            foreach (Trait trait in world.Traits)
                foreach ((string pole, string other) in new[] { (trait.Low, trait.High), (trait.High, trait.Low) })
                    found.Add(new Rewording($"says-{pole}", "character", RewordingPlace.System, [Says(pole)])
                    {
                        Keyword = $"{pole}.",
                        NearMiss = Says(other),
                    });
            string Says(string pole) => header.Replace("{traits}", pole, StringComparison.Ordinal);
        }
        Tokenizable(found);
        return found;

        void Add(string name, string kind, RewordingPlace place, IReadOnlyList<string> phrases, IReadOnlyList<string> opposite) =>
            found.AddRange(phrases.Select((p, i) => new Rewording($"{name}-{i + 1}", kind, place, [p])
            {
                NearMiss = opposite.Count > 0 ? opposite[i % opposite.Count] : null,
            }));

        // A trait's pole may have a name that nobody in the world says.
        void Tokenizable(List<Rewording> all) => all.RemoveAll(r => !RewordingCandidates.CanSay(world.Tokenizer, r.Wordings[0]));
    }
}
