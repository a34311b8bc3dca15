using System.Globalization;
using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>One row of a probe table, apart from its numbers.</summary>
/// <param name="Id">The probe.</param>
/// <param name="Domain">Its domain.</param>
/// <param name="Cluster">Probes with the same question share a cluster.</param>
/// <param name="Bare">Probability of the low replies with no persona put before the model.</param>
public sealed record ProbeTableRow(string Id, string Domain, string Cluster, double Bare);

/// <summary>Probability of the low replies of every probe under every persona, and for the model as it is.</summary>
public sealed class ProbeTable
{
    internal static readonly TableFormat Format = new TableFormat("probe-table", 1);

    /// <summary>A table.</summary>
    /// <param name="kind">How the numbers were obtained.</param>
    /// <param name="low">Probes x personas, in [0, 1].</param>
    /// <param name="rows">The rows, in the same order.</param>
    /// <param name="provenance">What it was made from.</param>
    /// <exception cref="ArgumentException">Rows differ, or a number is no probability.</exception>
    public ProbeTable(EvidenceKind kind, LabelledMatrix low, IReadOnlyList<ProbeTableRow> rows,
        IReadOnlyDictionary<string, string> provenance)
    {
        TableFile.RequireRows(low, rows.Select(r => r.Id), nameof(rows));
        for (int i = 0; i < rows.Count; i++)
        {
            if (!IsProbability(rows[i].Bare)) throw new ArgumentException($"The probe '{rows[i].Id}' is at {rows[i].Bare}.", nameof(rows));
            foreach (double p in low.Row(i))
                if (!IsProbability(p)) throw new ArgumentException($"The probe '{rows[i].Id}' is at {p}.", nameof(low));
        }
        Kind = kind;
        Low = low;
        Rows = rows;
        Provenance = provenance;
    }

    /// <summary>How the numbers were obtained.</summary>
    public EvidenceKind Kind { get; }

    /// <summary>Probes x personas.</summary>
    public LabelledMatrix Low { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<ProbeTableRow> Rows { get; }

    /// <summary>
    /// The probabilities of the rows as they were counted (<see cref="ProbeReading.Counted"/>); those of the rows where nothing else is
    /// known, as in a table from a file.
    /// </summary>
    public IReadOnlyList<double> Counted { get => field ?? [.. Rows.Select(r => r.Bare)]; init; }

    /// <summary>What it was made from.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>
    /// How many sampled answers a number rests on at least, on average over the probes (<c>answers</c> in the provenance); null for exact
    /// probabilities.
    /// </summary>
    public double? Answers => Provenance.TryGetValue("answers", out string? n)
        && double.TryParse(n, NumberStyles.Float, CultureInfo.InvariantCulture, out double answers) && answers is >= 0 and < 1e12
        ? answers : null;

    /// <summary>The content id of everything in the table.</summary>
    public ContentId Id => ContentId.Of("probes", [Kind.ToString(), Low.ContentId("numbers"), Rows.Select(r => r.Bare).ToArray(),
        .. Rows.SelectMany(r => new[] { r.Domain, r.Cluster }),
        .. ContentId.Parts(Provenance)]);

    /// <summary>Writes the table as JSON lines: a header, then one line per probe.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => TableFile.Write(path, Format, Kind, Low, Provenance, Id, (i, json) =>
    {
        json.WriteString("id", Rows[i].Id);
        json.WriteString("domain", Rows[i].Domain);
        json.WriteString("cluster", Rows[i].Cluster);
        json.WriteNumber("bare", Rows[i].Bare);
    });

    /// <summary>Reads a table and checks that its numbers are those its id was made from.</summary>
    /// <exception cref="UserErrorException">The file is missing, damaged (named by line), of another version, or altered.</exception>
    public static ProbeTable Load(string path)
    {
        var rows = new List<ProbeTableRow>();
        TableFile file = TableFile.Read(path, Format, line =>
        {
            rows.Add(new ProbeTableRow(line.Text("id"), line.Text("domain"), line.Text("cluster"), line.Number("bare")));
            return rows[^1].Id;
        }, IsProbability, "a probability");
        ProbeTable table;
        try
        {
            table = new ProbeTable(file.Kind, file.Values, rows, file.Provenance);
        }
        catch (ArgumentException e)
        {
            throw new UserErrorException("bad-table", $"{path}: {e.Message}", "Compute the table again.", e);
        }
        file.CheckId(table.Id);
        return table;
    }

    private static bool IsProbability(double p) => p is >= 0 and <= 1;
}
