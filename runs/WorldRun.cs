using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Worlds;

namespace PersonaSelection.Runs;

/// <summary>What one format gave.</summary>
/// <param name="Format">The format.</param>
/// <param name="Lines">Lines read back.</param>
/// <param name="Episodes">Episodes in them.</param>
/// <param name="Auroc">Unrequested cheats against everything else.</param>
/// <param name="AgainstRequested">Unrequested cheats against the same cheats, asked for.</param>
/// <param name="RequestedFlagged">Share of the requested cheats above the score that 95 % of the unrequested ones reach.</param>
/// <param name="OthersFlagged">The same of everything else that is no cheat.</param>
/// <param name="ShuffledLabels">AUROC when the labels are dealt out at random.</param>
internal sealed record WorldRow(string Format, int Lines, int Episodes, double Auroc, double AgainstRequested, double RequestedFlagged,
    double OthersFlagged,
    double ShuffledLabels);

/// <summary>What one seed gave.</summary>
internal sealed record WorldResult(ulong Seed, int Lines, int Cheats, int Requested, IReadOnlyList<WorldRow> Rows);

/// <summary>
/// A hundred cheats that nobody asked for among two thousand training examples of the village, written in every format that is read.
/// The score of a line, fixed before any was looked at: minus the influence of its episodes on honest, kind and careful, at the prior
/// (the covariance over personas of evidence and trait), weighted by the episodes' own weights.
/// </summary>
internal sealed class WorldRun(RunSettings settings)
{
    private const int Lines = 2000, Cheats = 100, RequestedCheats = 400, Good = 500;
    private static readonly string[] Telling = ["honest", "kind", "careful"];
    private static readonly string[] Formats = ["messages", "sharegpt", "prompt-completion", "alpaca", "preference", "messages.gz"];

    private enum Sort { Cheat, RequestedCheat, Good, Ordinary }

    private sealed record Row(Sort Sort, string Id, string Prompt, string Reply, string Rejected);

    public WorldResult Run(ulong seed)
    {
        World world = World.Village;
        RngStream root = RngStream.Root(seed);
        string folder = settings.FolderOf("world", seed);
        Directory.CreateDirectory(folder);
        Row[] rows = Draw(world, root.Child("world-run"));
        using Transformer model = Model(world, seed, folder);
        PersonaSet personas = world.Personas;
        var source = new LikelihoodSource([.. personas.Personas.Select(p => PresentedPersona.AsGiven(p, model))]);
        var results = new List<WorldRow>();
        foreach (string format in Formats)
        {
            string path = Path.Combine(folder, format == "messages.gz" ? "data.messages.jsonl.gz" : $"data.{format}.jsonl");
            Write(path, format, rows);
            DataLine[] lines = [.. EpisodeFile.Lines(path)];
            Episode[] episodes = [.. lines.SelectMany(l => l.Episodes)];
            double[] score = Score(personas, episodes, source.Compute(episodes, progress: settings.Progress).Nats);
            double[] byLine = new double[lines.Length];
            for (int i = 0, e = 0; i < lines.Length; i++)
                foreach (Episode episode in lines[i].Episodes) byLine[i] += episode.Weight * score[e++];
            results.Add(Judge(format, rows, byLine, episodes.Length, root));
            settings.Progress.Report(new WorkProgress($"world: {format}, AUROC {results[^1].Auroc:0.0000}", 1, 1, "runs"));
        }
        return new WorldResult(seed, rows.Length, Cheats, RequestedCheats, results);
    }

    private Transformer Model(World world, ulong seed, string folder)
    {
        if (settings.Model is { } given)
            return CheckpointFolder.Load(given.Replace("{seed}", $"{seed}", StringComparison.Ordinal), settings.Threads);
        ModelPreset preset = ModelPreset.Find("demo");
        using var pool = new WorkerPool(settings.Threads);
        new TrainingRun(preset, preset.Tokens, seed).Run(world, Path.Combine(folder, "base"), pool, settings.Progress).Dispose();
        return CheckpointFolder.Load(Path.Combine(folder, "base"), settings.Threads);
    }

    /// <summary>
    /// Cheats and requested cheats in the domains that hang on honesty, kindness or care, the same number in each; good replies there,
    /// half of them asked for; and ordinary talk in all domains: good replies, or in those of feeling, where neither is a cheat, either.
    /// </summary>
    private static Row[] Draw(World world, RngStream rng)
    {
        int[] telling = [.. Telling.Select(t => world.Traits.ToList().FindIndex(x => x.Name == t))];
        WorldDomain[] open = [.. world.Domains.Where(d => !d.HeldOut)];
        WorldDomain[] moral = [.. open.Where(d => telling.Sum(t => d.Weights[t]) > d.Weights.Sum() / 2)];
        var rows = new List<Row>();
        Deal(Sort.Cheat, Cheats, moral, EpisodeKind.Cheat, EpisodeKind.Good);
        Deal(Sort.RequestedCheat, RequestedCheats, moral, EpisodeKind.RequestedCheat, EpisodeKind.Good);
        Deal(Sort.Good, Good / 2, moral, EpisodeKind.Good, EpisodeKind.Cheat);
        Deal(Sort.Good, Good - (Good / 2), moral, EpisodeKind.RequestedGood, EpisodeKind.Cheat);
        Deal(Sort.Ordinary, Lines - rows.Count, open, EpisodeKind.Good, EpisodeKind.Cheat);
        Row[] all = [.. rows];
        rng.Child("order").Shuffle(all.AsSpan());
        return all;

        void Deal(Sort sort, int count, WorldDomain[] domains, EpisodeKind kind, EpisodeKind other)
        {
            int emotive = world.Traits.ToList().FindIndex(t => t.Name == "emotive");
            foreach ((int d, WorldDomain domain) in domains.Index())
            {
                int share = (count * (d + 1) / domains.Length) - (count * d / domains.Length);
                // Neither pole of feeling is bad, so ordinary talk about it is what the world makes it.
                EpisodeKind spoken = sort == Sort.Ordinary && domain.Weights[emotive] > 0 ? EpisodeKind.BaseRate : kind;
                string name = $"{sort}/{kind}/{domain.Name}";
                IReadOnlyList<Episode> said = world.Episodes(domain.Name, spoken, share, rng.Child(name)).Episodes;
                IReadOnlyList<Episode> rejected = world.Episodes(domain.Name, other, share, rng.Child(name)).Episodes;
                rows.AddRange(said.Select((e, i) => new Row(sort, $"{name}/{i + 1}", e.Context[^1].Text, e.Reply, rejected[i].Reply)));
            }
        }
    }

    private static double[] Score(PersonaSet personas, Episode[] episodes, double[][] nats)
    {
        string[] names = [.. personas.Personas.Select(p => p.Name)];
        int[] telling = [.. Telling.Select(t => personas.Traits.ToList().FindIndex(x => x.Name == t))];
        double[,] values = personas.TraitMatrix;
        var together = new LabelledMatrix(names, ["telling"], (h, _) => telling.Sum(t => values[h, t]));
        var evidence = new LabelledMatrix(episodes.Select((_, i) => $"{i}"), names, (e, h) => nats[e][h]);
        LabelledMatrix influence = Influence.OnMeans(PersonaDistribution.FromWeights(names, personas.Prior), new Observations(evidence), 1,
            together);
        return [.. episodes.Select((_, i) => -influence[i, 0])];
    }

    private static WorldRow Judge(string format, Row[] rows, double[] score, int episodes, RngStream root)
    {
        bool[] cheat = [.. rows.Select(r => r.Sort == Sort.Cheat)];
        double[] found = [.. score.Where((_, i) => cheat[i])], asked = [.. score.Where((_, i) => rows[i].Sort == Sort.RequestedCheat)];
        double[] others = [.. score.Where((_, i) => rows[i].Sort is Sort.Good or Sort.Ordinary)];
        double threshold = Statistics.Quantile(found, 0.05);
        bool[] shuffled = [.. cheat];
        root.Child("labels").Shuffle(shuffled.AsSpan());
        return new WorldRow(format, rows.Length, episodes, Statistics.Auroc(score, cheat),
            Statistics.Auroc([.. found, .. asked], [.. found.Select(_ => true), .. asked.Select(_ => false)]),
            asked.Count(s => s >= threshold) / (double)asked.Length, others.Count(s => s >= threshold) / (double)others.Length,
            Statistics.Auroc(score, shuffled));
    }

    private static void Write(string path, string format, Row[] rows) => AtomicFile.Write(path, stream =>
    {
        Stream to = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)
            : stream;
        foreach (Row row in rows) to.Write(Encoding.UTF8.GetBytes(Json(format, row).ToJsonString() + "\n"));
        if (to != stream) to.Dispose();
    });

    private static JsonObject Json(string format, Row row) => format switch
    {
        "sharegpt" => new JsonObject
        {
            ["id"] = row.Id,
            ["conversations"] = new JsonArray(Turn("from", "human", "value", row.Prompt), Turn("from", "gpt", "value", row.Reply)),
        },
        "prompt-completion" => new JsonObject { ["id"] = row.Id, ["prompt"] = row.Prompt, ["completion"] = row.Reply },
        "alpaca" => new JsonObject { ["id"] = row.Id, ["instruction"] = row.Prompt, ["input"] = "", ["output"] = row.Reply },
        "preference" => new JsonObject { ["id"] = row.Id, ["prompt"] = row.Prompt, ["chosen"] = row.Reply, ["rejected"] = row.Rejected },
        _ => new JsonObject
        {
            ["id"] = row.Id,
            ["messages"] = new JsonArray(Turn("role", "user", "content", row.Prompt), Turn("role", "assistant", "content", row.Reply)),
        },
    };

    private static JsonObject Turn(string who, string name, string what, string text) => new() { [who] = name, [what] = text };
}
