using System.Text;
using PersonaSelection.Corpus;

namespace PersonaSelection.Personas;

/// <summary>What an import has found so far. Things of one name are merged; names of probes and questions are made unique.</summary>
internal sealed class ImportCollection
{
    private const int MostEntries = 2_000_000;
    private const int MostProblems = 10_000;

    private readonly Dictionary<string, Trait> _traits = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, string Kind), Persona> _personas = [];
    private readonly List<(string Name, string Kind)> _order = [];
    private readonly Dictionary<string, string> _descriptions = new(StringComparer.Ordinal);
    private readonly List<Probe> _probes = [];
    private readonly List<OpenQuestion> _questions = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _files = new(StringComparer.Ordinal);
    private readonly List<ImportProblem> _problems = [];

    /// <summary>The file that is being read.</summary>
    public string File { get; set; } = "";

    /// <summary>Keeps a problem of the file that is being read.</summary>
    public void Say(int line, string problem)
    {
        if (_problems.Count < MostProblems) _problems.Add(new ImportProblem(File, line, problem.TrimEnd('.')));
    }

    /// <summary>Counts a file of a format.</summary>
    public void Count(string format) => _files[format] = _files.GetValueOrDefault(format) + 1;

    /// <summary>A description that was listed for a name; personas and traits of that name get it.</summary>
    public void Describe(string name, string description) => _descriptions.TryAdd(name, description);

    /// <summary>A trait; the first of a name stays.</summary>
    public void Add(Trait trait) => _traits.TryAdd(trait.Name, trait);

    /// <summary>A persona; one of the same name and kind gets its contexts as well.</summary>
    public void Add(Persona persona)
    {
        (string, string) key = (persona.Name, persona.Kind);
        if (_personas.TryGetValue(key, out Persona? known))
        {
            _personas[key] = known with
            {
                Contexts = [.. known.Contexts.Concat(persona.Contexts).DistinctBy(Turn.KeyOf)],
            };
            return;
        }
        _personas[key] = persona;
        _order.Add(key);
    }

    /// <summary>A probe; its id gets a number where it is taken.</summary>
    public void Add(Probe probe)
    {
        if (_probes.Count < MostEntries) _probes.Add(probe with { Id = Unique(probe.Id) });
    }

    /// <summary>A question; one that was asked before in the same domain is left out.</summary>
    public void Add(OpenQuestion question)
    {
        string what = $"{question.Domain}\u0001{Turn.KeyOf(question.Context)}";
        if (_questions.Count < MostEntries && _asked.Add(what)) _questions.Add(question with { Id = Unique(question.Id) });
    }

    /// <summary>A set of our own with probes.</summary>
    public void Add(PersonaSet set, IReadOnlyList<Probe> probes)
    {
        foreach (Trait trait in set.Traits) Add(trait);
        foreach (Persona persona in set.Personas) Add(persona);
        foreach (Probe probe in probes) Add(probe);
    }

    /// <summary>The result: descriptions go to their owners, and a name that two kinds share is told apart by the kind.</summary>
    public PersonaImport Close()
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var personas = new List<Persona>();
        foreach (Persona persona in _order.Select(k => _personas[k]))
        {
            string name = persona.Name, stem = $"{name}-{KebabCase(persona.Kind)}";
            if (!taken.Add(name))
            {
                name = stem;
                for (int n = 2; !taken.Add(name); n++) name = $"{stem}-{n}";
            }
            string description = persona.Description.Length > 0 ? persona.Description : _descriptions.GetValueOrDefault(persona.Name, "");
            personas.Add(persona with { Name = name, Description = description });
        }
        Trait[] traits = [.. _traits.Values.Select(t => t.Definition.Length > 0
            ? t : t with { Definition = _descriptions.GetValueOrDefault(t.Name, "") })];
        return new PersonaImport(traits, personas, _probes, _questions, _files, _problems);
    }

    /// <summary>Lower-case words of letters and digits with hyphens between them; <c>unnamed</c> where there is none.</summary>
    public static string KebabCase(string text)
    {
        var name = new StringBuilder();
        foreach (char c in text)
        {
            if (name.Length >= 100) break;
            if (char.IsLetterOrDigit(c)) name.Append(char.ToLowerInvariant(c));
            else if (name.Length > 0 && name[^1] != '-') name.Append('-');
        }
        return name.ToString().Trim('-') is { Length: > 0 } kebab ? kebab : "unnamed";
    }

    private string Unique(string id)
    {
        if (_ids.Add(id)) return id;
        int n = 2;
        while (!_ids.Add($"{id}-{n}")) n++;
        return $"{id}-{n}";
    }
}
