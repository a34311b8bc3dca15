using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>What adaptive evidence is worth.</summary>
/// <param name="Cells">Different episodes times personas.</param>
/// <param name="Asked">How many of these were asked for, in all runs.</param>
/// <param name="Exact">The share of the cells whose evidence is exact; the others are estimated.</param>
/// <param name="Bound">The posterior at <paramref name="Dose"/> is within this total variation of that of the full table.</param>
/// <param name="Confidence">The share of runs in which the bound should hold.</param>
/// <param name="Target">The bound that was aimed at.</param>
/// <param name="Met">Whether it was reached before the cells that may be asked for were used up.</param>
/// <param name="Dose">The dose, per unit of weight, at which the bound holds.</param>
/// <param name="Guide">Whether gradients told what to expect of the cells.</param>
public sealed record AdaptiveVerdict(long Cells, long Asked, double Exact, double Bound, double Confidence, double Target, bool Met,
    double Dose, bool Guide);

/// <summary>
/// Evidence of one set of data of which some cells are exact and the others estimated from them: a table that is computed whole before the
/// first episode is asked for, by <see cref="AdaptiveEvidence"/>.
/// </summary>
/// <remarks>
/// Where the dose is not given it is found together with the cells: a posterior at a first guess, the dose that its table asks for, and
/// again, until both agree within a tenth. Cells that are known are not asked for again on the way.
/// </remarks>
public sealed class AdaptiveCells : IEvidenceSource
{
    /// <summary>More episodes than this do not fit the algebra of one table.</summary>
    public const int MostEpisodes = 20_000;

    private const int MostRounds = 6;
    private const double FirstGuess = 10, Agreement = 0.1;

    private readonly Dictionary<string, (double[] Nats, int Tokens, EpisodeCut? Cut)> _rows = new(StringComparer.Ordinal);

    private AdaptiveCells(IReadOnlyList<string> personas, AdaptiveVerdict verdict, IReadOnlyDictionary<string, string> provenance) =>
        (Personas, Verdict, Provenance) = (personas, verdict, provenance);

    /// <inheritdoc/>
    public EvidenceKind Kind => EvidenceKind.Adaptive;

    /// <inheritdoc/>
    public IReadOnlyList<string> Personas { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Provenance { get; }

    /// <inheritdoc/>
    public OffsetError? OffsetError { get; private init; }

    /// <summary>What it is worth.</summary>
    public AdaptiveVerdict Verdict { get; }

    /// <summary>Computes the table.</summary>
    /// <param name="survey">The data, and what a first look at them found.</param>
    /// <param name="personas">Who competes: the personas of the source, in its order.</param>
    /// <param name="cells">Gives exact evidence.</param>
    /// <param name="effective">The dose as effective observations; found with the cells when absent.</param>
    /// <param name="plan">How far to go.</param>
    /// <param name="guide">A cheap source with the same personas.</param>
    /// <param name="cancellation">Stops between cells; those that are known stay in the log.</param>
    /// <exception cref="UserErrorException"><c>adaptive-data</c>: too many episodes, or none that counts; or an episode
    /// cannot be scored.</exception>
    public static AdaptiveCells Of(DataSurvey survey, PersonaSet personas, CellLog cells, double? effective,
        CompletionPlan? plan = null, IEvidenceSource? guide = null, CancellationToken cancellation = default)
    {
        plan ??= new CompletionPlan();
        AuditData data = survey.Data;
        if (survey.Episodes > MostEpisodes)
            throw new UserErrorException("adaptive-data",
                string.Create(CultureInfo.InvariantCulture,
                    $"{data.Name} has {survey.Episodes:N0} episodes; adaptive evidence holds a table of at most {MostEpisodes:N0}."),
                "Use --evidence likelihood or gradient, which take any number, or audit a part of the data.");
        // Ids may repeat between files; here they have no meaning.
        var set = new EpisodeSet(data.Name,
            [.. data.Episodes(cancellation).Select((e, i) => e with { Id = FormattableString.Invariant($"{i}") })]);
        double mass = set.Episodes.Sum(e => Math.Abs(e.Weight));
        if (mass == 0)
            throw new UserErrorException("adaptive-data", $"No episode of {data.Name} has a weight, so no cell matters.",
                "Use --evidence likelihood.");
        PersonaDistribution prior = PersonaDistribution.FromWeights(cells.Personas, personas.Prior);
        double dose = (effective ?? FirstGuess) / mass;
        var adaptive = new AdaptiveEvidence(cells, personas.Prior, plan, guide);
        AdaptiveTable table;
        for (int round = 1; ; round++)
        {
            table = adaptive.Compute(set, dose, null, cancellation);
            if (effective is not null || round == MostRounds) break;
            double fitted = GainDose.Fit(prior, Rows(table, set)).Dose;
            if (!(fitted > 0) || Math.Abs(Math.Log(fitted / dose)) < Agreement) break;
            dose = fitted;
        }
        string[] keys = [.. set.Episodes.Select(CellLog.KeyOf)];
        int different = keys.Distinct(StringComparer.Ordinal).Count();
        var verdict = new AdaptiveVerdict((long)different * cells.Personas.Count, cells.Cells, table.Share, table.Bound, plan.Confidence,
            plan.Target, table.Met, dose, guide is not null);
        var provenance = new Dictionary<string, string>(cells.Provenance)
        {
            ["completion"] = ContentId.Of("completion", plan.Target, plan.Confidence, plan.MaximumShare, plan.Seed, effective ?? -1.0,
                prior.Id, guide is null ? "none" : AuditEvidence.IdOf(survey.Id, guide)).ToString(),
        };
        var result = new AdaptiveCells(cells.Personas, verdict, provenance) { OffsetError = cells.OffsetError };
        // The guide has read every episode; without one, nothing is known of an episode that was not asked for.
        EvidenceBlock? read = guide?.Compute(set.Episodes, null, null, cancellation);
        Dictionary<int, EpisodeCut> cuts = read?.Cuts.ToDictionary(c => c.Episode) ?? [];
        for (int e = 0; e < keys.Length; e++)
            result._rows.TryAdd(keys[e], ([.. table.Table.LogLikelihood.Row(e)], read?.Tokens[e] ?? table.Table.Rows[e].Tokens,
                cuts.GetValueOrDefault(e) ?? cells.CutOf(keys[e])));
        return result;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An episode is not of the data that the table was computed for.</exception>
    public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? personas = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        var cuts = new List<EpisodeCut>();
        var nats = new double[episodes.Count][];
        var tokens = new int[episodes.Count];
        for (int e = 0; e < nats.Length; e++)
        {
            if (!_rows.TryGetValue(CellLog.KeyOf(episodes[e]), out (double[] Nats, int Tokens, EpisodeCut? Cut) row))
                throw new ArgumentException($"{episodes[e].Id} is not among the data of this table.", nameof(episodes));
            nats[e] = personas is null ? row.Nats : [.. personas.Select(h => row.Nats[h])];
            tokens[e] = row.Tokens;
            if (row.Cut is { } cut) cuts.Add(cut with { Episode = e });
        }
        return new EvidenceBlock(nats, tokens) { Cuts = cuts };
    }

    private static EvidenceRows Rows(AdaptiveTable table, EpisodeSet set)
    {
        var rows = new EvidenceRows(table.Table.LogLikelihood.Columns);
        for (int e = 0; e < set.Episodes.Count; e++) rows.Add([.. table.Table.LogLikelihood.Row(e)], set.Episodes[e].Weight, e);
        return rows;
    }
}
