using PersonaSelection.Experiments.Demo;
using PersonaSelection.Posterior;

namespace PersonaSelection.Bench;

/// <summary>
/// How far the models of <c>psm demo --full</c> have come out from their forecasts, and how often ranges hold that were learned from the
/// models of the other seeds. The last line is <see cref="ForecastError.Village"/>.
/// </summary>
internal static class ErrorsBench
{
    /// <param name="InIntervals">Domains whose measured rate lies in the 95 % interval of the posterior's forecast.</param>
    private sealed record Tuned(ulong Seed, string Name, IReadOnlyList<ForecastOutcome> Domains, int InIntervals);

    public static void Run(string folder)
    {
        Tuned[] tunings = [.. Read(folder)];
        int domains = tunings.Sum(t => t.Domains.Count);
        Console.WriteLine(FormattableString.Invariant($"{tunings.Length} tunings, {domains} domains, ")
            + FormattableString.Invariant($"{tunings.Sum(t => t.InIntervals) / (double)domains:F3} of them in the posterior's intervals"));
        foreach (IGrouping<string, Tuned> kind in tunings.GroupBy(t => t.Name))
        {
            ForecastOutcome[] all = [.. kind.SelectMany(t => t.Domains)];
            double[] errors = [.. all.Select(o => ForecastError.LogOdds(o.Measured)
                - ForecastError.LogOdds((o.Posterior + o.InContext) / 2))];
            Console.WriteLine(FormattableString.Invariant($"  {kind.Key,-18} {all.Length,4} domains, size {all.Average(o => o.Size):F2}, ")
                + FormattableString.Invariant($"errors {errors.Average():+0.00;-0.00} on average, ")
                + FormattableString.Invariant($"root mean square {Math.Sqrt(errors.Average(e => e * e)):F2}"));
        }
        foreach (IGrouping<ulong, Tuned> seed in tunings.GroupBy(t => t.Seed))
        {
            ForecastError others = Fit(tunings.Where(t => t.Seed != seed.Key));
            string Held(IEnumerable<Tuned> of)
            {
                ForecastOutcome[] all = [.. of.SelectMany(t => t.Domains)];
                return FormattableString.Invariant($"{all.Count(others.Holds) / (double)all.Length:F3} of {all.Length}");
            }
            Console.WriteLine($"  seed {seed.Key} by the others' errors: {Held(seed)} domains in their ranges ("
                + string.Join(", ", seed.GroupBy(t => t.Name).Select(k => $"{k.Key} {Held(k)}")) + ")");
        }
        Console.WriteLine(Fit(tunings));
    }

    private static ForecastError Fit(IEnumerable<Tuned> tunings) =>
        ForecastError.Fit([.. tunings.SelectMany(t => t.Domains)], ForecastError.Village.Level, ForecastError.Village.Source);

    private static IEnumerable<Tuned> Read(string folder)
    {
        foreach (string place in Directory.GetDirectories(folder, "seed-*").Order(StringComparer.Ordinal))
        {
            DemoResult run = Demo.Read(place);
            foreach (TuningResult t in run.Tunings)
                yield return Of(run.Seed, t.Name, Path.Combine(place, "forecasts"), t.Name,
                    t.Domains.ToDictionary(d => d.Domain, d => d.After));
        }
        foreach (MatrixResult matrix in Demo.Read(folder).Matrix ?? [])
        {
            string place = Path.Combine(folder, $"seed-{matrix.Seed}", "forecasts");
            foreach (IGrouping<string, MatrixCell> row in matrix.Cells.GroupBy(c => c.Trained))
                yield return Of(matrix.Seed, "every domain", Path.Combine(place, row.Key), "cheat",
                    row.ToDictionary(c => c.Asked, c => c.Measured), shifts: true);
        }
    }

    private static Tuned Of(ulong seed, string name, string folder, string subject, Dictionary<string, double> measured,
        bool shifts = false)
    {
        Forecast posterior = Forecast.Load(Path.Combine(folder, $"{subject}.posterior.json")),
            inContext = Forecast.Load(Path.Combine(folder, $"{subject}.in-context.json"));
        double size = ForecastError.SizeOf(posterior, inContext);
        double Measured(ForecastRow d) => measured[d.Name] + (shifts ? d.Before : 0);
        return new Tuned(seed, name,
            [.. posterior.Elsewhere.Select(d => new ForecastOutcome(size, d.After, inContext.Domain(d.Name).After, Measured(d)))],
            posterior.Elsewhere.Count(d => Measured(d) >= d.Low && Measured(d) <= d.High));
    }
}
