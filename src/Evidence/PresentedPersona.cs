using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>What makes a directed persona.</summary>
/// <param name="Vector">The direction and its site.</param>
/// <param name="Strength">Times how much it is added.</param>
/// <param name="Origin">Where it comes from, in one line; null when nobody needs to know.</param>
public sealed record DirectedBy(SteeringVector Vector, double Strength = 1, string? Origin = null);

/// <summary>A persona as it is put before a model: the model that speaks for it, and the turns that come first.</summary>
/// <param name="Persona">The persona.</param>
/// <param name="Way">How it is given.</param>
/// <param name="Model">The model; personas that share one are scored together. A fitted or directed persona has a model of its own.</param>
/// <param name="Contexts">Turns before the episode, several alternatives side by side; at least one, which may be empty.</param>
public sealed record PresentedPersona(Persona Persona, Presentation Way, ILanguageModel Model, IReadOnlyList<IReadOnlyList<Turn>> Contexts)
{
    internal static readonly IReadOnlyList<IReadOnlyList<Turn>> Bare = [[]];

    /// <summary>The content id of all that its evidence depends on.</summary>
    public ContentId Id => ContentId.Of("presented", [Way.ToString(), Model.Id, .. PersonaQuestions.Parts(Persona.Name, Contexts)]);

    /// <summary>Where the direction of a directed persona comes from, in one line; null for the others.</summary>
    public string? DirectedBy { get; init; }

    /// <summary>Its own contexts; without any, the model as it is.</summary>
    public static PresentedPersona AsGiven(Persona persona, ILanguageModel model) =>
        new(persona, Presentation.Described, model, persona.Contexts.Count == 0 ? Bare : persona.Contexts);

    /// <summary>Its own contexts; without any, a system turn that says its description.</summary>
    public static PresentedPersona Described(Persona persona, ILanguageModel model) =>
        new(persona, Presentation.Described, model, WithContexts(persona).Contexts);

    /// <summary>The persona with its own contexts; without any, with the system turn that says its description.</summary>
    public static Persona WithContexts(Persona persona) =>
        persona.Contexts.Count > 0 ? persona : persona with { Contexts = [[new Turn("system", Describe(persona))]] };

    /// <summary>A direction added to the activations at a site.</summary>
    /// <param name="persona">The persona.</param>
    /// <param name="model">The model that is steered; it must outlive the persona.</param>
    /// <param name="direction">What is added.</param>
    /// <exception cref="ArgumentException">No such site, or the direction has another width.</exception>
    public static PresentedPersona Directed(Persona persona, Transformer model, DirectedBy direction) =>
        new(persona, Presentation.Directed, model.With(direction.Vector.Apply(model.Config, (float)direction.Strength)), Bare)
        {
            DirectedBy = direction.Origin,
        };

    /// <summary>
    /// What a system turn says of a persona that has no contexts: "The assistant is a doctor who guesses." where the description starts
    /// with an article, and else its name before the description.
    /// </summary>
    public static string Describe(Persona persona)
    {
        string name = persona.Name.Replace('-', ' '), text = persona.Description.Trim();
        if (text.Length == 0) return $"The assistant is {name}.";
        string first = text.Split(' ', 2)[0];
        string sentence = first is "A" or "An" or "The" or "One" or "Somebody" or "Someone"
            ? $"The assistant is {char.ToLowerInvariant(text[0])}{text[1..]}"
            : $"The assistant is {name}. {text}";
        return sentence[^1] is '.' or '!' or '?' ? sentence : sentence + ".";
    }
}
