using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>How a cast is estimated.</summary>
/// <param name="EffectiveObservations">The dose as effective observations; fitted when absent.</param>
/// <param name="Bootstrap">How the intervals are drawn; as it is usual when absent.</param>
public sealed record CastPlan(double? EffectiveObservations = null, BootstrapPlan? Bootstrap = null);

/// <summary>
/// Who some observations cast as the Assistant, with intervals: the posterior at one dose, the share of the observations that each persona
/// spoke, and the means of traits. Intervals redraw clusters of observations, and with them what all share by chance; a dose that was
/// fitted is both held and fitted to each redrawn sample again, and the interval reaches around both: of a set by one character the
/// second always ends about where the first is, and of a mixed set the dose is most of what varies. With sampled answers it is held.
/// </summary>
public sealed class CastEstimate
{
    private CastEstimate()
    {
    }

    /// <summary>p0(h).</summary>
    public required PersonaDistribution Prior { get; init; }

    /// <summary>p(h|D) at <see cref="Dose"/>.</summary>
    public required PersonaDistribution Posterior { get; init; }

    /// <summary>The dose and how it was found.</summary>
    public required GainDose Dose { get; init; }

    /// <summary>p(h|D) with its range, in the order of the personas.</summary>
    public required IReadOnlyList<Interval> Probabilities { get; init; }

    /// <summary>
    /// The weighted fraction of the observations that each persona spoke, with its range; NaN when none has a positive weight.
    /// </summary>
    public required IReadOnlyList<Interval> Shares { get; init; }

    /// <summary>The traits before and after, in the order given.</summary>
    public required IReadOnlyList<TraitMean> Traits { get; init; }

    /// <summary>How many clusters of equal weight were redrawn.</summary>
    internal double EffectiveClusters { get; private init; }

    /// <summary>[dose held, dose fitted again][trait][draw]: the means after when clusters are redrawn.</summary>
    internal IReadOnlyList<double[][]> TraitDraws { get; private init; } = [];

    /// <summary>sum_e w_e L[e,h] in nats, before the dose.</summary>
    public required IReadOnlyList<double> Total { get; init; }

    /// <summary>Estimates the cast.</summary>
    /// <param name="prior">p0; a persona without a prior has neither posterior nor share.</param>
    /// <param name="rows">The observations, with the personas of the prior in its order.</param>
    /// <param name="traits">Personas x traits.</param>
    /// <param name="plan">The dose and how intervals are drawn.</param>
    /// <param name="answers">What made evidence of the rows' shifts where its answers were sampled: every draw then draws them anew. Null
    /// where evidence has no such error.</param>
    /// <param name="offsets">How far the evidence of each persona may be off in all rows alike, as a calibration rests on few examples:
    /// every draw moves shares by it, and the posterior where the dose is held. Null where that is not known.</param>
    /// <param name="progress">Told how many draws are done.</param>
    /// <param name="cancellation">Stops between draws.</param>
    /// <exception cref="UserErrorException">No persona that has a prior could have produced the observations.</exception>
    public static CastEstimate Of(PersonaDistribution prior, EvidenceRows rows, LabelledMatrix traits, CastPlan plan,
        SampledReweighing? answers = null, OffsetError? offsets = null, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        BootstrapPlan bootstrap = plan.Bootstrap ?? new BootstrapPlan();
        LikelihoodColumns columns = GainDose.Columns(prior, rows);
        double[] total = rows.Total();
        GainDose dose = GainDose.Find(prior, rows, columns, plan.EffectiveObservations);
        PersonaDistribution posterior = Update.OnTotal(prior, total, dose.Dose);
        var shares = new EpisodeShares(rows, columns, prior.Probabilities, offsets);
        RngStream random = RngStream.Root(bootstrap.Seed).Child("bootstrap"), error = random.Child("evidence");
        LabelledMatrix aligned = traits.WithRows(prior.Personas);
        double[][] values = [.. Enumerable.Range(0, aligned.Columns.Count).Select(aligned.Column)];

        int personas = prior.Personas.Count;
        double clusters = rows.EffectiveClusters;
        var weights = new double[rows.Count];
        List<double>[] s = Lists(personas);
        List<double>[][] p = [Lists(personas), Lists(personas)], t = [Lists(values.Length), Lists(values.Length)];
        foreach ((int draw, int[] times) in Draws(rows, bootstrap, progress, cancellation).Index())
        {
            // By the number of the draw alone, so that two casts by the same evidence share its errors (TraitDifferences).
            double[]? off = offsets?.Draw(random.Child("offsets", draw));
            double[] spoken = shares.Redrawn(times, error, off);
            for (int h = 0; h < personas; h++) s[h].Add(spoken[h]);
            double[] redrawn = answers?.Total(rows, times, random.Child("answers", draw)) ?? Redrawn(rows, times);
            if (!Enumerable.Range(0, personas).Any(h => prior.LogProbabilities[h] + redrawn[h] > double.NegativeInfinity)) continue;
            for (int e = 0; e < weights.Length; e++) weights[e] = rows.Weight(e) * times[rows.Cluster(e)];
            double[] doses = [dose.Redrawn(prior, columns, weights, redrawn, fitted: false),
                dose.Redrawn(prior, columns, weights, redrawn, fitted: answers is null)];
            double mass = off is null ? 0 : weights.Sum();
            for (int d = 0; d < doses.Length; d++)
            {
                // Where the dose is fitted again, it is to the evidence as it is.
                double[] evidence = off is null || d > 0 ? redrawn : [.. redrawn.Zip(off, (x, o) => x + (mass * o))];
                PersonaDistribution cast = Update.OnTotal(prior, evidence, doses[d]);
                double[] probabilities = cast.Probabilities;
                for (int h = 0; h < personas; h++) p[d][h].Add(probabilities[h]);
                for (int k = 0; k < values.Length; k++) t[d][k].Add(cast.Mean(values[k]));
            }
        }
        double[] after = posterior.Probabilities;
        return new CastEstimate
        {
            Prior = prior,
            Posterior = posterior,
            Dose = dose,
            Probabilities = [.. after.Select((x, h) => Reach(x, p.Select(held => held[h])))],
            Shares = [.. shares.Shares.Select((x, h) => Interval.OfSamples(x, s[h], bootstrap.Level, clusters))],
            Traits = [.. values.Select((v, k) =>
                new TraitMean(aligned.Columns[k], prior.Mean(v), Reach(posterior.Mean(v), t.Select(held => held[k]))))],
            TraitDraws = [.. t.Select(x => x.Select(draws => draws.ToArray()).ToArray())],
            Total = total,
            EffectiveClusters = clusters,
        };

        Interval Reach(double estimate, IEnumerable<IEnumerable<double>> draws) =>
            draws.Select(some => Interval.OfSamples(estimate, some, bootstrap.Level, clusters)).Aggregate((a, b) => a.Around(b));
    }

    /// <summary>
    /// This cast's trait means less those of another one over the same traits. Two sets are redrawn apart, each by a stream that its rows
    /// name; sampled answers behind both are drawn anew for both together.
    /// </summary>
    /// <exception cref="ArgumentException">The traits differ.</exception>
    public IReadOnlyList<TraitMean> TraitDifferences(CastEstimate other, double level = 0.95)
    {
        if (!Traits.Select(t => t.Trait).SequenceEqual(other.Traits.Select(t => t.Trait), StringComparer.Ordinal))
            throw new ArgumentException("The traits differ.", nameof(other));
        return [.. Traits.Select((t, k) => new TraitMean(t.Trait, 0, TraitDraws.Zip(other.TraitDraws, (mine, others) =>
            Interval.OfSamples(t.Posterior.Estimate - other.Traits[k].Posterior.Estimate, mine[k].Zip(others[k], (a, b) => a - b), level,
                Math.Min(EffectiveClusters, other.EffectiveClusters))).Aggregate((a, b) => a.Around(b))))];
    }

    /// <summary>P(persona | this observation) with the shares as how often each speaks; with the prior when there are none.</summary>
    public double[] Speaker(ReadOnlySpan<double> row)
    {
        var log = new double[row.Length];
        bool known = !double.IsNaN(Shares[0].Estimate), any = false;
        for (int h = 0; h < log.Length; h++)
        {
            log[h] = row[h] + (known ? Math.Log(Shares[h].Estimate) : Prior.LogProbabilities[h]);
            any |= log[h] > double.NegativeInfinity;
        }
        if (!any) return [.. log.Select(_ => double.NaN)];
        LogSpace.Normalize(log, log);
        return log;
    }

    private static List<double>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<double>())];

    private static IEnumerable<int[]> Draws(EvidenceRows rows, BootstrapPlan plan, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("episodes").Child(rows.Id.ToString());
        int[] clusters = rows.WeightedClusters;
        var times = new int[rows.ClusterCount];
        for (int draw = 0; draw < plan.Draws && clusters.Length > 0; draw++)
        {
            cancellation.ThrowIfCancellationRequested();
            Array.Clear(times);
            for (int c = 0; c < clusters.Length; c++) times[clusters[random.NextInt(clusters.Length)]]++;
            yield return times;
            progress?.Report(new WorkProgress("intervals", draw + 1, plan.Draws, "draws"));
        }
    }

    private static double[] Redrawn(EvidenceRows rows, int[] times)
    {
        var total = new double[rows.Personas.Count];
        for (int e = 0; e < rows.Count; e++)
        {
            double w = rows.Weight(e) * times[rows.Cluster(e)];
            if (w == 0) continue;
            ReadOnlySpan<double> row = rows.Row(e);
            double floor = w < 0 ? Observations.LeastPossible(row) : double.NegativeInfinity;
            for (int h = 0; h < total.Length; h++) total[h] += w * Math.Max(row[h], floor);
        }
        return total;
    }
}
