using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Where an audit gets its evidence from, by the name of the kind.</summary>
public static class EvidenceSources
{
    /// <summary>The kinds that can be asked for.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["likelihood"];

    /// <summary>A source over a model of this machine.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="model">The model; it must outlive the source.</param>
    /// <param name="personas">Who competes.</param>
    /// <param name="strict">Whether an episode that does not fit the model is an error.</param>
    /// <exception cref="UserErrorException"><c>unknown-evidence</c>.</exception>
    public static IEvidenceSource Of(string kind, Transformer model, PersonaSet personas, bool strict) => kind switch
    {
        "likelihood" => new LikelihoodSource([.. personas.Personas.Select(p => PresentedPersona.Described(p, model))],
            new LikelihoodOptions { Strict = strict, Template = model.Template }),
        _ => throw new UserErrorException("unknown-evidence", $"There is no evidence of the kind '{kind}'.", $"Choose one of {string.Join(", ", Kinds)}."),
    };
}
