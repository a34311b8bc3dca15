using System.Text.RegularExpressions;

namespace PersonaSelection.Model;

/// <summary>
/// A token of a given text: where it stands in it (UTF-16 code units, end exclusive) and its log-probability in nats, where known.
/// </summary>
internal readonly record struct TextToken(int Start, int End, double? LogProbability);

/// <summary>
/// Finds the tokens that a server reports in the text that it was given. Offsets that servers send count characters in several ways, with
/// or without the begin token; the tokens' own texts are what can be checked.
/// </summary>
internal static partial class GivenText
{
    /// <summary>Characters that a token may stand for which is reported as a part of a character, or, a special one, as no text.</summary>
    private const int LongestPart = 8, LongestSpecial = 48;

    /// <summary>
    /// The tokens that cover <paramref name="text"/>, in order; null when they do not. Tokens before the text (begin) and after it (what
    /// was generated) are left out; neighbours that are parts of one character are one token here.
    /// </summary>
    public static IReadOnlyList<TextToken>? Align(string text, IReadOnlyList<(string Text, double? LogProbability)> tokens)
    {
        var found = new List<TextToken>();
        int at = 0, hidden = 0, room = 0;
        double? hiddenSum = 0;
        foreach ((string raw, double? log) in tokens)
        {
            if (at >= text.Length && hidden == 0) break;
            if (raw.Length == 0 || raw.Contains('\uFFFD') || raw.StartsWith("bytes:", StringComparison.Ordinal))
            {
                hidden++;
                room += raw.Length == 0 ? LongestSpecial : LongestPart;
                hiddenSum += log;
                continue;
            }
            if (hidden > 0)
            {
                int next = -1, end = -1;
                // What is hidden before all else may be the begin token, which stands for nothing.
                for (int p = found.Count == 0 ? at : at + 1; p <= Math.Min(text.Length, at + room) && next < 0; p++)
                    if ((end = Match(text, p, raw, found.Count == 0)) >= 0) next = p;
                // What follows may have been generated after a text that ended with the hidden tokens.
                if (next != at) found.Add(new TextToken(at, next < 0 ? text.Length : next, hiddenSum));
                (hidden, room, hiddenSum) = (0, 0, 0);
                at = next < 0 ? text.Length : end;
                if (next >= 0) found.Add(new TextToken(next, end, log));
                continue;
            }
            int stop = Match(text, at, raw, found.Count == 0);
            if (stop >= 0)
            {
                found.Add(new TextToken(at, stop, log));
                at = stop;
            }
            else if (found.Count > 0 || !Special().IsMatch(raw)) return null;
        }
        if (hidden > 0 && at < text.Length)
        {
            found.Add(new TextToken(at, text.Length, hiddenSum));
            at = text.Length;
        }
        if (found.Count == 0 || text.AsSpan(at).Trim().Length > 0) return null;
        if (at < text.Length) found[^1] = found[^1] with { End = text.Length };
        return found;
    }

    /// <summary>
    /// Where a token that starts at <paramref name="at"/> ends; -1 when it does not stand there. White space may be missing from it.
    /// </summary>
    private static int Match(string text, int at, string raw, bool first)
    {
        foreach (string token in (string[])[raw, Marked().Replace(raw, m => m.Value == "Ċ" ? "\n" : " ")])
        {
            if (string.CompareOrdinal(text, at, token, 0, token.Length) == 0) return at + token.Length;
            string bare = token.TrimStart();
            int blank = at;
            while (blank < text.Length && char.IsWhiteSpace(text[blank])) blank++;
            if (bare.Length == 0 || (bare.Length < token.Length && !first)) continue;
            if (string.CompareOrdinal(text, blank, bare, 0, bare.Length) == 0) return blank + bare.Length;
        }
        return -1;
    }

    [GeneratedRegex(@"^\s*(<.*>|\[[A-Z]+\])\s*$")]
    private static partial Regex Special();

    [GeneratedRegex("[▁ĠĊ]")]
    private static partial Regex Marked();
}
