using System.Text.Json.Serialization;
using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>How numbers about personas were obtained. Every table says which.</summary>
[JsonConverter(typeof(KebabEnumConverter<EvidenceKind>))]
public enum EvidenceKind
{
    /// <summary>From a world whose truth is known.</summary>
    Oracle,

    /// <summary>The model's own log-probability with the persona's context before it.</summary>
    Likelihood,

    /// <summary>What showing an episode in the context does to a probe.</summary>
    InContext,

    /// <summary>First order: the derivative of the log-probability along the persona's direction.</summary>
    Gradient,

    /// <summary>Asked of a judge who gives no probabilities.</summary>
    Judgement,

    /// <summary>Exact in the cells that a posterior needs, estimated from them in the others.</summary>
    Adaptive,
}
