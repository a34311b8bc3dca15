namespace PersonaSelection.Report;

/// <summary>Short text with <c>**bold**</c> and <c>`code`</c>, taken apart. A mark without its partner is ordinary text.</summary>
internal static class InlineText
{
    internal enum Style { Plain, Bold, Code }

    internal readonly record struct Span(Style Style, string Text);

    public static IReadOnlyList<Span> Parse(string text)
    {
        var spans = new List<Span>();
        int start = 0, i = 0;
        while (i < text.Length)
        {
            string? mark = text[i] == '`' ? "`" : string.CompareOrdinal(text, i, "**", 0, 2) == 0 ? "**" : null;
            int end = mark is null ? -1 : text.IndexOf(mark, i + mark.Length, StringComparison.Ordinal);
            if (mark is null || end <= i + mark.Length)
            {
                i++;
                continue;
            }
            if (i > start) spans.Add(new Span(Style.Plain, text[start..i]));
            spans.Add(new Span(mark == "`" ? Style.Code : Style.Bold, text[(i + mark.Length)..end]));
            start = i = end + mark.Length;
        }
        if (start < text.Length) spans.Add(new Span(Style.Plain, text[start..]));
        return spans;
    }

    /// <summary>The text without marks.</summary>
    public static string Plain(string text) => string.Concat(Parse(text).Select(s => s.Text));
}
