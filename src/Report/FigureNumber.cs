using System.Globalization;

namespace PersonaSelection.Report;

/// <summary>
/// Numbers as people read them, on a page and in a terminal alike: few digits, a true minus sign, and a dash for what is not known.
/// </summary>
public static class FigureNumber
{
    /// <summary>What stands for a number that is not known.</summary>
    public const string Missing = "–";

    /// <summary>The least skill that is told as a number.</summary>
    private const double LeastSkill = -10;

    /// <summary>So many places behind the point.</summary>
    public static string Fixed(double? value, int places = 2) => Sections(value, places, "");

    /// <summary>A change: the same with its sign.</summary>
    public static string Signed(double? value, int places = 2) => Sections(value, places, "+");

    /// <summary>
    /// A skill or R²: 1 less an error over that of a null. Where next to nothing moved the null has hardly an error, and the ratio is a
    /// large number that tells of nothing but this.
    /// </summary>
    public static string Skill(double value, int places = 2) =>
        value < LeastSkill ? "below " + Fixed(LeastSkill, 0) : Fixed(value, places);

    /// <summary>Whether <see cref="Skill"/> tells no number.</summary>
    public static bool IsBelowTelling(double skill) => skill < LeastSkill;

    /// <summary>About three significant digits; thousands and millions as k, M, G.</summary>
    public static string Text(double? value)
    {
        if (value is not double x || !double.IsFinite(x)) return Missing;
        double size = Math.Abs(x);
        if (size != 0 && size < 1e-3 || size >= 1e15) return Sign(x.ToString("0.##e+0", CultureInfo.InvariantCulture));
        (double divisor, string suffix) = size >= 1e9 ? (1e9, "G") : size >= 1e6 ? (1e6, "M") : size >= 1e4 ? (1e3, "k") : (1, "");
        string format = size / divisor >= 100 ? "0.#" : size / divisor >= 10 ? "0.##" : "0.###";
        return Sign((x / divisor).ToString(format, CultureInfo.InvariantCulture)) + suffix;
    }

    /// <summary>A probability as per cent; what is there but rounds to nothing is said to be below a tenth.</summary>
    public static string Percent(double? value)
    {
        if (value is not double x || !double.IsFinite(x)) return Missing;
        double hundredfold = x * 100;
        if (Math.Abs(hundredfold) is > 0 and < 0.05) return (x > 0 ? "<0.1" : ">\u22120.1") + "\u202f%";
        return Sign(hundredfold.ToString(Math.Abs(hundredfold) is > 0 and < 9.95 ? "0.0" : "0", CultureInfo.InvariantCulture)) + "\u202f%";
    }

    /// <summary>Per cent or plain.</summary>
    public static string Text(double? value, bool percent) => percent ? Percent(value) : Text(value);

    /// <summary>A tick of an axis whose ticks lie <paramref name="step"/> apart.</summary>
    public static string Tick(double value, double step, bool percent)
    {
        if (percent)
        {
            int places = Math.Clamp((int)-Math.Floor(Math.Log10(Math.Max(step * 100, 1e-6)) + 1e-9), 0, 4);
            return Sign((value * 100).ToString("F" + places, CultureInfo.InvariantCulture)) + "\u202f%";
        }
        if (Math.Abs(value) >= 1e4 || step >= 1e4) return value == 0 ? "0" : Text(value);
        int decimals = Math.Clamp((int)-Math.Floor(Math.Log10(Math.Max(step, 1e-9)) + 1e-9), 0, 9);
        return Sign(value.ToString("F" + decimals, CultureInfo.InvariantCulture));
    }

    private static string Sections(double? value, int places, string plus)
    {
        if (value is not double x || !double.IsFinite(x)) return Missing;
        string digits = places == 0 ? "0" : "0." + new string('0', places);
        return x.ToString($"{plus}{digits};\u2212{digits};{digits}", CultureInfo.InvariantCulture);
    }

    /// <summary>A number that was formatted for a machine, with true minus signs, that of an exponent too.</summary>
    public static string Sign(string text) => text.Replace('-', '\u2212');
}
