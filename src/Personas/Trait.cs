namespace PersonaSelection.Personas;

/// <summary>
/// An axis of character with two named poles. A persona has a value in [-1, 1] on it: -1 at the low pole, 1 at the high pole.
/// </summary>
/// <param name="Name">The name, in kebab case.</param>
/// <param name="Low">The pole at -1, such as <c>deceitful</c>.</param>
/// <param name="High">The pole at 1, such as <c>honest</c>.</param>
/// <param name="Definition">One line that says what the trait is.</param>
public sealed record Trait(string Name, string Low, string High, string Definition);
