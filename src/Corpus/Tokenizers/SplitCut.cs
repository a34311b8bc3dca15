using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>What becomes of the matches of a <see cref="SplitCut"/>.</summary>
internal enum CutBehaviour { Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous }

/// <summary>Cuts where something matches.</summary>
internal sealed class SplitCut(SplitCut.Finder finder, CutBehaviour behaviour, bool invert) : TextCut
{
    private const int LongestLiteral = 1024;

    /// <summary>Adds the parts of a text in their order, which leave nothing of it out: matches, and what lies between them.</summary>
    public delegate void Finder(ReadOnlySpan<char> text, int offset, List<(int Start, int End, bool Match)> parts);

    public override void Cut(TextPiece piece, List<TextPiece> into)
    {
        var parts = new List<(int Start, int End, bool Match)>();
        finder(piece.Span, piece.Start, parts);
        foreach ((int start, int end, bool match) in Joined(parts))
            if (start < end && !(behaviour == CutBehaviour.Removed && match != invert)) into.Add(new TextPiece(piece.Text, start, end));
    }

    /// <summary>The behaviour of this name.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static CutBehaviour BehaviourOf(string name) => name switch
    {
        "Isolated" => CutBehaviour.Isolated,
        "Removed" => CutBehaviour.Removed,
        "MergedWithPrevious" => CutBehaviour.MergedWithPrevious,
        "MergedWithNext" => CutBehaviour.MergedWithNext,
        "Contiguous" => CutBehaviour.Contiguous,
        var other => throw new FormatException($"Its pre-tokenizer has the behaviour \"{other}\", which there is not."),
    };

    /// <summary>Finds a text as it stands.</summary>
    /// <exception cref="FormatException">It is empty or too long.</exception>
    public static Finder Literal(string literal)
    {
        if (literal.Length is 0 or > LongestLiteral)
            throw new FormatException($"Its pre-tokenizer cuts at a text of {literal.Length} characters; 1 to {LongestLiteral} are read.");
        return (text, offset, parts) =>
        {
            int told = 0;
            for (int at; (at = text[told..].IndexOf(literal, StringComparison.Ordinal)) >= 0; told += at + literal.Length)
            {
                if (at > 0) parts.Add((offset + told, offset + told + at, false));
                parts.Add((offset + told + at, offset + told + at + literal.Length, true));
            }
            if (told < text.Length) parts.Add((offset + told, offset + text.Length, false));
        };
    }

    /// <summary>Finds single characters of a kind.</summary>
    public static Finder Runes(Func<Rune, bool> isOne) => (text, offset, parts) =>
    {
        int told = 0, length;
        for (int at = 0; at < text.Length; at += length)
        {
            Rune.DecodeFromUtf16(text[at..], out Rune rune, out length);
            if (!isOne(rune)) continue;
            if (told < at) parts.Add((offset + told, offset + at, false));
            told = at + length;
            parts.Add((offset + at, offset + told, true));
        }
        if (told < text.Length) parts.Add((offset + told, offset + text.Length, false));
    };

    private List<(int Start, int End, bool Match)> Joined(List<(int Start, int End, bool Match)> parts)
    {
        if (behaviour is CutBehaviour.Isolated or CutBehaviour.Removed) return parts;
        bool backwards = behaviour == CutBehaviour.MergedWithNext;
        if (backwards) parts.Reverse();
        var joined = new List<(int Start, int End, bool Match)>(parts.Count);
        // The library begins as if something that is no match had come before.
        bool previous = false;
        foreach ((int start, int end, bool found) in parts)
        {
            bool match = found != invert;
            bool joins = behaviour == CutBehaviour.Contiguous ? match == previous : match && !previous;
            if (joins && joined.Count > 0)
                joined[^1] = (Math.Min(start, joined[^1].Start), Math.Max(end, joined[^1].End), false);
            else joined.Add((start, end, false));
            previous = match;
        }
        if (backwards) joined.Reverse();
        return joined;
    }
}
