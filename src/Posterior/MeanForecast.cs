using System.Globalization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// The mean of the posterior's forecast and of the one in context, which fail in different places, with the range in which what is measured
/// after the training is expected. The intervals of the two say how other data would have moved them; this range says how far trained
/// models have come out from them.
/// </summary>
public static class MeanForecast
{
    private const string LevelKey = "level", SourceKey = "errors";

    /// <summary>
    /// Of every domain the mean of both probabilities, and the range that <paramref name="error"/> gives it, widened to where the
    /// mean of both intervals reaches further. Probes have the mean and no range, as errors are known of domains alone; nor have domains
    /// that are trained on: their low and high are the mean.
    /// </summary>
    /// <param name="posterior">From the posterior over personas.</param>
    /// <param name="inContext">From showing the observations in the context, of the same domains and probes.</param>
    /// <param name="error">How far trained models have come out from such forecasts.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The two are not of the same subject, domains and probes.</exception>
    public static Forecast Of(Forecast posterior, Forecast inContext, ForecastError error, TimeProvider time)
    {
        if (!HaveOneShape(posterior, inContext))
            throw new ArgumentException("The two forecasts are not of the same rows.", nameof(inContext));
        double size = ForecastError.SizeOf(posterior, inContext);
        return posterior with
        {
            Kind = ForecastKind.Mean,
            CreatedAt = time.GetUtcNow(),
            Domains = [.. posterior.Domains.Zip(inContext.Domains, (p, c) => p.Trained ? Mean(p, c) : Ranged(p, c))],
            Probes = [.. posterior.Probes.Zip(inContext.Probes, Mean)],
            Provenance = new Dictionary<string, string>
            {
                ["posterior"] = posterior.Id,
                ["in-context"] = inContext.Id,
                [LevelKey] = error.Level.ToString("R", CultureInfo.InvariantCulture),
                [SourceKey] = error.Source,
            },
        };

        ForecastRow Ranged(ForecastRow p, ForecastRow c)
        {
            Interval range = error.Range(size, p.After, c.After);
            return Mean(p, c) with { Low = Math.Min(range.Low, (p.Low + c.Low) / 2), High = Math.Max(range.High, (p.High + c.High) / 2) };
        }
    }

    /// <summary>The share of the domains not trained on that a mean forecast expects in their ranges.</summary>
    /// <exception cref="UserErrorException"><c>bad-forecast</c>: the forecast does not say.</exception>
    public static double LevelOf(Forecast mean) =>
        double.TryParse(mean.Provenance.GetValueOrDefault(LevelKey), NumberStyles.Float, CultureInfo.InvariantCulture, out double level)
            ? level : throw new UserErrorException("bad-forecast", $"{mean.Id} does not say how much its ranges hold.",
                "Write it again with 'psm forecast'.");

    /// <summary>Where the errors were learned that a mean forecast's ranges rest on; empty where it does not say.</summary>
    public static string SourceOf(Forecast mean) => mean.Provenance.GetValueOrDefault(SourceKey, "");

    /// <summary>Whether two forecasts are of the same subject, domains and probes, in the same order.</summary>
    public static bool HaveOneShape(Forecast one, Forecast other) =>
        one.Subject == other.Subject && Same(one.Domains, other.Domains) && Same(one.Probes, other.Probes);

    private static bool Same(IReadOnlyList<ForecastRow> one, IReadOnlyList<ForecastRow> other) =>
        one.Select(r => (r.Name, r.Domain, r.Trained)).SequenceEqual(other.Select(r => (r.Name, r.Domain, r.Trained)));

    private static ForecastRow Mean(ForecastRow p, ForecastRow c)
    {
        double after = (p.After + c.After) / 2;
        return p with { After = after, Low = after, High = after };
    }
}
