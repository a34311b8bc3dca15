using System.Globalization;
namespace PersonaSelection.Posterior;

/// <summary>Forecasts that know nothing of personas. A theory that does not beat them has predicted nothing.</summary>
public static class NullForecast
{
    /// <summary>Nothing moves.</summary>
    /// <param name="subject">What is about to be trained.</param>
    /// <param name="probes">The probes.</param>
    public static Forecast NoChange(ForecastSubject subject, IReadOnlyList<ProbeRow> probes) => subject.Forecast(ForecastKind.NoChange,
        ForecastRows.Of(probes, subject.TrainedDomains, [.. probes.Select(p => p.Before)], [], 0, new BootstrapPlan(Draws: 0)),
        new Dictionary<string, string>());

    /// <summary>
    /// Every domain that is not trained on moves by one amount: the mean shift elsewhere of another forecast, so that it is known before
    /// training and grants the null the right size on average. Domains that are trained on move as in that forecast.
    /// What a forecast has beyond this null is its shape: which domains move more than others.
    /// </summary>
    /// <param name="basis">The forecast that lends its size.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">Every domain is trained on.</exception>
    public static Forecast UniformShift(Forecast basis, TimeProvider time)
    {
        double amount = basis.MeanShiftElsewhere;
        if (double.IsNaN(amount)) throw new ArgumentException("Every domain is trained on, so there is no elsewhere.", nameof(basis));
        return UniformShift(basis, amount, time) with
        {
            Provenance = new Dictionary<string, string>
            {
                ["basis"] = basis.Id,
                ["amount"] = amount.ToString("R", CultureInfo.InvariantCulture),
                ["amount-from"] = "mean shift of the basis over the domains that are not trained on",
            },
        };
    }

    private static Forecast UniformShift(Forecast basis, double amount, TimeProvider time)
    {
        return basis with
        {
            Kind = ForecastKind.UniformShift,
            CreatedAt = time.GetUtcNow(),
            Domains = Move(basis.Domains),
            Probes = Move(basis.Probes),
        };

        ForecastRow[] Move(IReadOnlyList<ForecastRow> rows) => [.. rows.Select(r =>
        {
            if (r.Trained) return r;
            double after = Math.Clamp(r.Before + amount, 0, 1);
            return r with { After = after, Low = after, High = after };
        })];
    }
}
