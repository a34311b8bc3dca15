namespace PersonaSelection.Corpus;

/// <summary>A text to pre-train on.</summary>
/// <param name="Text">The text.</param>
public sealed record Document(string Text)
{
    /// <summary>The document as training sees it: begin, the text, end.</summary>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback.</exception>
    public int[] Encode(ITokenizer tokenizer) => [tokenizer.BeginId, .. tokenizer.Encode(Text), tokenizer.EndId];
}
