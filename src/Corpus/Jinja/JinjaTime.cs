using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Times as C's <c>strftime</c> writes them in the English locale that Python starts with.</summary>
internal static class JinjaTime
{
    /// <summary>The time by a format.</summary>
    public static string Format(JinjaArguments a, DateTimeOffset time, string format)
    {
        var output = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                output.Append(format[i]);
                continue;
            }
            // GNU's %-d writes no leading zeros.
            bool bare = i + 1 < format.Length && format[i + 1] == '-';
            int at = i + (bare ? 2 : 1);
            string text = (at < format.Length ? Field(format[at], time) : null)
                ?? throw a.Fail($"does not understand %{(at < format.Length ? format[i..(at + 1)][1..] : "")}");
            output.Append(bare && text.TrimStart('0') is var digits ? digits.Length == 0 ? "0" : digits : text);
            i = at;
        }
        return a.Run.Made(output.ToString());
    }

    private static string? Field(char field, DateTimeOffset t)
    {
        string Net(string format) => t.ToString(format, CultureInfo.InvariantCulture);
        return field switch
        {
            'Y' => t.Year.ToString(CultureInfo.InvariantCulture),
            'm' => Net("MM"),
            'd' => Net("dd"),
            'e' => t.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'H' => Net("HH"),
            'I' => Net("hh"),
            'M' => Net("mm"),
            'S' => Net("ss"),
            'f' => Net("ffffff"),
            'p' => t.Hour < 12 ? "AM" : "PM",
            'B' => Net("MMMM"),
            'b' or 'h' => Net("MMM"),
            'A' => Net("dddd"),
            'a' => Net("ddd"),
            'y' => Net("yy"),
            'j' => t.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'w' => ((int)t.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'u' => (((int)t.DayOfWeek + 6) % 7 + 1).ToString(CultureInfo.InvariantCulture),
            'F' => Net("yyyy-MM-dd"),
            'D' or 'x' => Net("MM/dd/yy"),
            'T' or 'X' => Net("HH:mm:ss"),
            'R' => Net("HH:mm"),
            'c' => $"{Net("ddd MMM")} {t.Day,2} {Net("HH:mm:ss yyyy")}",
            // datetime.now() knows no time zone.
            'Z' or 'z' => "",
            '%' => "%",
            'n' => "\n",
            't' => "\t",
            _ => null,
        };
    }
}
