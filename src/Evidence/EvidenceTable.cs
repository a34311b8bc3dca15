using PersonaSelection.Lab;

namespace PersonaSelection.Evidence;

/// <summary>One row of an evidence table, apart from its numbers.</summary>
/// <param name="Id">The episode.</param>
/// <param name="Weight">How much it counts; negative for what training pushes away from.</param>
/// <param name="Tokens">Number of tokens of the reply.</param>
/// <param name="Cluster">Episodes with the same context share a cluster: its name is the first of them.</param>
public sealed record EvidenceRow(string Id, double Weight, int Tokens, string Cluster)
{
    /// <summary>Whether some of the episode did not fit into the model.</summary>
    public bool Cut { get; init; }

    /// <summary>Why nothing of it was read, and its numbers are 0; null when some of it was.</summary>
    public string? Unread { get; init; }
}

/// <summary>L[e,h] = log p(reply of e | context of e, persona h) in nats, with how it was obtained.</summary>
public sealed class EvidenceTable
{
    internal static readonly TableFormat Format = new TableFormat("evidence-table", 1);

    /// <summary>A table.</summary>
    /// <param name="kind">How the numbers were obtained.</param>
    /// <param name="logLikelihood">Episodes x personas, nats; minus infinity where a persona would never.</param>
    /// <param name="rows">The rows, in the same order.</param>
    /// <param name="provenance">What it was made from: content ids of model, personas and episodes, and how personas were put.</param>
    /// <exception cref="ArgumentException">Rows differ, or a number is NaN or plus infinity.</exception>
    public EvidenceTable(EvidenceKind kind, LabelledMatrix logLikelihood, IReadOnlyList<EvidenceRow> rows,
        IReadOnlyDictionary<string, string> provenance)
    {
        TableFile.RequireRows(logLikelihood, rows.Select(r => r.Id), nameof(rows));
        for (int e = 0; e < rows.Count; e++)
            foreach (double x in logLikelihood.Row(e))
                if (double.IsNaN(x) || double.IsPositiveInfinity(x))
                    throw new ArgumentException($"The evidence of '{rows[e].Id}' is {x}.", nameof(logLikelihood));
        Kind = kind;
        LogLikelihood = logLikelihood;
        Rows = rows;
        Provenance = provenance;
    }

    /// <summary>How the numbers were obtained.</summary>
    public EvidenceKind Kind { get; }

    /// <summary>Episodes x personas, nats.</summary>
    public LabelledMatrix LogLikelihood { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<EvidenceRow> Rows { get; }

    /// <summary>Names of the personas.</summary>
    public IReadOnlyList<string> Personas => LogLikelihood.Columns;

    /// <summary>The weight of every episode.</summary>
    public double[] Weights => [.. Rows.Select(r => r.Weight)];

    /// <summary>The cluster of every episode.</summary>
    public string[] Clusters => [.. Rows.Select(r => r.Cluster)];

    /// <summary>How many clusters a bootstrap redraws: those that have a weight.</summary>
    public int RedrawnClusters => Rows.Where(r => r.Weight != 0).Select(r => r.Cluster).Distinct(StringComparer.Ordinal).Count();

    /// <summary>What it was made from.</summary>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <summary>The content id of everything in the table.</summary>
    public ContentId Id => ContentId.Of("evidence", [Kind.ToString(), LogLikelihood.ContentId("numbers"), Weights,
        .. Rows.Select(r => $"{r.Tokens} {r.Cluster}"), .. ContentId.Parts(Provenance)]);

    /// <summary>Writes the table as JSON lines: a header, then one line per episode.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => TableFile.Write(path, Format, Kind, LogLikelihood, Provenance, Id, (e, json) =>
    {
        json.WriteString("id", Rows[e].Id);
        json.WriteNumber("weight", Rows[e].Weight);
        json.WriteNumber("tokens", Rows[e].Tokens);
        json.WriteString("cluster", Rows[e].Cluster);
        TableFile.WriteCut(json, Rows[e].Cut, Rows[e].Unread);
    });

    /// <summary>Reads a table and checks that its numbers are those its id was made from.</summary>
    /// <exception cref="UserErrorException">The file is missing, damaged (named by line), of another version, or altered.</exception>
    public static EvidenceTable Load(string path)
    {
        var rows = new List<EvidenceRow>();
        TableFile file = TableFile.Read(path, Format, line =>
        {
            var row = new EvidenceRow(line.Text("id"), line.Number("weight"), line.Count("tokens"), line.Text("cluster"))
            {
                Cut = line.Flag("cut"),
                Unread = line.TextOrNone("unread"),
            };
            rows.Add(row);
            return row.Id;
        }, x => x <= double.MaxValue, "a log-probability in nats, or null where it is impossible");
        var table = new EvidenceTable(file.Kind, file.Values, rows, file.Provenance);
        file.CheckId(table.Id);
        return table;
    }
}
