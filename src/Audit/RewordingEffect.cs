using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;

namespace PersonaSelection.Audit;

/// <summary>A quantity that every episode carries, plain and reworded.</summary>
/// <param name="Quantity">Its name.</param>
/// <param name="Plain">By plain episode.</param>
/// <param name="Reworded">By the same episode, reworded.</param>
public sealed record EpisodePair(string Quantity, double[] Plain, double[] Reworded)
{
    /// <summary>Cov(L[x,y], q) of every episode, plain and reworded, for every quantity.</summary>
    /// <param name="personas">p(h) under which covariances are taken: the prior for data that is not yet trained on.</param>
    /// <param name="plain">L[x,y].</param>
    /// <param name="reworded">L[x',y] of the same episodes.</param>
    /// <param name="quantities">Personas x quantities.</param>
    /// <exception cref="ArgumentException">The tables are of different episodes.</exception>
    public static EpisodePair[] Said(PersonaDistribution personas, Observations plain, Observations reworded, LabelledMatrix quantities)
    {
        if (!plain.LogLikelihood.Rows.SequenceEqual(reworded.LogLikelihood.Rows, StringComparer.Ordinal))
            throw new ArgumentException("Plain and reworded evidence must be of the same episodes.", nameof(reworded));
        LabelledMatrix before = Influence.OnMeans(personas, plain, 1, quantities),
            after = Influence.OnMeans(personas, reworded, 1, quantities);
        return [.. quantities.Columns.Select((name, k) => new EpisodePair(name, Column(before, k), Column(after, k)))];
    }

    private static double[] Column(LabelledMatrix table, int k) => [.. Enumerable.Range(0, table.Rows.Count).Select(e => table[e, k])];
}

/// <summary>
/// What a rewording does to quantities in the mean over episodes by their weights, on the data and on redrawn ones: clusters of episodes
/// are redrawn, plain and reworded together, and all quantities on the same samples.
/// </summary>
public sealed class RewordingEffect
{
    private const double Nothing = 1e-12;

    private readonly (double Plain, double Reworded)[] _means;
    private readonly (double Plain, double Reworded)[][] _redrawn;
    private readonly double _level, _clusters;

    /// <summary>Takes the means.</summary>
    /// <param name="pairs">The quantities, of the same episodes.</param>
    /// <param name="episodes">The plain episodes, whose weights and clusters count.</param>
    /// <param name="plan">Redrawn samples, level and seed; of one seed every rewording is seen on the same samples.</param>
    public RewordingEffect(IReadOnlyList<EpisodePair> pairs, Observations episodes, BootstrapPlan plan)
    {
        Pairs = pairs;
        (_level, _clusters) = (plan.Level, episodes.EffectiveClusters);
        var times = new double[episodes.Weights.Count];
        Array.Fill(times, 1);
        _means = Means(episodes.Weights, times);
        var resampling = ClusterResampling.Of(episodes.Clusters, episodes.Weights);
        RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("rewordings");
        _redrawn = new (double, double)[plan.Draws][];
        for (int draw = 0; draw < plan.Draws; draw++)
        {
            resampling.Draw(random, times);
            _redrawn[draw] = Means(episodes.Weights, times);
        }
    }

    /// <summary>The quantities.</summary>
    public IReadOnlyList<EpisodePair> Pairs { get; }

    /// <summary>What is gained of one quantity.</summary>
    /// <param name="pair">Its place.</param>
    public RewordingGain Gain(int pair) => new(Pairs[pair].Quantity, _means[pair].Plain, _means[pair].Reworded,
        Of(m => m[pair].Plain - m[pair].Reworded));

    /// <summary>A function of the means of all quantities, with its interval.</summary>
    /// <param name="statistic">Of the means, plain and reworded, in the order of the quantities.</param>
    public Interval Of(Func<IReadOnlyList<(double Plain, double Reworded)>, double> statistic) =>
        Interval.OfSamples(statistic(_means), _redrawn.Select(statistic), _level, _clusters);

    /// <summary>
    /// 1 - sum |reworded| / sum |plain|: the share that is taken away of several quantities together. NaN where plain episodes say nothing.
    /// </summary>
    /// <remarks>
    /// Chance makes the size of a mean that is near 0 larger, so that of few episodes the share is too small, and its interval lower still.
    /// That of one quantity keeps its sign and is not.
    /// </remarks>
    public static double Taken(IEnumerable<(double Plain, double Reworded)> means)
    {
        double plain = 0, reworded = 0;
        foreach ((double p, double r) in means) (plain, reworded) = (plain + Math.Abs(p), reworded + Math.Abs(r));
        return plain > Nothing ? 1 - (reworded / plain) : double.NaN;
    }

    /// <summary>
    /// 1 - reworded / plain: the share of one quantity, above 1 where it turns round. NaN where plain episodes say nothing.
    /// </summary>
    public static double Taken((double Plain, double Reworded) mean) =>
        Math.Abs(mean.Plain) > Nothing ? 1 - (mean.Reworded / mean.Plain) : double.NaN;

    private (double Plain, double Reworded)[] Means(IReadOnlyList<double> weights, double[] times)
    {
        double[] by = [.. weights.Select((w, e) => w * times[e])];
        double mass = by.Sum(Math.Abs);
        return [.. Pairs.Select(pair => (Mean(pair.Plain), Mean(pair.Reworded)))];

        double Mean(double[] values)
        {
            double sum = 0;
            for (int e = 0; e < by.Length; e++)
                if (by[e] != 0) sum += by[e] * values[e];
            return mass > 0 ? sum / mass : 0;
        }
    }
}
