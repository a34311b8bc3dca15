namespace PersonaSelection.Personas;

/// <summary>A character a model can simulate. How it is scored is not known here.</summary>
/// <param name="Name">The name, in kebab case.</param>
/// <param name="Kind">What sort of character: <c>human</c>, <c>fiction</c>, <c>machine</c>, <c>assistant</c> …</param>
/// <param name="Description">One or two sentences that describe the character.</param>
/// <param name="Traits">Value in [-1, 1] by trait name; a trait that is absent is 0.</param>
/// <param name="Prior">Prior weight, not negative; weights of a set are normalised by their sum.</param>
public sealed record Persona(string Name, string Kind, string Description, IReadOnlyDictionary<string, double> Traits, double Prior = 1)
{
    /// <summary>
    /// How the character is put before a model: turns that come before the episode (a described or an exemplified persona).
    /// Several alternatives may stand side by side; evidence averages over them. Empty when the persona is given in another way.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Corpus.Turn>> Contexts { get; init; } = [];

    /// <summary>The path of a file of episodes by this character, as written in the set's file; null when there is none.</summary>
    public string? Examples { get; init; }

    /// <summary>The direction in activation space that makes it; null when there is none.</summary>
    public PersonaDirection? Direction { get; init; }

    /// <summary>How it is to be put before a model; null to choose by what it has.</summary>
    public Presentation? Given { get; init; }

    /// <summary>Whether its examples put it before a model, shown or fitted: it has some, and nothing else is said.</summary>
    public bool IsExemplified => Examples is not null && !IsDirected && Given is not Presentation.Described;

    /// <summary>Whether a direction puts it before a model: that is said, or it has a direction and nothing else is said.</summary>
    public bool IsDirected => Direction is not null && Given is null or Presentation.Directed;
}

/// <summary>Which direction makes a persona, as written in the set's file.</summary>
/// <param name="Folder">The path of a folder of directions.</param>
/// <param name="Name">The direction; null for the one of the persona's own name, or, among directions of traits, for the sum over
/// its trait values.</param>
/// <param name="Strength">Times how much it is added; null for as much as the folder says.</param>
public sealed record PersonaDirection(string Folder, string? Name = null, double? Strength = null);
