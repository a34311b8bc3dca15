using PersonaSelection.Numerics;
using PersonaSelection.Posterior;

namespace PersonaSelection.Bench;

/// <summary>
/// What a tenth of the cells is worth: the bound, the true distance from the posterior of the full table, and how often the bound held,
/// over several choices of the rows; on random tables, and on real ones also at the dose that an audit of them fits.
/// </summary>
internal static class AdaptiveBench
{
    private static readonly double[] Observations = [0.5, 1, 3, 10, 100, 500];

    public static void Run(string kept, int seeds, IReadOnlyList<string> folders)
    {
        WholeTable[] random = [.. new[] { (5, 0.02), (5, 0.1), (10, 0.02), (10, 0.1), (5, 0.3) }
            .Select(r => AdaptiveTables.Random(r.Item1, r.Item2, 1))];
        int held = 0, all = 0;
        foreach (WholeTable table in random.Concat(folders.SelectMany(f => AdaptiveTables.Of(f, kept))))
        {
            int rows = table.Exact.Length;
            double[] doses = table.Gradients is null ? Observations : [.. Observations, Fitted(table)];
            for (int i = 0; i < doses.Length; i++)
            {
                double truth = 0, bound = 0, share = 0;
                int met = 0, within = 0;
                for (int seed = 1; seed <= seeds; seed++)
                {
                    CompletedTable found = SoftmaxCompletion.Run([.. Enumerable.Repeat(1.0, rows)],
                        new double[table.Exact[0].Length], doses[i] / rows,
                        (some, columns) => [.. some.Select(e => columns.Select(h => table.Exact[e][h]).ToArray())],
                        new CompletionPlan { Seed = (ulong)seed });
                    double distance = Cast(table.Exact, doses[i] / rows)
                        .Zip(Cast(found.Values, doses[i] / rows), (p, q) => Math.Abs(p - q)).Sum() / 2;
                    truth += distance / seeds;
                    bound += found.Bound / seeds;
                    share += found.Share / seeds;
                    if (found.Met) met++;
                    if (distance <= found.Bound) within++;
                }
                held += within;
                all += seeds;
                Console.WriteLine($"{table.Name}, {doses[i]:0.##} observations{(i == Observations.Length ? " (fitted)" : "")}: "
                    + $"bound {bound:F3}, true {truth:F3}, {share:P0} of the cells, met {met} of {seeds}, bound held {within} of {seeds}");
            }
        }
        Console.WriteLine($"bound held {held} of {all}");
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
}
