using System.Text;
using System.Text.Json;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;

namespace PersonaSelection.Audit;

/// <summary>What a log keeps of one episode.</summary>
/// <param name="Nats">Evidence by persona, in the order of the header.</param>
/// <param name="Tokens">Tokens of the reply; 0 when not known.</param>
/// <param name="Cut">Whether some of the episode did not fit into the model.</param>
/// <param name="Unread">Why nothing of it was scored; null when some of it was.</param>
internal sealed record LoggedEvidence(double[] Nats, int Tokens, bool Cut = false, string? Unread = null)
{
    /// <summary>
    /// What showing the episode did to each probe, where evidence was made of that by sampled answers; null for other evidence.
    /// </summary>
    public double[]? Shifts { get; init; }

    /// <summary>What a judge did with the questions about the episode; null where nobody was asked about it.</summary>
    public JudgementReliability? Judged { get; init; }
}

/// <summary>
/// Evidence as it comes in, one JSON line per episode, only ever appended to and flushed to disk block by block. A kill at any moment
/// leaves whole lines and perhaps one that is not, which is dropped when the log is opened again. One process at a time.
/// </summary>
internal sealed class EvidenceLog : IDisposable
{
    /// <summary>The version of the file format.</summary>
    public const int CurrentSchema = 1;

    private const int LongestLine = 64 << 20;
    private const string Name = "evidence-log";

    private readonly JsonLog _log;
    private readonly FileStream _file;
    private readonly string _path;
    private readonly int _personas;
    private long _start, _opened;

    private EvidenceLog(string path, int personas)
    {
        (_log, _path, _personas) = (new JsonLog(path, Name, CurrentSchema), path, personas);
        _file = _log.File;
    }

    /// <summary>Episodes whose evidence is in the log.</summary>
    public long Count { get; private set; }

    /// <summary>Opens a log or starts one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">The content id of everything that the evidence depends on.</param>
    /// <param name="source">Where the evidence comes from.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>: the log is of other data, another model or other personas;
    /// <c>audit-busy</c>: another process writes it.</exception>
    public static EvidenceLog Open(string path, ContentId id, IEvidenceSource source)
    {
        var log = new EvidenceLog(path, source.Personas.Count);
        try
        {
            log.Begin(id, source);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a log of something else; one that is not there, or whose first line was cut, is fine.</summary>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public static void RequireSame(string path, ContentId id, IEvidenceSource source)
    {
        try
        {
            if (!File.Exists(path)) return;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            if (FirstLine(file) is { } header) JsonLog.RequireSame(path, Name, CurrentSchema, header, id);
            else JsonLog.RequireCut(path, file, JsonLog.Header(Name, CurrentSchema, id, source));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw JsonLog.Busy(path, e);
        }
    }

    /// <summary>
    /// Refuses a log of evidence of another kind or of other personas: what can be told before personas are fitted, which may take hours.
    /// A file that is no log is left to <see cref="RequireSame"/>.
    /// </summary>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public static void RequireKin(string path, string kind, IEnumerable<string> personas)
    {
        try
        {
            if (!File.Exists(path)) return;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            if (FirstLine(file) is { } header) JsonLog.RequireKin(path, header, kind, personas);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw JsonLog.Busy(path, e);
        }
    }

    /// <summary>Refuses a log that goes on after the last of its episodes.</summary>
    /// <param name="episodes">How many there are.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public void RequireAtMost(long episodes)
    {
        if (Count <= episodes) return;
        throw new UserErrorException("other-audit", $"{_path} holds evidence of {Count} episodes, and the data have {episodes}.",
            "Choose another folder with -o, or delete this one to start anew.");
    }

    /// <summary>What the log holds, in order.</summary>
    public IEnumerable<LoggedEvidence> Entries()
    {
        _file.Position = _start;
        using var lines = new StreamReader(_file, Encoding.UTF8, false, 1 << 16, leaveOpen: true);
        for (long e = 0; e < Count; e++)
            yield return Parse(lines.ReadLine()!, e) ?? throw new UserErrorException("cannot-read", $"{_path} changed while it was read.",
                "Run the command again.");
        _file.Position = _file.Length;
    }

    /// <summary>Appends the evidence of the next episodes and flushes it to disk.</summary>
    /// <exception cref="UserErrorException">The disk is full.</exception>
    public void Append(IReadOnlyList<LoggedEvidence> entries)
    {
        for (int i = 0; i < entries.Count; i++) Write(entries[i], Count + i);
        Flush();
        Count += entries.Count;
    }

    /// <summary>Takes back what was appended since the log was opened.</summary>
    public void Undo()
    {
        _file.SetLength(_opened);
        _file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    private void Begin(ContentId id, IEvidenceSource source)
    {
        _file.Position = 0;
        (string? header, long at) = NextLine(0);
        if (header is null)
        {
            _log.Begin(id, source);
            _chunkAt = -1;
            _start = _opened = _file.Length;
            return;
        }
        _log.RequireSame(header, id);
        _start = at;
        // What follows the first line that is not whole is dropped and computed again.
        long end = _start;
        for (; ; Count++)
        {
            (string? line, at) = NextLine(end);
            if (line is null || Parse(line, Count) is null) break;
            end = at;
        }
        _file.SetLength(end);
        _file.Position = _opened = end;
    }

    private readonly byte[] _chunk = new byte[1 << 16];
    private long _chunkAt = -1;
    private int _chunkLength;

    /// <summary>The line that starts at a place in the file, and where the next one starts; null when there is no whole one.</summary>
    private (string? Line, long Next) NextLine(long start)
    {
        using var text = new MemoryStream();
        for (long at = start; text.Length < LongestLine;)
        {
            if (_chunkAt < 0 || at < _chunkAt || at >= _chunkAt + _chunkLength)
            {
                _file.Position = _chunkAt = at;
                _chunkLength = _file.Read(_chunk);
                if (_chunkLength == 0) return (null, start);
            }
            Span<byte> rest = _chunk.AsSpan((int)(at - _chunkAt), _chunkLength - (int)(at - _chunkAt));
            int end = rest.IndexOf((byte)'\n');
            text.Write(end < 0 ? rest : rest[..end]);
            at += end < 0 ? rest.Length : end + 1;
            if (end >= 0) return (Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length), at);
        }
        return (null, start);
    }

    private void Write(LoggedEvidence entry, long number) => _log.Line(json =>
    {
        json.WriteNumber("episode", number);
        json.WriteNumber("tokens", entry.Tokens);
        if (entry.Cut) json.WriteBoolean("cut", true);
        if (entry.Unread is not null) json.WriteString("unread", entry.Unread);
        JsonLog.WriteValues(json, entry.Nats);
        if (entry.Shifts is { } shifts)
        {
            json.WriteStartArray("shifts");
            foreach (double x in shifts) json.WriteNumberValue(x);
            json.WriteEndArray();
        }
        if (entry.Judged is not { } judged) return;
        json.WriteStartObject("judged");
        json.WriteNumber("questions", judged.Questions);
        json.WriteNumber("pairs", judged.Pairs);
        json.WriteNumber("swapDisagreements", judged.SwapDisagreements);
        json.WriteNumber("cannotTell", judged.CannotTell);
        json.WriteNumber("unreadable", judged.Unreadable);
        json.WriteEndObject();
    });

    private void Flush()
    {
        _log.Flush();
        _chunkAt = -1;
    }

    private LoggedEvidence? Parse(string line, long number) => JsonLog.Parse(line, root =>
    {
        double[] nats = JsonLog.ReadValues(root);
        return root.GetProperty("episode").GetInt64() != number || nats.Length != _personas ? null
            : new LoggedEvidence(nats, root.GetProperty("tokens").GetInt32(), root.TryGetProperty("cut", out _),
                root.TryGetProperty("unread", out JsonElement unread) ? unread.GetString() : null)
            {
                Shifts = root.TryGetProperty("shifts", out JsonElement shifts)
                    ? [.. shifts.EnumerateArray().Select(JsonLog.ReadFinite)] : null,
                Judged = root.TryGetProperty("judged", out JsonElement judged) ? ReadJudged(judged) : null,
            };
    });

    private static JudgementReliability ReadJudged(JsonElement judged)
    {
        return new JudgementReliability(Count("questions"), Count("pairs"), Count("swapDisagreements"), Count("cannotTell"),
            Count("unreadable"));

        long Count(string name) => judged.GetProperty(name).GetInt64();
    }

    /// <summary>The first line, without its line feed, or as much as a line may have; null where it was cut.</summary>
    private static string? FirstLine(FileStream file)
    {
        using var reader = new StreamReader(file, leaveOpen: true);
        var line = new StringBuilder();
        for (int c = reader.Read(); c != '\n' && line.Length <= LongestLine; c = reader.Read())
        {
            if (c < 0) return null;
            line.Append((char)c);
        }
        return line.ToString();
    }

    internal static string KindName(EvidenceKind kind) => kind switch
    {
        EvidenceKind.InContext => "in-context",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
