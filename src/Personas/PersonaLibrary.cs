using System.Reflection;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>
/// The personas, traits and probes that come with psm: a broad cast of candidates for who is speaking when a machine answers. Its sources
/// are the YAML files of the folder Library, one per kind of persona and per group of traits. See docs/library.md.
/// </summary>
public static class PersonaLibrary
{
    /// <summary>What stands for the library wherever a file of personas or of probes is named.</summary>
    public const string Name = "library";

    private static readonly Lazy<(PersonaSet Personas, IReadOnlyList<Probe> Probes)> BuiltIn = new(Read);

    /// <summary>All personas with their priors; the priors of a kind sum to the share that its file states.</summary>
    public static PersonaSet Personas => BuiltIn.Value.Personas;

    /// <summary>All probes: eight or more per trait, the domain being the trait.</summary>
    public static IReadOnlyList<Probe> Probes => BuiltIn.Value.Probes;

    private static (PersonaSet Personas, IReadOnlyList<Probe> Probes) Read()
    {
        Assembly assembly = typeof(PersonaLibrary).Assembly;
        var traits = new List<Trait>();
        var probes = new List<Probe>();
        var personas = new List<Persona>();
        foreach (string file in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(file)!);
            YamlSource source = YamlSource.Parse(file, reader.ReadToEnd(), PersonaSetFile.ErrorCode);
            if (file.StartsWith("traits-", StringComparison.Ordinal)) ReadTraits(source, traits, probes);
            else personas.AddRange(ReadKind(source));
        }
        return (new PersonaSet(traits, personas), probes);
    }

    /// <summary>A group of traits, each with its probes.</summary>
    internal static void ReadTraits(YamlSource source, List<Trait> traits, List<Probe> probes)
    {
        source.Root.Number("schema", 1, 1);
        foreach (YamlTable table in source.Root.Tables("traits", "trait"))
        {
            var trait = new Trait(table.Text("name"), table.Text("low"), table.Text("high"), table.Text("definition"));
            int number = 0;
            foreach (YamlTable probe in table.Tables("probes", $"{table.Title}, probe"))
            {
                probes.Add(new Probe($"{trait.Name}/{++number}", trait.Name, [new Turn("user", probe.Text("ask"))],
                    [.. probe.Texts("low", 1).Select(t => t.Text)], [.. probe.Texts("high", 1).Select(t => t.Text)], Trait: trait.Name));
                probe.Done();
            }
            traits.Add(trait);
            table.Done();
        }
        source.Root.Done();
        source.Complain(PersonaSetFile.ErrorCode, "Mend the library's sources.");
    }

    /// <summary>The personas of one kind. Their priors are the kind's share, divided by weight.</summary>
    internal static IReadOnlyList<Persona> ReadKind(YamlSource source)
    {
        source.Root.Number("schema", 1, 1);
        string kind = source.Root.Text("kind");
        double share = source.Root.Number("share", 0, 1);
        var personas = new List<Persona>();
        foreach (YamlTable table in source.Root.Tables("personas", "persona"))
        {
            personas.Add(new Persona(table.Text("name"), kind, table.Text("description"), table.Numbers("traits", -1, 1),
                table.Number("weight", 0, 100, 1)));
            table.Done();
        }
        source.Root.Done();
        source.Complain(PersonaSetFile.ErrorCode, "Mend the library's sources.");
        double total = personas.Sum(p => p.Prior);
        return [.. personas.Select(p => p with { Prior = share * p.Prior / total })];
    }
}
