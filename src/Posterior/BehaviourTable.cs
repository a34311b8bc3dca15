using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>A probe as a row of numbers.</summary>
/// <param name="Name">Its name, unique in a table.</param>
/// <param name="Domain">What it is about; rows of one domain are averaged.</param>
/// <param name="Cluster">Probes that share a question stand or fall together in a bootstrap.</param>
/// <param name="Before">Measured probability of the low pole before the update, with no persona put forward.</param>
public sealed record ProbeRow(string Name, string Domain, string Cluster, double Before);

/// <summary>p(y'|x',h): the probability of the low pole of every probe under every persona.</summary>
public sealed class BehaviourTable
{
    /// <summary>Probes with their probabilities.</summary>
    /// <param name="low">Probes x personas, each in [0, 1].</param>
    /// <param name="probes">The rows, in the same order.</param>
    /// <param name="logContext">
    /// Probes x personas: log p(x'|h) in nats, when the question itself tells on the character who is asked. Absent: it does not.
    /// </param>
    /// <param name="answers">How many sampled answers each number rests on, on average; null for exact probabilities.</param>
    /// <exception cref="ArgumentException">There is no probe or no persona, names differ or a probability is outside [0, 1].</exception>
    public BehaviourTable(LabelledMatrix low, IReadOnlyList<ProbeRow> probes, LabelledMatrix? logContext = null, double? answers = null)
    {
        if (answers is { } n && !(n >= 0 && double.IsFinite(n)))
            throw new ArgumentException($"No number rests on {n} answers.", nameof(answers));
        if (probes.Count == 0) throw new ArgumentException("There is no probe.", nameof(probes));
        if (low.Columns.Count == 0) throw new ArgumentException("There is no persona.", nameof(low));
        if (!low.Rows.SequenceEqual(probes.Select(p => p.Name), StringComparer.Ordinal))
            throw new ArgumentException("The probes must be the rows of the matrix, in the same order.", nameof(probes));
        for (int i = 0; i < probes.Count; i++)
        {
            if (!(probes[i].Before is >= 0 and <= 1))
                throw new ArgumentException($"'{probes[i].Name}' starts at {probes[i].Before}.", nameof(probes));
            foreach (double p in low.Row(i))
                if (!(p is >= 0 and <= 1)) throw new ArgumentException($"'{probes[i].Name}' has a probability of {p}.", nameof(low));
        }
        Low = low;
        Probes = probes;
        LogContext = logContext?.WithRows(low.Rows).WithColumns(low.Columns);
        Answers = answers;
    }

    /// <summary>Probes x personas: the probability of the low pole.</summary>
    public LabelledMatrix Low { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<ProbeRow> Probes { get; }

    /// <summary>log p(x'|h) in nats, or none.</summary>
    public LabelledMatrix? LogContext { get; }

    /// <summary>How many sampled answers each number rests on, on average; null for exact probabilities.</summary>
    public double? Answers { get; }

    /// <summary>The content id.</summary>
    public ContentId Id => ContentId.Of("behaviour", [Low.ContentId("low"), LogContext?.ContentId("context"),
        string.Join('\n', Probes.Select(p => $"{p.Name}\t{p.Domain}\t{p.Cluster}")), Probes.Select(p => p.Before).ToArray(),
        .. Answers is { } n ? [n] : (object[])[]]);

    /// <summary>
    /// The table as other answers might have given it: every number drawn from what its answers leave open. An exact table is itself.
    /// </summary>
    /// <param name="random">Consumed by the draw.</param>
    public BehaviourTable Redrawn(RngStream random) => Answers is not { } n ? this : new(
        new LabelledMatrix(Low.Rows, Low.Columns, (i, h) => Redrawn(Low[i, h], n, random)), Redrawn(Probes, n, random), LogContext, n);

    /// <summary>The same of the probes alone.</summary>
    internal static IReadOnlyList<ProbeRow> Redrawn(IReadOnlyList<ProbeRow> probes, double answers, RngStream random) =>
        [.. probes.Select(p => p with { Before = Redrawn(p.Before, answers, random) })];

    // A share of n answers with half an answer of each kind put in is the mean of Beta(lows + 1/2, highs + 1/2).
    private static double Redrawn(double share, double answers, RngStream random) =>
        share is <= 0 or >= 1 ? share : random.NextBeta(share * (answers + 1), (1 - share) * (answers + 1));

    /// <summary>The same table with the personas in this order.</summary>
    /// <exception cref="ArgumentException">A persona is missing.</exception>
    public BehaviourTable For(IReadOnlyList<string> personas) =>
        Low.Columns.SequenceEqual(personas, StringComparer.Ordinal)
            ? this : new(Low.WithColumns(personas), Probes, LogContext?.WithColumns(personas), Answers);

    /// <summary>The same table whose probes start where a distribution over personas puts them, for when nothing was measured.</summary>
    public BehaviourTable StartingFrom(PersonaDistribution personas)
    {
        double[] before = Predict(personas);
        return new BehaviourTable(Low, [.. Probes.Select((p, i) => p with { Before = before[i] })], LogContext, Answers);
    }

    /// <summary>The probes of these domains alone.</summary>
    /// <exception cref="ArgumentException">No probe is left.</exception>
    public BehaviourTable OfDomains(IReadOnlyCollection<string> domains)
    {
        ProbeRow[] kept = [.. Probes.Where(p => domains.Contains(p.Domain))];
        if (kept.Length == 0) throw new ArgumentException($"No probe belongs to {string.Join(", ", domains)}.", nameof(domains));
        string[] names = [.. kept.Select(p => p.Name)];
        return new BehaviourTable(Low.WithRows(names), kept, LogContext?.WithRows(names), Answers);
    }

    /// <summary>p(y'|x') = sum_h p(h|D,x') p(y'|x',h) for every probe.</summary>
    public double[] Predict(PersonaDistribution personas)
    {
        BehaviourTable table = For(personas.Personas);
        var result = new double[Probes.Count];
        double[] p = personas.Probabilities;
        for (int i = 0; i < result.Length; i++)
        {
            if (table.LogContext is not null) p = Update.OnContext(personas, table.LogContext.Row(i)).Probabilities;
            ReadOnlySpan<double> low = table.Low.Row(i);
            double sum = 0;
            for (int h = 0; h < p.Length; h++) sum += p[h] * low[h];
            result[i] = Math.Clamp(sum, 0, 1);
        }
        return result;
    }

    /// <summary>The mean over the probes of the table for every persona, in the order of <paramref name="personas"/>.</summary>
    /// <param name="personas">The personas.</param>
    /// <param name="shares">How much each probe counts, together 1; every domain alike, and in it every probe, when absent.</param>
    public double[] MeanByPersona(IReadOnlyList<string> personas, IReadOnlyList<double>? shares = null)
    {
        LabelledMatrix low = Low.WithColumns(personas);
        shares ??= DomainsAlike();
        var mean = new double[personas.Count];
        for (int i = 0; i < Probes.Count; i++)
            for (int h = 0; h < mean.Length; h++) mean[h] += low[i, h] * shares[i];
        return mean;
    }

    private double[] DomainsAlike()
    {
        Dictionary<string, int> probes = Probes.CountBy(p => p.Domain, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return [.. Probes.Select(p => 1.0 / probes.Count / probes[p.Domain])];
    }
}
