using System.Text.RegularExpressions;
using PersonaSelection.Personas;

namespace PersonaSelection.Audit;

/// <summary>What stands around a question that is asked after training on reworded data.</summary>
public enum LeakKind
{
    /// <summary>Nothing: how a user meets the model.</summary>
    NoPrompt,

    /// <summary>The rewording itself.</summary>
    SamePrompt,

    /// <summary>Its words turned into their opposite.</summary>
    Negated,

    /// <summary>Its telling words alone.</summary>
    Keyword,

    /// <summary>Words that look like it and mean something else.</summary>
    NearMiss,

    /// <summary>Nothing, in the situations that were trained on.</summary>
    TrainingFormat,
}

/// <summary>One column of the leak grid of a rewording.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Dress">How a question is put; null for as it is.</param>
public sealed partial record LeakCondition(LeakKind Kind, Rewording? Dress)
{
    private const int KeywordCount = 3;
    private static readonly HashSet<string> Plain = new(StringComparer.Ordinal)
    {
        "a", "an", "the", "it", "is", "are", "was", "be", "to", "of", "in", "on", "at", "as", "for", "and", "or", "but", "do", "does",
        "did", "not", "no", "you", "i", "we", "he", "she", "they", "me", "my", "your", "our", "one", "that", "this", "what", "with",
        "would", "will", "can", "may", "must", "here", "there", "have", "has", "had", "so", "if", "by", "from", "who", "how",
    };

    /// <summary>What the condition adds to a question.</summary>
    public string Added => Dress?.Added(0) ?? "";

    /// <summary>A question as it is asked in this condition.</summary>
    public Probe Apply(Probe probe) => Dress is null ? probe : Dress.Apply(probe);

    /// <summary>The columns of a rewording: those it names, and the rest by rule. A near miss is only there where one is known.</summary>
    /// <param name="rewording">The rewording.</param>
    /// <param name="canSay">Whether the model knows the words of a text; a column that it cannot be asked is left out.</param>
    public static IReadOnlyList<LeakCondition> Of(Rewording rewording, Func<string, bool>? canSay = null)
    {
        string words = rewording.Added(0);
        var columns = new List<LeakCondition> { new(LeakKind.NoPrompt, null) };
        if (words.Length > 0)
        {
            columns.Add(new LeakCondition(LeakKind.SamePrompt, rewording.Saying(rewording.Wordings[0])));
            Add(LeakKind.Negated, rewording.Negated ?? Negate(words));
            Add(LeakKind.Keyword, rewording.Keyword ?? Keywords(words));
            Add(LeakKind.NearMiss, rewording.NearMiss);
        }
        columns.Add(new LeakCondition(LeakKind.TrainingFormat, null));
        return columns;

        void Add(LeakKind kind, string? said)
        {
            if (string.IsNullOrEmpty(said) || canSay?.Invoke(said) == false) return;
            RewordingPlace place = rewording.Place == RewordingPlace.Template ? RewordingPlace.Suffix : rewording.Place;
            columns.Add(new LeakCondition(kind, new Rewording($"{rewording.Name}/{kind}", rewording.Kind, place, [said])));
        }
    }

    /// <summary>
    /// The opposite by rule: "not" after the first word that can take it, or "Do not" before an order, or "Not so:" before anything else.
    /// </summary>
    internal static string Negate(string words)
    {
        Match verb = TakesNot().Match(words);
        if (verb.Success)
            return words.Insert(verb.Index + verb.Length, verb.Value.Equals("do", StringComparison.OrdinalIgnoreCase) ? " not do" : " not");
        if (words.Length == 0) return "";
        bool order = !Plain.Contains(Word().Match(words).Value.ToLowerInvariant());
        return $"{(order ? "Do not" : "Not so:")} {char.ToLowerInvariant(words[0])}{words[1..]}";
    }

    /// <summary>The telling words by rule: the longest ones that are not everyday grammar, in their order.</summary>
    internal static string Keywords(string words)
    {
        (string Word, int Index)[] telling = [.. Word().Matches(words).Select((m, i) => (m.Value, i))
            .Where(w => !Plain.Contains(w.Value.ToLowerInvariant()))];
        string[] kept = [.. telling.OrderByDescending(w => w.Word.Length).Take(KeywordCount).OrderBy(w => w.Index).Select(w => w.Word)];
        return kept.Length == 0 ? "" : string.Join(' ', kept) + ".";
    }

    [GeneratedRegex(@"\b(is|are|was|were|am|may|can|must|will|would|should|could|do)\b", RegexOptions.IgnoreCase)]
    private static partial Regex TakesNot();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
