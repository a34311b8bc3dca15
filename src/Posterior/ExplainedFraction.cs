using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// How exhaustive the persona account of a change is: 1 - KL(tuned || best mixture of personas) / KL(tuned || base), on probes that the
/// mixture was not fitted to.
/// </summary>
/// <param name="Value">1: the change is a change of persona. 0: no better than no change. NaN when nothing changed.</param>
/// <param name="Null">
/// The same for changes of the same size without a persona in them (the shifts of the domains dealt out to other domains with random
/// signs): with many personas and few probes a mixture explains some of anything, and this is how much. NaN when nothing changed.
/// </param>
/// <param name="MixtureDivergence">Mean KL(tuned || mixture) in nats on held-out probes.</param>
/// <param name="BaseDivergence">Mean KL(tuned || base) in nats.</param>
public sealed record ExplainedFraction(double Value, double Null, double MixtureDivergence, double BaseDivergence)
{
    /// <summary>Leaves out one domain after the other, fits the mixture to the rest, and measures on the domain left out.</summary>
    /// <param name="behaviour">Personas as the base puts them, and where the base starts.</param>
    /// <param name="tuned">Probability of the low pole of every probe afterwards.</param>
    /// <param name="start">Where the fit starts, such as the fitted prior.</param>
    /// <param name="pull">Pseudo-observations that follow the start; see <see cref="Mixture.Fit"/>.</param>
    /// <param name="nullDraws">Number of shuffles behind <see cref="Null"/>.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    public static ExplainedFraction Of(BehaviourTable behaviour, IReadOnlyList<double> tuned, PersonaDistribution start, double pull = 1,
        int nullDraws = 8, ulong seed = 1)
    {
        double[] before = [.. behaviour.Probes.Select(p => p.Before)], after = [.. tuned];
        double mixture = HeldOut(behaviour, after, start, pull);
        double baseline = BaseOf(before, after);
        RngStream random = RngStream.Root(seed).Child("explained-fraction");
        string[] domains = [.. behaviour.Probes.Select(p => p.Domain).Distinct()];
        int[] domainOf = [.. behaviour.Probes.Select(p => Array.IndexOf(domains, p.Domain))];
        double[] shift = [.. domains.Select((_, d) => Statistics.Mean(
            [.. after.Where((_, i) => domainOf[i] == d).Select(LogOdds)]) - Statistics.Mean([.. before.Where((_, i) => domainOf[i] == d)
            .Select(LogOdds)]))];
        double[] nulls = [.. Enumerable.Range(0, nullDraws).Select(_ =>
        {
            random.Shuffle<double>(shift);
            double[] signed = [.. shift.Select(s => random.NextBool(0.5) ? s : -s)];
            // Odds keep a shifted probability inside (0, 1) whatever its start.
            double[] dealt = [.. before.Select((p, i) => LogSpace.Logistic(LogOdds(p) + signed[domainOf[i]]))];
            return Fraction(HeldOut(behaviour, dealt, start, pull), BaseOf(before, dealt));
        })];
        return new ExplainedFraction(Fraction(mixture, baseline), nullDraws == 0 ? double.NaN : Statistics.Mean(nulls), mixture, baseline);
    }

    private static double Fraction(double mixture, double baseline) => baseline <= 1e-12 ? double.NaN : 1 - mixture / baseline;

    private static double HeldOut(BehaviourTable behaviour, double[] tuned, PersonaDistribution start, double pull)
    {
        IReadOnlyList<ProbeRow> probes = behaviour.Probes;
        double sum = 0;
        foreach (string domain in probes.Select(p => p.Domain).Distinct())
        {
            int[] rest = [.. Enumerable.Range(0, probes.Count).Where(i => probes[i].Domain != domain)];
            if (rest.Length == 0) throw new ArgumentException("At least two domains are needed.", nameof(behaviour));
            LabelledMatrix fitted = behaviour.Low.WithRows([.. rest.Select(i => probes[i].Name)]);
            double[] w = Mixture.Fit(fitted, [.. rest.Select(i => tuned[i])], start, pull, 500).Weights.Probabilities;
            LabelledMatrix low = behaviour.Low.WithColumns(start.Personas);
            for (int i = 0; i < probes.Count; i++)
                if (probes[i].Domain == domain) sum += Mixture.Term(tuned[i], Mixture.Blend(low.Row(i), w));
        }
        return sum / probes.Count;
    }

    private static double BaseOf(double[] before, double[] after) =>
        Statistics.Mean([.. after.Select((q, i) => Mixture.Term(q, before[i]))]);

    private static double LogOdds(double p) => LogSpace.LogOdds(p, 1e-6);
}
