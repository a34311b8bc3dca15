namespace PersonaSelection.Model;

/// <summary>A prefix and the continuations to score after it.</summary>
/// <param name="Prefix">Token ids, the first of them the tokenizer's begin id.</param>
/// <param name="Continuations">Token ids of each continuation; none is empty.</param>
public sealed record ScoreRequest(int[] Prefix, IReadOnlyList<int[]> Continuations)
{
    /// <summary>
    /// How many tokens at the front may be computed once for all requests that have this number and these tokens. Then whole prefixes are
    /// shared too, and nothing else, so that scores depend on the request alone to the last bit, whatever it is scored with. Null: requests
    /// share whatever they have in common, and scores may differ in the last digits with what they share.
    /// </summary>
    public int? Shared { get; init; }
}
