using System.Text;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Audit;

/// <summary>
/// A source of evidence whose answers are kept cell by cell, by the text of the episode: one JSON line for some personas of one episode,
/// only ever appended to. What has been answered once, in this run or in one that was killed, is not asked of the source again.
/// </summary>
public sealed class CellLog : IEvidenceSource, IDisposable
{
    /// <summary>The version of the file format.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Cells asked for at once; they are safe on disk before the next are asked for.</summary>
    private const int CellsAtOnce = 4096;

    private const string Name = "cell-log";

    private readonly IEvidenceSource _source;
    private readonly JsonLog _log;
    private readonly IProgress<WorkProgress>? _progress;
    private readonly Dictionary<string, Row> _rows = new(StringComparer.Ordinal);

    private CellLog(string path, IEvidenceSource source, IProgress<WorkProgress>? progress) =>
        (_log, _source, _progress) = (new JsonLog(path, Name, CurrentSchema), source, progress);

    /// <inheritdoc/>
    public EvidenceKind Kind => _source.Kind;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas => _source.Personas;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance => _source.Provenance;

    /// <inheritdoc/>
    public OffsetError? OffsetError => _source.OffsetError;

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
        var log = new CellLog(path, source, progress);
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
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
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
    public void Dispose() => _log.Dispose();

    /// <summary>What did not fit of an episode that was asked for; null when all did, or when it was not.</summary>
    internal EpisodeCut? CutOf(string key) => _rows.GetValueOrDefault(key)?.Cut;

    /// <summary>What equal episodes share: the content id of context and reply.</summary>
    internal static string KeyOf(Episode episode) => episode.TextId.Digits;

    private void Keep(string[] keys, int[] personas, EvidenceBlock block)
    {
        Dictionary<int, EpisodeCut> cuts = block.Cuts.ToDictionary(c => c.Episode);
        for (int i = 0; i < keys.Length; i++)
        {
            EpisodeCut? cut = cuts.GetValueOrDefault(i);
            Write(keys[i], personas, block.Nats[i], block.Tokens[i], cut);
            Add(keys[i], personas, block.Nats[i], block.Tokens[i], cut);
        }
        _log.Flush();
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
        FileStream file = _log.File;
        using var lines = new StreamReader(file, Encoding.UTF8, false, 1 << 16, leaveOpen: true);
        string? header = lines.ReadLine();
        file.Position = file.Length > 0 ? file.Length - 1 : 0;
        bool whole = file.ReadByte() == '\n';
        if (header is null || (!whole && file.Length <= Encoding.UTF8.GetByteCount(header)))
        {
            _log.Begin(id, this);
            return;
        }
        _log.RequireSame(header, id);
        file.Position = 0;
        lines.DiscardBufferedData();
        lines.ReadLine();
        // A line that a kill has cut says nothing: its cells are asked for again.
        while (lines.ReadLine() is { } line) Read(line);
        file.Position = file.Length;
        if (!whole) file.WriteByte((byte)'\n');
    }

    // A line that is not one of ours is passed over.
    private void Read(string line) => JsonLog.Parse(line, root =>
    {
        int[] personas = root.TryGetProperty("personas", out JsonElement some) ? [.. some.EnumerateArray().Select(p => p.GetInt32())]
            : [.. Enumerable.Range(0, Personas.Count)];
        double[] nats = JsonLog.ReadValues(root);
        if (nats.Length != personas.Length || personas.Any(p => p < 0 || p >= Personas.Count)) return null;
        EpisodeCut? cut = root.TryGetProperty("cut", out JsonElement c)
            ? new EpisodeCut(0, c.GetProperty("turns").GetInt32(), c.GetProperty("shortened").GetBoolean(),
                c.GetProperty("reply").GetInt32(), c.TryGetProperty("unread", out JsonElement unread) ? unread.GetString() : null)
            : null;
        string key = root.GetProperty("episode").GetString()!;
        Add(key, personas, nats, root.GetProperty("tokens").GetInt32(), cut);
        return key;
    });

    private void Write(string key, int[] personas, double[] nats, int tokens, EpisodeCut? cut) => _log.Line(json =>
    {
        json.WriteString("episode", key);
        json.WriteNumber("tokens", tokens);
        if (cut is not null)
        {
            json.WriteStartObject("cut");
            json.WriteNumber("turns", cut.TurnsLeftOut);
            json.WriteBoolean("shortened", cut.TurnShortened);
            json.WriteNumber("reply", cut.ReplyTokensLeftOut);
            if (cut.Unread is not null) json.WriteString("unread", cut.Unread);
            json.WriteEndObject();
        }
        if (personas.Length < Personas.Count)
        {
            json.WriteStartArray("personas");
            foreach (int h in personas) json.WriteNumberValue(h);
            json.WriteEndArray();
        }
        JsonLog.WriteValues(json, nats);
    });

    private sealed record Row(double[] Nats, int Tokens, EpisodeCut? Cut);
}
