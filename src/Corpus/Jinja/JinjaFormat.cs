using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Python's <c>str.format</c>, with plain fields: <c>{}</c>, <c>{0}</c>, <c>{name}</c>, and doubled braces.</summary>
internal static class JinjaFormat
{
    /// <summary>Fills the fields of <paramref name="pattern"/>.</summary>
    public static string Format(JinjaArguments a, string pattern)
    {
        var output = new StringBuilder();
        int next = 0;
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            bool doubled = i + 1 < pattern.Length && pattern[i + 1] == c;
            if (c is not ('{' or '}') || doubled)
            {
                output.Append(c);
                if (c is '{' or '}') i++;
                continue;
            }
            int end = c == '{' ? pattern.IndexOf('}', i) : -1;
            if (end < 0) throw a.Fail("has a brace without the other");
            output.Append(a.Run.Made(JinjaPrint.Text(a.Run, Field(a, pattern[(i + 1)..end], ref next))));
            i = end;
        }
        return a.Run.Made(output.ToString());
    }

    private static object Field(JinjaArguments a, string name, ref int next)
    {
        if (name.AsSpan().ContainsAny("!:.[{")) throw a.Fail($"understands plain fields alone, not {{{name}}}");
        if (name.Length > 0 && !char.IsAsciiDigit(name[0]))
        {
            foreach ((string given, object value) in a.Named)
                if (given == name) return value;
            throw a.Fail($"has no argument {name}");
        }
        int at = name.Length == 0 ? next++
            : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1;
        return at >= 0 && at < a.Rest.Length ? a.Rest[at] : throw a.Fail($"has no argument {at}");
    }
}
