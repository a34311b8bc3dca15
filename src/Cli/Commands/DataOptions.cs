using System.CommandLine;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;

namespace PersonaSelection.Cli.Commands;

/// <summary>Options of commands that read training data.</summary>
internal static class DataOptions
{
    /// <summary>The format of the lines, and others that a command takes.</summary>
    public static Option<string?> Format(params string[] others)
    {
        string[] names = [.. Enum.GetValues<EpisodeFormat>().Select(NameOf), .. others];
        var option = new Option<string?>("--format")
        {
            Description = $"What the data is, where it is not to be told from its fields: {string.Join(", ", names)}.",
        };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    public static Option<bool> Strict() =>
        new("--strict") { Description = "A line that cannot be read is an error; otherwise it is named and passed over." };

    /// <summary>The same where episodes are read by a model.</summary>
    public static Option<bool> StrictOfEpisodes() => new("--strict")
    {
        Description = "A line that cannot be read, or an episode that does not fit the model, is an error; otherwise it is named, "
            + "and passed over or cut.",
    };

    /// <summary>Reads a file of episodes whole, and says which lines of it were passed over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">What <see cref="Format"/> was given.</param>
    /// <param name="strict">What <see cref="Strict"/> was given.</param>
    /// <param name="cancellation">Stops between lines.</param>
    public static (EpisodeSet Set, long BadLines) Load(string path, string? format, bool strict, CancellationToken cancellation)
    {
        var bad = new PassedOver();
        EpisodeSet set = EpisodeSet.Load(path, bad.Unless(strict), Parse(format), cancellation);
        bad.Tell();
        if (set.Episodes.Count(e => e.Weight < 0) is > 0 and var rejected) Screen.Say(RejectedEpisodes.Count(rejected, set.Episodes.Count));
        if (set.Episodes.Count(e => e.IsLabelledLikeAVerdict) is > 0 and var labelled) Screen.Say(RejectedEpisodes.Unsaid(labelled));
        return (set, bad.Count);
    }

    /// <summary>The format of a name; null for none and for those that are no format of episodes.</summary>
    public static EpisodeFormat? Parse(string? name) =>
        Enum.GetValues<EpisodeFormat>().Where(f => NameOf(f) == name).Select(f => (EpisodeFormat?)f).FirstOrDefault();

    /// <summary>What a format is called on the command line.</summary>
    public static string NameOf(EpisodeFormat format) => JsonNamingPolicy.KebabCaseLower.ConvertName(format.ToString());
}

/// <summary>Episodes whose replies training pushes away from.</summary>
internal static class RejectedEpisodes
{
    /// <summary>How many they are, in a sentence.</summary>
    public static string Count(long rejected, long episodes) =>
        $"{rejected:N0} of {episodes:N0} episodes are rejected answers: their weight is negative.";

    /// <summary>The same of labels that do not say for certain whether an answer is rejected.</summary>
    public static string Unsaid(long labelled) =>
        $"{labelled:N0} of the episodes have a number or a text as \"label\" (0, 1, \"true\", \"false\"), which is taken for a name. "
        + "If it says whether the answer is to be given, write true or false, or give --format prompt-completion where it stands "
        + "beside a completion.";
}

/// <summary>Episodes that did not fit a model whole, or that it could not read.</summary>
internal static class CutEpisodes
{
    private const int Named = 10;

    /// <summary>Says on stderr which episodes these are: the first few by name, and how many more.</summary>
    /// <param name="set">The episodes.</param>
    /// <param name="evidence">What was read of them, or of some of them.</param>
    public static void Tell(EpisodeSet set, EvidenceTable evidence)
    {
        Dictionary<string, string?> cut = evidence.Rows.Where(r => r.Cut).ToDictionary(r => r.Id, r => r.Unread);
        Tell([.. set.Episodes.Where(e => cut.ContainsKey(e.Id)).Select(e => (e, cut[e.Id]))]);
    }

    /// <summary>The same, of episodes of which it is known that they were cut, and why nothing of them could be read.</summary>
    public static void Tell(IReadOnlyList<(Episode Episode, string? Unread)> cut)
    {
        foreach ((Episode episode, string? unread) in cut.Take(Named))
        {
            string name = episode.Source is { } s ? $"{s.File}, line {s.Line}" : episode.Id;
            Screen.Say(unread is not null ? $"not read: {name}: {unread}" : $"cut to fit the model: {name}");
        }
        if (cut.Count > Named) Screen.Say($"cut to fit the model, or not read: {cut.Count - Named:N0} more episodes");
    }

    /// <summary>How many they are, in a sentence.</summary>
    public static string Count(long cut, long unread) =>
        $"{cut:N0} episodes were cut to fit the model, {unread:N0} of them could not be read at all.";
}

/// <summary>Lines that were passed over: the first few by name, and how many in all.</summary>
internal sealed class PassedOver
{
    private const int Named = 10;
    private readonly List<BadLine> _first = [];

    /// <summary>How many lines.</summary>
    public long Count { get; private set; }

    /// <summary>Who is told of a bad line: nobody where the first one is to be an error.</summary>
    public Action<BadLine>? Unless(bool strict) => strict ? null : Add;

    public void Add(BadLine line)
    {
        if (Count++ < Named) _first.Add(line);
    }

    /// <summary>Reads, and says which lines were passed over even if nothing was left to read: they are then the reason.</summary>
    public T ToldAfter<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        finally
        {
            Tell();
        }
    }

    /// <summary>Says on stderr which lines these are.</summary>
    public void Tell()
    {
        foreach (BadLine line in _first) Screen.Say($"passed over: {line}");
        if (Count > _first.Count) Screen.Say($"passed over: {Count - _first.Count:N0} more lines");
    }
}
