using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>Every answer of a judge as it was given, one JSON line each, each once: an append-only file beside the evidence.</summary>
public sealed class JudgementLog
{
    private const int LongestLine = 1 << 22;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static ReadOnlySpan<byte> Beginning => "{\"id\":\""u8;

    private readonly string _path;
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>Opens a log, or starts one. A last line that was cut by a kill is taken away.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="UserErrorException">It cannot be read or written, or its last line is none of a log (<c>other-audit</c>).
    /// </exception>
    public JudgementLog(string path)
    {
        _path = path;
        Guarded(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
            var line = new List<byte>();
            long whole = 0, at = 0;
            for (int b = stream.ReadByte(); b >= 0; b = stream.ReadByte())
            {
                at++;
                if (b != '\n')
                {
                    if (line.Count < LongestLine) line.Add((byte)b);
                    continue;
                }
                whole = at;
                if (IdOf(line.ToArray()) is { } id) _written.Add(id);
                line.Clear();
            }
            if (line.Count == 0) return;
            byte[] cut = line.ToArray();
            if (IdOf(cut) is { } last)
            {
                _written.Add(last);
                stream.WriteByte((byte)'\n');
                return;
            }
            if (!cut.AsSpan().StartsWith(Beginning) && !Beginning.StartsWith(cut))
                throw new UserErrorException("other-audit", $"{path} holds something else than judgements.",
                    "Choose another folder with -o, or delete this file.");
            stream.SetLength(whole);
        });
    }

    internal void Append(IEnumerable<JudgementAnswer> answers) => Guarded(() =>
    {
        using var stream = new FileStream(_path, FileMode.Append, FileAccess.Write);
        using var json = new Utf8JsonWriter(stream, Options);
        foreach (JudgementAnswer a in answers.Where(a => _written.Add(a.Id)))
        {
            json.WriteStartObject();
            json.WriteString("id", a.Id);
            json.WriteString("judge", a.Judge);
            json.WriteString("rubric", JudgementQuestion.RubricId.ToString());
            json.WriteString("episode", a.Episode);
            json.WriteNumber("round", a.Round);
            json.WriteNumber("repeat", a.Repeat);
            json.WriteBoolean("swapped", a.Swapped);
            json.WriteStartArray("candidates");
            foreach (string name in a.Candidates) json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteString("choice", a.Place switch
            {
                JudgementQuestion.CannotTell => "cannot-tell",
                JudgementQuestion.Unreadable => "unreadable",
                _ => a.Candidates[a.Place],
            });
            json.WriteString("text", a.Text);
            json.WriteEndObject();
            json.Flush();
            stream.WriteByte((byte)'\n');
            json.Reset();
        }
        stream.Flush(flushToDisk: true);
    });

    private static string? IdOf(byte[] line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(line));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("id", out JsonElement id)
                && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(_path, e);
        }
    }
}

/// <summary>One answer of a judge.</summary>
internal sealed record JudgementAnswer(string Id, string Judge, string Episode, int Round, int Repeat, bool Swapped, string[] Candidates,
    int Place, string Text);
