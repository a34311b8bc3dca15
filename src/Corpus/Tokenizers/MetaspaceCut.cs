using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// The step <c>Metaspace</c>: spaces become a sign of their own (▁), perhaps with one in front of the text, perhaps cut before each.
/// </summary>
internal sealed class MetaspaceCut(char sign, bool prepends, bool cuts) : TextCut
{
    /// <summary>Reads the step.</summary>
    /// <exception cref="FormatException">A step that is not followed here.</exception>
    // With "first" the library puts the sign only before what stands at the very start of its input. What is encoded here follows special
    // tokens, such as the one that begins a document, so there it never does.
    public static MetaspaceCut ReadStep(JsonElement step)
    {
        string replacement = JsonField.Text(step, "replacement");
        if (replacement.Length != 1)
            throw new FormatException($"Its pre-tokenizer puts \"{replacement}\" for spaces; one character is read.");
        string scheme = JsonField.TextOrNone(step, "prepend_scheme") ?? "always";
        if (scheme is not ("always" or "first" or "never"))
            throw new FormatException($"Its pre-tokenizer has the scheme \"{scheme}\", which there is not.");
        if (!JsonField.Flag(step, "add_prefix_space", true) && scheme != "never")
            throw new FormatException("Its pre-tokenizer says in one place that it adds a space, and in another that it does not.");
        return new MetaspaceCut(replacement[0], scheme == "always", JsonField.Flag(step, "split", true));
    }

    public override void Cut(TextPiece piece, List<TextPiece> into)
    {
        string text = piece.Span.ToString().Replace(' ', sign);
        if (prepends && text[0] != sign) text = sign + text;
        int start = 0;
        for (int at = 1; cuts && at < text.Length; at++)
        {
            if (text[at] != sign) continue;
            into.Add(new TextPiece(text, start, at));
            start = at;
        }
        into.Add(new TextPiece(text, start, text.Length));
    }
}
