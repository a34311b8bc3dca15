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
    IReadOnlyDictionary<string, double> Influence);
