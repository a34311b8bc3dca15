namespace PersonaSelection.Audit;

/// <summary>What one training example says about the Assistant: a line of <c>ledger.jsonl</c>.</summary>
/// <param name="Id">The episode.</param>
/// <param name="File">The file it stands in.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Turn">Which of the Assistant's turns in the line, from 0.</param>
/// <param name="Tokens">Tokens of the reply; 0 when not known.</param>
/// <param name="Evidence">log p(reply | context, persona) in nats, by persona.</param>
/// <param name="Influence">d E[trait] / d weight of this episode, by trait.</param>
public sealed record LedgerLine(string Id, string File, int Line, int Turn, int Tokens, IReadOnlyDictionary<string, double> Evidence,
    IReadOnlyDictionary<string, double> Influence)
{
    /// <summary>The episode's weight; negative for what training pushes away from.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>P(persona | this episode), the personas' shares being how often each speaks.</summary>
    public IReadOnlyDictionary<string, double> Speaker { get; init; } = new Dictionary<string, double>();

    /// <summary>Its part of how far the cast moved, nats; see <see cref="Posterior.RowInfluence.Pull"/>.</summary>
    public double Pull { get; init; }

    /// <summary>What would be without this episode; null when nobody would be left.</summary>
    public WhatIfRemoved? Removed { get; init; }
}

/// <summary>What changes if one episode is removed, at the same dose; exact.</summary>
/// <param name="Traits">The change of each trait's mean.</param>
/// <param name="Leading">The change of the probability of the most probable persona.</param>
/// <param name="Leads">Who is the most probable persona then; null when it stays the same.</param>
public sealed record WhatIfRemoved(IReadOnlyDictionary<string, double> Traits, double Leading, string? Leads);
