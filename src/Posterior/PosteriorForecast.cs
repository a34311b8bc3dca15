using System.Globalization;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>What a posterior forecast counts from.</summary>
public enum ForecastAnchor
{
    /// <summary>After = measured before + what the update does to the mixture of personas, kept within [0, 1].</summary>
    MeasuredBefore,

    /// <summary>After = the mixture of personas itself, whatever was measured before.</summary>
    Mixture,
}

/// <summary>Forecasts from the posterior over personas.</summary>
public static class PosteriorForecast
{
    /// <summary>
    /// p(y'|x') = sum_h p(h|D,x') p(y'|x',h), for every probe and domain, with intervals over observations, probes, answers where behaviour
    /// was sampled, and offsets where evidence was calibrated. Dose and prior are held fixed.
    /// </summary>
    /// <param name="subject">What is about to be trained.</param>
    /// <param name="prior">p0.</param>
    /// <param name="observations">The training set.</param>
    /// <param name="dose">beta; see <see cref="DoseFit"/>.</param>
    /// <param name="behaviour">p(y'|x',h).</param>
    /// <param name="anchor">What shifts count from.</param>
    /// <param name="provenance">Further facts to keep with the forecast.</param>
    /// <param name="offsets">How far the evidence of each persona, in the order of the prior, may be off in all observations alike, as a
    /// calibration rests on few examples; null where that is not known.</param>
    public static Forecast Make(ForecastSubject subject, PersonaDistribution prior, Observations observations, double dose,
        BehaviourTable behaviour, ForecastAnchor anchor = ForecastAnchor.MeasuredBefore,
        IReadOnlyDictionary<string, string>? provenance = null, OffsetError? offsets = null)
    {
        BootstrapPlan plan = subject.Plan;
        Observations data = observations.For(prior.Personas);
        BehaviourTable table = behaviour.For(prior.Personas);
        PosteriorTable posterior = PosteriorTable.Of(prior, data, dose, plan: plan with { Draws = 0 });
        double[] after = Anchored(posterior.Posterior, table);
        RngStream answers = RngStream.Root(plan.Seed).Child("bootstrap").Child("answers");
        double[][] redrawn = [.. PosteriorTable.Redraw(prior, data, dose, plan, offsets)
            .Select(p => Anchored(p, table.Redrawn(answers)))];
        var rows = ForecastRows.Of(table.Probes, subject.TrainedDomains, after, redrawn, data.EffectiveClusters, plan);
        var facts = new Dictionary<string, string>(provenance ?? new Dictionary<string, string>())
        {
            ["posterior"] = posterior.Id.ToString(),
            ["behaviour"] = behaviour.Id.ToString(),
            ["dose"] = dose.ToString("R", CultureInfo.InvariantCulture),
            ["effective-observations"] = (dose * data.Mass).ToString("R", CultureInfo.InvariantCulture),
            ["anchor"] = anchor == ForecastAnchor.Mixture ? "mixture" : "measured-before",
        };
        return subject.Forecast(ForecastKind.Posterior, rows, facts);

        double[] Anchored(PersonaDistribution personas, BehaviourTable answered)
        {
            double[] predicted = answered.Predict(personas);
            if (anchor != ForecastAnchor.MeasuredBefore) return predicted;
            double[] start = answered.Predict(prior);
            for (int i = 0; i < predicted.Length; i++)
                predicted[i] = Math.Clamp(answered.Probes[i].Before + predicted[i] - start[i], 0, 1);
            return predicted;
        }
    }
}
