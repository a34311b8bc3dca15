namespace PersonaSelection.Personas;

/// <summary>What a set of personas must keep, whoever makes it.</summary>
internal static class PersonaChecks
{
    /// <summary>Every problem, with the number of the persona it belongs to (-1: the set).</summary>
    public static IEnumerable<(int Persona, string Problem)> Problems(IReadOnlyList<Trait> traits, IReadOnlyList<Persona> personas)
    {
        var traitNames = new HashSet<string>(StringComparer.Ordinal);
        foreach (Trait t in traits)
            if (!traitNames.Add(t.Name)) yield return (-1, $"two traits are called '{t.Name}'");
        if (personas.Count == 0) yield return (-1, "there is no persona");
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int h = 0; h < personas.Count; h++)
        {
            Persona p = personas[h];
            if (p.Name.Length == 0) yield return (h, $"persona {h + 1} has no name");
            else if (!names.Add(p.Name)) yield return (h, $"two personas are called '{p.Name}'");
            if (!(p.Prior >= 0) || double.IsInfinity(p.Prior)) yield return (h, $"the prior of '{p.Name}' must be a number from 0 up");
            foreach ((string trait, double value) in p.Traits)
            {
                if (!traitNames.Contains(trait)) yield return (h, $"'{p.Name}' has a value for the unknown trait '{trait}'");
                if (!(Math.Abs(value) <= 1)) yield return (h, $"the trait '{trait}' of '{p.Name}' must lie in [-1, 1]");
            }
        }
        if (personas.Count > 0 && !(personas.Sum(p => p.Prior) > 0)) yield return (-1, "the priors need a positive sum");
    }
}
