using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// How well evidence in context agrees with exact evidence on models of the village: correlation over cells, rows less their mean, and
/// nats of exact evidence to one in context. Episodes of every domain, bad and good, unasked or asked for; one probe of each domain.
/// Controls: the personas' answers shuffled among them, and each episode without the probes of its own domain.
/// </summary>
internal static class InContextBench
{
    private const int Shuffles = 20;
    private static readonly EpisodeKind[] Kinds =
        [EpisodeKind.Cheat, EpisodeKind.Good, EpisodeKind.RequestedCheat, EpisodeKind.RequestedGood];

    public static void Run(IReadOnlyList<string> folders)
    {
        World world = World.Village;
        (EpisodeKind Kind, string Domain, Episode Episode)[] all = [.. world.Domains.SelectMany(d => Kinds
            .SelectMany(k => world.Episodes(d.Name, k, 4, RngStream.Root(7).Child(d.Name).Child(k.ToString())).Episodes
                .Select(e => (k, d.Name, e))))
            .DistinctBy(e => e.e.Context[0].Text + e.e.Reply)];
        Episode[] episodes = [.. all.Select(e => e.Episode)];
        Probe[] probes = [.. world.Probes().Select(p => p.ToProbe()).GroupBy(p => p.Domain).Select(g => g.First())];
        foreach (string folder in folders)
        {
            using Transformer model = CheckpointFolder.Load(folder, 1);
            using PresentedPersonas presented = PresentedPersonas.Of(world.Personas, model, new PresentationOptions { Calibrate = false });
            double[][] exact = presented.Source.Compute(episodes).Nats;
            double[][] shown = Source(presented, model, probes).Compute(episodes).Nats;
            string line = $"{folder}: r {AgreementBench.Agreement(shown, exact):F3}, slope {Slope(shown, exact):F2}";
            foreach (var kind in all.Index().GroupBy(e => e.Item.Kind))
            {
                int[] rows = [.. kind.Select(e => e.Index)];
                double[][] a = [.. rows.Select(e => shown[e])], b = [.. rows.Select(e => exact[e])];
                line += $"; {kind.Key} r {AgreementBench.Agreement(a, b):F2}, size {Size(a):F2} against {Size(b):F2}";
            }
            double[][] apart = new double[episodes.Length][];
            foreach (var domain in all.Index().GroupBy(e => e.Item.Domain))
            {
                InContextSource others = Source(presented, model, [.. probes.Where(p => p.Domain != domain.Key)]);
                int[] rows = [.. domain.Select(e => e.Index)];
                double[][] found = others.Compute([.. rows.Select(e => episodes[e])]).Nats;
                foreach ((int i, int e) in rows.Index()) apart[e] = found[i];
            }
            RngStream rng = RngStream.Root(11);
            double shuffled = 0;
            for (int i = 0; i < Shuffles; i++)
            {
                int[] order = [.. Enumerable.Range(0, exact[0].Length)];
                rng.Shuffle<int>(order);
                shuffled += AgreementBench.Agreement([.. shown.Select(r => order.Select(h => r[h]).ToArray())], exact) / Shuffles;
            }
            Console.WriteLine(
                $"{line}; without probes of its own domain r {AgreementBench.Agreement(apart, exact):F3}; personas shuffled {shuffled:F3}");
        }
    }

    private static InContextSource Source(PresentedPersonas presented, Transformer model, Probe[] probes)
    {
        PersonaContrast answers = PersonaContrast.Measure(presented.Personas, model, probes);
        return InContextSource.Of(new ShownShifts(model, probes, answers.BareLow, new LikelihoodOptions()), answers, presented.Source);
    }

    // Root mean square over cells, rows less their mean.
    private static double Size(double[][] rows) => Math.Sqrt(rows.Average(r => Statistics.Variance(r) * (r.Length - 1) / r.Length));

    private static double Slope(double[][] on, double[][] of)
    {
        double square = 0, product = 0;
        for (int e = 0; e < on.Length; e++)
        {
            double a = on[e].Average(), b = of[e].Average();
            for (int h = 0; h < on[e].Length; h++)
            {
                square += (on[e][h] - a) * (on[e][h] - a);
                product += (on[e][h] - a) * (of[e][h] - b);
            }
        }
        return product / square;
    }
}
