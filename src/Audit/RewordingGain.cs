using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>What a rewording takes away from what episodes say about a quantity (a trait, or behaviour elsewhere).</summary>
/// <param name="Quantity">Its name.</param>
/// <param name="Plain">Mean over episodes of Cov(L[x,y], q): what a plain episode says.</param>
/// <param name="Reworded">The same with x'.</param>
/// <param name="Interval">
/// Cov(L[x,y], q) - Cov(L[x',y], q) with its interval over episodes, in units of the quantity per unit of weight. Clusters of episodes are
/// redrawn plain and reworded together, with the personas and what they would do held fixed.
/// </param>
public sealed record RewordingGain(string Quantity, double Plain, double Reworded, Interval Interval)
{
    private const double Nothing = 1e-12;

    /// <summary>Cov(L[x,y], q) - Cov(L[x',y], q), in units of the quantity per unit of weight.</summary>
    public double Gain => Interval.Estimate;

    /// <summary>1 - Cov(L[x',y], q) / Cov(L[x,y], q): the share that is taken away; NaN where a plain episode says nothing.</summary>
    public double Protection => Math.Abs(Plain) > Nothing ? 1 - Reworded / Plain : double.NaN;

    /// <summary>The gain for every quantity: mean over episodes by their weights, covariances over personas under p.</summary>
    /// <param name="personas">p(h) under which covariances are taken: the prior for data that is not yet trained on.</param>
    /// <param name="plain">L[x,y].</param>
    /// <param name="reworded">L[x',y] of the same episodes, whose clusters and weights are those of the plain ones.</param>
    /// <param name="quantities">Personas x quantities.</param>
    /// <param name="plan">Redrawn samples, level and seed; of one seed every rewording is seen on the same samples.</param>
    /// <exception cref="ArgumentException">The tables are of different episodes.</exception>
    public static IReadOnlyList<RewordingGain> Of(PersonaDistribution personas, Observations plain, Observations reworded,
        LabelledMatrix quantities, BootstrapPlan plan)
    {
        if (!plain.LogLikelihood.Rows.SequenceEqual(reworded.LogLikelihood.Rows, StringComparer.Ordinal))
            throw new ArgumentException("Plain and reworded evidence must be of the same episodes.", nameof(reworded));
        LabelledMatrix before = Influence.OnMeans(personas, plain, 1, quantities),
            after = Influence.OnMeans(personas, reworded, 1, quantities);
        int episodes = before.Rows.Count, columns = quantities.Columns.Count;
        var times = new double[episodes];
        Array.Fill(times, 1);
        double[] said = Mean(before), left = Mean(after);
        double[][] gains = [.. said.Select(_ => new double[plan.Draws])];
        var resampling = ClusterResampling.Of(plain.Clusters);
        RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("rewordings");
        for (int draw = 0; draw < plan.Draws; draw++)
        {
            resampling.Draw(random, times);
            double[] plainly = Mean(before), otherwise = Mean(after);
            for (int k = 0; k < columns; k++) gains[k][draw] = plainly[k] - otherwise[k];
        }
        return [.. quantities.Columns.Select((q, k) =>
            new RewordingGain(q, said[k], left[k], Interval.OfSamples(said[k] - left[k], gains[k], plan.Level, plain.EffectiveClusters)))];

        double[] Mean(LabelledMatrix influence)
        {
            var mean = new double[columns];
            double mass = 0;
            for (int e = 0; e < episodes; e++)
            {
                double weight = times[e] * plain.Weights[e];
                if (weight == 0) continue;
                mass += Math.Abs(weight);
                ReadOnlySpan<double> row = influence.Row(e);
                for (int k = 0; k < columns; k++) mean[k] += weight * row[k];
            }
            if (mass > 0)
                for (int k = 0; k < columns; k++) mean[k] /= mass;
            return mean;
        }
    }
}
