using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>How a set of personas is put before a model.</summary>
public sealed record PresentationOptions
{
    private const int MostShown = 4096;

    /// <summary>
    /// The way for every persona that can be given in it, whatever the file says; null to follow the file, and
    /// choose where it says nothing.
    /// </summary>
    public Presentation? Given { get; init; }

    /// <summary>By name of a directed persona: what is added to the activations of the model, whose weights must be here.</summary>
    public IReadOnlyDictionary<string, DirectedBy> Directions { get; init; } = new Dictionary<string, DirectedBy>();

    /// <summary>How personas are fitted.</summary>
    public FitOptions Fit { get; init; } = new();

    /// <summary>Contexts of a persona that is shown, side by side.</summary>
    public int Draws { get; init; } = 4;

    /// <summary>
    /// Tokens of examples in one context: half of what the model reads, but no more than tell who speaks; reading costs with their square.
    /// </summary>
    public static int ShownTokens(ILanguageModel model) => Math.Min(model.ContextLength / 2, MostShown);

    /// <summary>Whether evidence is calibrated on held-out examples, where at least two personas have some.</summary>
    public bool Calibrate { get; init; } = true;

    /// <summary>Most held-out examples of a persona that calibration reads.</summary>
    public int CalibrationExamples { get; init; } = 500;

    /// <summary>
    /// Whether word counts speak beside the model where every persona is given by examples and they tell held-out ones apart better with it
    /// than it does alone; what a set of personas says comes first.
    /// </summary>
    public bool WordCounts { get; init; } = true;

    /// <summary>Whether episodes that do not fit are an error.</summary>
    public bool Strict { get; init; }

    /// <summary>Where fitted personas are kept; null for a folder that is deleted at the end.</summary>
    public ArtifactStore? Store { get; init; }
}
