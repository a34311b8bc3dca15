using PersonaSelection.Corpus;

namespace PersonaSelection.Evidence;

/// <summary>How likelihoods are taken.</summary>
public sealed record LikelihoodOptions
{
    /// <summary>How dialogues become text.</summary>
    public ChatTemplate Template { get; init; } = ChatTemplate.Plain;

    /// <summary>Whether an episode that does not fit, or that the tokenizer cannot read, is an error; otherwise it is cut, and counted.</summary>
    public bool Strict { get; init; }

    /// <summary>What evidence is scaled and moved by; null for the model's own numbers.</summary>
    public EvidenceCalibration? Calibration { get; init; }

    /// <summary><see cref="EvidenceKind.Likelihood"/>, or <see cref="EvidenceKind.Oracle"/> where the model is a world's truth.</summary>
    public EvidenceKind Kind { get; init; } = EvidenceKind.Likelihood;
}
