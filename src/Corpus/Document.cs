namespace PersonaSelection.Corpus;

/// <summary>A text to pre-train on.</summary>
/// <param name="Text">The text.</param>
/// <param name="Id">A name that is unique in its corpus, where it has one.</param>
/// <param name="Label">What kind of document it is, where known (such as <c>story</c>); never read by training.</param>
public sealed record Document(string Text, string? Id = null, string? Label = null)
{
    /// <summary>The document as training sees it: begin, the text, end.</summary>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback.</exception>
    public int[] Encode(ITokenizer tokenizer) => [tokenizer.BeginId, .. tokenizer.Encode(Text), tokenizer.EndId];
}
