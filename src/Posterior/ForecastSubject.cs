namespace PersonaSelection.Posterior;

/// <summary>What a forecast is of, however it is made.</summary>
/// <param name="Name">What is about to be trained.</param>
/// <param name="TrainedDomains">Domains that are trained on.</param>
/// <param name="Time">The clock.</param>
public sealed record ForecastSubject(string Name, IReadOnlyCollection<string> TrainedDomains, TimeProvider Time)
{
    /// <summary>How intervals are drawn.</summary>
    public BootstrapPlan Plan { get; init; } = new();

    /// <summary>A forecast of it.</summary>
    internal Forecast Forecast(ForecastKind kind, (IReadOnlyList<ForecastRow> Domains, IReadOnlyList<ForecastRow> Probes) rows,
        IReadOnlyDictionary<string, string> provenance) => new()
        {
            Kind = kind,
            Subject = Name,
            CreatedAt = Time.GetUtcNow(),
            Domains = rows.Domains,
            Probes = rows.Probes,
            Provenance = provenance,
        };
}
