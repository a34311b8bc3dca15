using System.Buffers;
using System.Text.RegularExpressions;

namespace PersonaSelection.Corpus;

/// <summary>
/// A pattern of the Oniguruma library, as files of tokenizers hold them, matched by code points. The pattern is rewritten over symbols: one
/// symbol for all characters that its sets do not tell apart. So <c>\s</c>, <c>\p{L}</c> and letters without case mean here what they mean
/// there, a character beyond the 16 bits of a <see cref="char"/> is one character, and what the two languages do not share is refused.
/// </summary>
internal sealed class CutPattern
{
    // A pattern comes from a file of a stranger: it must not take for ever.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(5);
    private readonly string _pattern;
    private readonly Regex _regex;
    private readonly CodeClasses _classes;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">A pattern that is not followed here.</exception>
    public CutPattern(string pattern)
    {
        _pattern = pattern;
        PatternParts parts = PatternParts.Read(pattern);
        _classes = new CodeClasses(parts.Sets);
        try
        {
            _regex = new Regex(parts.Write(_classes), RegexOptions.CultureInvariant | RegexOptions.Compiled, LongestMatch);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"Its pattern {Shown} is not understood: {e.Message}", e);
        }
    }

    private string Shown => _pattern.Length <= 60 ? _pattern : _pattern[..60] + "…";

    /// <summary>Adds the parts of a text in their order, which leave nothing of it out: matches, and what lies between them.</summary>
    /// <param name="text">The text, whose surrogates are all in pairs.</param>
    /// <param name="offset">What to add to every position.</param>
    /// <param name="parts">Where the parts go.</param>
    /// <exception cref="Lab.UserErrorException">It took too long.</exception>
    public void Cut(ReadOnlySpan<char> text, int offset, List<(int Start, int End, bool Match)> parts)
    {
        char[] symbols = ArrayPool<char>.Shared.Rent(text.Length);
        int[]? starts = null;
        try
        {
            int count = _classes.Map(text, symbols, ref starts);
            int told = 0;
            long begun = TimeProvider.System.GetTimestamp();
            TimeSpan most = LongestMatch + TimeSpan.FromMilliseconds(text.Length / 100);
            foreach (ValueMatch match in _regex.EnumerateMatches(symbols.AsSpan(0, count)))
            {
                int start = match.Index, end = start + match.Length;
                // Nothing is matched right behind a match, as in Oniguruma.
                if (start == end && start == told && told > 0) continue;
                if (told < start) Tell(told, start, false);
                Tell(start, end, true);
                told = end;
                if (TimeProvider.System.GetElapsedTime(begun) > most) throw TooSlow(null);
            }
            if (told < count) Tell(told, count, false);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw TooSlow(e);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(symbols);
        }
        void Tell(int start, int end, bool match) =>
            parts.Add(starts is null ? (offset + start, offset + end, match) : (offset + starts[start], offset + starts[end], match));
    }

    private Lab.UserErrorException TooSlow(Exception? inner) => new("bad-tokenizer",
        $"Cutting a text with the pattern {Shown} of the tokenizer took more than {LongestMatch.TotalSeconds:0} seconds.",
        "Use a tokenizer whose pattern is simpler; this one may have been made to hang programs.", inner);
}
