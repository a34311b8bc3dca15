using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Personas;

/// <summary>A file of JSON lines: one object of a kind per line, each with an id of its own. Empty lines are skipped.</summary>
/// <param name="code">The code of errors in the file.</param>
/// <param name="noun">What a line is, such as <c>probe</c>.</param>
/// <param name="id">The id of an object.</param>
/// <param name="wrong">What is wrong with an object that could be read; null when nothing is.</param>
/// <param name="source">How to come by such a file.</param>
internal sealed class NamedLines<T>(string code, string noun, Func<T, string> id, Func<T, string?> wrong, string source)
    where T : class
{
    private const int LongestLine = 1 << 20;
    private const long LargestFile = 1L << 30;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the objects in their order.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Save(string path, IEnumerable<T> objects)
    {
        var text = new StringBuilder();
        foreach (T one in objects) text.Append(JsonSerializer.Serialize(one, Json)).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserErrorException">It is missing, or the first line that is wrong, by number; or it cannot be read.</exception>
    public IReadOnlyList<T> Load(string path)
    {
        if (!File.Exists(path)) throw new UserErrorException(code, $"There is no file {path}.", source);
        try
        {
            if (new FileInfo(path).Length > LargestFile)
                throw new UserErrorException(code, $"{path} is larger than a gibibyte.", "Split it.");
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return Read(path, reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}",
                "Check the path and that the file is UTF-8 text.", e);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="UserErrorException">There is no object, or the first line that is wrong, by number.</exception>
    public IReadOnlyList<T> Read(string name, TextReader reader)
    {
        var objects = new List<T>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0) continue;
            T one = Read(name, number, line);
            if (!ids.Add(id(one))) throw Bad(name, number, $"the id '{id(one)}' occurs twice");
            objects.Add(one);
        }
        return objects.Count > 0
            ? objects : throw new UserErrorException(code, $"{name} holds no {noun}.", "Write one JSON object per line.");
    }

    private T Read(string name, int number, string line)
    {
        if (line.Length > LongestLine) throw Bad(name, number, "the line is longer than a million characters");
        try
        {
            T one = JsonSerializer.Deserialize<T>(line, Json) ?? throw Bad(name, number, $"a {noun} is an object");
            return wrong(one) is { } problem ? throw Bad(name, number, problem) : one;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Bad(name, number, e is JsonException json ? JsonFile.Problem(json) : e.Message.TrimEnd('.'), e);
        }
    }

    private UserErrorException Bad(string name, int line, string problem, Exception? inner = null) =>
        new(code, $"{name}, line {line}: {problem}.", $"Mend that line; docs/formats.md shows a {noun}.", inner);
}
