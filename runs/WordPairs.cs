using System.Text.RegularExpressions;

namespace PersonaSelection.Runs;

/// <summary>The words of a text and its pairs of neighbours: what the naive Bayes beside the runs counts.</summary>
internal static partial class WordPairs
{
    public static IEnumerable<string> Of(string text)
    {
        string[] words = [.. Words().Matches(text.ToLowerInvariant()).Select(m => m.Value)];
        return words.Concat(words.Zip(words.Skip(1), (a, b) => $"{a} {b}"));
    }

    [GeneratedRegex(@"\w+|[^\w\s]+")]
    private static partial Regex Words();
}
