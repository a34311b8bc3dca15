using PersonaSelection.Audit;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Experiments;

/// <summary>Evidence that is wanted.</summary>
/// <param name="Kind">One of <see cref="EvidenceSources.Kinds"/>.</param>
/// <param name="Personas">Who competes.</param>
/// <param name="Data">What is to be judged; evidence of first order is fitted to exact evidence of some of it, adaptive evidence is
/// computed for all of it.</param>
/// <param name="Folder">The audit's folder, where fitted personas, cells and judgements are kept.</param>
public sealed record EvidenceRequest(string Kind, PersonaSet Personas, AuditData Data, string Folder)
{
    /// <summary>Whether an episode that does not fit the model is an error.</summary>
    public bool Strict { get; init; }

    /// <summary>What in-context evidence asks after every episode; other kinds need none.</summary>
    public IReadOnlyList<Probe> Probes { get; init; } = [];

    /// <summary>
    /// The dose as effective observations; null where it is to be fitted. Adaptive evidence asks for the cells that matter at the dose.
    /// </summary>
    public double? EffectiveObservations { get; init; }

    /// <summary>
    /// Answers sampled for each probe after each episode, for in-context evidence of a chat model without
    /// probabilities; null where it has them.
    /// </summary>
    public int? Samples { get; init; }

    /// <summary>Whether a chat model is asked that gives no probabilities.</summary>
    public bool AsksChat => Kind == "judgement" || Samples is not null;

    /// <summary>The largest share of the cells that adaptive evidence may ask for.</summary>
    public double Cells { get; init; } = new CompletionPlan().MaximumShare;
}
