using System.Text;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>
/// Probes as JSON lines: one object with id, domain, context, low, high, cluster and trait per line. See docs/formats.md, section "Probes".
/// </summary>
public static class ProbeFile
{
    private const string ErrorCode = "bad-probes";
    private const int LongestLine = 1 << 20;
    private const long LargestFile = 1L << 30;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes probes.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<Probe> probes)
    {
        var text = new StringBuilder();
        foreach (Probe probe in probes) text.Append(JsonSerializer.Serialize(probe, Json)).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }

    /// <summary>Reads probes; <c>library</c> is those of the <see cref="PersonaLibrary"/>.</summary>
    /// <param name="path">The path of a file, or <see cref="PersonaLibrary.Name"/> (a file of that name is <c>./library</c>).</param>
    /// <exception cref="UserErrorException"><c>bad-probes</c>: missing, or the first line that is wrong, by number.</exception>
    public static IReadOnlyList<Probe> Load(string path)
    {
        if (path == PersonaLibrary.Name) return PersonaLibrary.Probes;
        if (!File.Exists(path))
        {
            throw new UserErrorException(ErrorCode, $"There is no file {path}.",
                $"Name a JSONL file of probes ('psm corpus new' writes one), or write {PersonaLibrary.Name} for the built-in ones.");
        }
        try
        {
            if (new FileInfo(path).Length > LargestFile)
                throw new UserErrorException(ErrorCode, $"{path} is larger than a gibibyte.", "Split it.");
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return Read(path, reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}",
                "Check the path and that the file is UTF-8 text.", e);
        }
    }

    internal static IReadOnlyList<Probe> Read(string name, TextReader reader)
    {
        var probes = new List<Probe>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0) continue;
            Probe probe = Read(name, number, line);
            if (!ids.Add(probe.Id)) throw Bad(name, number, $"the id '{probe.Id}' occurs twice");
            probes.Add(probe);
        }
        return probes.Count > 0
            ? probes : throw new UserErrorException(ErrorCode, $"{name} holds no probe.", "Write one JSON object per line.");
    }

    private static Probe Read(string path, int number, string line)
    {
        if (line.Length > LongestLine) throw Bad(path, number, "the line is longer than a million characters");
        try
        {
            Probe probe = JsonSerializer.Deserialize<Probe>(line, Json) ?? throw Bad(path, number, "a probe is an object");
            if (probe.Low.Count == 0 || probe.High.Count == 0)
                throw Bad(path, number, "a probe needs at least one low and one high answer");
            if (probe.Low.Concat(probe.High).Any(string.IsNullOrWhiteSpace)) throw Bad(path, number, "an answer of the probe is empty");
            if (probe.Context.Count == 0) throw Bad(path, number, "a probe needs at least one turn of context");
            if (probe.Context.Any(t => t is null)) throw Bad(path, number, "a turn of the context is no object");
            return probe;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Bad(path, number, e is JsonException json ? JsonFile.Problem(json) : e.Message.TrimEnd('.'), e);
        }
    }

    private static UserErrorException Bad(string path, int line, string problem, Exception? inner = null) =>
        new(ErrorCode, $"{path}, line {line}: {problem}.", "Mend that line; docs/formats.md shows a probe.", inner);
}
