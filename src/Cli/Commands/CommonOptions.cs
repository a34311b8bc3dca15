using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Cli.Commands;

/// <summary>Options that mean the same wherever they appear. Made anew for each command, since a command owns its options.</summary>
internal static class CommonOptions
{
    public static Option<ulong> Seed() => new("--seed") { Description = "The seed of everything random.", DefaultValueFactory = _ => 1 };

    public static Option<int> Threads() => Count("--threads", "Threads that compute; the results are the same for any number.",
        Math.Min(Environment.ProcessorCount, 16));

    public static Option<bool> Json() => new("--json") { Description = "Print one JSON object on stdout." };

    public static Option<bool> Quiet() => new("--quiet", "-q") { Description = "No progress on stderr." };

    private const string OutputName = "--output", DryRunName = "--dry-run";

    public static Option<bool> DryRun() => new(DryRunName) { Description = "Show the plan and its cost, and do nothing." };

    /// <summary>What tuning by full weights moves.</summary>
    public static Option<string> Tensors()
    {
        var option = new Option<string>("--tensors")
        {
            Description = "What post-training by full weights moves: blocks, which leaves the embedding and the head as they were, or all.",
            DefaultValueFactory = _ => "blocks",
        };
        option.AcceptOnlyFromAmong("blocks", "all");
        return option;
    }

    /// <summary>The tensors that the choice means.</summary>
    public static IReadOnlyList<string> TensorsOf(string choice) => choice == "blocks" ? TuneOptions.Blocks : [];

    public static Option<string> World() => new("--world")
    {
        Description = "The story world: village, which is built in, or the path of a YAML file.",
        DefaultValueFactory = _ => "village",
    };

    public static Option<string> Domain() => new("--domain")
    {
        Description = "The domain that the post-training sets speak of.",
        DefaultValueFactory = _ => "test",
    };

    public static Option<int> Episodes() => Count("--episodes", "Episodes in each post-training set.", 256);

    /// <summary>The built-in world, or the one of a file.</summary>
    public static Worlds.World WorldOf(string name) => name == "village" ? Worlds.World.Village
        : File.Exists(name) ? Worlds.World.Load(name)
        : throw new UserErrorException("no-world", $"There is no world file {name}.",
            "Write village for the built-in world, or the path of a YAML file.");

    public static Option<string> Model(string description = "The model's folder.") =>
        new("--model") { Description = description, Required = true };

    /// <summary>The system turn before a chat.</summary>
    public static Option<string?> SystemLine() => new("--system")
    {
        Description = "A line above the chat, such as one that describes the Assistant.",
    };

    /// <summary>How many answers to a probe are sampled from a chat model that gives no log-probabilities.</summary>
    public static Option<int?> Samples(string description)
    {
        var option = new Option<int?>("--samples") { Description = description };
        option.Validators.Add(r =>
        {
            if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, out int n) && (n < 2 || n % 2 != 0))
                r.AddError($"--samples is an even number from 2, not {n}: half of the answers are asked in the other order.");
        });
        return option;
    }

    /// <summary>A whole number with a least value, and a largest where more would only exhaust the memory.</summary>
    public static Option<int> Count(string name, string description, int fallback, int least = 1, int most = int.MaxValue)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(r =>
        {
            if (r.Tokens.Count != 1 || !int.TryParse(r.Tokens[0].Value, out int n)) return;
            if (n < least) r.AddError($"{name} needs at least {least}, not {n}.");
            if (n > most) r.AddError($"{name} takes at most {most}, not {n}.");
        });
        return option;
    }

    /// <summary>Redrawn samples for intervals: none, or as many as intervals of this level need.</summary>
    public static Option<int> Draws(double level, int fallback)
    {
        int fewest = Interval.FewestSamples(level);
        var option = new Option<int>("--draws")
        {
            Description = $"Redrawn samples for intervals: 0 for no intervals, or at least {fewest}.",
            DefaultValueFactory = _ => fallback,
        };
        option.Validators.Add(r =>
        {
            if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, out int n) && n != 0 && n < fewest)
                r.AddError(string.Create(CultureInfo.InvariantCulture, $"--draws needs at least {fewest}, or 0 for no intervals: fewer ")
                    + string.Create(CultureInfo.InvariantCulture, $"samples do not reach the ends of an interval of {100 * level:0} %."));
        });
        return option;
    }

    /// <summary>A number with a decimal point. A comma is refused: here it divides the digits, there it groups them.</summary>
    public static Option<double> Number(string name, string description, NumberRange range, double fallback) =>
        new(name) { Description = description, DefaultValueFactory = _ => fallback, CustomParser = r => range.Parse(name, r) ?? 0 };

    /// <inheritdoc cref="Number(string, string, NumberRange, double)"/>
    public static Option<double?> Number(string name, string description, NumberRange range) =>
        new(name) { Description = description, CustomParser = r => range.Parse(name, r) };

    public static Option<string> Output(string description, string? fallback = null)
    {
        if (fallback is null) return new OutputOption(description);
        return new Option<string>(OutputName, "-o") { Description = description, DefaultValueFactory = _ => fallback };
    }

    /// <summary>The command line, as it can be given again.</summary>
    public static string CommandOf(ParseResult parsed) => "psm " + string.Join(' ', parsed.Tokens.Select(t => Quoted(t.Value)));

    private static string Quoted(string text) => text.Any(c => char.IsWhiteSpace(c) || "\"'<>|&;()$*".Contains(c))
        ? $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text;

    /// <summary>A number of tokens written as 5000000, 5M or 800k, up to 1000G.</summary>
    public static long ParseTokens(string text)
    {
        string trimmed = text.Trim();
        double factor = trimmed.Length == 0 ? 1 : char.ToUpperInvariant(trimmed[^1]) switch { 'K' => 1e3, 'M' => 1e6, 'G' => 1e9, _ => 1 };
        string digits = factor > 1 ? trimmed[..^1] : trimmed;
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value * factor is >= 1 and <= 1e12
            ? (long)(value * factor)
            : throw new UserErrorException("bad-number", $"'{text}' is not a number of tokens.",
                "Write it as 5000000, 5M or 800k, up to 1000G.");
    }

    /// <summary>A place to write to that must be named, unless the run is dry: then nothing is written.</summary>
    public sealed class OutputOption : Option<string>
    {
        public OutputOption(string description) : base(OutputName, "-o") => Description = description;

        public void Check(CommandResult result)
        {
            bool dry = result.Command.Options.OfType<Option<bool>>().FirstOrDefault(o => o.Name == DryRunName) is { } option
                && result.GetValue(option);
            if (!dry && result.GetResult(this) is null) result.AddError($"Option '{Name}' (-o) is required.");
        }
    }
}
