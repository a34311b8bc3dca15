using System.Buffers;
using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// Finds added tokens in a text: the leftmost first, the longest of those that start together, as the Hugging Face library does with
/// <c>encode_special_tokens</c>. A special token's text is passed over whole and stays text.
/// </summary>
internal sealed class AddedTokens
{
    private readonly AddedToken[] _tokens;
    private readonly TextFinder _finder;

    /// <summary>A finder of some tokens.</summary>
    /// <param name="tokens">The tokens; the first of several with one text counts.</param>
    /// <param name="textOf">The text that a token is matched by.</param>
    /// <exception cref="FormatException">There are too many.</exception>
    public AddedTokens(IEnumerable<AddedToken> tokens, Func<AddedToken, string> textOf)
    {
        _tokens = [.. tokens];
        _finder = new TextFinder(_tokens.Select(textOf));
    }

    /// <summary>Cuts a text into the ids of added tokens and what lies between them, none of it empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="onToken">Told the id of each token.</param>
    /// <param name="onText">Told the start and the end of each stretch of text.</param>
    public void Cut(string text, Action<int> onToken, Action<int, int> onText)
    {
        int told = 0;
        for (int from = 0; _finder.TryFind(text, from, out int start, out int end, out int number); from = end)
        {
            AddedToken token = _tokens[number];
            if (token.Special) continue;
            int stop = end;
            if (token.SingleWord && (WordEndsAt(text, start) || WordStartsAt(text, end))) continue;
            if (token.StripsLeft) start = Math.Max(told, text.AsSpan(0, start).TrimEnd().Length);
            if (token.StripsRight) stop = text.Length - text.AsSpan(end).TrimStart().Length;
            if (told < start) onText(told, start);
            onToken(token.Id);
            told = stop;
        }
        if (told < text.Length) onText(told, text.Length);
    }

    private static bool WordEndsAt(string text, int at) =>
        Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool WordStartsAt(string text, int at) =>
        Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool IsWord(Rune rune) => rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
