using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// Forecasts that need no personas: training on observations moves a probe as showing one of them in the context does.
/// </summary>
public static class InContextForecast
{
    /// <summary>
    /// Where a probability goes when what one observation does to its log odds is done <paramref name="dose"/> times:
    /// logit p = logit before + dose (logit shown - logit before). Evidence adds up in log odds, so that a rate near
    /// its end moves no further.
    /// </summary>
    /// <param name="before">The probability before.</param>
    /// <param name="shown">The probability after one observation was shown.</param>
    /// <param name="dose">0 gives <paramref name="before"/>, 1 gives <paramref name="shown"/>.</param>
    public static double AfterDose(double before, double shown, double dose)
    {
        shown = Math.Clamp(shown, 0, 1);
        if (dose == 0 || shown == before) return before;
        if (dose == 1) return shown;
        double start = LogOdds(before);
        return LogSpace.Logistic(start + (dose * (LogOdds(shown) - start)));
    }

    /// <summary>
    /// Before and the mean shift, times a dose in log odds, for every probe and domain, with intervals over observations and probes.
    /// </summary>
    /// <param name="subject">What is about to be trained.</param>
    /// <param name="shown">What showing each observation does.</param>
    /// <param name="probes">The probes, by name in any order.</param>
    /// <param name="dose">How many showings the training is worth: see <see cref="DoseFit.InContext"/>. One when nothing tells.</param>
    /// <param name="provenance">Further facts to keep with the forecast.</param>
    /// <param name="answers">How many sampled answers each probability before rests on; null for exact ones. Redrawing observations
    /// holds those after.</param>
    public static Forecast Make(ForecastSubject subject, ShownObservations shown, IReadOnlyList<ProbeRow> probes, double dose = 1,
        IReadOnlyDictionary<string, string>? provenance = null, double? answers = null)
    {
        BootstrapPlan plan = subject.Plan;
        shown = shown.For([.. probes.Select(p => p.Name)]);
        IReadOnlyList<string> clusters = shown.Clusters ?? shown.Shifts.Rows;
        var bootstrap = ClusterResampling.Of(clusters, shown.Weights);
        RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("observations");
        RngStream answered = RngStream.Root(plan.Seed).Child("bootstrap").Child("answers");
        var multiplicity = new double[shown.Shifts.Rows.Count];
        var redrawn = new List<double[]>(plan.Draws);
        for (int draw = 0; draw < plan.Draws; draw++)
        {
            bootstrap.Draw(random, multiplicity);
            redrawn.Add(Anchored(shown.MeanShift(multiplicity), answers is { } n
                ? BehaviourTable.Redrawn(probes, n, answered) : probes));
        }
        var rows = ForecastRows.Of(probes, subject.TrainedDomains, Anchored(shown.MeanShift(), probes), redrawn,
            Observations.EffectiveClustersOf(clusters, shown.Weights), plan);
        var facts = new Dictionary<string, string>(provenance ?? new Dictionary<string, string>())
        {
            ["shifts"] = shown.Shifts.ContentId("shifts").ToString(),
            ["weights"] = ContentId.Of("weights", shown.Weights.ToArray()).ToString(),
            ["dose"] = dose.ToString("R", CultureInfo.InvariantCulture),
        };
        return subject.Forecast(ForecastKind.InContext, rows, facts);

        // What is shown was measured on its own: another reading before moves where it counts from, not where it arrives.
        double[] Anchored(double[] shift, IReadOnlyList<ProbeRow> from) =>
            [.. probes.Select((p, i) => AfterDose(from[i].Before, p.Before + shift[i], dose))];
    }

    // A reading of exactly 0 or 1 would otherwise stay there for ever.
    private static double LogOdds(double p) => LogSpace.LogOdds(p, 1e-9);
}
