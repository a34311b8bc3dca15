using System.Reflection;
using System.Text.RegularExpressions;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>The words in which a judge is asked who speaks, and the reading of its answer.</summary>
internal static partial class JudgementQuestion
{
    public const int CannotTell = -1, Unreadable = -2;

    public static string Rubric { get; } = ReadRubric();

    public static ContentId RubricId { get; } = ContentId.Of("rubric", Rubric);

    public static IReadOnlyList<Turn> Of(Episode episode, IEnumerable<Persona> candidates, int longest)
    {
        string situation = string.Join('\n', episode.Context.Select(t => $"{t.Role}: {t.Text}"));
        string list = string.Join('\n', candidates.Select((p, i) => $"{(char)('A' + i)}. {Description(p)}"));
        return
        [
            new Turn("system", Rubric),
            new Turn("user", $"""
                <situation>
                {Shown(situation, longest)}
                </situation>
                <reply>
                {Shown(episode.Reply, longest)}
                </reply>
                <candidates>
                {list}
                </candidates>
                Which candidate is the most likely to have written this reply? One letter, or ? if you cannot tell.
                """.ReplaceLineEndings("\n")),
        ];
    }

    /// <summary>The place of the candidate chosen, from 0; or <see cref="CannotTell"/> or <see cref="Unreadable"/>.</summary>
    public static int Read(string answer, int candidates)
    {
        string text = answer.Trim();
        Match letter = Alone().Match(text);
        // A judge that explains itself nevertheless names its choice at the end.
        if (!letter.Success) letter = Named().Matches(text).LastOrDefault() ?? Match.Empty;
        if (letter.Success)
        {
            string said = letter.Groups["x"].Value.ToUpperInvariant();
            if (said == "?") return CannotTell;
            int place = said[0] - 'A';
            return place < candidates ? place : Unreadable;
        }
        return Unsure().IsMatch(text) ? CannotTell : Unreadable;
    }

    public static string Description(Persona persona) =>
        string.IsNullOrWhiteSpace(persona.Description)
            ? persona.Name.Replace('-', ' ') : persona.Description.Trim().ReplaceLineEndings(" ");

    private static string Shown(string text, int longest)
    {
        string cut = text.Length <= longest ? text : $"{text[..(longest * 2 / 3)]}\n[…]\n{text[^(longest / 3)..]}";
        // The text being judged cannot close the fence around it.
        return Fence().Replace(cut, "‹$1›");
    }

    private static string ReadRubric()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("judgement-rubric.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Trim();
    }

    [GeneratedRegex(@"<(/?(?:situation|reply|candidates))>", RegexOptions.IgnoreCase)]
    private static partial Regex Fence();

    private const string Reasons =
        @"(is|was|as|because|since|seems|fits|matches|would|could|for|with|and|or|over|rather|due|by|but|in|on)\b";

    // The letter and nothing more, or before what it stands for or why: "B", "b)", "**C**", "(D) because".
    [GeneratedRegex(@"^[\s*_(\[""'`]*(?<x>[A-T?])([\s*_)\]""'`.:,]*$|[*_)\]""'`.:,]+\s|[ \t]*\n|\s+[-–—]\s)",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Alone();

    // Within a sentence "a" is an article, and so is "A" before a word that no reason begins with, and "I" before a word is the judge,
    // unless something marks them as letters.
    [GeneratedRegex(@"((?i)answer|candidate|option|letter|choice|choose|pick)\b\s*(is|would be|:)*\s*"
        + @"([\s*_(\[""'`]*((?<x>[B-HJ-T?])|(?<x>I)(?![ \t]+(?!is\b)\w)|(?<x>A)((?<=\b(?i:candidate|option|letter)\W+A)|(?![ \t]+(?!"
        + Reasons + @")\w)))(?!\w)"
        + @"|[*_(\[""'`]*((?<x>[a-t])[*_)\]""'`]|(?<x>[b-t])\.?$))", RegexOptions.ExplicitCapture)]
    private static partial Regex Named();

    [GeneratedRegex(@"\b(cannot|can't|can not|unable to)\s+(tell|say|decide|determine)\b|\bnone of (them|these)\b|^\W*(unsure|unknown)\W*$",
        RegexOptions.IgnoreCase)]
    private static partial Regex Unsure();
}
