using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>Turns predicted probabilities, and redrawn ones, into rows of probes and domains with intervals.</summary>
internal static class ForecastRows
{
    /// <param name="probes">The probes; at least one.</param>
    /// <param name="trained">Domains that are trained on.</param>
    /// <param name="after">Predicted probability of each probe.</param>
    /// <param name="redrawn">The same when the observations are redrawn, one array per draw; may be empty.</param>
    /// <param name="clusters">How many clusters of observations were redrawn for it, as if all were of equal weight.</param>
    /// <param name="plan">How probes are redrawn within their domain.</param>
    internal static (IReadOnlyList<ForecastRow> Domains, IReadOnlyList<ForecastRow> Probes) Of(IReadOnlyList<ProbeRow> probes,
        IReadOnlyCollection<string> trained, double[] after, IReadOnlyList<double[]> redrawn, double clusters, BootstrapPlan plan)
    {
        if (probes.Count == 0) throw new ArgumentException("There is no probe.", nameof(probes));
        ForecastRow[] rows = [.. probes.Select((p, i) => Row(p.Name, p.Domain, p.Before, after[i], redrawn.Select(d => d[i]), clusters))];
        IEnumerable<ForecastRow> domains = Enumerable.Range(0, rows.Length).GroupBy(i => rows[i].Domain, StringComparer.Ordinal)
            .Select(g => DomainRow(g.Key, [.. g]));
        return ([.. domains], rows);

        ForecastRow Row(string name, string domain, double before, double predicted, IEnumerable<double> samples, double of)
        {
            Interval interval = Interval.OfSamples(predicted, samples, plan.Level, of);
            return new ForecastRow(name, domain, trained.Contains(domain), before, predicted, interval.Low, interval.High);
        }

        ForecastRow DomainRow(string domain, int[] members)
        {
            double before = Statistics.Mean([.. members.Select(i => probes[i].Before)]);
            double mean = Statistics.Mean([.. members.Select(i => after[i])]);
            var bootstrap = ClusterResampling.Of([.. members.Select(i => probes[i].Cluster)]);
            RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("probes").Child(domain);
            var multiplicity = new double[members.Length];
            var samples = new List<double>(plan.Draws);
            for (int draw = 0; draw < plan.Draws; draw++)
            {
                double[] values = redrawn.Count == 0 ? after : redrawn[draw % redrawn.Count];
                bootstrap.Draw(random, multiplicity);
                // The shift is what is uncertain: redrawing probes must not count how much their starting points differ.
                double sum = 0, count = 0;
                for (int k = 0; k < members.Length; k++)
                {
                    sum += multiplicity[k] * (values[members[k]] - probes[members[k]].Before);
                    count += multiplicity[k];
                }
                samples.Add(Math.Clamp(before + sum / count, 0, 1));
            }
            // The rarer of the two kinds of cluster says how well the spread is known.
            return Row(domain, domain, before, mean, samples, Math.Min(clusters, bootstrap.EffectiveClusters));
        }
    }
}
