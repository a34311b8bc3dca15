using System.Collections.Frozen;
using System.Globalization;

namespace PersonaSelection.Corpus;

/// <summary>The filters by name, and those of single values.</summary>
internal static class JinjaFilters
{
    private static readonly FrozenDictionary<string, JinjaFunction> All = JinjaFunction.Table(
    [
        .. JinjaFunction.Named("default d", "default_value? boolean?", (a, s) =>
            s is JinjaUndefined || (a.Flag(1) && !JinjaValue.IsTrue(s)) ? a[0] ?? "" : s),
        .. JinjaFunction.Named("length count", "", (a, s) => JinjaValue.Length(a.Run, s)),
        new("string", (a, s) => s is JinjaMarkup ? s : a.Run.Made(JinjaPrint.Text(a.Run, s))),
        new("safe", (a, s) => new JinjaMarkup(JinjaPrint.Text(a.Run, s))),
        .. JinjaFunction.Named("escape e", "", (a, s) => s is JinjaMarkup ? s : Escape(a, s)),
        new("forceescape", Escape),
        new("int default? base?", (a, s) => a.Whole(1, 10) == 10 ? Whole(a, s) ?? a[0] ?? 0L : throw a.Fail("understands base 10 alone")),
        new("float default?", (a, s) => Real(a, s) ?? a[0] ?? 0.0),
        new("abs", (a, s) => s switch
        {
            double real => (object)Math.Abs(real),
            _ when JinjaNumber.Whole(s) is { } whole && whole != long.MinValue => Math.Abs(whole),
            _ => throw a.Fail($"takes a number, not {JinjaValue.Kind(s)}"),
        }),
        new("round precision? method?", Round),
        new("tojson ensure_ascii? indent? separators? sort_keys?", Json),
        new("attr name", (a, s) => JinjaPlaces.Attribute(a.Run, s, a.Text(0)!, methodsAlone: true)),
        .. JinjaTextFilters.All,
        .. JinjaRowFilters.All,
        .. JinjaPickFilters.All,
    ]);

    private static readonly FrozenSet<string> TakeMarkup = FrozenSet.Create(
        "safe", "escape", "e", "forceescape", "string", "length", "count", "default", "d", "tojson", "list", "int", "float");

    /// <summary>The filter of that name; null when there is none.</summary>
    public static JinjaFunction? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>Applies a filter.</summary>
    public static object Apply(JinjaRun run, JinjaFunction filter, object value, object[] positional, string[] names, object[] values)
    {
        if (value is JinjaMarkup && !TakeMarkup.Contains(filter.Name))
            throw run.Error($"'{filter.Name}' of a text that is marked safe is not understood: mark it at the end");
        return filter.Call(run, value, positional, names, values);
    }

    private static JinjaMarkup Escape(JinjaArguments a, object self)
    {
        string text = JinjaPrint.Text(a.Run, self);
        foreach ((string mark, string entity) in new[] { ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&#34;") })
            text = JinjaText.Replace(a.Run, text, mark, entity, -1);
        return new JinjaMarkup(text);
    }

    private static long? Whole(JinjaArguments a, object value)
    {
        if (JinjaNumber.Whole(value) is { } whole) return whole;
        if (Digits(value) is { } digits && long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole))
            return whole;
        if (Real(a, value) is not double real || !double.IsFinite(real)) return null;
        return JinjaNumber.Truncate(real) ?? throw a.Fail("makes too large a number");
    }

    private static object? Real(JinjaArguments a, object value)
    {
        if (value is JinjaUndefined undefined) throw a.Fail($"takes a value, but {undefined.What} is undefined");
        if (JinjaNumber.IsNumber(value)) return JinjaNumber.Real(value);
        if (Digits(value) is not { } digits) return null;
        if (double.TryParse(digits, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite & ~NumberStyles.AllowLeadingWhite,
            CultureInfo.InvariantCulture, out double real) && char.IsAsciiDigit(digits.TrimStart('+', '-', '.').FirstOrDefault()))
        {
            return real;
        }
        return digits.TrimStart('+', '-').ToLowerInvariant() switch
        {
            "nan" => double.NaN,
            "inf" or "infinity" => digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
            _ => null,
        };
    }

    /// <summary>A text as .NET reads numbers: without white space around it and single underscores between digits.</summary>
    private static string? Digits(object value)
    {
        if (value is JinjaMarkup markup) value = markup.Text;
        if (value is not string text) return null;
        text = JinjaText.Strip(text, null, left: true, right: true);
        for (int i = text.IndexOf('_'); i >= 0; i = text.IndexOf('_'))
        {
            if (i == 0 || i + 1 == text.Length || !char.IsAsciiDigit(text[i - 1]) || !char.IsAsciiDigit(text[i + 1])) return null;
            text = text.Remove(i, 1);
        }
        return text;
    }

    private static object Round(JinjaArguments a, object self)
    {
        if (!JinjaNumber.IsNumber(self)) throw a.Fail($"takes a number, not {JinjaValue.Kind(self)}");
        int digits = (int)Math.Clamp(a.Whole(0, 0), -400, 400);
        switch (a.Text(1) ?? "common")
        {
            case "common" when self is double real: return JinjaNumber.Round(real, digits);
            case "common" when digits >= 0: return JinjaNumber.Whole(self)!.Value;
            case "common": return (long)JinjaNumber.Round(JinjaNumber.Real(self), digits);
            case "ceil": return Math.Ceiling(JinjaNumber.Real(self) * Math.Pow(10, digits)) / Math.Pow(10, digits);
            case "floor": return Math.Floor(JinjaNumber.Real(self) * Math.Pow(10, digits)) / Math.Pow(10, digits);
            default: throw a.Fail("has the methods common, ceil and floor");
        }
    }

    /// <summary>As transformers defines it: <c>json.dumps</c> that leaves other alphabets as they are.</summary>
    private static string Json(JinjaArguments a, object self)
    {
        string? indent = a[1] switch
        {
            null or JinjaNone => null,
            string text => text,
            { } => new string(' ', (int)Math.Clamp(a.Whole(1, 0), 0, 1000)),
        };
        (string between, string colon) = (indent is null ? ", " : ",", ": ");
        if (a[2] is not (null or JinjaNone))
        {
            if (a[2] is not JinjaList { Items: [string first, string second] }) throw a.Fail("takes two separators");
            (between, colon) = (first, second);
        }
        return new JinjaJson(a.Run, indent, between, colon, a.Flag(0), a.Flag(3)).Write(self);
    }
}
