namespace PersonaSelection.Model;

/// <summary>A prefix and the continuations to score after it.</summary>
/// <param name="Prefix">Token ids, the first of them the tokenizer's begin id.</param>
/// <param name="Continuations">Token ids of each continuation; none is empty.</param>
public sealed record ScoreRequest(int[] Prefix, IReadOnlyList<int[]> Continuations);
