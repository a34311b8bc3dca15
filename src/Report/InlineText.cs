using System.Text;

namespace PersonaSelection.Report;

/// <summary>
/// Short text with <c>**bold**</c> and <c>`code`</c>, taken apart. A mark without its partner is ordinary text, and so is one behind a
/// backslash; within code nothing but its end is a mark.
/// </summary>
internal static class InlineText
{
    internal enum Style { Plain, Bold, Code }

    internal readonly record struct Span(Style Style, string Text);

    public static IReadOnlyList<Span> Parse(string text)
    {
        var spans = new List<Span>();
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length;)
        {
            string? mark = text[i] == '`' ? "`" : string.CompareOrdinal(text, i, "**", 0, 2) == 0 ? "**" : null;
            int start = i + (mark?.Length ?? 0), end = mark is null ? -1 : EndOf(text, start, mark);
            if (mark is null || end <= start)
            {
                if (IsEscape(text, i)) i++;
                plain.Append(text[i++]);
                continue;
            }
            AddPlain();
            spans.Add(mark == "`" ? new Span(Style.Code, text[start..end]) : new Span(Style.Bold, Unescape(text[start..end])));
            i = end + mark.Length;
        }
        AddPlain();
        return spans;

        void AddPlain()
        {
            if (plain.Length > 0) spans.Add(new Span(Style.Plain, plain.ToString()));
            plain.Clear();
        }
    }

    /// <summary>The text without marks.</summary>
    public static string Plain(string text) => string.Concat(Parse(text).Select(s => s.Text));

    /// <summary>A text of which nothing is a mark.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text) escaped.Append(IsMark(c) ? "\\" : "").Append(c);
        return escaped.ToString();
    }

    private static string Unescape(string text)
    {
        var plain = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (IsEscape(text, i)) i++;
            plain.Append(text[i]);
        }
        return plain.ToString();
    }

    private static int EndOf(string text, int start, string mark)
    {
        if (mark == "`") return text.IndexOf('`', start);
        for (int i = start; i < text.Length; i++)
        {
            if (IsEscape(text, i)) i++;
            else if (string.CompareOrdinal(text, i, mark, 0, mark.Length) == 0) return i;
        }
        return -1;
    }

    private static bool IsEscape(string text, int at) => text[at] == '\\' && at + 1 < text.Length && IsMark(text[at + 1]);

    private static bool IsMark(char c) => c is '\\' or '*' or '`';
}
