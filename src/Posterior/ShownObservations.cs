using PersonaSelection.Lab;

namespace PersonaSelection.Posterior;

/// <summary>
/// What showing each observation does to probes, as numbers: what <see cref="Observations"/> are where there are no personas.
/// </summary>
/// <param name="Shifts">Observations x probes: the probability of the low pole after showing the observation, minus that without it.
/// </param>
/// <param name="Weights">One weight per observation.</param>
/// <param name="Clusters">Observations that stand or fall together; each on its own when absent.</param>
public sealed record ShownObservations(LabelledMatrix Shifts, IReadOnlyList<double> Weights, IReadOnlyList<string>? Clusters = null)
{
    /// <summary>The same observations with these probes, in this order.</summary>
    /// <exception cref="ArgumentException">A probe is missing.</exception>
    public ShownObservations For(IReadOnlyList<string> probes) => this with { Shifts = Shifts.WithColumns(probes) };

    /// <summary>sum_e w_e shift[e,probe] / sum_e |w_e|: the mean shift of every probe after one observation.</summary>
    /// <param name="multiplicity">How often each observation is taken; once when empty.</param>
    public double[] MeanShift(ReadOnlySpan<double> multiplicity = default)
    {
        if (Weights.Count != Shifts.Rows.Count) throw new InvalidOperationException("One weight per observation is needed.");
        var mean = new double[Shifts.Columns.Count];
        double mass = 0;
        for (int e = 0; e < Weights.Count; e++)
        {
            double w = multiplicity.IsEmpty ? Weights[e] : Weights[e] * multiplicity[e];
            if (w == 0) continue;
            mass += Math.Abs(w);
            ReadOnlySpan<double> row = Shifts.Row(e);
            for (int i = 0; i < mean.Length; i++) mean[i] += w * row[i];
        }
        if (mass > 0)
            for (int i = 0; i < mean.Length; i++) mean[i] /= mass;
        return mean;
    }
}
