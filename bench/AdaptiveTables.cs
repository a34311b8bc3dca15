using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>A whole table of evidence, and what gradients say of it where there is a model.</summary>
internal sealed record WholeTable(string Name, double[][] Exact, double[][]? Gradients);

/// <summary>Whole tables of 500 episodes by 200 personas: of village models, and random ones of low rank with noise.</summary>
internal static class AdaptiveTables
{
    private const int Episodes = 500, Personas = 200;

    /// <summary>The tables of one village model under personas of one to three adjectives; kept in a folder, as they take
    /// minutes.</summary>
    public static IEnumerable<WholeTable> Of(string folder, string kept)
    {
        Directory.CreateDirectory(kept);
        IReadOnlyList<Persona> headers = AgreementBench.Headers(Personas);
        foreach ((string set, Func<Episode[]> data) in (ValueTuple<string, Func<Episode[]>>[])
            [("mixed", () => Mixed(null)), ("slacker", () => Mixed("slacker")), ("machine", () => Mixed("machine"))])
        {
            string name = $"{ContentId.Of("model-folder", Path.GetFullPath(folder)).Digits[..8]}-{set}";
            string[] paths = [Path.Combine(kept, name + "-exact.jsonl"), Path.Combine(kept, name + "-gradient.jsonl")];
            if (!paths.All(File.Exists))
            {
                using Transformer model = CheckpointFolder.Load(folder, 1);
                PresentedPersona[] presented = [.. headers.Select(p => PresentedPersona.AsGiven(p, model))];
                Episode[] episodes = data();
                IEvidenceSource[] sources = [new LikelihoodSource(presented), GradientEvidence.OfContexts(presented)];
                for (int i = 0; i < sources.Length; i++)
                {
                    EvidenceBlock block = sources[i].Compute(episodes);
                    new EvidenceTable(sources[i].Kind,
                        new LabelledMatrix(episodes.Select(e => e.Id), sources[i].Personas, (e, h) => block.Nats[e][h]),
                        [.. episodes.Select((e, r) => new EvidenceRow(e.Id, 1, block.Tokens[r], e.Label!))],
                        sources[i].Provenance).Save(paths[i]);
                }
            }
            double[][][] read = [.. paths.Select(p => Rows(EvidenceTable.Load(p).LogLikelihood))];
            yield return new WholeTable($"{folder} {set}", read[0], read[1]);
        }
    }

    /// <summary>A random table: columns with a bias, a level that all columns of a row share, and normal noise, in nats.</summary>
    public static WholeTable Random(int rank, double noise, ulong seed)
    {
        RngStream rng = RngStream.Root(seed).Child("table", rank);
        double[][] Normal(int rows, int columns) => [.. Enumerable.Range(0, rows)
            .Select(_ => Enumerable.Range(0, columns).Select(_ => rng.NextGaussian()).ToArray())];
        double[][] a = Normal(Episodes, rank), b = Normal(Personas, rank);
        double[] bias = Normal(1, rank)[0];
        return new WholeTable($"random rank {rank} noise {noise}", [.. a.Select(u =>
        {
            double level = -10 + (4 * rng.NextGaussian());
            return b.Select(v => level + (noise * rng.NextGaussian())
                + (Enumerable.Range(0, rank).Sum(k => (u[k] + (0.3 * bias[k])) * v[k]) / Math.Sqrt(rank))).ToArray();
        })], null);
    }

    /// <summary>The whole table for seed 1, and nine tenths of its rows and columns, drawn at random, for any other.</summary>
    public static WholeTable Part(WholeTable table, ulong seed)
    {
        if (seed == 1) return table;
        RngStream rng = RngStream.Root(seed);
        int[] Some(int count, string name)
        {
            int[] order = [.. Enumerable.Range(0, count)];
            rng.Child(name).Shuffle<int>(order);
            return [.. order[..(count * 9 / 10)].Order()];
        }
        int[] rows = Some(table.Exact.Length, "rows"), columns = Some(table.Exact[0].Length, "columns");
        double[][] Cut(double[][] x) => [.. rows.Select(e => columns.Select(h => x[e][h]).ToArray())];
        return new WholeTable(table.Name, Cut(table.Exact), table.Gradients is null ? null : Cut(table.Gradients));
    }

    /// <summary>
    /// Different episodes over all domains, three in five unasked: as somebody of an archetype would act, or good and bad alike where
    /// none is named.
    /// </summary>
    private static Episode[] Mixed(string? archetype)
    {
        World world = World.Village;
        var all = new List<Episode>();
        foreach (WorldDomain d in world.Domains)
        {
            RngStream rng = RngStream.Root(7).Child(d.Name);
            double bad = archetype is null ? 0.5 : BadRate(world, d.Name, archetype);
            all.AddRange(world.Episodes(d.Name, EpisodeKind.BaseRate, 60, rng.Child("unasked"), bad).Episodes.DistinctBy(Text).Take(20));
            all.AddRange(world.Episodes(d.Name, EpisodeKind.RequestedCheat, 40, rng.Child("bad")).Episodes.DistinctBy(Text).Take(8));
            all.AddRange(world.Episodes(d.Name, EpisodeKind.RequestedGood, 40, rng.Child("good")).Episodes.DistinctBy(Text).Take(6));
        }
        Episode[] some = [.. all];
        RngStream.Root(3).Shuffle<Episode>(some);
        return some[..Episodes];
    }

    private static string Text(Episode e) => e.Context[0].Text + "\n" + e.Reply;

    private static double BadRate(World world, string domain, string archetype)
    {
        Persona persona = world.Personas.Personas.Single(p => p.Name == archetype);
        double[] bad = world.BadGivenPoles(domain);
        double rate = 0;
        for (int c = 0; c < bad.Length; c++)
        {
            double p = 1;
            for (int k = 0; k < world.Traits.Count; k++)
            {
                double high = (1 + persona.Traits[world.Traits[k].Name]) / 2;
                p *= (c >> k & 1) == 0 ? high : 1 - high;
            }
            rate += p * bad[c];
        }
        return rate;
    }

    private static double[][] Rows(LabelledMatrix m) => [.. Enumerable.Range(0, m.Rows.Count).Select(e => m.Row(e).ToArray())];
}
