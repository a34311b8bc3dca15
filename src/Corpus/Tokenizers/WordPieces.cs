using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// Cuts a text into runs of word characters and runs of punctuation, white space left out: the pattern <c>\w+|[^\w\s]+</c>,
/// scanned by hand because corpora hold millions of words.
/// </summary>
internal ref struct WordPieces(ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _next;

    private enum Kind { Space, Word, Punctuation }

    /// <summary>Where the current piece starts, in characters.</summary>
    public int Start { get; private set; }

    /// <summary>The current piece.</summary>
    public ReadOnlySpan<char> Current { get; private set; }

    /// <summary>Moves to the next piece; false at the end of the text.</summary>
    public bool MoveNext()
    {
        int start = _next;
        Kind kind = Kind.Space;
        int length = 0;
        while (start < _text.Length && (kind = KindAt(start, out length)) == Kind.Space)
            start += length;
        if (start >= _text.Length)
        {
            _next = start;
            return false;
        }
        int end = start + length;
        while (end < _text.Length && KindAt(end, out length) == kind)
            end += length;
        Start = start;
        Current = _text[start..end];
        _next = end;
        return true;
    }

    private readonly Kind KindAt(int index, out int length)
    {
        char c = _text[index];
        length = 1;
        if (c < 128)
            return char.IsAsciiLetterOrDigit(c) || c == '_' ? Kind.Word : char.IsWhiteSpace(c) ? Kind.Space : Kind.Punctuation;
        Rune.DecodeFromUtf16(_text[index..], out Rune rune, out length);
        if (Rune.IsWhiteSpace(rune)) return Kind.Space;
        if (rune.Value is 0x200C or 0x200D) return Kind.Word;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation => Kind.Word,
            _ => Kind.Punctuation,
        };
    }
}
