using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>What a table file says that it is.</summary>
/// <param name="Name">What the header calls it.</param>
/// <param name="Schema">Its version.</param>
internal sealed record TableFormat(string Name, int Schema);

/// <summary>
/// The file that tables of this room share: JSON lines, the first a header with the names of the columns, each other one a row with its
/// <c>values</c>. Minus infinity is written as null, as JSON has no such number.
/// </summary>
internal sealed class TableFile
{
    private const int MaximumLine = 1 << 24;
    private const int MaximumCells = 1 << 28;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path, _id;

    private TableFile(string path, string id, EvidenceKind kind, IReadOnlyDictionary<string, string> provenance, LabelledMatrix values)
    {
        _path = path;
        _id = id;
        Kind = kind;
        Provenance = provenance;
        Values = values;
    }

    internal EvidenceKind Kind { get; }

    internal IReadOnlyDictionary<string, string> Provenance { get; }

    internal LabelledMatrix Values { get; }

    /// <summary>Refuses rows that are not those of the numbers.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="ids">The names of the rows beside them.</param>
    /// <param name="parameter">What the rows came in as.</param>
    /// <exception cref="ArgumentException">They differ, or stand in another order.</exception>
    internal static void RequireRows(LabelledMatrix values, IEnumerable<string> ids, string parameter)
    {
        if (!values.Rows.SequenceEqual(ids, StringComparer.Ordinal))
            throw new ArgumentException("The rows must be those of the matrix, in the same order.", parameter);
    }

    internal static void Write(string path, TableFormat format, EvidenceKind kind, LabelledMatrix values,
        IReadOnlyDictionary<string, string> provenance, ContentId id, Action<int, Utf8JsonWriter> row) =>
        AtomicFile.Write(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, Options);
            json.WriteStartObject();
            json.WriteString("psm", format.Name);
            json.WriteNumber("schema", format.Schema);
            json.WriteString("id", id.ToString());
            json.WriteString("kind", NameOf(kind));
            json.WriteStartObject("provenance");
            foreach ((string key, string value) in provenance.OrderBy(p => p.Key, StringComparer.Ordinal)) json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteStartArray("columns");
            foreach (string column in values.Columns) json.WriteStringValue(column);
            json.WriteEndArray();
            EndLine();
            for (int r = 0; r < values.Rows.Count; r++)
            {
                json.WriteStartObject();
                row(r, json);
                json.WriteStartArray("values");
                foreach (double x in values.Row(r))
                {
                    if (double.IsNegativeInfinity(x)) json.WriteNullValue();
                    else json.WriteNumberValue(x);
                }
                json.WriteEndArray();
                EndLine();
            }

            void EndLine()
            {
                json.WriteEndObject();
                json.Flush();
                stream.WriteByte((byte)'\n');
                json.Reset();
            }
        });

    /// <param name="path">The file.</param>
    /// <param name="format">What it must be.</param>
    /// <param name="row">Takes what a line says beside its values and returns the name of the row.</param>
    /// <param name="allowed">Which values are allowed; null in the file is minus infinity.</param>
    /// <param name="expected">What the values should be, for errors.</param>
    internal static TableFile Read(string path, TableFormat format, Func<TableLine, string> row, Func<double, bool> allowed,
        string expected)
    {
        try
        {
            using var reader = new StreamReader(path);
            TableLine header = new(path, 1, NextLine(reader, path, 1)
                ?? throw Bad(path, 1, "is missing: the file is empty."));
            if (header.Text("psm") != format.Name)
                throw Bad(path, 1, $"says this is a '{header.Text("psm")}', not a '{format.Name}'.");
            if (header.Count("schema") != format.Schema)
                throw Bad(path, 1, $"says schema {header.Count("schema")}; this version reads {format.Schema}.");
            EvidenceKind kind = KindOf(header.Text("kind"))
                ?? throw Bad(path, 1, $"names an unknown kind '{header.Text("kind")}'.");
            string[] columns = header.Texts("columns");
            var provenance = header.Map("provenance");
            var names = new List<string>();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var values = new List<double>();
            for (int number = 2; NextLine(reader, path, number) is { } text; number++)
            {
                if (text.Length == 0) continue;
                TableLine line = new(path, number, text);
                string name = row(line);
                if (!seen.Add(name)) throw Bad(path, number, $"has the id '{name}' for the second time.");
                names.Add(name);
                int before = values.Count;
                line.Values(values, columns.Length, allowed, expected);
                if (values.Count > MaximumCells) throw Bad(path, number, "is too much: the table does not fit into memory.");
                if (values.Count - before != columns.Length)
                    throw Bad(path, number, $"has {values.Count - before} values for {columns.Length} columns.");
            }
            return new TableFile(path, header.Text("id"), kind, provenance, new LabelledMatrix(names, columns, values.ToArray()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Check the path.", e);
        }
        catch (ArgumentException e)
        {
            throw new UserErrorException("bad-table", $"{path} is not a usable {format.Name}: {e.Message}", "Compute the table again.", e);
        }
    }

    internal void CheckId(ContentId id)
    {
        if (id.ToString() != _id)
            throw new UserErrorException("altered-table", $"{_path} says it is {_id}, but its content is {id}.",
                "Compute the table again, or, if the numbers are your own, put the second id into the first line.");
    }

    /// <summary>What of a row's episode was not read; nothing where all of it was.</summary>
    internal static void WriteCut(Utf8JsonWriter json, bool cut, string? unread)
    {
        if (cut) json.WriteBoolean("cut", true);
        if (unread is not null) json.WriteString("unread", unread);
    }

    internal static UserErrorException Bad(string path, int line, string problem) =>
        new("bad-table", $"{path}, line {line}, {problem}", "Compute the table again, or correct that line.");

    private static string NameOf(EvidenceKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString());

    private static EvidenceKind? KindOf(string name) =>
        Enum.GetValues<EvidenceKind>().Cast<EvidenceKind?>().FirstOrDefault(k => NameOf(k!.Value) == name);

    private static string? NextLine(StreamReader reader, string path, int number)
    {
        // ReadLine would take a file without line ends into memory whole.
        var text = new System.Text.StringBuilder();
        for (int c = reader.Read(); c >= 0; c = reader.Read())
        {
            if (c == '\n') return text.ToString();
            if (c != '\r') text.Append((char)c);
            if (text.Length > MaximumLine) throw Bad(path, number, $"is longer than {MaximumLine} characters.");
        }
        return text.Length == 0 ? null : text.ToString();
    }
}
