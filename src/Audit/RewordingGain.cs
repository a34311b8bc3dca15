using PersonaSelection.Lab;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>What a rewording takes away from what episodes say about a quantity (a trait, or behaviour elsewhere).</summary>
/// <param name="Quantity">Its name.</param>
/// <param name="Plain">Mean over episodes of Cov(L[x,y], q): what a plain episode says.</param>
/// <param name="Reworded">The same with x'.</param>
public sealed record RewordingGain(string Quantity, double Plain, double Reworded)
{
    private const double Nothing = 1e-12;

    /// <summary>Cov(L[x,y], q) - Cov(L[x',y], q), in units of the quantity per unit of weight.</summary>
    public double Gain => Plain - Reworded;

    /// <summary>1 - Cov(L[x',y], q) / Cov(L[x,y], q): the share that is taken away; NaN where a plain episode says nothing.</summary>
    public double Protection => Math.Abs(Plain) > Nothing ? 1 - Reworded / Plain : double.NaN;

    /// <summary>The gain for every quantity: mean over episodes by their weights, covariances over personas under p.</summary>
    /// <param name="personas">p(h) under which covariances are taken: the prior for data that is not yet trained on.</param>
    /// <param name="plain">L[x,y].</param>
    /// <param name="reworded">L[x',y] of the same episodes.</param>
    /// <param name="quantities">Personas x quantities.</param>
    /// <exception cref="ArgumentException">The tables are of different episodes.</exception>
    public static IReadOnlyList<RewordingGain> Of(PersonaDistribution personas, Observations plain, Observations reworded,
        LabelledMatrix quantities)
    {
        if (!plain.LogLikelihood.Rows.SequenceEqual(reworded.LogLikelihood.Rows, StringComparer.Ordinal))
            throw new ArgumentException("Plain and reworded evidence must be of the same episodes.", nameof(reworded));
        double[] before = Mean(personas, plain, quantities), after = Mean(personas, reworded, quantities);
        return [.. quantities.Columns.Select((q, k) => new RewordingGain(q, before[k], after[k]))];
    }

    private static double[] Mean(PersonaDistribution personas, Observations data, LabelledMatrix quantities)
    {
        LabelledMatrix influence = Influence.OnMeans(personas, data, 1, quantities);
        var mean = new double[influence.Columns.Count];
        double mass = data.Mass;
        if (mass == 0) return mean;
        for (int e = 0; e < influence.Rows.Count; e++)
            for (int k = 0; k < mean.Length; k++) mean[k] += data.Weights[e] * influence[e, k] / mass;
        return mean;
    }
}
