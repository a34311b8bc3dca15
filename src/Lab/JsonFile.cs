using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PersonaSelection.Lab;

/// <summary>Reads JSON files that somebody else may have made: bounded in size and depth, every failure the user's to mend.</summary>
public static partial class JsonFile
{
    private static readonly JsonWriterOptions WriterOptions =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// How records with required fields are written and read: indented, camel case; a field that is missing or null where it
    /// must not be is no record.
    /// </summary>
    public static JsonSerializerOptions Records { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private static readonly JsonDocumentOptions ReaderOptions = new() { MaxDepth = 64 };

    /// <summary>Parses a whole file; the top of it is an object, and every text in it can be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="remedy">What to do when the file is missing or broken.</param>
    /// <param name="largest">The most bytes it may have.</param>
    /// <exception cref="UserErrorException">No such file, too large, not a JSON object, or text that is no Unicode.</exception>
    public static JsonDocument Read(string path, string remedy, long largest = 256 << 20)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > largest)
                throw new UserErrorException("file-too-large",
                    $"{path} has {stream.Length} bytes, more than the {largest} it may have.", remedy);
            JsonDocument document = JsonDocument.Parse(stream, ReaderOptions);
            bool isObject = document.RootElement.ValueKind == JsonValueKind.Object;
            if (isObject && IsText(document.RootElement)) return document;
            document.Dispose();
            throw new UserErrorException("bad-json", isObject
                ? $"{path} holds text that is half a character (bytes that are no UTF-8, or one surrogate of a pair)."
                : $"{path} is not a JSON object.", remedy);
        }
        catch (JsonException e)
        {
            throw new UserErrorException("bad-json",
                $"{path}, line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}: this is not JSON.", remedy, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", remedy, e);
        }
    }

    /// <summary>Reads a record that this software wrote and checks its <c>schema</c> number.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, such as <c>forecast</c>; named in errors.</param>
    /// <param name="schema">The version that can be read.</param>
    /// <exception cref="UserErrorException">No such file, too large, not a JSON object, or of another version.</exception>
    public static JsonElement ReadRecord(string path, string what, int schema)
    {
        using JsonDocument document = Read(path, $"Check that this is the right file, or write the {what} again.");
        JsonElement root = document.RootElement;
        if (!root.TryGetProperty("schema", out JsonElement version) || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out int number) || number != schema)
            throw new UserErrorException("wrong-schema", $"{path} is not a {what} of schema {schema}.",
                "Write it again with this version, or read it with the version that wrote it.");
        return root.Clone();
    }

    /// <summary>
    /// Whether all names and texts in it can be read. Bytes that are no UTF-8, and one surrogate of a pair, are JSON by the grammar, and
    /// fail whoever reads them or looks for a name among them.
    /// </summary>
    public static bool IsText(JsonElement root)
    {
        try
        {
            Visit(root);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }

        static void Visit(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.String) element.GetString();
            else if (element.ValueKind == JsonValueKind.Array) foreach (JsonElement item in element.EnumerateArray()) Visit(item);
            else if (element.ValueKind == JsonValueKind.Object)
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Visit(member.Value);
                }
        }
    }

    /// <summary>
    /// What kept a text from being read as a record, in words for whoever wrote it: the reader's own name types of this software, and
    /// count lines and columns from 0.
    /// </summary>
    public static string Problem(JsonException e)
    {
        if (e.InnerException is JsonException) return $"this is not JSON (column {(e.BytePositionInLine ?? 0) + 1})";
        if (Missing().Match(e.Message) is { Success: true } missing) return $"it has no {missing.Groups["names"].Value}";
        return e.Path is ['$', '.', .. string field] ? $"'{field}' is not what belongs there" : "it is not what belongs there";
    }

    [GeneratedRegex(@"missing required properties including: (?<names>.+?)\.?$")]
    private static partial Regex Missing();

    /// <summary>Writes a file as indented JSON, whole or not at all.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Write(string path, Action<Utf8JsonWriter> write) => AtomicFile.Write(path, stream =>
    {
        using (var writer = new Utf8JsonWriter(stream, WriterOptions)) write(writer);
        stream.WriteByte((byte)'\n');
    });
}
