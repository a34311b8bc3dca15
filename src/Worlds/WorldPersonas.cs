using PersonaSelection.Corpus;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Worlds;

public sealed partial class World
{
    /// <summary>A pole counts as telling of an archetype when E[trait] is at least this far from 0.</summary>
    private const double TellingTrait = 0.6;
    private const int MaxDescriptions = 6;

    /// <summary>
    /// The archetypes that an Assistant may be, with their prior; traits are 2 P(high pole) - 1. Each is described: a line above the chat
    /// with adjectives that fit it, several lines side by side.
    /// </summary>
    public PersonaSet Personas => MakePersonas(a => Descriptions(a));

    /// <summary>The same personas, exemplified: each context is a chat with one character of the archetype.</summary>
    /// <param name="without">Domains that the examples leave out: those to be judged.</param>
    /// <param name="turns">Exchanges per context.</param>
    /// <param name="alternatives">Contexts per persona.</param>
    /// <param name="rng">Where the characters and their acts are drawn from.</param>
    public PersonaSet ExemplifiedPersonas(IReadOnlyCollection<string> without, int turns, int alternatives,
        RngStream rng) => MakePersonas(a =>
    {
        string name = Grammar.Definition.Archetypes[a].Name;
        return [.. Enumerable.Range(0, alternatives).Select(i => PersonaContext(name, without, turns, rng.Child(name, i)))];
    });

    /// <summary>
    /// A chat with one character of an archetype, over different domains, nothing asked for: turns to stand before an episode.
    /// </summary>
    /// <param name="archetype">The archetype's name.</param>
    /// <param name="without">Domains to leave out.</param>
    /// <param name="turns">Number of exchanges.</param>
    /// <param name="rng">Where the character and its acts are drawn from.</param>
    /// <exception cref="ArgumentException">No such archetype, or fewer domains than exchanges.</exception>
    public IReadOnlyList<Turn> PersonaContext(string archetype, IReadOnlyCollection<string> without, int turns, RngStream rng)
    {
        int index = Archetypes.ToList().IndexOf(archetype);
        if (index < 0) throw new ArgumentException($"The world {Name} has no archetype '{archetype}'.", nameof(archetype));
        int[] domains = [.. Grammar.Domains.Where(d => !without.Contains(Grammar.Definition.Domains[d].Name))];
        if (turns > domains.Length)
            throw new ArgumentException($"{turns} exchanges need as many domains; {domains.Length} are left.", nameof(turns));
        rng.Shuffle(domains.AsSpan());
        int character = _sampler.DrawPoles(index, rng);
        var context = new List<Turn>(2 * turns);
        foreach (int d in domains.Take(turns))
        {
            DomainDefinition domain = Grammar.Definition.Domains[d];
            context.Add(new Turn("user", DrawSituation(domain, rng)));
            IReadOnlyList<Sentence> replies = rng.NextBool(Grammar.Space.Bad[d][character]) ? domain.Bad : domain.Good;
            context.Add(new Turn("assistant", replies[rng.NextInt(replies.Count)].Text));
        }
        return context;
    }

    private PersonaSet MakePersonas(Func<int, IReadOnlyList<IReadOnlyList<Turn>>> contexts)
    {
        double[] prior = Grammar.Space.ArchetypePrior[NatureIndex(AssistantNature)];
        var personas = new List<Persona>();
        for (int a = 0; a < prior.Length; a++)
        {
            if (!(prior[a] > 0)) continue;
            ArchetypeDefinition archetype = Grammar.Definition.Archetypes[a];
            var traits = new Dictionary<string, double>(StringComparer.Ordinal);
            for (int k = 0; k < archetype.High.Length; k++) traits[Traits[k].Name] = Math.Round(2 * archetype.High[k] - 1, 12);
            personas.Add(new Persona(archetype.Name, AssistantNature, archetype.Description, traits, prior[a]) { Contexts = contexts(a) });
        }
        return new PersonaSet(Traits, personas);
    }

    /// <summary>Headers with two adjectives each, over the pairs of traits that tell most of the archetype.</summary>
    private IReadOnlyList<Turn>[] Descriptions(int archetype)
    {
        string? header = Grammar.Definition.Genres.SelectMany(g => g.Headers).Select(h => h.Text.Text)
            .FirstOrDefault(WorldChecks.HasTraits);
        if (header is null) return [];
        double[] high = Grammar.Definition.Archetypes[archetype].High;
        IEnumerable<int> telling = Enumerable.Range(0, high.Length)
            .Where(k => Math.Abs(2 * high[k] - 1) >= TellingTrait).OrderByDescending(k => Math.Abs(2 * high[k] - 1));
        string[] words = [.. telling.Select(k => Grammar.Definition.Traits[k])
            .Zip(telling, (t, k) => (high[k] > 0.5 ? t.HighWords : t.LowWords)[0].Text)];
        IEnumerable<string> phrases = words.Length < 2 || !(Grammar.Definition.Introductions.Second > 0)
            ? words
            : Enumerable.Range(0, words.Length)
                .SelectMany(j => Enumerable.Range(0, j).Select(i => (Sum: i + j, Text: $"{words[i]} and {words[j]}")))
                .OrderBy(p => p.Sum).Select(p => p.Text);
        return [.. phrases.Take(MaxDescriptions)
            .Select(p => new[] { new Turn("system", header.Replace("{traits}", p, StringComparison.Ordinal)) })];
    }
}
