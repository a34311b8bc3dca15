using System.Globalization;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Training examples in JSONL, a line at a time and in constant memory, plain or gzipped: <see cref="EpisodeFormat"/> names the formats.
/// </summary>
public static partial class EpisodeFile
{
    private const string Remedy = "Write one JSON object per line, such as "
        + "{\"messages\":[{\"role\":\"user\",\"content\":\"…\"},{\"role\":\"assistant\",\"content\":\"…\"}]}.";

    /// <summary>The lines of a file in order; empty lines are passed over. The file is opened when the first one is asked for.</summary>
    /// <param name="path">The file; gzip is known by its first bytes.</param>
    /// <param name="format">What every line is; without it each line says so by its fields.</param>
    /// <param name="onBadLine">Told of every line that holds no training example, which is then left out; without it the
    /// first is an error.</param>
    /// <param name="cancellation">Stops between lines, those that are passed over too.</param>
    /// <remarks>
    /// Ids are unique in the file: where an id occurs again, the later line's episodes are called <c>id#line</c>. In a file of more than a
    /// million ids this may befall an id that is new, though hardly ever, and the same one on every reading.
    /// </remarks>
    /// <exception cref="UserErrorException">No such file, one that cannot be read to its end, or a bad line.</exception>
    public static IEnumerable<DataLine> Lines(string path, EpisodeFormat? format = null, Action<BadLine>? onBadLine = null,
        CancellationToken cancellation = default) =>
        Lines(() => TextLines.Open(path), path, format, onBadLine, cancellation);

    /// <summary>The lines of a stream, which is closed at the end.</summary>
    internal static IEnumerable<DataLine> Lines(Stream stream, string name, EpisodeFormat? format = null,
        Action<BadLine>? onBadLine = null) =>
        Lines(() => new TextLines(stream), name, format, onBadLine);

    /// <summary>What a bad line says where nobody is told of it.</summary>
    internal static UserErrorException Refused(BadLine bad) => new("bad-episode", bad.ToString(), Remedy);

    /// <summary>Refuses what gives its lines only once, where they are read again.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserErrorException"><c>cannot-read</c>: it is a pipe or a device; <c>cannot-access</c>.</exception>
    public static void RequireLasting(string path)
    {
        if (FilePlace.IsSpecial(path))
            throw new UserErrorException("cannot-read", $"Cannot read {path} more than once: it is a pipe or a device.",
                "Write the data to a file first; a gzipped one will do.");
    }

    /// <summary>What a user is told of data without a single episode: what is wrong with the first bad line where there is one.</summary>
    /// <param name="data">The file, or the files.</param>
    /// <param name="first">The first bad line; null where there was none.</param>
    public static UserErrorException NoEpisodes(string data, BadLine? first) => first is not null ? Refused(first)
        : new UserErrorException("no-episodes", $"{data} holds no episodes.", "Give a JSONL file with one training example per line.");

    /// <summary>A file's name without its folder and endings.</summary>
    internal static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) name = name[..^3];
        return Path.GetFileNameWithoutExtension(name);
    }

    private static IEnumerable<DataLine> Lines(Func<TextLines> open, string name, EpisodeFormat? format, Action<BadLine>? onBadLine,
        CancellationToken cancellation = default)
    {
        using TextLines lines = TextLines.Guarded(name, 0, open);
        var json = new RawJson();
        var ids = new EpisodeIds();
        while (TextLines.Guarded(name, lines.Number, lines.MoveNext))
        {
            cancellation.ThrowIfCancellationRequested();
            if (!lines.TooLong && lines.Current.Span.IndexOfAnyExcept(" \t\r\v\f"u8) < 0) continue;
            (DataLine? line, BadLine? bad) = Read(lines, name, json, ids, format);
            if (line is not null)
            {
                yield return line;
                continue;
            }
            if (onBadLine is null) throw Refused(bad!);
            onBadLine(bad!);
        }
    }

    private static (DataLine?, BadLine?) Read(TextLines lines, string name, RawJson json, EpisodeIds ids, EpisodeFormat? format)
    {
        int number = lines.Number;
        try
        {
            if (lines.TooLong) throw new BadRowException(-1, $"The line is longer than {TextLines.LongestLine >> 20} MiB.");
            byte[] raw = lines.Current.ToArray();
            json.Parse(raw);
            EpisodeRow row = EpisodeRow.Read(json, format, number);
            string id = row.Id;
            IReadOnlyList<Episode> episodes = row.Episodes(name, number, id);
            while (episodes.Any(e => ids.Contains(e.Id)))
            {
                id = string.Create(CultureInfo.InvariantCulture, $"{id}#{number}");
                episodes = row.Episodes(name, number, id);
            }
            foreach (Episode episode in episodes) ids.Add(episode.Id);
            return (new DataLine(name, number, row.Format, raw, episodes)
            {
                Flagged = row.IsFlagged,
                Unread = row.Unread(),
                Asked = format,
            }, null);
        }
        catch (BadRowException e)
        {
            return (null, new BadLine(name, number, e.At + 1, e.Message));
        }
    }
}
