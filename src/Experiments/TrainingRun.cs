using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments;

/// <summary>Pre-trains a model from nothing and saves it as a folder.</summary>
/// <param name="Preset">Size and recipe.</param>
/// <param name="Tokens">Tokens to train on; more than a corpus has go through it again.</param>
/// <param name="Seed">The seed.</param>
public sealed record TrainingRun(ModelPreset Preset, long Tokens, ulong Seed = 1)
{
    private const string CurveFile = "curve.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>
    /// Ends the run once the loss on held-out documents has not fallen for so many points of the curve; 0 never does. Only for a corpus.
    /// </summary>
    public int Patience { get; init; }

    /// <summary>
    /// Trains on a world's documents, or goes on from where an interrupted run of the same settings stopped, or takes what it left when
    /// it has finished.
    /// </summary>
    /// <param name="world">The world.</param>
    /// <param name="folder">Where the checkpoint goes.</param>
    /// <param name="pool">The workers.</param>
    /// <param name="progress">Told about tokens.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <exception cref="UserErrorException">The folder holds another model, or another process writes it.</exception>
    public BaseModel Run(World world, string folder, WorkerPool pool, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        RngStream root = RngStream.Root(Seed), corpus = root.Child("corpus");
        var source = new GeneratedDocuments(world.CorpusId(corpus).ToString(), world.DocumentSource(corpus));
        return Run(new Documents(source, source.Id, world.Tokenizer, BaseModel.ContextFor(world),
            TrainingReadings.Inference(world, root, pool.Threads), Preset.Recipe(Tokens)), folder, pool, progress, cancellation);
    }

    /// <summary>
    /// Trains on a corpus, in its written order. For the corpus of a world the curve carries the world's readings; for an imported one
    /// the loss on held-out documents (<see cref="TrainingReadings.HeldOut"/>), and every pass after the first has an order of its own.
    /// </summary>
    /// <param name="corpus">The corpus; stays open.</param>
    /// <param name="folder">Where the checkpoint goes.</param>
    /// <param name="pool">The workers.</param>
    /// <param name="progress">Told about tokens.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <exception cref="UserErrorException">The folder holds another model, another process writes it, or the corpus holds nothing that
    /// patience could watch.</exception>
    public BaseModel Run(CorpusFolder corpus, string folder, WorkerPool pool, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        CheckPatience(corpus);
        RngStream root = RngStream.Root(Seed);
        // A reading of held-out documents costs a third of a step per token: twenty of them stay below a thirtieth of the training.
        (IDocumentSource source, var readings) = corpus.World is { } world
            ? (corpus.Source(), TrainingReadings.Inference(world, root, pool.Threads))
            : (corpus.Source(root.Child("order")),
                TrainingReadings.HeldOutLoss(corpus, Math.Clamp(Tokens / 200, 4_000, 100_000), pool.Threads));
        var documents = new Documents(source, corpus.Id, corpus.Tokenizer, corpus.ContextLength, readings, Recipe(corpus));
        return Run(documents, folder, pool, progress, cancellation);
    }

    /// <summary>Refuses patience with a corpus that keeps no document out of training.</summary>
    /// <param name="corpus">The corpus.</param>
    /// <exception cref="UserErrorException"><c>no-held-out</c>.</exception>
    public void CheckPatience(CorpusFolder corpus)
    {
        if (Patience > 0 && corpus.HeldOut is not { Documents: > 0 })
            throw new UserErrorException("no-held-out",
                "The corpus keeps no documents out of training, so there is no held-out loss for --patience to watch.",
                "Leave --patience out, or import the corpus with a larger --held-out.");
    }

    /// <summary>How a corpus is trained on.</summary>
    /// <param name="corpus">The corpus.</param>
    public TrainOptions Recipe(CorpusFolder corpus) => Preset.Recipe(Tokens, corpus.WindowBeyond(Preset.TokensPerStep));

    /// <summary>What is trained on.</summary>
    /// <param name="Source">The documents.</param>
    /// <param name="Id">What the model is said to be trained on.</param>
    /// <param name="Tokenizer">Their tokenizer.</param>
    /// <param name="Context">The longest context of the model.</param>
    /// <param name="Readings">Readings along the curve; null for none.</param>
    /// <param name="Recipe">How to train on them.</param>
    private sealed record Documents(IDocumentSource Source, string Id, ITokenizer Tokenizer, int Context,
        Func<DecoderWeights, IReadOnlyDictionary<string, double>>? Readings, TrainOptions Recipe);

    private BaseModel Run(Documents documents, string folder, WorkerPool pool, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        DecoderConfig shape = Preset.Shape(documents.Tokenizer.VocabularySize, documents.Context);
        DecoderWeights weights = DecoderWeights.Initialise(shape, RngStream.Root(Seed).Child("weights"));
        TrainOptions options = documents.Recipe with { CheckpointPath = folder.TrimEnd('/', '\\') + ".checkpoint" };
        // A kill costs a tenth of the run at most.
        options = options with { CheckpointEvery = Math.Max(1, Math.Min(options.CheckpointEvery, options.Steps / 10)) };
        using var trainer = new Trainer(weights, documents.Source, options, pool)
        {
            Evaluate = documents.Readings is { } read ? (_, w) => read(w) : null,
            StopWhen = Patience > 0 ? TrainingCurve.NoLongerImproves(TrainingReadings.HeldOut, Patience) : null,
        };
        string run = Patience > 0 ? $"{trainer.RunId}+patience-{Patience}" : trainer.RunId;
        string curveFile = Path.Combine(folder, CurveFile);
        using FolderLock? held = FolderLock.TakeUnlessDone(folder, File.Exists(curveFile));
        if (File.Exists(curveFile))
        {
            weights.Dispose();
            BaseModel finished = Finished(folder, run, pool.Threads);
            if (held is not null) ModelFolder.Finish(folder, run, options.CheckpointPath);
            return finished;
        }
        ModelFolder.RequireFree(folder, run);
        TrainingCurve curve = trainer.Run(progress, cancellation);
        var model = Transformer.Owning(weights, documents.Tokenizer, ChatTemplate.Plain, pool.Threads);
        long seen = curve.Points[^1].Tokens;
        ModelFolder.Save(folder, run, model, new ModelProvenance($"A {Preset.Name} model pre-trained from nothing.")
        {
            Seed = Seed,
            CorpusId = documents.Id,
            Tokens = seen,
        });
        AtomicFile.WriteText(curveFile, JsonSerializer.Serialize(curve, Json));
        AtomicFile.Delete(options.CheckpointPath);
        return new BaseModel(model, curve, seen);
    }

    private static BaseModel Finished(string folder, string run, int threads)
    {
        ModelProvenance provenance = CheckpointFolder.ReadProvenance(folder);
        if (provenance.Notes.GetValueOrDefault(ModelFolder.RunNote) != run) throw ModelFolder.OtherRun(folder);
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
