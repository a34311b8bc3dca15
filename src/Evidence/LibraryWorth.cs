using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>What one persona of a library is worth with a model.</summary>
/// <param name="Name">The persona.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="FromBare">Nats per token between it and the model as it is.</param>
/// <param name="Nearest">The persona that is most like it; null when it is alone.</param>
/// <param name="FromNearest">Nats per token between the two.</param>
/// <param name="DuplicateOf">An earlier persona that is no duplicate itself and nearer than the threshold; null for none.</param>
/// <param name="IsDeadWeight">Whether no reply tells it from the model as it is: nearer to it than the threshold.</param>
public sealed record PersonaWorth(string Name, string Kind, double FromBare, string? Nearest, double FromNearest,
    string? DuplicateOf, bool IsDeadWeight);

/// <summary>What one trait of a library is worth with a model.</summary>
/// <param name="Name">The trait, or the domain of probes that name none.</param>
/// <param name="Probes">How many probes it has.</param>
/// <param name="Low">Mean P(low) over its probes for the model as it is.</param>
/// <param name="Spread">Largest less smallest mean P(low) over the personas.</param>
/// <param name="Agreement">
/// Correlation, over the personas that have a value on the trait, of that value with the mean P(high); null with fewer than three of them.
/// </param>
/// <param name="IsDeadWeight">Whether the spread is smaller than the threshold: no persona moves it.</param>
public sealed record TraitWorth(string Name, int Probes, double Low, double Spread, double? Agreement, bool IsDeadWeight);

/// <summary>What a library of personas and probes is worth with a given model: who can be told apart, and what is dead weight.</summary>
public sealed class LibraryWorth
{
    /// <summary>Judges a contrast.</summary>
    /// <param name="contrast">The measurement.</param>
    /// <param name="threshold">Nats per token below which two personas count as the same.</param>
    /// <param name="spread">P(low) below which a difference between personas counts as none.</param>
    public LibraryWorth(PersonaContrast contrast, double threshold, double spread)
    {
        Contrast = contrast;
        Personas = PersonaRows(contrast, threshold);
        Traits = [.. contrast.Probes.Index().GroupBy(p => p.Item.Trait ?? p.Item.Domain)
            .Select(g => TraitRow(contrast, g.Key, [.. g.Select(p => p.Index)], spread))];
        Unmoved = [.. contrast.Probes.Index().Where(p => Range(contrast.Low.Row(p.Index)) < spread).Select(p => p.Item.Id)];
    }

    /// <summary>The measurement.</summary>
    public PersonaContrast Contrast { get; }

    /// <summary>The personas, in order.</summary>
    public IReadOnlyList<PersonaWorth> Personas { get; }

    /// <summary>The traits, in the order of their first probes.</summary>
    public IReadOnlyList<TraitWorth> Traits { get; }

    /// <summary>Ids of the probes that all personas answer alike.</summary>
    public IReadOnlyList<string> Unmoved { get; }

    /// <summary>The nearest pairs of different personas, in nats per token, the nearest first.</summary>
    public IReadOnlyList<(string A, string B, double Nats)> NearestPairs(int count) =>
        [.. Pairs().OrderBy(p => p.Nats).ThenBy(p => p.A, StringComparer.Ordinal).Take(count)];

    /// <summary>The median of the nats per token between two personas; 0 for a single one.</summary>
    public double MedianNats => Pairs().Select(p => p.Nats).ToArray() is { Length: > 0 } all ? Statistics.Quantile(all, 0.5) : 0;

    private IEnumerable<(string A, string B, double Nats)> Pairs()
    {
        for (int a = 0; a < Personas.Count; a++)
            for (int b = a + 1; b < Personas.Count; b++) yield return (Personas[a].Name, Personas[b].Name, Contrast.Nats[a, b]);
    }

    private static PersonaWorth[] PersonaRows(PersonaContrast contrast, double threshold)
    {
        var rows = new PersonaWorth[contrast.Personas.Count];
        for (int h = 0; h < rows.Length; h++)
        {
            int nearest = -1;
            string? duplicateOf = null;
            for (int other = 0; other < rows.Length; other++)
            {
                if (other == h) continue;
                if (nearest < 0 || contrast.Nats[h, other] < contrast.Nats[h, nearest]) nearest = other;
                if (other < h && duplicateOf is null && rows[other].DuplicateOf is null && contrast.Nats[h, other] < threshold)
                    duplicateOf = rows[other].Name;
            }
            rows[h] = new PersonaWorth(contrast.Personas[h].Name, contrast.Personas[h].Kind, contrast.FromBare[h],
                nearest < 0 ? null : contrast.Personas[nearest].Name, nearest < 0 ? 0 : contrast.Nats[h, nearest], duplicateOf,
                contrast.FromBare[h] < threshold);
        }
        return rows;
    }

    private static TraitWorth TraitRow(PersonaContrast contrast, string trait, int[] probes, double threshold)
    {
        double[] low = [.. Enumerable.Range(0, contrast.Personas.Count).Select(h => probes.Average(q => contrast.Low[q, h]))];
        int[] valued = [.. Enumerable.Range(0, low.Length).Where(h => contrast.Personas[h].Traits.ContainsKey(trait))];
        double? agreement = valued.Length < 3 ? null
            : Statistics.Pearson([.. valued.Select(h => contrast.Personas[h].Traits[trait])], [.. valued.Select(h => 1 - low[h])]);
        return new TraitWorth(trait, probes.Length, probes.Average(q => contrast.BareLow[q]), Range(low),
            agreement, Range(low) < threshold);
    }

    private static double Range(ReadOnlySpan<double> values)
    {
        double least = double.PositiveInfinity, most = double.NegativeInfinity;
        foreach (double v in values) (least, most) = (Math.Min(least, v), Math.Max(most, v));
        return values.Length == 0 ? 0 : most - least;
    }
}
