using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// Finds added tokens in a text: the leftmost first, the longest of those that start together, as the Hugging Face library does with
/// <c>encode_special_tokens</c>. A special token's text is passed over whole and stays text.
/// </summary>
internal sealed class AddedTokens
{
    private const int MostCharacters = 1 << 22;
    private readonly Dictionary<(int Node, char Next), int> _trie = [];
    // The token that ends at a node, if one does.
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _firsts;

    /// <summary>A finder of some tokens.</summary>
    /// <param name="tokens">The tokens; the first of several with one text counts.</param>
    /// <param name="textOf">The text that a token is matched by.</param>
    /// <exception cref="FormatException">There are too many.</exception>
    public AddedTokens(IEnumerable<AddedToken> tokens, Func<AddedToken, string> textOf)
    {
        foreach (AddedToken token in tokens)
        {
            int node = 0;
            foreach (char c in textOf(token))
            {
                if (_trie.TryGetValue((node, c), out int next))
                {
                    node = next;
                    continue;
                }
                if (_ends.Count > MostCharacters) throw new FormatException("It adds too many tokens.");
                _trie.Add((node, c), _ends.Count);
                node = _ends.Count;
                _ends.Add(null);
            }
            if (node > 0) _ends[node] ??= token;
        }
        _firsts = SearchValues.Create([.. _trie.Keys.Where(k => k.Node == 0).Select(k => k.Next)]);
    }

    /// <summary>Cuts a text into the ids of added tokens and what lies between them, none of it empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="onToken">Told the id of each token.</param>
    /// <param name="onText">Told the start and the end of each stretch of text.</param>
    public void Cut(string text, Action<int> onToken, Action<int, int> onText)
    {
        int told = 0;
        for (int from = 0; TryFind(text, from, out int start, out int end, out AddedToken? token); from = end)
        {
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

    private bool TryFind(string text, int from, out int start, out int end, [NotNullWhen(true)] out AddedToken? token)
    {
        (end, token) = (0, null);
        for (start = from; ; start++)
        {
            int next = text.AsSpan(start).IndexOfAny(_firsts);
            if (next < 0) return false;
            start += next;
            int node = 0;
            for (int at = start; at < text.Length && _trie.TryGetValue((node, text[at]), out node); at++)
                if (_ends[node] is { } found) (end, token) = (at + 1, found);
            if (token is not null) return true;
        }
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
