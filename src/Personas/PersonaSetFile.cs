using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Corpus;

namespace PersonaSelection.Personas;

/// <summary>The file of a persona set: schema 1, YAML or JSON (docs/formats.md, Personas).</summary>
internal static class PersonaSetFile
{
    /// <summary>The error code of a bad persona file.</summary>
    public const string ErrorCode = "bad-personas";

    private const double MostStrength = 1000;

    /// <summary>The set, or one error with every problem.</summary>
    public static PersonaSet Read(YamlSource source, string? folder = null)
    {
        YamlTable root = source.Root;
        root.Number("schema", 1, 1);
        var traits = new List<Trait>();
        foreach (YamlTable t in root.Tables("traits", "trait", 0))
        {
            string trait = t.Text("name");
            traits.Add(new Trait(trait, t.Text("low", "not-" + trait), t.Text("high", trait), t.Text("definition", "")));
            t.Done();
        }
        bool declared = root.Has("traits");
        IReadOnlyList<YamlTable> tables = root.Tables("personas", "persona");
        Persona[] personas = [.. tables.Select(ReadPersona)];
        bool wordCounts = root.Flag("word-counts", true);
        root.Done();
        // A file that declares no traits has those that its personas speak of.
        if (!declared)
            traits.AddRange(personas.SelectMany(p => p.Traits.Keys).Distinct(StringComparer.Ordinal)
                .Select(n => new Trait(n, "not-" + n, n, "")));
        if (source.IsSound)
            foreach ((int persona, string problem) in PersonaChecks.Problems(traits, personas))
                source.Say(persona >= 0 ? tables[persona].Line : root.Line, problem);
        source.Complain(ErrorCode, "Mend the lines named above; docs/formats.md describes a personas file.");
        return new PersonaSet(traits, personas) { Folder = folder is { Length: > 0 } ? folder : null, WordCounts = wordCounts };
    }

    /// <summary>The set as indented JSON.</summary>
    public static string Write(PersonaSet set)
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", 1);
            if (!set.WordCounts) json.WriteBoolean("word-counts", false);
            json.WriteStartArray("traits");
            foreach (Trait t in set.Traits)
            {
                json.WriteStartObject();
                json.WriteString("name", t.Name);
                json.WriteString("low", t.Low);
                json.WriteString("high", t.High);
                json.WriteString("definition", t.Definition);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("personas");
            foreach (Persona p in set.Personas) WritePersona(json, p);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static Persona ReadPersona(YamlTable table)
    {
        var contexts = new List<IReadOnlyList<Turn>>();
        foreach (YamlTable context in table.Tables("contexts", $"{table.Title}, context", 0))
        {
            var turns = new List<Turn>();
            foreach (YamlTable turn in context.Tables("turns", $"{context.Title}, turn"))
            {
                turns.Add(new Turn(turn.Text("role"), turn.Text("text")));
                turn.Done();
            }
            contexts.Add(turns);
            context.Done();
        }
        var persona = new Persona(table.Text("name"), table.Text("kind", "human"), table.Text("description", ""),
            table.Numbers("traits", -1, 1, optional: true), table.Number("prior", 0, 1e12, 1))
        {
            Contexts = contexts,
            Examples = table.Has("examples") ? PathOf(table, "examples") : null,
            Direction = DirectionOf(table),
            Given = table.Has("given") ? GivenOf(table) : null,
        };
        table.Done();
        return persona;
    }

    // No path holds one; the system would refuse it much later, and not by this line.
    private static string PathOf(YamlTable table, string key)
    {
        string path = table.Text(key);
        if (path.Any(char.IsControl)) table.Say($"'{key}' is a path and holds a control character", key);
        return path;
    }

    private static Presentation? GivenOf(YamlTable table)
    {
        string way = table.Text("given");
        Presentation? given = way switch
        {
            "described" => Presentation.Described,
            "shown" => Presentation.Shown,
            "vector" => Presentation.Vector,
            "adapter" => Presentation.Adapter,
            "directed" => Presentation.Directed,
            _ => null,
        };
        string needs = given == Presentation.Directed ? "directions" : "examples";
        if (given is null) table.Say("'given' must be described, shown, vector, adapter or directed", "given");
        else if (given != Presentation.Described && !table.Has(needs)) table.Say($"to be given as '{way}' it needs '{needs}'", "given");
        return given;
    }

    private static PersonaDirection? DirectionOf(YamlTable table)
    {
        string? name = table.Has("direction") ? table.Text("direction") : null;
        double? strength = table.Has("strength") ? table.Number("strength", -MostStrength, MostStrength) : null;
        if (table.Has("directions"))
        {
            if (table.Has("examples") && !table.Has("given"))
                table.Say("it has 'examples' and 'directions': say which with 'given'", "directions");
            return new PersonaDirection(PathOf(table, "directions"), name, strength);
        }
        if (name is not null || strength is not null)
            table.Say("'direction' and 'strength' need 'directions', the folder", name is null ? "strength" : "direction");
        return null;
    }

    private static void WritePersona(Utf8JsonWriter json, Persona p)
    {
        json.WriteStartObject();
        json.WriteString("name", p.Name);
        json.WriteString("kind", p.Kind);
        json.WriteString("description", p.Description);
        json.WriteStartObject("traits");
        foreach ((string trait, double value) in p.Traits) json.WriteNumber(trait, value);
        json.WriteEndObject();
        json.WriteNumber("prior", p.Prior);
        if (p.Examples is not null) json.WriteString("examples", p.Examples);
        if (p.Direction is { } direction)
        {
            json.WriteString("directions", direction.Folder);
            if (direction.Name is { } name) json.WriteString("direction", name);
            if (direction.Strength is { } strength) json.WriteNumber("strength", strength);
        }
        if (p.Given is { } given) json.WriteString("given", given.ToString().ToLowerInvariant());
        if (p.Contexts.Count > 0)
        {
            json.WriteStartArray("contexts");
            foreach (IReadOnlyList<Turn> context in p.Contexts)
            {
                json.WriteStartObject();
                json.WriteStartArray("turns");
                foreach (Turn turn in context)
                {
                    json.WriteStartObject();
                    json.WriteString("role", turn.Role);
                    json.WriteString("text", turn.Text);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
