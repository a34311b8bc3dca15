using System.Text;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>Probes as JSON lines: one object with id, domain, context, low, high and cluster per line. See docs/formats.md, section "Probes".</summary>
public static class ProbeFile
{
    private const string ErrorCode = "bad-probes";
    private const int LongestLine = 1 << 20;
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

    /// <summary>Reads probes.</summary>
    /// <exception cref="UserErrorException"><c>bad-probes</c>: missing, or the first line that is wrong, by number.</exception>
    public static IReadOnlyList<Probe> Load(string path)
    {
        if (!File.Exists(path)) throw new UserErrorException(ErrorCode, $"There is no file {path}.", "Name a JSONL file of probes; 'psm corpus new' writes one.");
        var probes = new List<Probe>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0) continue;
            Probe probe = Read(path, number, line);
            if (!ids.Add(probe.Id)) throw Bad(path, number, $"the id '{probe.Id}' occurs twice");
            probes.Add(probe);
        }
        return probes.Count > 0 ? probes : throw new UserErrorException(ErrorCode, $"{path} holds no probe.", "Write one JSON object per line.");
    }

    private static Probe Read(string path, int number, string line)
    {
        if (line.Length > LongestLine) throw Bad(path, number, "the line is longer than a million characters");
        try
        {
            Probe probe = JsonSerializer.Deserialize<Probe>(line, Json) ?? throw Bad(path, number, "a probe is an object");
            if (probe.Low.Count == 0 || probe.High.Count == 0) throw Bad(path, number, "a probe needs at least one low and one high answer");
            if (probe.Context.Count == 0) throw Bad(path, number, "a probe needs at least one turn of context");
            return probe;
        }
        catch (JsonException e)
        {
            throw Bad(path, number, e.Message, e);
        }
    }

    private static UserErrorException Bad(string path, int line, string problem, Exception? inner = null) =>
        new(ErrorCode, $"{path}, line {line}: {problem}.", "Mend that line; docs/formats.md shows a probe.", inner);
}
