using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// Forecasts that need no personas: training on observations moves a probe as showing one of them in the context does.
/// </summary>
public static class InContextForecast
{
    /// <summary>sum_e w_e shift[e,probe] / sum_e |w_e|: the mean shift of every probe after one observation.</summary>
    /// <param name="shifts">Observations x probes: the probability of the low pole after showing the observation, minus that without it.</param>
    /// <param name="weights">One weight per observation.</param>
    /// <param name="multiplicity">How often each observation is taken; once when empty.</param>
    public static double[] MeanShift(LabelledMatrix shifts, IReadOnlyList<double> weights, ReadOnlySpan<double> multiplicity = default)
    {
        if (weights.Count != shifts.Rows.Count) throw new ArgumentException("One weight per observation is needed.", nameof(weights));
        var mean = new double[shifts.Columns.Count];
        double mass = 0;
        for (int e = 0; e < weights.Count; e++)
        {
            double w = multiplicity.IsEmpty ? weights[e] : weights[e] * multiplicity[e];
            if (w == 0) continue;
            mass += Math.Abs(w);
            ReadOnlySpan<double> row = shifts.Row(e);
            for (int i = 0; i < mean.Length; i++) mean[i] += w * row[i];
        }
        if (mass > 0)
            for (int i = 0; i < mean.Length; i++) mean[i] /= mass;
        return mean;
    }

    /// <summary>
    /// The factor that brings the trained situation to its target, from what is known there alone: (target - before) / shift, kept within
    /// [0, <paramref name="largest"/>]. 0 when it is at the target already; 1 when showing observations moves nothing there.
    /// </summary>
    /// <param name="before">Mean probability of the low pole in the trained situation.</param>
    /// <param name="shift">Mean shift there after one observation.</param>
    /// <param name="target">Where it should go.</param>
    /// <param name="tolerance">A probability this close to the target is at the target.</param>
    /// <param name="largest">Upper bound of the factor.</param>
    public static double FitScale(double before, double shift, double target, double tolerance = 0.02, double largest = 4)
    {
        double gap = target - before;
        if (Math.Abs(gap) <= tolerance) return 0;
        return Math.Abs(shift) < 1e-9 ? 1 : Math.Clamp(gap / shift, 0, largest);
    }

    /// <summary>Before + scale * mean shift, for every probe and domain, with intervals over observations and probes.</summary>
    /// <param name="subject">What is about to be trained.</param>
    /// <param name="shifts">Observations x probes.</param>
    /// <param name="weights">One weight per observation.</param>
    /// <param name="clusters">Observations that stand or fall together; each on its own when absent.</param>
    /// <param name="probes">The probes, by name in any order.</param>
    /// <param name="trainedDomains">Domains that are trained on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="scale">1 unless fitted on the trained situation.</param>
    /// <param name="plan">How the intervals are drawn.</param>
    /// <param name="provenance">Further facts to keep with the forecast.</param>
    public static Forecast Make(string subject, LabelledMatrix shifts, IReadOnlyList<double> weights, IReadOnlyList<string>? clusters,
        IReadOnlyList<ProbeRow> probes, IReadOnlyCollection<string> trainedDomains, TimeProvider time, double scale = 1,
        BootstrapPlan? plan = null, IReadOnlyDictionary<string, string>? provenance = null)
    {
        plan ??= new BootstrapPlan();
        LabelledMatrix table = shifts.WithColumns([.. probes.Select(p => p.Name)]);
        var bootstrap = ClusterResampling.Of(clusters ?? table.Rows);
        RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("observations");
        var multiplicity = new double[table.Rows.Count];
        var redrawn = new List<double[]>(plan.Draws);
        for (int draw = 0; draw < plan.Draws; draw++)
        {
            bootstrap.Draw(random, multiplicity);
            redrawn.Add(Anchored(MeanShift(table, weights, multiplicity)));
        }
        var (domains, rows) = ForecastRows.Of(probes, trainedDomains, Anchored(MeanShift(table, weights)), redrawn, plan);
        var facts = new Dictionary<string, string>(provenance ?? new Dictionary<string, string>())
        {
            ["shifts"] = table.ContentId("shifts").ToString(),
            ["weights"] = ContentId.Of("weights", weights.ToArray()).ToString(),
            ["scale"] = scale.ToString("R", CultureInfo.InvariantCulture),
        };
        return new Forecast
        {
            Kind = ForecastKind.InContext,
            Subject = subject,
            CreatedAt = time.GetUtcNow(),
            Domains = domains,
            Probes = rows,
            Provenance = facts,
        };

        double[] Anchored(double[] shift) => [.. probes.Select((p, i) => Math.Clamp(p.Before + scale * shift[i], 0, 1))];
    }
}
