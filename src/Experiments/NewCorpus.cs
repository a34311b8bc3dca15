using System.Diagnostics;
using System.Text.Json;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments;

/// <summary>What <see cref="NewCorpus"/> wrote.</summary>
/// <param name="Id">The content id of the corpus.</param>
/// <param name="World">The world's name, controls included.</param>
/// <param name="Documents">Number of documents.</param>
/// <param name="Tokens">Number of tokens.</param>
/// <param name="Vocabulary">Number of token ids.</param>
/// <param name="Floor">Entropy of the world, nats per token: exact log-probabilities of 4000 documents.</param>
/// <param name="Probes">Number of probes.</param>
/// <param name="Sets">Names of the post-training sets.</param>
public sealed record CorpusSummary(string Id, string World, long Documents, long Tokens, int Vocabulary, double Floor, int Probes,
    IReadOnlyList<string> Sets)
{
    /// <summary>Documents written per second; null where the corpus was there already.</summary>
    public double? DocumentsPerSecond { get; init; }
}

/// <summary>
/// A corpus to be made from a world, with what is needed to work on it: tokenizer, personas, probes, and post-training sets on one domain.
/// </summary>
/// <param name="World">The world.</param>
/// <param name="Tokens">Tokens at least.</param>
/// <param name="Seed">The seed; a demo of the same seed reads the same documents.</param>
/// <param name="Domain">The domain of the post-training sets.</param>
/// <param name="Episodes">Episodes in each set.</param>
public sealed record NewCorpus(World World, long Tokens, ulong Seed, string Domain = "test", int Episodes = 256)
{
    internal const string SummaryName = "corpus.json";
    internal const string WorldName = "world.yaml";
    internal const string TokenizerName = "tokenizer.json";
    private const int FloorDocuments = 4000;

    /// <summary>The file of personas in a corpus folder.</summary>
    internal const string PersonasName = "personas.yaml";

    /// <summary>The file of probes in a corpus folder.</summary>
    internal const string ProbesName = "probes.jsonl";

    /// <summary>The file of rewordings in a corpus folder.</summary>
    internal const string RewordingsName = "rewordings.yaml";

    /// <summary>The folder of post-training sets in a corpus folder.</summary>
    internal const string SetsName = "sets";

    /// <summary>
    /// Writes the folder; <c>corpus.json</c> comes last. In a folder that holds this very corpus, only files that are missing are written.
    /// </summary>
    /// <exception cref="UserErrorException">The place cannot be written, another process writes it (<c>folder-busy</c>), it holds another
    /// corpus (<c>other-corpus</c>), or a file that was edited (<c>other-file</c>).</exception>
    public CorpusSummary Write(string folder, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        RngStream root = RngStream.Root(Seed), stream = Stream(Seed);
        string id = World.CorpusId(stream, Tokens).ToString();
        using FolderLock? held = FolderLock.TakeUnlessDone(folder, Holds(folder, id));
        bool there = Holds(folder, id);
        Probe[] probes = DemoProbes.Of(World);
        EpisodeSet[] sets = Sets();
        double floor = World.Floor(FloorDocuments, root.Child("floor")).NatsPerToken;
        var clock = Stopwatch.StartNew();
        (string Path, Action<string> Save)[] files =
        [
            (Path.Combine(folder, PersonasName), World.Personas.Save),
            (Path.Combine(folder, RewordingsName), path => RewordingFile.Save(path, WorldRewordings.Of(World))),
            (Path.Combine(folder, ProbesName), path => ProbeFile.Save(path, probes)),
            .. sets.Select(s => (Path.Combine(folder, SetsName, s.Name + ".jsonl"), (Action<string>)s.Save)),
            (Path.Combine(folder, TokenizerName), path => TokenizerFile.Save(path, World.Tokenizer)),
            (Path.Combine(folder, WorldName), path => AtomicFile.WriteText(path, World.ToYaml())),
        ];
        // People edit these: a second run must not undo that.
        foreach ((string path, Action<string> save) in files) AtomicFile.RequireSame(path, save);
        foreach ((string path, Action<string> save) in files)
            if (!File.Exists(path)) save(path);
        if (!there) CorpusWriter.Write(World, folder, Tokens, stream, progress: progress, cancellation: cancellation);
        using CorpusFolder corpus = CorpusFolder.Open(folder);
        return new CorpusSummary(corpus.Id, World.Name, corpus.Documents, corpus.Tokens, corpus.Tokenizer.VocabularySize, floor,
            probes.Length,
            [.. sets.Select(s => s.Name)])
        {
            DocumentsPerSecond = there ? null : Math.Round(corpus.Documents / clock.Elapsed.TotalSeconds),
        };
    }

    /// <summary>The post-training sets: those that the world has words for.</summary>
    /// <exception cref="UserErrorException">The world has no such domain.</exception>
    public EpisodeSet[] Sets() => [.. DemoSettings.Sets.Where(World.CanAsk)
        .Select(kind => World.Episodes(Domain, kind, Episodes, RngStream.Root(Seed).Child("episodes")))];

    internal static RngStream Stream(ulong seed) => RngStream.Root(seed).Child("corpus");

    /// <summary>Whether a folder holds this very corpus already.</summary>
    /// <exception cref="UserErrorException">It holds another one.</exception>
    internal static bool Holds(string folder, string id)
    {
        string summary = Path.Combine(folder, SummaryName);
        if (!File.Exists(summary)) return false;
        JsonElement there = JsonFile.ReadRecord(summary, "corpus", 1);
        return there.TryGetProperty("id", out JsonElement found) && found.ToString() == id
            ? true
            : throw new UserErrorException("other-corpus", $"{folder} holds another corpus: of another origin, seed or size.",
                "Choose another folder with -o, or delete this one.");
    }
}
