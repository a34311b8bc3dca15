using System.Text.Json;
using System.Text.Json.Serialization;
using PersonaSelection.Lab;

namespace PersonaSelection.Report;

/// <summary>
/// A report as data: what is told, and every figure with its numbers. It can be saved, loaded and drawn again without the run that made it.
/// The file is UTF-8 JSON with <c>schema</c> 1; see <c>docs/formats.md</c>.
/// </summary>
/// <param name="Title">The title of the page, plain text.</param>
public sealed record ReportDocument(string Title)
{
    /// <summary>The version of the file format that this code reads and writes.</summary>
    public const int CurrentSchema = 1;

    private const long MaximumBytes = 256L << 20;

    /// <summary>The version of the file format.</summary>
    [JsonPropertyOrder(-1)]
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>One or two sentences under the title, with the markup of <see cref="Prose"/>.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>What made the report: seed, seconds, machine, version. Shown small, in this order.</summary>
    public IReadOnlyList<ReportFact> Facts { get; init; } = [];

    /// <summary>The report from top to bottom.</summary>
    public IReadOnlyList<ReportBlock> Blocks { get; init; } = [];

    /// <summary>The figures among the blocks, in order.</summary>
    [JsonIgnore]
    public IEnumerable<Figure> Figures => Blocks.OfType<Figure>();

    /// <summary>The document as indented JSON. Numbers that are not finite are written as <c>null</c>.</summary>
    /// <exception cref="ArgumentException">The document contradicts itself, such as a table row with too many cells.</exception>
    public string ToJson()
    {
        DocumentCheck.ThrowIfUnsound(this);
        return JsonSerializer.Serialize(this, ReportJson.Options);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="source">What to call the text in an error, such as the file name.</param>
    /// <exception cref="UserErrorException">Code <c>bad-report</c>: not JSON, another schema, or a figure that
    /// contradicts itself.</exception>
    public static ReportDocument FromJson(string json, string source = "the report")
    {
        const string Remedy = "Make the report again with the command that wrote it.";
        ReportDocument? document;
        try
        {
            document = JsonSerializer.Deserialize<ReportDocument>(json, ReportJson.Options);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // The reader's own place is a path and bytes counted from 0.
            string where = e is JsonException { LineNumber: { } line, BytePositionInLine: { } column }
                ? $", line {line + 1}, column {column + 1}" : "", why = e.Message.Split(" Path: ")[0];
            throw new UserErrorException("bad-report", json.Trim().Length == 0 ? $"{source} is empty."
                : $"{source}{where} is not a report document: {why}", Remedy, e);
        }
        if (document is null)
            throw new UserErrorException("bad-report", $"{source} holds null instead of a report document.", Remedy);
        if (document.Schema != CurrentSchema)
            throw new UserErrorException("bad-report", $"{source} has schema {document.Schema}; this version reads schema {CurrentSchema}.",
                "Use the version of psm that wrote it, or make the report again.");
        IReadOnlyList<string> problems = DocumentCheck.Problems(document);
        if (problems.Count > 0)
            throw new UserErrorException("bad-report", $"{source} contradicts itself: {string.Join(" ", problems)}", Remedy);
        return document;
    }

    /// <summary>Writes the JSON file, whole or not at all.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, ToJson() + "\n");

    /// <summary>Reads a JSON file.</summary>
    /// <exception cref="UserErrorException">Code <c>bad-report</c>: absent, unreadable, too large, or not a report document.</exception>
    public static ReportDocument Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumBytes)
                throw new UserErrorException("bad-report", $"{path} is larger than {MaximumBytes >> 20} MiB.", "Is this the right file?");
            return FromJson(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("bad-report", $"Cannot read {path}: {e.Message}", "Check the path and its permissions.", e);
        }
    }
}

/// <summary>A named fact, such as <c>seed</c> and <c>1</c>, or a content id under the name of the thing.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Its value as text.</param>
public sealed record ReportFact(string Name, string Value);
