using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// Cuts a text as GPT-2 does before byte-pair encoding, losing nothing: contractions, letters, numbers and other signs each with one space
/// in front, and white space. The pattern is <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, scanned by
/// hand.
/// </summary>
internal ref struct BytePieces(ReadOnlySpan<char> text)
{
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];
    private readonly ReadOnlySpan<char> _text = text;
    private int _next;

    private enum Kind { End, Space, Letter, Number, Other }

    /// <summary>The current piece.</summary>
    public ReadOnlySpan<char> Current { get; private set; }

    /// <summary>Moves to the next piece; false at the end of the text.</summary>
    public bool MoveNext()
    {
        if (_next >= _text.Length) return false;
        int end = EndFrom(_next);
        Current = _text[_next..end];
        _next = end;
        return true;
    }

    private readonly int EndFrom(int start)
    {
        if (_text[start] == '\'')
        {
            foreach (string c in Contractions)
                if (_text[start..].StartsWith(c, StringComparison.Ordinal)) return start + c.Length;
        }
        Kind kind = KindAt(start, out int length);
        if (kind != Kind.Space) return RunEnd(start + length, kind);
        Kind following = KindAt(start + 1, out length);
        if (_text[start] == ' ' && following is not (Kind.Space or Kind.End)) return RunEnd(start + 1 + length, following);
        int end = RunEnd(start + 1, Kind.Space);
        // The last white space before a word belongs to what follows.
        return end == _text.Length || end - start == 1 ? end : end - 1;
    }

    private readonly int RunEnd(int at, Kind kind)
    {
        while (KindAt(at, out int length) == kind) at += length;
        return at;
    }

    private readonly Kind KindAt(int index, out int length)
    {
        length = 1;
        if (index >= _text.Length) return Kind.End;
        char c = _text[index];
        if (c < 128)
            return char.IsAsciiLetter(c) ? Kind.Letter : char.IsAsciiDigit(c) ? Kind.Number : char.IsWhiteSpace(c)
                ? Kind.Space : Kind.Other;
        Rune.DecodeFromUtf16(_text[index..], out Rune rune, out length);
        if (Rune.IsWhiteSpace(rune)) return Kind.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
