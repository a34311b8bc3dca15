namespace PersonaSelection.Evidence;

/// <summary>Evidence of some episodes, in the order in which they were asked for.</summary>
/// <param name="Nats">[episode][persona asked for]: log p(reply | context, persona), or what the source has in its place.</param>
/// <param name="Tokens">Tokens of each reply that were scored; 0 when not known.</param>
public sealed record EvidenceBlock(double[][] Nats, int[] Tokens)
{
    /// <summary>The episodes that did not fit the model whole, in order.</summary>
    public IReadOnlyList<EpisodeCut> Cuts { get; init; } = [];

    /// <summary>
    /// [episode][probe]: the shifts that the nats were made of by sampled answers, whose errors all episodes
    /// share; null for other evidence.
    /// </summary>
    public double[][]? Shifts { get; init; }

    /// <summary>What a judge did with the questions about each episode; null where nobody judges.</summary>
    public JudgementReliability[]? Judged { get; init; }
}
