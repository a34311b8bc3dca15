using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>How a file of training data is read: what its lines are, the episodes in them, and the fields that are not read.</summary>
public sealed class DataOverview
{
    // Names that are counted; a field or a label of free text has no end of them.
    private const int MostNames = 1000;

    private readonly Dictionary<EpisodeFormat, long> _formats = [];
    private readonly Dictionary<string, long> _labels = new(StringComparer.Ordinal), _unread = new(StringComparer.Ordinal);
    private readonly List<Episode> _first = [];

    private DataOverview(string file) => File = file;

    /// <summary>The path as it was given.</summary>
    public string File { get; }

    /// <summary>Lines with training examples.</summary>
    public long Lines { get; private set; }

    /// <summary>Lines that were left out because they hold none.</summary>
    public long BadLines { get; private set; }

    /// <summary>How many lines are of each format.</summary>
    public IReadOnlyDictionary<EpisodeFormat, long> Formats => _formats;

    /// <summary>Episodes: answers that are trained on.</summary>
    public long Episodes { get; private set; }

    /// <summary>Episodes of negative weight, those of preferences too.</summary>
    public long Rejected { get; private set; }

    /// <summary>Preferences between two answers in one context.</summary>
    public long Choices { get; private set; }

    /// <summary>Episodes with a system turn before them.</summary>
    public long Instructed { get; private set; }

    /// <summary>The most turns before an answer.</summary>
    public int MostTurns { get; private set; }

    /// <summary>Characters of the answers.</summary>
    public long ReplyCharacters { get; private set; }

    /// <summary>Characters of what stands before the answers, as often as it stands before one.</summary>
    public long ContextCharacters { get; private set; }

    /// <summary>How many episodes have a label: the thousand that came first.</summary>
    public IReadOnlyDictionary<string, long> Labels => _labels;

    /// <summary>In how many lines a field was read by nobody: the thousand that came first.</summary>
    public IReadOnlyDictionary<string, long> Unread => _unread;

    /// <summary>The first episodes.</summary>
    public IReadOnlyList<Episode> First => _first;

    /// <summary>Reads a file once, in constant memory.</summary>
    /// <param name="path">The file, plain or gzipped.</param>
    /// <param name="format">What every line is; without it each line says so by its fields.</param>
    /// <param name="first">How many episodes are kept in <see cref="First"/>.</param>
    /// <param name="onBadLine">Told of every line that holds no training example; without it the first one is an error.</param>
    /// <param name="progress">Told how many lines were read.</param>
    /// <param name="cancellation">Stops between lines.</param>
    /// <exception cref="UserErrorException">No such file, a bad line and nobody to be told of it, or no episode at all.</exception>
    public static DataOverview Of(string path, EpisodeFormat? format, int first, Action<BadLine>? onBadLine,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var overview = new DataOverview(path);
        BadLine? worst = null;
        Action<BadLine>? tell = onBadLine is null ? null : bad =>
        {
            worst ??= bad;
            overview.BadLines++;
            onBadLine(bad);
        };
        foreach (DataLine line in EpisodeFile.Lines(path, format, tell, cancellation))
        {
            overview.Add(line, first);
            if (overview.Lines % 4096 == 0) progress?.Report(new WorkProgress("reading", overview.Lines, 0, "lines"));
        }
        return overview.Episodes > 0 ? overview : throw EpisodeFile.NoEpisodes(path, worst);
    }

    private void Add(DataLine line, int first)
    {
        Lines++;
        Count(_formats, line.Format);
        foreach (string field in line.Unread) Count(_unread, field);
        foreach (Episode episode in line.Episodes)
        {
            Episodes++;
            if (episode.Weight < 0) Rejected++;
            if (episode.Preferred is not null) Choices++;
            if (episode.Context.Any(t => t.Role == "system")) Instructed++;
            MostTurns = Math.Max(MostTurns, episode.Context.Count);
            ReplyCharacters += episode.Reply.Length;
            ContextCharacters += episode.Context.Sum(t => (long)t.Text.Length);
            if (episode.Label is { } label) Count(_labels, label);
            if (_first.Count < first) _first.Add(episode);
        }
    }

    private static void Count<T>(Dictionary<T, long> counts, T name)
        where T : notnull
    {
        if (counts.Count < MostNames || counts.ContainsKey(name)) counts[name] = counts.GetValueOrDefault(name) + 1;
    }
}
