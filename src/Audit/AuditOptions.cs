using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>How a verdict is reached from evidence.</summary>
/// <param name="EffectiveObservations">The dose: how many observations the whole data count for. Fitted when absent.</param>
/// <param name="Draws">Redrawn samples for intervals.</param>
/// <param name="Seed">Their seed.</param>
public sealed record AuditOptions(double? EffectiveObservations = null, int Draws = 400, ulong Seed = 1)
{
    /// <summary>Nominal coverage of intervals.</summary>
    public const double Level = 0.95;

    internal CastPlan Plan => new(EffectiveObservations, new BootstrapPlan(Draws, Level, Seed));
}
