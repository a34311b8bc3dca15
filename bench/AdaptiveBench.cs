using PersonaSelection.Numerics;
using PersonaSelection.Posterior;

namespace PersonaSelection.Bench;

/// <summary>
/// What a tenth of the cells is worth: the bound, the true distance from the posterior of the full table, and how often the bound held,
/// on whole tables and on parts of them; on random tables, and on real ones with gradients as a guide and also at the dose that an
/// audit fits.
/// </summary>
internal static class AdaptiveBench
{
    private static readonly double[] Observations = [0.5, 1, 3, 10, 100, 500];

    public static void Run(string kept, int seeds, IReadOnlyList<string> folders)
    {
        WholeTable[] random = [.. new[] { (5, 0.02), (5, 0.1), (10, 0.02), (10, 0.1), (5, 0.3) }
            .Select(r => AdaptiveTables.Random(r.Item1, r.Item2, 1))];
        var all = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        foreach (WholeTable table in random.Concat(folders.SelectMany(f => AdaptiveTables.Of(f, kept))))
        {
            double[] doses = table.Gradients is null ? Observations : [.. Observations, Fitted(table)];
            for (int i = 0; i < doses.Length; i++)
            {
                var tally = new Tally();
                for (int seed = 1; seed <= seeds; seed++)
                    tally = tally.Plus(Once(AdaptiveTables.Part(table, (ulong)seed), doses[i], (ulong)seed));
                string dose = i == Observations.Length ? "fitted" : $"{doses[i],5:0.#}";
                string kind = $"{(table.Gradients is null ? "random" : "models")}, {dose} observations";
                all[kind] = all.GetValueOrDefault(kind, new Tally()).Plus(tally);
                Console.WriteLine($"{table.Name}, {doses[i]:0.##} observations{(i == Observations.Length ? " (fitted)" : "")}: {tally}");
            }
        }
        foreach ((string kind, Tally tally) in all) Console.WriteLine($"{kind}: {tally}");
        Console.WriteLine($"all: {all.Values.Aggregate(new Tally(), (a, b) => a.Plus(b))}");
    }

    private static Tally Once(WholeTable table, double observations, ulong seed)
    {
        double dose = observations / table.Exact.Length;
        double[] weights = [.. Enumerable.Repeat(1.0, table.Exact.Length)], prior = new double[table.Exact[0].Length];
        CompletedTable found = SoftmaxCompletion.Run(weights, prior, dose,
            (some, columns) => [.. some.Select(e => columns.Select(h => table.Exact[e][h]).ToArray())],
            new CompletionPlan { Seed = seed }, table.Gradients);
        double distance = Cast(table.Exact, dose).Zip(Cast(found.Values, dose), (p, q) => Math.Abs(p - q)).Sum() / 2;
        return new Tally(1, distance, found.Bound, found.Share, found.Met ? 1 : 0, distance <= 0.02 ? 1 : 0,
            distance <= found.Bound ? 1 : 0);
    }

    private static double Fitted(WholeTable table)
    {
        string[] names = [.. Enumerable.Range(0, table.Exact[0].Length).Select(h => $"{h}")];
        var rows = new EvidenceRows(names);
        for (int e = 0; e < table.Exact.Length; e++) rows.Add(table.Exact[e], 1, e);
        return GainDose.Fit(PersonaDistribution.FromWeights(names, [.. names.Select(_ => 1.0)]), rows).EffectiveObservations;
    }

    private static double[] Cast(double[][] table, double dose)
    {
        var log = new double[table[0].Length];
        foreach (double[] row in table)
            for (int h = 0; h < log.Length; h++) log[h] += dose * row[h];
        LogSpace.NormalizeLog(log);
        return [.. log.Select(Math.Exp)];
    }

    private sealed record Tally(int Runs = 0, double Truth = 0, double Bound = 0, double Share = 0, int Met = 0, int Within = 0,
        int Held = 0)
    {
        public Tally Plus(Tally o) => new(Runs + o.Runs, Truth + o.Truth, Bound + o.Bound, Share + o.Share, Met + o.Met, Within + o.Within,
            Held + o.Held);

        public override string ToString() => $"true {Truth / Runs:F3}, bound {Bound / Runs:F3}, {Share / Runs:P1} of the cells, "
            + $"met {Met} of {Runs}, true within 0.02 in {Within} of {Runs}, bound held {Held} of {Runs}";
    }
}
