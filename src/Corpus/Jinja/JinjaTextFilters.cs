using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Filters of texts; what is none is printed first.</summary>
internal static class JinjaTextFilters
{
    /// <summary>The filters.</summary>
    public static IEnumerable<JinjaFunction> All { get; } =
    [
        new("trim chars?", (a, s) => a.Run.Made(JinjaText.Strip(Text(a, s), a.Text(0), left: true, right: true))),
        new("upper", (a, s) => a.Run.Made(Text(a, s).ToUpperInvariant())),
        new("lower", (a, s) => a.Run.Made(Text(a, s).ToLowerInvariant())),
        new("capitalize", (a, s) => a.Run.Made(JinjaText.Capitalize(Text(a, s)))),
        new("title", (a, s) => a.Run.Made(Title(Text(a, s)))),
        new("replace old new count?", (a, s) =>
            JinjaText.Replace(a.Run, Text(a, s), Text(a, a[0]!), Text(a, a[1]!), a[2] is JinjaNone ? -1 : a.Whole(2, -1))),
        new("indent width? first? blank?", Indent),
        new("join d? attribute?", Join),
    ];

    private static string Text(JinjaArguments a, object value) => JinjaPrint.Text(a.Run, value);

    /// <summary>Unlike the method, this filter begins words after white space, hyphens and opening brackets alone.</summary>
    private static string Title(string text)
    {
        var output = new StringBuilder(text.ToLowerInvariant());
        bool begins = true;
        for (int i = 0; i < text.Length; i++)
        {
            if (begins) output[i] = char.ToUpperInvariant(text[i]);
            begins = JinjaText.IsSpace(text[i]) || "-({[<".Contains(text[i]);
        }
        return output.ToString();
    }

    private static string Indent(JinjaArguments a, object self)
    {
        if (self is not string text) throw a.Fail($"takes a text, not {JinjaValue.Kind(self)}");
        string by = a[0] as string ?? new string(' ', (int)Math.Clamp(a.Whole(0, 4), 0, 1000));
        List<object> lines = JinjaText.Lines(text + "\n", keepEnds: false);
        a.Run.Make(lines.Sum(l => (long)((string)l).Length + 1 + by.Length));
        IEnumerable<string> indented = lines.Cast<string>().Select((line, i) =>
            (i == 0 ? a.Flag(1) : a.Flag(2) || line.Length > 0) ? by + line : line);
        return string.Join('\n', indented);
    }

    private static string Join(JinjaArguments a, object self)
    {
        string separator = a[0] is { } given ? Text(a, given) : "";
        var output = new StringBuilder();
        foreach (object item in JinjaValue.Items(a.Run, self))
        {
            string text = Text(a, a[1] is { } attribute ? JinjaPlaces.Path(a.Run, item, attribute) : item);
            a.Run.Make(text.Length + separator.Length);
            output.Append(text).Append(separator);
        }
        if (output.Length > 0) output.Length -= separator.Length;
        return output.ToString();
    }
}
