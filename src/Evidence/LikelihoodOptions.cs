using PersonaSelection.Corpus;

namespace PersonaSelection.Evidence;

/// <summary>How likelihoods are taken.</summary>
public sealed record LikelihoodOptions
{
    /// <summary>
    /// Whether an episode that does not fit, or that the tokenizer cannot read, is an error; otherwise it is cut, and counted.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>
    /// Whether what an episode gets is the same to the last bit whatever it is asked with; otherwise texts share all they have in common,
    /// which is a little faster.
    /// </summary>
    public bool Independent { get; init; } = true;

    /// <summary>What evidence is scaled and moved by; null for the model's own numbers.</summary>
    public EvidenceCalibration? Calibration { get; init; }

    /// <summary>
    /// What speaks beside the model, for all personas in order; the calibration then has a second scale, for this.
    /// Null for the model alone.
    /// </summary>
    public WordCounts? WordCounts { get; init; }

    /// <summary><see cref="EvidenceKind.Likelihood"/>, or <see cref="EvidenceKind.Oracle"/> where the model is a world's truth.</summary>
    public EvidenceKind Kind { get; init; } = EvidenceKind.Likelihood;
}
