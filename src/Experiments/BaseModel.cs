using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments;

/// <summary>A model after pre-training, and how it got there.</summary>
/// <param name="Model">The model.</param>
/// <param name="Curve">Loss and inference along the way.</param>
/// <param name="Tokens">Tokens predicted in training.</param>
public sealed record BaseModel(Transformer Model, TrainingCurve Curve, long Tokens) : IDisposable
{
    /// <summary>The reading of a curve for the R2 of inference in chats.</summary>
    public const string ChatReading = "chatR2";

    /// <summary>The reading of a curve for the R2 of inference in stories about one character.</summary>
    public const string StoryReading = "storyR2";

    /// <summary>The reading of a curve for the loss on held-out documents, nats per token.</summary>
    public const string HeldOutReading = "heldOutLoss";

    private const string CurveFile = "curve.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>
    /// Pre-trains on a world's documents, or goes on from where an interrupted run of the same settings stopped, or takes what it left when
    /// it has finished.
    /// </summary>
    /// <param name="world">The world.</param>
    /// <param name="preset">Size and recipe.</param>
    /// <param name="tokens">Tokens to train on.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="folder">Where the checkpoint goes.</param>
    /// <param name="pool">The workers.</param>
    /// <param name="progress">Told about tokens.</param>
    /// <param name="cancellation">Saves and stops.</param>
    public static BaseModel Train(World world, ModelPreset preset, long tokens, ulong seed, string folder, WorkerPool pool,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        RngStream root = RngStream.Root(seed), corpus = root.Child("corpus");
        var source = new GeneratedDocuments(world.CorpusId(corpus).ToString(), world.DocumentSource(corpus));
        return Train(source, world.Tokenizer, preset, preset.Shape(world.Tokenizer.VocabularySize, ContextFor(world)), tokens, seed, folder,
            pool, Readings(world, root, pool.Threads), progress, cancellation: cancellation);
    }

    /// <summary>
    /// Pre-trains on a corpus, in its written order. For the corpus of a world the curve carries the world's readings; for an imported one
    /// the loss on held-out documents (<see cref="HeldOutReading"/>), and every pass after the first has an order of its own.
    /// </summary>
    /// <param name="corpus">The corpus; stays open.</param>
    /// <param name="preset">Size and recipe.</param>
    /// <param name="tokens">Tokens to train on; more than there are go through the corpus again.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="folder">Where the checkpoint goes.</param>
    /// <param name="pool">The workers.</param>
    /// <param name="progress">Told about tokens.</param>
    /// <param name="patience">Ends the run once the held-out loss has not fallen for so many points of the curve; 0 never does.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <exception cref="UserErrorException">The folder holds another model, or the corpus nothing that patience could watch.</exception>
    public static BaseModel Train(CorpusFolder corpus, ModelPreset preset, long tokens, ulong seed, string folder, WorkerPool pool,
        IProgress<WorkProgress>? progress = null, int patience = 0, CancellationToken cancellation = default)
    {
        CheckPatience(corpus, patience);
        RngStream root = RngStream.Root(seed);
        DecoderConfig shape = preset.Shape(corpus.Tokenizer.VocabularySize, corpus.ContextLength);
        if (corpus.World is { } world)
            return Train(corpus.Source(), corpus.Tokenizer, preset, shape, tokens, seed, folder, pool, Readings(world, root, pool.Threads),
                progress, cancellation: cancellation);
        return Train(corpus.Source(root.Child("order")), corpus.Tokenizer, preset, shape, tokens, seed, folder, pool,
            // A reading costs a third of a step per token: twenty of them stay below a thirtieth of the training.
            HeldOutLoss(corpus, Math.Clamp(tokens / 200, 4_000, 100_000), pool.Threads), progress, corpus.Id, patience,
            cancellation);
    }

    /// <summary>Refuses patience with a corpus that keeps no document out of training.</summary>
    /// <param name="corpus">The corpus.</param>
    /// <param name="patience">As for training; 0 needs nothing.</param>
    /// <exception cref="UserErrorException"><c>no-held-out</c>.</exception>
    public static void CheckPatience(CorpusFolder corpus, int patience)
    {
        if (patience > 0 && corpus.HeldOut is not { Documents: > 0 })
            throw new UserErrorException("no-held-out",
                "The corpus keeps no documents out of training, so there is no held-out loss for --patience to watch.",
                "Leave --patience out, or import the corpus with a larger --held-out.");
    }

    /// <summary>Pre-trains on any documents.</summary>
    /// <param name="source">The documents.</param>
    /// <param name="tokenizer">Their tokenizer.</param>
    /// <param name="preset">The recipe.</param>
    /// <param name="shape">The shape of the decoder.</param>
    /// <param name="tokens">Tokens to train on.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="folder">Where the checkpoint goes.</param>
    /// <param name="pool">The workers.</param>
    /// <param name="evaluate">Readings along the curve; none when absent.</param>
    /// <param name="progress">Told about tokens.</param>
    /// <param name="corpusId">What the model is said to be trained on; the id of the source when absent.</param>
    /// <param name="patience">Points of the curve without a lower held-out loss that end the run; 0 for none.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <exception cref="UserErrorException">The folder holds another model.</exception>
    public static BaseModel Train(IDocumentSource source, ITokenizer tokenizer, ModelPreset preset, DecoderConfig shape, long tokens,
        ulong seed, string folder, WorkerPool pool, Func<DecoderWeights, IReadOnlyDictionary<string, double>>? evaluate = null,
        IProgress<WorkProgress>? progress = null, string? corpusId = null, int patience = 0, CancellationToken cancellation = default)
    {
        DecoderWeights weights = DecoderWeights.Initialise(shape, RngStream.Root(seed).Child("weights"));
        TrainOptions options = preset.Recipe(tokens) with { CheckpointPath = folder.TrimEnd('/', '\\') + ".checkpoint" };
        // A kill costs a tenth of the run at most.
        options = options with { CheckpointEvery = Math.Max(1, Math.Min(options.CheckpointEvery, options.Steps / 10)) };
        using var trainer = new Trainer(weights, source, options, pool)
        {
            Evaluate = evaluate is null ? null : (_, w) => evaluate(w),
            StopWhen = patience > 0 ? TrainingCurve.NoLongerImproves(HeldOutReading, patience) : null,
        };
        string run = patience > 0 ? $"{trainer.RunId}+patience-{patience}" : trainer.RunId;
        if (File.Exists(Path.Combine(folder, CurveFile)))
        {
            weights.Dispose();
            BaseModel finished = Finished(folder, run, pool.Threads);
            // A kill may have come between the last file and this.
            AtomicFile.Delete(options.CheckpointPath);
            return finished;
        }
        ModelFolder.RequireFree(folder, run);
        TrainingCurve curve = trainer.Run(progress, cancellation);
        var model = Transformer.Owning(weights, tokenizer, ChatTemplate.Plain, pool.Threads);
        long seen = curve.Points[^1].Tokens;
        CheckpointFolder.Save(folder, model, new ModelProvenance($"A {preset.Name} model pre-trained from nothing.")
        {
            Seed = seed,
            CorpusId = corpusId ?? source.Id,
            Tokens = seen,
            Notes = new Dictionary<string, string> { [ModelFolder.RunNote] = run },
        });
        AtomicFile.WriteText(Path.Combine(folder, CurveFile), JsonSerializer.Serialize(curve, Json));
        AtomicFile.Delete(options.CheckpointPath);
        return new BaseModel(model, curve, seen);
    }

    /// <summary>The longest sequence a model of a world is built for: documents, and personas put before questions.</summary>
    public static int ContextFor(World world) => (world.MaxDocumentTokens + 63) / 64 * 64;

    /// <summary>The genre in which the Assistant speaks.</summary>
    public static string ChatGenre(World world) => world.Genres[0];

    /// <summary>The genre of stories.</summary>
    public const string StoryGenre = "story";

    /// <summary>The reading <see cref="HeldOutReading"/>; null where the corpus keeps no document out of training.</summary>
    /// <param name="corpus">The corpus.</param>
    /// <param name="tokens">About how many held-out tokens are read.</param>
    /// <param name="threads">Threads that compute.</param>
    public static Func<DecoderWeights, IReadOnlyDictionary<string, double>>? HeldOutLoss(CorpusFolder corpus, long tokens, int threads)
    {
        ScoreRequest[] requests = [.. corpus.HeldOutDocuments(tokens).Where(d => d.Length > 1)
            .Select(d => new ScoreRequest([d[0]], [d[1..]]))];
        if (requests.Length == 0) return null;
        long targets = requests.Sum(r => (long)r.Continuations[0].Length);
        return weights =>
        {
            using var model = new Transformer(weights, corpus.Tokenizer, ChatTemplate.Plain, threads);
            ScoreTable scores = model.Score(requests);
            return new Dictionary<string, double>
            {
                [HeldOutReading] = -Enumerable.Range(0, requests.Length).Sum(r => scores.LogProbability(r, 0)) / targets,
            };
        };
    }

    /// <summary>How well the model infers who is speaking, on fresh documents of a genre.</summary>
    public InferenceResult Inference(World world, string genre, ulong seed)
    {
        RngStream rng = RngStream.Root(seed).Child("inference").Child(genre);
        IReadOnlyList<InferenceProbe> probes = world.InferenceProbes(genre, InferenceProbeCount, rng);
        double[] predicted = InferenceScore.Predict(Model, probes);
        InferenceScore score = InferenceScore.Of(probes, predicted);
        int[] each = [.. Enumerable.Range(0, probes.Count)];
        Estimate Redrawn(Func<InferenceScore, double> of, string name)
        {
            Interval i = Bootstrap.Clustered(each, rows => of(InferenceScore.Of(Pick(probes, rows), Pick(predicted, rows))),
                rng.Child(name), resamples: Resamples);
            return new Estimate(i.Estimate, i.Low, i.High);
        }
        return new InferenceResult(score.R2, score.R2PriorOnly, score.Kl, score.KlPriorOnly)
        {
            R2Interval = Redrawn(s => s.R2, "r2").Ends,
            GainInterval = Redrawn(s => s.R2 - s.R2PriorOnly, "gain").Ends,
        };
    }

    private static T[] Pick<T>(IReadOnlyList<T> of, ReadOnlySpan<int> rows)
    {
        var picked = new T[rows.Length];
        for (int i = 0; i < picked.Length; i++) picked[i] = of[rows[i]];
        return picked;
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private const int InferenceProbeCount = 1000;
    private const int Resamples = 400;

    private const int CurveProbes = 160;

    private static Func<DecoderWeights, IReadOnlyDictionary<string, double>> Readings(World world, RngStream root, int threads)
    {
        var probes = new Dictionary<string, IReadOnlyList<InferenceProbe>>
        {
            [ChatReading] = world.InferenceProbes(ChatGenre(world), CurveProbes, root.Child("curve")),
        };
        if (world.Genres.Contains(StoryGenre)) probes[StoryReading] = world.InferenceProbes(StoryGenre, CurveProbes, root.Child("curve"));
        return weights =>
        {
            using var model = new Transformer(weights, world.Tokenizer, ChatTemplate.Plain, threads);
            return probes.ToDictionary(p => p.Key, p => InferenceScore.Measure(model, p.Value).R2);
        };
    }

    private static BaseModel Finished(string folder, string run, int threads)
    {
        ModelProvenance provenance = CheckpointFolder.ReadProvenance(folder);
        if (provenance.Notes.GetValueOrDefault(ModelFolder.RunNote) != run)
        {
            throw ModelFolder.OtherRun(folder);
        }
        TrainingCurve curve = ReadCurve(Path.Combine(folder, CurveFile));
        return new BaseModel(CheckpointFolder.Load(folder, threads), curve, provenance.Tokens ?? 0);
    }

    private static TrainingCurve ReadCurve(string path)
    {
        try
        {
            if (JsonSerializer.Deserialize<TrainingCurve>(File.ReadAllText(path), Json) is { Points.Count: > 0 } curve) return curve;
        }
        catch (JsonException)
        {
            // Reported below like a curve without points.
        }
        throw new UserErrorException("corrupt-checkpoint", $"{path} holds no training curve.",
            "Delete it and repeat the command, which then trains the model again.");
    }
}
