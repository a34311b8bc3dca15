using System.Text;

namespace PersonaSelection.Report;

/// <summary>Names that users gave (of personas, traits, files), on their way into a sentence or a label.</summary>
public static class NameText
{
    private const char Isolate = '\u2068', End = '\u2069';

    /// <summary>
    /// A name within plain text. One that is written from right to left, or that turns the direction, is isolated: else it would turn round
    /// the numbers and words beside it.
    /// </summary>
    public static string Plain(string name) => name.EnumerateRunes().Any(Turns) ? $"{Isolate}{name}{End}" : name;

    /// <summary>
    /// The length of the isolated name that a text begins with, in UTF-16 code units; 0 where it begins with none, one that goes over a
    /// line, or one that holds the beginning of another.
    /// </summary>
    public static int IsolatedLength(ReadOnlySpan<char> text)
    {
        int end = text is [Isolate, ..] ? text[1..].IndexOfAny([Isolate, End, '\n', '\r']) + 1 : 0;
        if (end < 2 || text[end] != End) return 0;
        foreach (Rune rune in text[1..end].EnumerateRunes())
            if (Turns(rune)) return end + 1;
        return 0;
    }

    /// <summary>A name within the markup of <see cref="Prose"/>: what would be a mark in it is text.</summary>
    public static string InProse(string name) => InlineText.Escape(Plain(name));

    // Hebrew to Arabic, their forms for presentation, what is written from right to left beyond the first plane, and marks of direction.
    private static bool Turns(Rune rune) => rune.Value is (>= 0x590 and < 0x900) or (>= 0xfb1d and < 0xfe00) or (>= 0xfe70 and < 0xff00)
        or (>= 0x10800 and < 0x11000) or (>= 0x1e800 and < 0x1f000) or 0x200f or (>= 0x202a and <= 0x202e) or (>= 0x2066 and <= 0x2069);
}
