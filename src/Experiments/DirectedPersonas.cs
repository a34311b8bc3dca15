using System.Globalization;
using PersonaSelection.Activations;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Finds what makes the directed personas of a set, among the directions that the set's file names.</summary>
internal static class DirectedPersonas
{
    /// <summary>By name of a directed persona: what is added to the model's activations. Empty where no persona is directed.</summary>
    /// <param name="set">The personas.</param>
    /// <param name="model">The model they are put before.</param>
    /// <exception cref="UserErrorException"><c>needs-weights</c>, <c>bad-directions</c>, <c>other-model-directions</c>,
    /// <c>unknown-direction</c>.</exception>
    public static IReadOnlyDictionary<string, DirectedBy> Of(PersonaSet set, ILanguageModel model)
    {
        var folders = new Dictionary<string, DirectionFolder>(StringComparer.Ordinal);
        var found = new Dictionary<string, DirectedBy>(StringComparer.Ordinal);
        foreach (Persona persona in set.Personas.Where(p => p.IsDirected))
        {
            if (model is not Transformer weights)
                throw new UserErrorException("needs-weights",
                    $"The persona '{persona.Name}' is given by a direction, which is added inside a model; a server keeps that to itself.",
                    "Use --model with a folder, or write 'given: described' in the personas' file.");
            string path = set.DirectionsOf(persona)!;
            if (!folders.TryGetValue(path, out DirectionFolder? folder)) folders[path] = folder = DirectionFolder.Open(path, weights);
            found[persona.Name] = Of(persona, folder);
        }
        return found;
    }

    private static DirectedBy Of(Persona persona, DirectionFolder folder)
    {
        PersonaDirection given = persona.Direction!;
        bool sum = given.Name is null && folder.Set.Origin.Subject == "traits";
        string name = given.Name ?? persona.Name;
        double strength = given.Strength ?? folder.Strength;
        string what = sum ? "its traits" : name;
        return new DirectedBy(new SteeringVector(folder.Set.Origin.Site, sum ? SumOfTraits(persona, folder) : folder.Of(name)), strength,
            string.Create(CultureInfo.InvariantCulture, $"{strength:0.####} times {what} of {folder.Set.Id} at {folder.Set.Origin.Site}"));
    }

    private static float[] SumOfTraits(Persona persona, DirectionFolder folder)
    {
        if (persona.Traits.Count == 0)
            throw new UserErrorException("unknown-direction",
                $"The persona '{persona.Name}' has no traits, and the directions in {folder.Path} are those of traits.",
                "Give it values on these traits, or name one with 'direction:'.");
        return DirectionSet.Sum(persona.Traits.Select(t => (folder.Of(t.Key), t.Value)));
    }
}
