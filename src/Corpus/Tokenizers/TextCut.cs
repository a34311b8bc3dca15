using System.Globalization;
using System.Text;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>A stretch of a text on its way to byte pairs.</summary>
internal readonly record struct TextPiece(string Text, int Start, int End)
{
    public ReadOnlySpan<char> Span => Text.AsSpan(Start, End - Start);
}

/// <summary>One step of a <c>pre_tokenizer</c>: a piece of a text falls into pieces.</summary>
internal abstract class TextCut
{
    /// <summary>Adds the pieces of a piece; empty ones are none.</summary>
    public abstract void Cut(TextPiece piece, List<TextPiece> into);

    /// <summary>The step that a JSON object describes.</summary>
    /// <exception cref="FormatException">A step that is not followed here.</exception>
    public static TextCut Read(JsonElement step)
    {
        string type = JsonField.Text(step, "type");
        switch (type)
        {
            case "Split":
                JsonElement pattern = JsonField.Object(step, "pattern");
                SplitCut.Finder finder = JsonField.TextOrNone(pattern, "Regex") is { } regex
                    ? new CutPattern(regex).Cut : SplitCut.Literal(JsonField.Text(pattern, "String"));
                return new SplitCut(finder, SplitCut.BehaviourOf(JsonField.Text(step, "behavior")), JsonField.Flag(step, "invert", false));
            case "Digits":
                return new SplitCut(SplitCut.Runes(IsNumber),
                    JsonField.Flag(step, "individual_digits", false) ? CutBehaviour.Isolated : CutBehaviour.Contiguous, false);
            case "Punctuation":
                CutBehaviour behaviour = JsonField.TextOrNone(step, "behavior") is { } b
                    ? SplitCut.BehaviourOf(b) : CutBehaviour.Isolated;
                return new SplitCut(SplitCut.Runes(IsPunctuation), behaviour, false);
            case "Metaspace": return MetaspaceCut.ReadStep(step);
            case "ByteLevel":
                return new ByteLevelCut(JsonField.Flag(step, "add_prefix_space", true), JsonField.Flag(step, "use_regex", true));
            default: throw new FormatException($"A BPE tokenizer with the pre-tokenizer \"{type}\" is not read.");
        }
    }

    private static bool IsNumber(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool IsPunctuation(Rune rune) => rune.IsAscii ? char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
            or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
}
