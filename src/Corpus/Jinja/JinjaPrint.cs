using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Values as text, by Python's <c>str</c> and <c>repr</c>.</summary>
internal static class JinjaPrint
{
    /// <summary>Python's <c>str(value)</c>.</summary>
    public static string Text(JinjaRun run, object value)
    {
        switch (value)
        {
            case string text: return text;
            case JinjaMarkup markup: return markup.Text;
            case JinjaUndefined: return "";
            case long whole: return whole.ToString(CultureInfo.InvariantCulture);
            case bool flag: return flag ? "True" : "False";
            case JinjaNone: return "None";
            case double real: return Real(real);
            default:
                var output = new StringBuilder();
                Quote(run, value, output);
                return output.ToString();
        }
    }

    /// <summary>Python's <c>repr</c> of a real number: the shortest digits that give it back.</summary>
    public static string Real(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        string sign = value < 0 ? "-" : "";
        string[] shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        int point = shortest[0].IndexOf('.');
        string figures = shortest[0].Replace(".", "", StringComparison.Ordinal);
        int exponent = (point < 0 ? figures.Length : point) - 1
            + (shortest.Length > 1 ? int.Parse(shortest[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0);
        int zeros = figures.Length - figures.TrimStart('0').Length;
        exponent -= zeros;
        figures = figures[zeros..].TrimEnd('0');
        if (exponent is < -4 or >= 16)
        {
            string fraction = figures.Length > 1 ? "." + figures[1..] : "";
            return $"{sign}{figures[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{figures}";
        figures = figures.PadRight(exponent + 2, '0');
        return $"{sign}{figures[..(exponent + 1)]}.{figures[(exponent + 1)..]}";
    }

    /// <summary>Python's <c>repr(value)</c>.</summary>
    public static void Quote(JinjaRun run, object value, StringBuilder output)
    {
        run.Step();
        run.CheckStack();
        int before = output.Length;
        switch (value)
        {
            case string text:
                QuoteText(text, output);
                break;
            case JinjaMarkup markup:
                output.Append("Markup(");
                QuoteText(markup.Text, output);
                output.Append(')');
                break;
            case JinjaUndefined:
                output.Append("Undefined");
                break;
            case JinjaList list:
                (string open, string close) = list.Kind switch
                {
                    JinjaRow.List => ("[", "]"),
                    JinjaRow.Tuple => ("(", list.Items.Length == 1 ? ",)" : ")"),
                    JinjaRow.Keys => ("dict_keys([", "])"),
                    JinjaRow.Values => ("dict_values([", "])"),
                    JinjaRow.Items => ("dict_items([", "])"),
                    _ => throw run.Error("a range is not printed here"),
                };
                output.Append(open);
                for (int i = 0; i < list.Items.Length; i++)
                {
                    if (i > 0) output.Append(", ");
                    Quote(run, list.Items[i], output);
                }
                output.Append(close);
                break;
            case JinjaDictionary dictionary:
                Pairs(run, dictionary.Entries, output);
                break;
            case JinjaNamespace space:
                output.Append("<Namespace ");
                Pairs(run, space.Attributes.Select(a => KeyValuePair.Create((object)a.Key, a.Value)), output);
                output.Append('>');
                break;
            case JinjaNone or bool or long or double:
                output.Append(Text(run, value));
                break;
            default:
                throw run.Error($"{JinjaValue.Kind(value)} is not printed here");
        }
        // What is nested was counted when it was appended.
        run.Make(value is string or JinjaMarkup ? output.Length - before : 4);
    }

    private static void Pairs(JinjaRun run, IEnumerable<KeyValuePair<object, object>> pairs, StringBuilder output)
    {
        output.Append('{');
        bool first = true;
        foreach ((object key, object value) in pairs)
        {
            if (!first) output.Append(", ");
            first = false;
            Quote(run, key, output);
            output.Append(": ");
            Quote(run, value, output);
        }
        output.Append('}');
    }

    private static void QuoteText(string text, StringBuilder output)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\')
            {
                output.Append('\\').Append(c);
            }
            else if (c is '\n' or '\r' or '\t')
            {
                output.Append('\\').Append(c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
            }
            else if (c is >= ' ' and < '\x7f')
            {
                output.Append(c);
            }
            else
            {
                bool pair = char.IsSurrogatePair(text, i);
                int point = pair ? char.ConvertToUtf32(text, i) : c;
                if (IsPrinted(point)) output.Append(text, i, pair ? 2 : 1);
                else if (point < 0x100) output.Append(CultureInfo.InvariantCulture, $"\\x{point:x2}");
                else if (point < 0x10000) output.Append(CultureInfo.InvariantCulture, $"\\u{point:x4}");
                else output.Append(CultureInfo.InvariantCulture, $"\\U{point:x8}");
                if (pair) i++;
            }
        }
        output.Append(quote);
    }

    private static bool IsPrinted(int point) => CharUnicodeInfo.GetUnicodeCategory(point) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
