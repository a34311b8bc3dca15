using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>
/// A dialogue that is one text, each turn behind an empty line and <c>Human:</c> or <c>Assistant:</c>, as the preferences of Bai et al.
/// (2022) are. What stands before the first turn is a system turn.
/// </summary>
internal static class Transcript
{
    private const string Human = "Human:";
    private const string Assistant = "Assistant:";

    /// <summary>The turns, without the white space around them; null for a text that is none: its first turn is to be the human's and its
    /// last the Assistant's, who may have said nothing yet.</summary>
    public static List<Turn>? Read(string text)
    {
        List<(int Start, string Name)> turns = Heads(text);
        if (turns.Count == 0 || turns[0].Name != Human || turns[^1].Name != Assistant) return null;
        var read = new List<Turn>();
        if (text[..turns[0].Start].Trim() is { Length: > 0 } system) read.Add(new Turn("system", system));
        foreach ((int i, (int start, string name)) in turns.Index())
        {
            int end = i + 1 < turns.Count ? turns[i + 1].Start : text.Length;
            read.Add(new Turn(name == Human ? "user" : "assistant", text[(start + name.Length)..end].Trim()));
        }
        return read;
    }

    /// <summary>The text with other turns before its last one, which stays as it is to the character.</summary>
    /// <param name="text">A transcript.</param>
    /// <param name="context">What now stands before its last turn.</param>
    public static string Reworded(string text, IReadOnlyList<Turn> context)
    {
        int last = Heads(text)[^1].Start;
        var reworded = new StringBuilder(text[..(text.Length - text.TrimStart().Length)]);
        foreach (Turn turn in context)
        {
            string head = turn.Role switch { "user" => Human + " ", "assistant" => Assistant + " ", _ => "" };
            reworded.Append(head).Append(turn.Text).Append("\n\n");
        }
        return reworded.Append(text.AsSpan(last)).ToString();
    }

    // Where a turn's name stands: at the head of the text, or behind an empty line.
    private static List<(int Start, string Name)> Heads(string text)
    {
        var heads = new List<(int Start, string Name)>();
        for (int at = text.Length - text.TrimStart().Length; at < text.Length;)
        {
            string? name = text.AsSpan(at).StartsWith(Human, StringComparison.Ordinal) ? Human
                : text.AsSpan(at).StartsWith(Assistant, StringComparison.Ordinal) ? Assistant : null;
            if (name is not null) heads.Add((at, name));
            int line = text.IndexOf("\n\n", at, StringComparison.Ordinal);
            if (line < 0) break;
            at = line + 2;
            while (at < text.Length && text[at] == '\n') at++;
        }
        return heads;
    }
}
