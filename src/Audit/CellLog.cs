using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;

namespace PersonaSelection.Audit;

/// <summary>
/// A source of evidence whose answers are kept cell by cell, by the text of the episode: one JSON line for some personas of one episode, only
/// ever appended to. What has been answered once, in this run or in one that was killed, is not asked of the source again.
/// </summary>
public sealed class CellLog : IEvidenceSource, IDisposable
{
    /// <summary>The version of the file format.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Cells asked for at once; they are safe on disk before the next are asked for.</summary>
    private const int CellsAtOnce = 4096;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly IEvidenceSource _source;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly Dictionary<string, Row> _rows = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    private CellLog(string path, FileStream file, IEvidenceSource source, IProgress<WorkProgress>? progress)
    {
        (_path, _file, _source, _progress) = (path, file, source, progress);
        _json = new Utf8JsonWriter(_buffer, Writing);
    }

    /// <inheritdoc/>
    public EvidenceKind Kind => _source.Kind;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas => _source.Personas;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance => _source.Provenance;

    /// <summary>Cells whose evidence is known.</summary>
    public long Cells { get; private set; }

    /// <summary>Cells that the source was asked for in this run.</summary>
    public long Asked { get; private set; }

    /// <summary>Opens a log or starts one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="data">The content id of the data that it belongs to.</param>
    /// <param name="source">Where the evidence comes from.</param>
    /// <param name="progress">Told about cells.</param>
    /// <exception cref="UserErrorException"><c>other-audit</c>, <c>audit-busy</c>, <c>cannot-write</c>.</exception>
    public static CellLog Open(string path, ContentId data, IEvidenceSource source, IProgress<WorkProgress>? progress = null)
    {
        var log = new CellLog(path, EvidenceLog.OpenFile(path), source, progress);
        try
        {
            log.Begin(AuditEvidence.IdOf(data, source));
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        int[] asked = personas is null ? [.. Enumerable.Range(0, Personas.Count)] : [.. personas];
        string[] keys = [.. episodes.Select(KeyOf)];
        // Episodes that miss the same personas are asked for together.
        var open = new Dictionary<string, (int[] Missing, List<int> Episodes)>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int e = 0; e < keys.Length; e++)
        {
            if (!seen.Add(keys[e])) continue;
            int[] missing = _rows.TryGetValue(keys[e], out Row? row) ? [.. asked.Where(h => double.IsNaN(row.Nats[h]))] : asked;
            if (missing.Length == 0) continue;
            string group = string.Join(',', missing);
            if (!open.TryGetValue(group, out (int[] Missing, List<int> Episodes) some)) open[group] = some = (missing, []);
            some.Episodes.Add(e);
        }
        foreach ((int[] missing, List<int> some) in open.Values)
        {
            foreach (int[] chunk in some.Chunk(Math.Max(1, CellsAtOnce / missing.Length)))
            {
                cancellation.ThrowIfCancellationRequested();
                EvidenceBlock block = _source.Compute([.. chunk.Select(e => episodes[e])], missing, null, cancellation);
                Keep([.. chunk.Select(e => keys[e])], missing, block);
                Asked += (long)chunk.Length * missing.Length;
                _progress?.Report(new WorkProgress("evidence", Asked, 0, "cells"));
            }
        }
        Row[] rows = [.. keys.Select(k => _rows[k])];
        return new EvidenceBlock([.. rows.Select(r => asked.Select(h => r.Nats[h]).ToArray())], [.. rows.Select(r => r.Tokens)])
        {
            Cuts = [.. rows.Select((r, e) => r.Cut is { } cut ? cut with { Episode = e } : null).OfType<EpisodeCut>()],
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    /// <summary>What did not fit of an episode that was asked for; null when all did, or when it was not.</summary>
    internal EpisodeCut? CutOf(string key) => _rows.GetValueOrDefault(key)?.Cut;

    /// <summary>What equal episodes share: the content id of context and reply.</summary>
    internal static string KeyOf(Episode episode) =>
        ContentId.Of("episode-text", [.. episode.Context.SelectMany(t => (string[])[t.Role, t.Text]), episode.Reply]).Digits;

    private void Keep(string[] keys, int[] personas, EvidenceBlock block)
    {
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        _buffer.ResetWrittenCount();
        for (int i = 0; i < keys.Length; i++)
        {
            EpisodeCut? cut = cuts.GetValueOrDefault(i);
            Write(keys[i], personas, block.Nats[i], block.Tokens[i], cut);
            Add(keys[i], personas, block.Nats[i], block.Tokens[i], cut);
        }
        Flush();
    }

    private void Add(string key, int[] personas, double[] nats, int tokens, EpisodeCut? cut)
    {
        if (!_rows.TryGetValue(key, out Row? row))
        {
            double[] unknown = new double[Personas.Count];
            Array.Fill(unknown, double.NaN);
            _rows[key] = row = new Row(unknown, tokens, cut);
        }
        for (int j = 0; j < personas.Length; j++)
        {
            if (double.IsNaN(row.Nats[personas[j]])) Cells++;
            row.Nats[personas[j]] = nats[j];
        }
    }

    private void Begin(ContentId id)
    {
        using var lines = new StreamReader(_file, Encoding.UTF8, false, 1 << 16, leaveOpen: true);
        string? header = lines.ReadLine();
        _file.Position = _file.Length > 0 ? _file.Length - 1 : 0;
        bool whole = _file.ReadByte() == '\n';
        if (header is null || (!whole && _file.Length <= Encoding.UTF8.GetByteCount(header)))
        {
            _file.SetLength(0);
            WriteHeader(id);
            Flush();
            return;
        }
        if (IdOf(header) != id.ToString())
            throw new UserErrorException("other-audit", $"{_path} holds evidence of other data, another model, other personas or other options.",
                "Choose another folder with -o, or delete this one to start anew.");
        _file.Position = 0;
        lines.DiscardBufferedData();
        lines.ReadLine();
        // A line that a kill has cut says nothing: its cells are asked for again.
        while (lines.ReadLine() is { } line) Read(line);
        _file.Position = _file.Length;
        if (!whole) _file.WriteByte((byte)'\n');
    }

    private void Read(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            int[] personas = root.TryGetProperty("personas", out JsonElement some) ? [.. some.EnumerateArray().Select(p => p.GetInt32())]
                : [.. Enumerable.Range(0, Personas.Count)];
            double[] nats = [.. root.GetProperty("values").EnumerateArray()
                .Select(v => v.ValueKind == JsonValueKind.Null ? double.NegativeInfinity : v.GetDouble())];
            if (nats.Length != personas.Length || personas.Any(p => p < 0 || p >= Personas.Count)) return;
            EpisodeCut? cut = root.TryGetProperty("cut", out JsonElement c)
                ? new EpisodeCut(0, c.GetProperty("turns").GetInt32(), c.GetProperty("shortened").GetBoolean(), c.GetProperty("reply").GetInt32(),
                    c.TryGetProperty("unread", out JsonElement unread) ? unread.GetString() : null)
                : null;
            Add(root.GetProperty("episode").GetString()!, personas, nats, root.GetProperty("tokens").GetInt32(), cut);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Not a line of ours.
        }
    }

    private void WriteHeader(ContentId id)
    {
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("psm", "cell-log");
        _json.WriteNumber("schema", CurrentSchema);
        _json.WriteString("id", id.ToString());
        _json.WriteString("kind", EvidenceLog.KindName(Kind));
        _json.WriteStartArray("columns");
        foreach (string persona in Personas) _json.WriteStringValue(persona);
        _json.WriteEndArray();
        _json.WriteStartObject("provenance");
        foreach ((string name, string value) in Provenance.OrderBy(p => p.Key, StringComparer.Ordinal)) _json.WriteString(name, value);
        _json.WriteEndObject();
        EndLine();
    }

    private void Write(string key, int[] personas, double[] nats, int tokens, EpisodeCut? cut)
    {
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("episode", key);
        _json.WriteNumber("tokens", tokens);
        if (cut is not null)
        {
            _json.WriteStartObject("cut");
            _json.WriteNumber("turns", cut.TurnsLeftOut);
            _json.WriteBoolean("shortened", cut.TurnShortened);
            _json.WriteNumber("reply", cut.ReplyTokensLeftOut);
            if (cut.Unread is not null) _json.WriteString("unread", cut.Unread);
            _json.WriteEndObject();
        }
        if (personas.Length < Personas.Count)
        {
            _json.WriteStartArray("personas");
            foreach (int h in personas) _json.WriteNumberValue(h);
            _json.WriteEndArray();
        }
        _json.WriteStartArray("values");
        foreach (double x in nats)
        {
            if (double.IsNegativeInfinity(x)) _json.WriteNullValue();
            else _json.WriteNumberValue(x);
        }
        _json.WriteEndArray();
        EndLine();
    }

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
    }

    private void Flush()
    {
        try
        {
            _file.Write(_buffer.WrittenSpan);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw new UserErrorException("cannot-write", $"Cannot write {_path}: {e.Message}", "Free some space; the same command goes on from there.", e);
        }
        _buffer.ResetWrittenCount();
    }

    private static string? IdOf(string header)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(header);
            JsonElement root = document.RootElement;
            return root.GetProperty("psm").GetString() == "cell-log" && root.GetProperty("schema").GetInt32() == CurrentSchema
                ? root.GetProperty("id").GetString() : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private sealed record Row(double[] Nats, int Tokens, EpisodeCut? Cut);
}
