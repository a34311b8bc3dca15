using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>The mean of a trait over personas before and after the update.</summary>
/// <param name="Trait">Its name.</param>
/// <param name="Prior">Mean under the prior.</param>
/// <param name="Posterior">Mean under the posterior, with its range when the clusters of observations are redrawn.</param>
public sealed record TraitMean(string Trait, double Prior, Interval Posterior);

/// <summary>How much is redrawn for intervals.</summary>
/// <param name="Draws">Number of redrawn samples; 0 gives intervals without width.</param>
/// <param name="Level">Share of the samples inside an interval.</param>
/// <param name="Seed">The seed of the draws.</param>
public sealed record BootstrapPlan(int Draws = 400, double Level = 0.95, ulong Seed = 1);

/// <summary>The cast: how probable each persona is after an update, and what that says about traits.</summary>
public sealed class PosteriorTable
{
    private PosteriorTable(PersonaDistribution prior, PersonaDistribution posterior, double dose, double[] total,
        IReadOnlyList<TraitMean> traits, ContentId id)
    {
        Prior = prior;
        Posterior = posterior;
        Dose = dose;
        Total = total;
        Traits = traits;
        Id = id;
    }

    /// <summary>p0(h).</summary>
    public PersonaDistribution Prior { get; }

    /// <summary>p(h|D) at <see cref="Dose"/>.</summary>
    public PersonaDistribution Posterior { get; }

    /// <summary>beta.</summary>
    public double Dose { get; }

    /// <summary>sum_e w_e L[e,h] in nats, before the dose.</summary>
    public IReadOnlyList<double> Total { get; }

    /// <summary>The traits, in the order given.</summary>
    public IReadOnlyList<TraitMean> Traits { get; }

    /// <summary>The content id: prior, observations, dose and traits.</summary>
    public ContentId Id { get; }

    /// <summary>Updates a prior by observations and sums up the result.</summary>
    /// <param name="prior">p0.</param>
    /// <param name="observations">L, weights and clusters.</param>
    /// <param name="dose">beta.</param>
    /// <param name="traits">Personas x traits, or none.</param>
    /// <param name="plan">How the intervals are drawn.</param>
    /// <param name="offsets">How far the evidence of each persona, in the order of the prior, may be off in all observations alike; null
    /// where that is not known.</param>
    /// <exception cref="UserErrorException">No persona that has a prior could have produced the observations.</exception>
    public static PosteriorTable Of(PersonaDistribution prior, Observations observations, double dose, LabelledMatrix? traits = null,
        BootstrapPlan? plan = null, OffsetError? offsets = null)
    {
        Observations data = observations.For(prior.Personas);
        double[] total = data.Total();
        PersonaDistribution posterior = Update.OnTotal(prior, total, dose);
        ContentId id = ContentId.Of("posterior", prior.Id, data.LogLikelihood.ContentId("observations"), data.Weights.ToArray(), dose,
            traits?.ContentId("traits"));
        return new PosteriorTable(prior, posterior, dose, total, Summarise(prior, posterior, data, dose, traits, plan ?? new(), offsets),
            id);
    }

    private static List<TraitMean> Summarise(PersonaDistribution prior, PersonaDistribution posterior, Observations data, double dose,
        LabelledMatrix? traits, BootstrapPlan plan, OffsetError? offsets)
    {
        if (traits is null) return [];
        LabelledMatrix aligned = traits.WithRows(prior.Personas);
        double clusters = data.EffectiveClusters;
        double[][] columns = [.. Enumerable.Range(0, aligned.Columns.Count).Select(aligned.Column)];
        var samples = columns.Select(_ => new List<double>()).ToArray();
        foreach (PersonaDistribution redrawn in Redraw(prior, data, dose, plan, offsets))
            for (int k = 0; k < columns.Length; k++) samples[k].Add(redrawn.Mean(columns[k]));
        return [.. columns.Select((column, k) =>
        {
            double mean = posterior.Mean(column);
            return new TraitMean(aligned.Columns[k], prior.Mean(column), Interval.OfSamples(mean, samples[k], plan.Level, clusters));
        })];
    }

    /// <summary>
    /// The posterior of every redrawn sample of clusters, which counts for as many observations as the data: with clusters of unequal
    /// weight a sample may weigh more or less. One that leaves no persona is left out.
    /// </summary>
    /// <param name="prior">p0.</param>
    /// <param name="data">The observations, with the personas of the prior in its order.</param>
    /// <param name="dose">beta.</param>
    /// <param name="plan">How often and by which seed.</param>
    /// <param name="offsets">How far the evidence of each persona may be off in all observations alike; null where that is not known.
    /// </param>
    internal static IEnumerable<PersonaDistribution> Redraw(PersonaDistribution prior, Observations data, double dose, BootstrapPlan plan,
        OffsetError? offsets = null)
    {
        var bootstrap = ClusterResampling.Of(data.Clusters, data.Weights);
        RngStream bootstrapped = RngStream.Root(plan.Seed).Child("bootstrap"), random = bootstrapped.Child("observations");
        var multiplicity = new double[data.Clusters.Count];
        double mass = data.Mass;
        for (int draw = 0; draw < plan.Draws; draw++)
        {
            bootstrap.Draw(random, multiplicity);
            double[] total = data.Total(multiplicity);
            double redrawn = 0, sum = 0;
            for (int e = 0; e < multiplicity.Length; e++)
            {
                redrawn += multiplicity[e] * Math.Abs(data.Weights[e]);
                sum += multiplicity[e] * data.Weights[e];
            }
            double[]? off = offsets?.Draw(bootstrapped.Child("offsets", draw));
            for (int h = 0; off is not null && h < total.Length; h++) total[h] += sum * off[h];
            if (prior.LogProbabilities.ToArray().Where((p, h) => p > double.NegativeInfinity && total[h] > double.NegativeInfinity).Any())
                yield return Update.OnTotal(prior, total, redrawn > 0 ? dose * mass / redrawn : 0);
        }
    }
}
