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

    private static string NameOf(EpisodeFormat format) => JsonNamingPolicy.KebabCaseLower.ConvertName(format.ToString());
}

/// <summary>Lines that were passed over: the first few by name, and how many in all.</summary>
internal sealed class PassedOver
{
    private const int Named = 10;
    private readonly List<BadLine> _first = [];
    private long _count;

    public void Add(BadLine line)
    {
        if (_count++ < Named) _first.Add(line);
    }

    /// <summary>Says on stderr which lines these are.</summary>
    public void Tell()
    {
        foreach (BadLine line in _first) Screen.Say($"passed over: {line}");
        if (_count > _first.Count) Screen.Say($"passed over: {_count - _first.Count:N0} more lines");
    }
}
