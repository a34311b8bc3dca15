using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// The mixture of personas that behaves most like what was observed: min over w of sum_i KL(observed_i || sum_h w_h p(low|i,h)).
/// Used to read the prior off what the Assistant does by default, and to ask how much of a change is a change of persona.
/// </summary>
/// <param name="Weights">The mixture.</param>
/// <param name="Divergence">Mean KL(observed || mixture) over the probes, in nats.</param>
/// <param name="Steps">Steps until nothing moved any more.</param>
public sealed record Mixture(PersonaDistribution Weights, double Divergence, int Steps)
{
    private const double SmallestProbability = 1e-9;

    /// <summary>Fits by expectation maximisation, from the start until the objective stands still. The objective is convex in w.</summary>
    /// <param name="low">Probes x personas: probability of the low pole.</param>
    /// <param name="observed">Observed probability of the low pole of every probe.</param>
    /// <param name="start">
    /// Where to begin, and, with <paramref name="pull"/>, what to stay close to. A persona with probability zero stays at zero.
    /// </param>
    /// <param name="pull">
    /// Pseudo-observations that follow <paramref name="start"/>, in units of one probe: personas that behave alike are told apart by it.
    /// </param>
    /// <param name="maximumSteps">Upper bound of steps.</param>
    public static Mixture Fit(LabelledMatrix low, IReadOnlyList<double> observed, PersonaDistribution? start = null, double pull = 0,
        int maximumSteps = 5000)
    {
        if (observed.Count != low.Rows.Count || observed.Count == 0)
            throw new ArgumentException("One observation per probe is needed.", nameof(observed));
        start ??= PersonaDistribution.Uniform(low.Columns);
        LabelledMatrix table = low.WithColumns(start.Personas);
        double[] prior = start.Probabilities, w = start.Probabilities, next = new double[w.Length];
        int probes = observed.Count, step = 0;
        for (; step < maximumSteps; step++)
        {
            Array.Clear(next);
            for (int i = 0; i < probes; i++)
            {
                ReadOnlySpan<double> b = table.Row(i);
                double m = Blend(b, w), q = Math.Clamp(observed[i], 0, 1);
                double gain = q / Math.Max(m, SmallestProbability), loss = (1 - q) / Math.Max(1 - m, SmallestProbability);
                for (int h = 0; h < w.Length; h++) next[h] += w[h] * (gain * b[h] + loss * (1 - b[h]));
            }
            double moved = 0, total = 0;
            for (int h = 0; h < w.Length; h++) total += next[h] += pull * prior[h];
            for (int h = 0; h < w.Length; h++)
            {
                double updated = next[h] / total;
                moved = Math.Max(moved, Math.Abs(updated - w[h]));
                w[h] = updated;
            }
            if (moved < 1e-9) break;
        }
        PersonaDistribution weights = PersonaDistribution.FromWeights(start.Personas, w);
        return new Mixture(weights, DivergenceOf(table, observed, weights), step);
    }

    /// <summary>Mean KL(observed || mixture) over probes, in nats.</summary>
    /// <exception cref="ArgumentException">There is not one observation for each probe, or there is no probe.</exception>
    public static double DivergenceOf(LabelledMatrix low, IReadOnlyList<double> observed, PersonaDistribution weights)
    {
        if (observed.Count != low.Rows.Count || observed.Count == 0)
            throw new ArgumentException("One observation per probe is needed.", nameof(observed));
        LabelledMatrix table = low.WithColumns(weights.Personas);
        double[] w = weights.Probabilities;
        return Statistics.Mean([.. observed.Select((q, i) => Term(q, Blend(table.Row(i), w)))]);
    }

    internal static double Term(double observed, double predicted) =>
        LogSpace.BernoulliDivergence(Math.Clamp(observed, 0, 1), Math.Clamp(predicted, SmallestProbability, 1 - SmallestProbability));

    internal static double Blend(ReadOnlySpan<double> row, double[] w)
    {
        double sum = 0;
        for (int h = 0; h < w.Length; h++) sum += w[h] * row[h];
        return Math.Clamp(sum, 0, 1);
    }
}
