using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>A trait under two data sets.</summary>
/// <param name="Name">The trait.</param>
/// <param name="First">Its mean after the first.</param>
/// <param name="Second">Its mean after the second.</param>
/// <param name="Difference">First minus second.</param>
/// <param name="Low">Lower end of the 95 % interval of the difference; two different sets are redrawn apart. Null where one of them was
/// not.</param>
/// <param name="High">Upper end.</param>
public sealed record TraitDifference(string Name, double First, double Second, double Difference, double? Low, double? High);

/// <summary>Two data sets side by side: <c>comparison.json</c>.</summary>
/// <param name="First">The cast of the first.</param>
/// <param name="Second">The cast of the second.</param>
/// <param name="Traits">How they differ, the largest difference first.</param>
public sealed record CastComparison(CastVerdict First, CastVerdict Second, IReadOnlyList<TraitDifference> Traits)
{
    /// <summary>Compares two audits with the same personas.</summary>
    public static CastComparison Of(AuditResult first, AuditResult second)
    {
        bool drawn = first.Cast.IsRedrawn && second.Cast.IsRedrawn;
        return new(first.Verdict, second.Verdict, [.. first.Cast.Estimate.TraitDifferences(second.Cast.Estimate, AuditOptions.Level)
            .Select((t, k) => new TraitDifference(t.Trait, first.Verdict.Traits[k].After, second.Verdict.Traits[k].After,
                t.Posterior.Estimate, drawn ? t.Posterior.Low : null, drawn ? t.Posterior.High : null))
            .OrderByDescending(t => Math.Abs(t.Difference))]);
    }

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="Lab.UserErrorException">The place cannot be written.</exception>
    public void Save(string path) =>
        Lab.AtomicFile.WriteText(path, System.Text.Json.JsonSerializer.Serialize(this, CastVerdict.Json) + "\n");
}
