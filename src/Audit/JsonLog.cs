using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;

namespace PersonaSelection.Audit;

/// <summary>
/// Numbers of an audit as they come in: JSON lines that are only ever appended to and flushed to disk, under a header that says what they
/// are of. One process at a time.
/// </summary>
/// <param name="path">The file; made where it is not there.</param>
/// <param name="name">What the header calls it.</param>
/// <param name="schema">The version of its format.</param>
/// <exception cref="UserErrorException"><c>cannot-write</c>, <c>audit-busy</c>.</exception>
internal sealed class JsonLog(string path, string name, int schema) : IDisposable
{
    private const string OtherEvidence = "evidence of other data, another model, other personas or other options";

    private static readonly JsonWriterOptions Writing =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private Utf8JsonWriter? _json;

    /// <summary>The file.</summary>
    public FileStream File { get; } = OpenFile(path);

    /// <summary>Refuses a header of something else.</summary>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public static void RequireSame(string path, string name, int schema, string header, ContentId id)
    {
        string? theirs = IdOf(header, name, schema);
        if (theirs != id.ToString())
            throw Other(path, theirs is null ? "something else than evidence" : OtherEvidence);
    }

    /// <summary>Refuses a header of evidence of another kind or of other personas; one that cannot be read passes.</summary>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public static void RequireKin(string path, string header, string kind, IEnumerable<string> personas)
    {
        string[]? theirs = Parse<string[]>(header, root =>
            [root.GetProperty("kind").GetString()!, .. root.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)]);
        if (theirs is not null && !theirs.SequenceEqual([kind, .. personas], StringComparer.Ordinal)) throw Other(path, OtherEvidence);
    }

    /// <summary>Refuses a file without a whole first line, unless it is the beginning of the header that a kill has cut.</summary>
    /// <exception cref="UserErrorException"><c>other-audit</c>.</exception>
    public static void RequireCut(string path, Stream file, ReadOnlySpan<byte> header)
    {
        byte[] there = new byte[Math.Min(file.Length, header.Length + 1)];
        file.Position = 0;
        file.ReadExactly(there);
        if (!header.StartsWith(there)) throw Other(path, "something else than evidence");
    }

    /// <summary>The first line, its line feed included.</summary>
    public static byte[] Header(string name, int schema, ContentId id, IEvidenceSource source)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Writing);
        json.WriteStartObject();
        json.WriteString("psm", name);
        json.WriteNumber("schema", schema);
        json.WriteString("id", id.ToString());
        json.WriteString("kind", EvidenceLog.KindName(source.Kind));
        json.WriteStartArray("columns");
        foreach (string persona in source.Personas) json.WriteStringValue(persona);
        json.WriteEndArray();
        json.WriteStartObject("provenance");
        foreach ((string key, string value) in source.Provenance.OrderBy(p => p.Key, StringComparer.Ordinal))
            json.WriteString(key, value);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <inheritdoc cref="RequireSame(string, string, int, string, ContentId)"/>
    public void RequireSame(string header, ContentId id) => RequireSame(path, name, schema, header, id);

    /// <summary>What is said of a file that another process holds.</summary>
    public static UserErrorException Busy(string path, Exception e) => new("audit-busy", $"Cannot open {path}: {e.Message}",
        "Wait for the other psm that works in this folder, or choose another folder with -o.", e);

    /// <summary>Begins the file anew with its header; what is there may be a cut one.</summary>
    /// <exception cref="UserErrorException"><c>other-audit</c>: it is something else; it stays as it is.</exception>
    public void Begin(ContentId id, IEvidenceSource source)
    {
        byte[] header = Header(name, schema, id, source);
        RequireCut(path, File, header);
        File.SetLength(0);
        _buffer.Write(header);
        Flush();
    }

    /// <summary>Adds an object in a line of its own; on disk with the next <see cref="Flush"/>.</summary>
    public void Line(Action<Utf8JsonWriter> write)
    {
        _json ??= new Utf8JsonWriter(_buffer, Writing);
        _json.Reset();
        _json.WriteStartObject();
        write(_json);
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
    }

    /// <summary>Puts what was added at the end of the file, on the disk.</summary>
    /// <exception cref="UserErrorException">The disk is full.</exception>
    public void Flush()
    {
        try
        {
            File.Write(_buffer.WrittenSpan);
            File.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw AtomicFile.CannotWrite(path, e);
        }
        _buffer.ResetWrittenCount();
    }

    /// <summary>Evidence in nats; <c>null</c> is minus infinity.</summary>
    public static void WriteValues(Utf8JsonWriter json, double[] nats)
    {
        json.WriteStartArray("values");
        foreach (double x in nats)
        {
            if (double.IsNegativeInfinity(x)) json.WriteNullValue();
            else json.WriteNumberValue(x);
        }
        json.WriteEndArray();
    }

    /// <summary>What <see cref="WriteValues"/> wrote into an entry.</summary>
    public static double[] ReadValues(JsonElement entry) => [.. entry.GetProperty("values").EnumerateArray()
        .Select(v => v.ValueKind == JsonValueKind.Null ? double.NegativeInfinity : ReadFinite(v))];

    /// <summary>A finite number of an entry.</summary>
    public static double ReadFinite(JsonElement number) => number.GetDouble() is var x && double.IsFinite(x) ? x
        : throw new FormatException("A number of the log is not finite.");

    /// <summary>Reads a line; null where it is not one of ours.</summary>
    public static T? Parse<T>(string line, Func<JsonElement, T?> read) where T : class
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json?.Dispose();
        File.Dispose();
    }

    private static UserErrorException Other(string path, string what) => new("other-audit", $"{path} holds {what}.",
        "Choose another folder with -o, or delete this one to start anew.");

    private static string? IdOf(string header, string name, int schema) => Parse(header, root =>
        root.GetProperty("psm").GetString() == name && root.GetProperty("schema").GetInt32() == schema
            ? root.GetProperty("id").GetString() : null);

    private static FileStream OpenFile(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            // What a full disk has refused must not be written again when the file is closed: lines wait in a buffer of our own.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!System.IO.File.Exists(path))
                throw AtomicFile.CannotWrite(path, e);
            throw Busy(path, e);
        }
    }
}
