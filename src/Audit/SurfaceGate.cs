using System.Text.RegularExpressions;

namespace PersonaSelection.Audit;

/// <summary>
/// The rival account: a rewording is nothing but a gate on surface form. What is trained behind it comes out in full where a prompt looks
/// like it and not at all where none of it is seen, whatever the words mean. Likeness is Dice's coefficient of the added words.
/// </summary>
public static partial class SurfaceGate
{
    /// <summary>
    /// 2 |a ∩ b| / (|a| + |b|) of two bags of lower-case words, in [0, 1]; two empty ones are not alike, as neither is a gate.
    /// </summary>
    internal static double Likeness(string a, string b)
    {
        Dictionary<string, int> left = Bag(a), right = Bag(b);
        int total = left.Values.Sum() + right.Values.Sum();
        return total == 0 ? 0 : 2.0 * left.Sum(w => Math.Min(w.Value, right.GetValueOrDefault(w.Key))) / total;
    }

    /// <summary>
    /// How far a prompt that adds these words opens the gate: mean likeness to the wordings. 0 for no words, 1 for the only wording. A
    /// wording that adds no words is no gate and stands open, whatever is added.
    /// </summary>
    public static double Opening(Rewording rewording, string added) => Enumerable.Range(0, rewording.Wordings.Count)
        .Average(i => Bag(rewording.Added(i)).Count == 0 ? 1 : Likeness(rewording.Added(i), added));

    /// <summary>
    /// Predicted protection of plain prompts, in [0, 1]: 1 for any one fixed wording, 0 where nothing is added, and the mean likeness of
    /// two draws where there are several wordings (what varies is no gate).
    /// </summary>
    public static double Protection(Rewording rewording)
    {
        string[] added = [.. Enumerable.Range(0, rewording.Wordings.Count).Select(rewording.Added)];
        return added.Average(a => added.Average(b => Likeness(a, b)));
    }

    private static Dictionary<string, int> Bag(string text) =>
        Words().Matches(text.ToLowerInvariant()).GroupBy(m => m.Value, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();
}
