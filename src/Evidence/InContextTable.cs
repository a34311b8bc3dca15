using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>One row of an in-context table, apart from its numbers.</summary>
/// <param name="Id">The first episode of those that are equal.</param>
/// <param name="Weight">The sum of their weights.</param>
/// <param name="Cluster">Episodes with the same context share a cluster.</param>
public sealed record InContextRow(string Id, double Weight, string Cluster)
{
    /// <summary>Whether some of the episode did not fit into the model.</summary>
    public bool Cut { get; init; }

    /// <summary>Why nothing of it was read, and its numbers are 0; null when some of it was.</summary>
    public string? Unread { get; init; }
}

/// <summary>shift[e,probe] = p(low | episode e shown, probe) - p(low | probe), for every distinct episode.</summary>
public sealed class InContextTable
{
    internal static readonly TableFormat Format = new TableFormat("in-context-table", 1);

    /// <summary>A table.</summary>
    /// <param name="shifts">Distinct episodes x probes, each in [-1, 1].</param>
    /// <param name="rows">The rows, in the same order.</param>
    /// <param name="provenance">What it was made from.</param>
    /// <exception cref="ArgumentException">Rows differ, or a number is no shift of a probability.</exception>
    public InContextTable(LabelledMatrix shifts, IReadOnlyList<InContextRow> rows, IReadOnlyDictionary<string, string> provenance)
    {
        TableFile.RequireRows(shifts, rows.Select(r => r.Id), nameof(rows));
        for (int e = 0; e < rows.Count; e++)
            foreach (double x in shifts.Row(e))
                if (!IsShift(x)) throw new ArgumentException($"A shift of '{rows[e].Id}' is {x}.", nameof(shifts));
        Shifts = shifts;
        Rows = rows;
        Provenance = provenance;
    }

    /// <summary>Distinct episodes x probes.</summary>
    public LabelledMatrix Shifts { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<InContextRow> Rows { get; }

    /// <summary>The weight of every row.</summary>
    public double[] Weights => [.. Rows.Select(r => r.Weight)];

    /// <summary>The cluster of every row.</summary>
    public string[] Clusters => [.. Rows.Select(r => r.Cluster)];

    /// <summary>What it was made from.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>The content id of everything in the table.</summary>
    public ContentId Id => ContentId.Of("in-context", [Shifts.ContentId("numbers"), Weights, .. Clusters,
        .. ContentId.Parts(Provenance)]);

    /// <summary>Writes the table as JSON lines: a header, then one line per episode.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) =>
        TableFile.Write(path, Format, EvidenceKind.InContext, Shifts, Provenance, Id, (e, json) =>
        {
            json.WriteString("id", Rows[e].Id);
            json.WriteNumber("weight", Rows[e].Weight);
            json.WriteString("cluster", Rows[e].Cluster);
            TableFile.WriteCut(json, Rows[e].Cut, Rows[e].Unread);
        });

    /// <summary>Reads a table and checks that its numbers are those its id was made from.</summary>
    /// <exception cref="UserErrorException">The file is missing, damaged (named by line), of another version, or altered.</exception>
    public static InContextTable Load(string path)
    {
        var rows = new List<InContextRow>();
        TableFile file = TableFile.Read(path, Format, line =>
        {
            rows.Add(new InContextRow(line.Text("id"), line.Number("weight"), line.Text("cluster"))
            {
                Cut = line.Flag("cut"),
                Unread = line.TextOrNone("unread"),
            });
            return rows[^1].Id;
        }, IsShift, "a shift of a probability");
        var table = new InContextTable(file.Values, rows, file.Provenance);
        file.CheckId(table.Id);
        return table;
    }

    private static bool IsShift(double x) => x is >= -1 and <= 1;
}
