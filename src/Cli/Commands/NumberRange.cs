using System.CommandLine.Parsing;
using System.Globalization;

namespace PersonaSelection.Cli.Commands;

/// <summary>What an option that is a number may be, and how that is said.</summary>
internal sealed record NumberRange(string Text, Func<double, bool> Holds)
{
    public static NumberRange FromZero { get; } = new("from 0 up", x => x >= 0);

    public static NumberRange AboveZero { get; } = new("above 0", x => x > 0);

    public static NumberRange Share { get; } = new("from 0 to 1", x => x is >= 0 and <= 1);

    public static NumberRange PositiveShare { get; } = new("above 0, up to 1", x => x is > 0 and <= 1);

    /// <summary>The number; null, and an error of the option, where it is none.</summary>
    public double? Parse(string option, ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            && Holds(number)) return number;
        result.AddError($"{option} needs a number {Text}, written as 0.5 or 3e-4: '{text}' is none.");
        return null;
    }
}
