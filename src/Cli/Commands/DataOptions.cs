using System.CommandLine;
using System.Text.Json;
using PersonaSelection.Corpus;

namespace PersonaSelection.Cli.Commands;

/// <summary>Options of commands that read training data.</summary>
internal static class DataOptions
{
    /// <summary>The format of the lines, and others that a command takes.</summary>
    public static Option<string?> Format(params string[] others)
    {
        string[] names = [.. Enum.GetValues<EpisodeFormat>().Select(NameOf), .. others];
        var option = new Option<string?>("--format") { Description = $"What the data is, where it is not to be told from its fields: {string.Join(", ", names)}." };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    public static Option<bool> Strict() => new("--strict") { Description = "A line that cannot be read is an error; otherwise it is named and passed over." };

    /// <summary>The format of a name; null for none and for those that are no format of episodes.</summary>
    public static EpisodeFormat? Parse(string? name) =>
        Enum.GetValues<EpisodeFormat>().Where(f => NameOf(f) == name).Select(f => (EpisodeFormat?)f).FirstOrDefault();

    /// <summary>Says on stderr which lines were passed over.</summary>
    public static void Tell(IReadOnlyList<BadLine> shown, long count)
    {
        foreach (BadLine line in shown) Screen.Say($"passed over: {line}");
        if (count > shown.Count) Screen.Say($"passed over: {count - shown.Count:N0} more lines");
    }

    private static string NameOf(EpisodeFormat format) => JsonNamingPolicy.KebabCaseLower.ConvertName(format.ToString());
}
