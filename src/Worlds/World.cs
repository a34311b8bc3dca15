using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Worlds;

/// <summary>
/// A story world: who lives in it, what comes up, and how probable every document is. All probabilities are exact; nothing here is learned.
/// Safe for use by several threads at once.
/// </summary>
public sealed partial class World
{
    private static readonly Lazy<World> BuiltIn = new(() => FromYaml("village.yaml", ReadResource("village.yaml")));
    private readonly DocumentSampler _sampler;
    private readonly Lazy<int> _maxTokens;
    private readonly Lazy<ContentId> _id;

    private World(WorldDefinition definition, Action<int, string> say)
    {
        Grammar = new Grammar(definition, say);
        _sampler = new DocumentSampler(Grammar);
        _maxTokens = new Lazy<int>(() => LongestDocument.Tokens(Grammar));
        _id = new Lazy<ContentId>(() => ContentId.Of("world", ToYaml()));
    }

    /// <summary>The world that comes with psm.</summary>
    public static World Village => BuiltIn.Value;

    /// <summary>The world's name.</summary>
    public string Name => Grammar.Definition.Name;

    /// <summary>The content id: of everything the world file declares.</summary>
    public ContentId Id => _id.Value;

    /// <summary>Every word that the world can say or be asked, held-out wordings included.</summary>
    public WordLevelTokenizer Tokenizer => Grammar.Tokenizer;

    /// <summary>The traits.</summary>
    public IReadOnlyList<Trait> Traits => [.. Grammar.Definition.Traits.Select(t => t.Trait)];

    /// <summary>The archetypes' names.</summary>
    public IReadOnlyList<string> Archetypes => [.. Grammar.Definition.Archetypes.Select(a => a.Name)];

    /// <summary>The natures' names.</summary>
    public IReadOnlyList<string> Natures => [.. Grammar.Definition.Natures.Select(n => n.Name)];

    /// <summary>The nature of the Assistant when no header says otherwise.</summary>
    public string AssistantNature => Grammar.Definition.AssistantNature;

    /// <summary>The domains, in their order.</summary>
    public IReadOnlyList<WorldDomain> Domains =>
        [.. Grammar.Definition.Domains.Select(d => new WorldDomain(d.Name, d.Title, d.HeldOut, d.Weights))];

    /// <summary>The genres' names.</summary>
    public IReadOnlyList<string> Genres => [.. Grammar.Definition.Genres.Select(g => g.Name)];

    /// <summary>The genre in which the Assistant speaks: the first chat.</summary>
    public string ChatGenre => Genres[GenreIndex(null)];

    /// <summary>No document of the world has more tokens than this, begin and end included.</summary>
    public int MaxDocumentTokens => _maxTokens.Value;

    internal Grammar Grammar { get; }

    /// <summary>Reads a world file.</summary>
    /// <exception cref="UserErrorException"><c>bad-world</c>, with every problem and its line; or the file cannot be read.</exception>
    public static World Load(string path) => Build(YamlSource.OpenFile(path, WorldReader.ErrorCode));

    /// <summary>Reads a world from the text of a file.</summary>
    /// <param name="name">What the text is called in messages.</param>
    /// <param name="yaml">The text.</param>
    /// <exception cref="UserErrorException"><c>bad-world</c>, with every problem and its line.</exception>
    public static World FromYaml(string name, string yaml) => Build(YamlSource.Parse(name, yaml, WorldReader.ErrorCode));

    /// <summary>The world as a world file, in one canonical shape.</summary>
    public string ToYaml() => WorldWriter.Write(Grammar.Definition);

    /// <summary>The world with some causes taken out.</summary>
    public World With(WorldControls controls)
    {
        var problems = new List<string>();
        WorldDefinition definition = controls.Apply(Grammar.Definition);
        WorldChecks.Check(definition, (_, problem) => problems.Add(problem));
        if (problems.Count > 0)
            throw new UserErrorException(WorldReader.ErrorCode, $"{definition.Name}: {string.Join("; ", problems)}.",
                "Choose other controls.");
        return new World(definition, (_, problem) => throw new InvalidOperationException(problem));
    }

    /// <summary>One document with the truth about it. The same stream gives the same tokens as <see cref="GenerateTokens"/>.</summary>
    public WorldDocument Generate(RngStream rng) => new DocumentWriter(Grammar, _sampler).Write(rng);

    /// <summary>Documents without end: number i is drawn from the child stream (<c>document</c>, i).</summary>
    public IEnumerable<WorldDocument> Documents(RngStream rng, long first = 0)
    {
        for (long i = first; ; i++) yield return Generate(rng.Child("document", i));
    }

    /// <summary>The token ids of one document, begin and end included: the fast way to text without truth.</summary>
    public int[] GenerateTokens(RngStream rng)
    {
        var walk = new DocumentWalk(Grammar, believing: false);
        var tokens = new List<int>(96) { Tokenizer.BeginId };
        Span<Truth> truth = stackalloc Truth[2];
        while (walk.Step != Step.End) tokens.AddRange(_sampler.Advance(walk, truth, rng).Tokens);
        return [.. tokens];
    }

    /// <summary>Index of a domain by name.</summary>
    /// <exception cref="UserErrorException"><c>unknown-domain</c>.</exception>
    internal int DomainIndex(string name)
    {
        for (int d = 0; d < Grammar.Definition.Domains.Count; d++)
            if (Grammar.Definition.Domains[d].Name == name) return d;
        throw new UserErrorException("unknown-domain", $"The world {Name} has no domain '{name}'.",
            $"Its domains are {string.Join(", ", Grammar.Definition.Domains.Select(d => d.Name))}.");
    }

    private static World Build(YamlSource source)
    {
        const string remedy = "Mend the lines named above; docs/formats.md describes a world file.";
        WorldDefinition definition = WorldReader.Read(source);
        // A definition with holes would only give follow-up problems, so its sentences are compiled once its shape is sound.
        if (source.IsSound) WorldChecks.Check(definition, (line, problem) => source.Say(line, problem));
        World? world = source.IsSound ? new World(definition, (line, problem) => source.Say(line, problem)) : null;
        source.Complain(WorldReader.ErrorCode, remedy);
        return world!;
    }

    private static string ReadResource(string name)
    {
        using Stream stream = typeof(World).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>A domain of life.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Title">A few words for people.</param>
/// <param name="HeldOut">Never generated, only probed.</param>
/// <param name="Weights">By trait: what the low pole adds to the logit of the bad act.</param>
public sealed record WorldDomain(string Name, string Title, bool HeldOut, IReadOnlyList<double> Weights);
