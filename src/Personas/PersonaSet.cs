using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>The personas that compete to explain some data, the traits they differ in, and how likely each is beforehand.</summary>
public sealed class PersonaSet
{
    private readonly double[] _prior;
    private readonly double[,] _traitMatrix;

    /// <summary>A set.</summary>
    /// <param name="traits">The traits, with different names.</param>
    /// <param name="personas">At least one persona; names differ; priors are not negative and one is positive;
    /// traits lie in [-1, 1].</param>
    /// <exception cref="ArgumentException">The set is not sound; the message lists every problem.</exception>
    public PersonaSet(IReadOnlyList<Trait> traits, IReadOnlyList<Persona> personas)
    {
        var problems = new List<string>(PersonaChecks.Problems(traits, personas).Select(p => p.Problem));
        if (problems.Count > 0)
            throw new ArgumentException($"The personas do not make a set: {string.Join("; ", problems)}.", nameof(personas));
        Traits = traits;
        Personas = personas;
        double total = personas.Sum(p => p.Prior);
        _prior = [.. personas.Select(p => p.Prior / total)];
        _traitMatrix = new double[personas.Count, traits.Count];
        for (int h = 0; h < personas.Count; h++)
            for (int k = 0; k < traits.Count; k++)
                _traitMatrix[h, k] = personas[h].Traits.GetValueOrDefault(traits[k].Name);
    }

    /// <summary>The traits, in order.</summary>
    public IReadOnlyList<Trait> Traits { get; }

    /// <summary>The personas, in order.</summary>
    public IReadOnlyList<Persona> Personas { get; }

    /// <summary>P(persona), in order; sums to 1. A copy.</summary>
    public double[] Prior => [.. _prior];

    /// <summary>[persona, trait]: the value in [-1, 1]. A copy.</summary>
    public double[,] TraitMatrix => (double[,])_traitMatrix.Clone();

    /// <summary>
    /// The content id: names, kinds, descriptions, traits, priors, contexts, how they are given and the paths of examples
    /// and directions, in order.
    /// </summary>
    public ContentId Id => ContentId.Of("personas", [.. Parts()]);

    /// <summary>The folder of the file it was read from, which paths of examples start at; null for the current folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether word counts may speak beside the model where all personas are given by examples.</summary>
    public bool WordCounts { get; init; } = true;

    /// <summary>Other personas with the traits, folder and word counts of this set.</summary>
    /// <exception cref="ArgumentException">As the constructor.</exception>
    public PersonaSet With(IReadOnlyList<Persona> personas) => new(Traits, personas) { Folder = Folder, WordCounts = WordCounts };

    /// <summary>Where the examples of a persona are; null when it has none.</summary>
    public string? ExamplesOf(Persona persona) =>
        persona.Examples is null || Folder is null ? persona.Examples : Path.Combine(Folder, persona.Examples);

    /// <summary>Where the directions of a persona are; null when it has none.</summary>
    public string? DirectionsOf(Persona persona) =>
        persona.Direction is not { } d || Folder is null ? persona.Direction?.Folder : Path.Combine(Folder, d.Folder);

    /// <summary>Index of a persona by name, or -1.</summary>
    public int IndexOf(string name)
    {
        for (int h = 0; h < Personas.Count; h++)
            if (Personas[h].Name == name) return h;
        return -1;
    }

    /// <summary>
    /// Every context as a persona of its own (<c>villain-1</c>, <c>villain-2</c> …) with an even share of the prior, so that an update can
    /// select within a persona as well; a persona that something else puts before the model stays whole. <paramref name="original"/>
    /// says which persona each was.
    /// </summary>
    public PersonaSet Apart(out IReadOnlyDictionary<string, string> original)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var apart = new List<Persona>();
        foreach (Persona persona in Personas)
        {
            if (persona.Contexts.Count <= 1 || persona.IsDirected || persona.IsExemplified) apart.Add(persona);
            else
                apart.AddRange(persona.Contexts.Select((context, i) => persona with
                {
                    Name = $"{persona.Name}-{i + 1}",
                    Prior = persona.Prior / persona.Contexts.Count,
                    Contexts = [context],
                }));
            foreach (Persona one in apart.Skip(names.Count)) names[one.Name] = persona.Name;
        }
        original = names;
        return With(apart);
    }

    /// <summary>Reads a set from YAML or JSON; <c>library</c> is the <see cref="PersonaLibrary"/>.</summary>
    /// <param name="path">The path of a file, or <see cref="PersonaLibrary.Name"/> (a file of that name is <c>./library</c>).</param>
    /// <exception cref="UserErrorException"><c>bad-personas</c>, with every problem and its line; or the file cannot be read.</exception>
    public static PersonaSet Load(string path) => path == PersonaLibrary.Name ? PersonaLibrary.Personas
        : PersonaSetFile.Read(YamlSource.OpenFile(path, PersonaSetFile.ErrorCode), Path.GetDirectoryName(path));

    /// <summary>Reads a set from the text of a file.</summary>
    /// <param name="name">What the text is called in messages.</param>
    /// <param name="text">YAML or JSON.</param>
    /// <exception cref="UserErrorException"><c>bad-personas</c>, with every problem and its line.</exception>
    public static PersonaSet Parse(string name, string text) => PersonaSetFile.Read(YamlSource.Parse(name, text, PersonaSetFile.ErrorCode));

    /// <summary>Writes the set as JSON, which is YAML as well.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, PersonaSetFile.Write(this));

    private IEnumerable<object?> Parts()
    {
        if (!WordCounts) yield return "no word counts";
        foreach (Trait t in Traits)
            foreach (string part in new[] { t.Name, t.Low, t.High, t.Definition }) yield return part;
        for (int h = 0; h < Personas.Count; h++)
        {
            Persona p = Personas[h];
            foreach (string? part in new[] { p.Name, p.Kind, p.Description, p.Examples }) yield return part;
            yield return _prior[h];
            yield return Enumerable.Range(0, Traits.Count).Select(k => _traitMatrix[h, k]).ToArray();
            // Only where it is said, so that the ids of sets that do not say it stay what they were.
            if (p.Given is { } given) yield return $"given {given}";
            if (p.Direction is { } d)
                yield return $"direction {d.Name} of {d.Folder} x "
                    + $"{d.Strength?.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}";
            yield return p.Contexts.Count;
            foreach (IReadOnlyList<Turn> context in p.Contexts)
            {
                yield return context.Count;
                foreach (Turn turn in context)
                {
                    yield return turn.Role;
                    yield return turn.Text;
                }
            }
        }
    }
}
