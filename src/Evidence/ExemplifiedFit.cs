using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// Personas fitted to their examples on one frozen model: every persona starts from the same numbers, sees its examples in the same order
/// of places and as many tokens as the others. All are taken at one step, the one at which they tell their held-out examples apart best;
/// adapters are then tuned together to tell their examples apart (<see cref="ContrastTuner"/>), as far as that helps held-out ones. What is
/// fitted is kept in a store by the content id of everything it depends on, so that no persona is fitted twice, and a fit that was killed
/// goes on from its last checkpoint to the same bits.
/// </summary>
/// <remarks>
/// The contrast decides, not the likelihood: a base that was pre-trained on the examples knows the held-out ones by heart, and their
/// likelihood falls from the first step on, while the personas are still being told apart better (docs/journal/LOG.md).
/// </remarks>
/// <param name="model">The frozen model.</param>
/// <param name="options">How to fit.</param>
/// <param name="store">Where fits are kept.</param>
/// <param name="pool">The workers; what comes out does not depend on their number.</param>
internal sealed class ExemplifiedFit(Transformer model, FitOptions options, ArtifactStore store, WorkerPool pool)
{
    private const int CheckpointEvery = 20;

    /// <summary>Fewest examples that a persona can be fitted to.</summary>
    internal const int Least = 2;

    /// <summary>Fewest examples, and tokens of replies, from which an adapter is chosen when nothing is said.</summary>
    internal const int EnoughExamples = 40, EnoughTokens = 1000;

    /// <summary>Name of the stage in progress reports.</summary>
    public string Stage { get; init; } = "fitting personas";

    /// <summary>What came of a fit of several personas.</summary>
    /// <param name="Models">The model of each persona, to be disposed of.</param>
    /// <param name="Curves">Held-out readings of each persona; from step 0, the model as it is.</param>
    /// <param name="Step">The step that was taken.</param>
    /// <param name="ContrastStep">Steps of telling apart after it; 0 where none helped.</param>
    public sealed record Result(IReadOnlyList<Transformer> Models, IReadOnlyList<IReadOnlyList<FitPoint>> Curves,
        int Step, int ContrastStep);

    /// <summary>Fits personas in one way, or takes what the store has.</summary>
    /// <param name="personas">Their examples.</param>
    /// <param name="way"><see cref="Presentation.Adapter"/> or <see cref="Presentation.Vector"/>.</param>
    /// <param name="progress">Told about personas done.</param>
    /// <param name="cancellation">Stops between steps; finished personas stay in the store, with what is done of an unfinished one.</param>
    /// <exception cref="UserErrorException"><c>few-examples</c>, <c>corrupt-checkpoint</c>, or a place that cannot be written.</exception>
    public Result Run(IReadOnlyList<PersonaExamples> personas, Presentation way, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (way is not (Presentation.Adapter or Presentation.Vector))
            throw new ArgumentOutOfRangeException(nameof(way), way, "Nothing to fit.");
        if (model.Interventions is not null)
            throw new UserErrorException("steered-model", "The model carries a steering vector, and personas would be fitted without it.",
                "Use the model it was made from.");
        FitExamples examples = FitExamples.Of(model, personas);
        for (int h = 0; h < personas.Count; h++)
            if (examples.Learnt[h].Count < Least)
                throw new UserErrorException("few-examples",
                    $"The persona '{personas[h].Persona.Name}' has {examples.Learnt[h].Count} examples that can be fitted to.",
                    "Give it more, or another way with 'given: shown'.");
        ContentId all = ContentId.Of("persona-fits", [.. personas.Select(p => p.Id)]);
        string[] folders = FitEach(personas, examples, way, all, progress, cancellation);
        FitPoint[][] curves = [.. folders.Select(f => FitCurve.Load(Path.Combine(f, "curve.json")))];
        int[] owners = examples.Asked.Owners;
        int best = FitCurve.Best(curves, owners, first: 1), step = curves[0][best].Step;
        if (way == Presentation.Adapter && options.ContrastPasses > 0 && owners.Distinct().Count() == personas.Count
            && personas.Count > 1)
        {
            string folder = new ContrastFit(model, options, store, pool).Run([.. folders.Select(f => Path.Combine(f, $"{step}.adapter"))],
                examples, FitCurve.Softmax(curves, owners, best).Scales[0],
                ContentId.Of("persona-fits", all, options, model.Id, step), progress, cancellation);
            FitPoint[][] after = [.. personas.Select((_, h) => FitCurve.Load(Path.Combine(folder, $"{h}.json")))];
            int contrast = after[0][FitCurve.Best(after, owners, first: 0)].Step;
            if (contrast > 0)
                return new Result([.. personas.Select((_, h) => Merged(Path.Combine(folder, $"{h}-{contrast}.adapter")))],
                    curves, step, contrast);
        }
        return new Result([.. folders.Select(f => Open(f, way, step))], curves, step, 0);
    }

    /// <summary>Fits every persona that is not in the store, and tells the folder of each.</summary>
    private string[] FitEach(IReadOnlyList<PersonaExamples> personas, FitExamples examples, Presentation way, ContentId all,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        (int steps, int every) = Schedule(examples.Learnt);
        var folders = new string[personas.Count];
        var bare = new Lazy<double[]>(() => examples.Asked.Score(model, cancellation));
        for (int h = 0; h < personas.Count; h++)
        {
            TuneOptions tune = Tuning(way, steps, every, Math.Max(1, (int)Math.Round(options.StepTokens / examples.MeanReply(h))));
            ContentId id = ContentId.Of("persona-fit", model.Id, personas[h].Id, all, way.ToString(), options.Seed, tune);
            int at = h;
            // Personas that are found tell nothing: the time that is left is that of those to be fitted.
            string name = personas[h].Persona.Name;
            ProgressShare? share = progress is null ? null : new(progress, Stage, h, personas.Count, "personas", name);
            folders[h] = store.GrowFolder(id, folder => Fit(folder, examples, at, tune, bare, share, cancellation));
        }
        progress?.Report(new WorkProgress(Stage, personas.Count, personas.Count, "personas"));
        return folders;
    }

    /// <summary>Steps, and after how many a point is taken. The budget is that of the average persona, and the same for all.</summary>
    private (int Steps, int Every) Schedule(IReadOnlyList<IReadOnlyList<TuneExample>> learnt)
    {
        double budget = Math.Min(options.MostTokens, options.Passes * learnt.Average(l => l.Sum(x => (double)x.Reply.Length)));
        int steps = Math.Max(options.Points, (int)Math.Ceiling(budget / options.StepTokens));
        int every = (steps + options.Points - 1) / options.Points;
        return (every * options.Points, every);
    }

    private TuneOptions Tuning(Presentation way, int steps, int every, int batch) => new()
    {
        Method = way == Presentation.Vector ? TuneMethod.Vector : TuneMethod.LowRank,
        Steps = steps,
        BatchSize = batch,
        LearningRate = way == Presentation.Vector ? options.VectorRate : options.AdapterRate,
        WarmupSteps = Math.Min(10, steps / 10),
        FinalLearningRate = 0.1,
        Rank = options.Rank,
        Alpha = options.Rank,
        Site = options.Site,
        EvaluateEvery = every,
        CheckpointEvery = 0,
    };

    private void Fit(string folder, FitExamples examples, int persona, TuneOptions tune, Lazy<double[]> bare,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        // What comes out depends on neither.
        tune = tune with { CheckpointPath = Path.Combine(folder, "checkpoint"), CheckpointEvery = CheckpointEvery };
        FitPoint? now = null;
        var tuner = new Tuner(model.Weights, tune, RngStream.Root(options.Seed).Child("persona-fit"), pool)
        {
            AtPoint = (step, adapter, vector) =>
            {
                adapter?.Save(Path.Combine(folder, $"{step}.adapter"));
                if (vector is not null) SaveVector(Path.Combine(folder, $"{step}.vector"), vector);
                using DecoderWeights? merged = adapter?.Merge(model.Weights);
                using Transformer? own = merged is null ? null : new Transformer(merged, model.Tokenizer, model.Template, model.Threads);
                now = examples.Asked.Read(persona, step, own ?? model.With(vector!.Apply(model.Config)), cancellation);
            },
            // As readings of the curve, points travel through a checkpoint.
            Evaluate = (_, _) => now!.Readings(),
        };
        TuneResult tuned = tuner.Supervised(examples.Learnt[persona], progress, cancellation);
        tuned.Weights.Dispose();
        tuned.Adapter?.Dispose();
        FitCurve.Save(Path.Combine(folder, "curve.json"),
            [examples.Asked.Point(persona, 0, bare.Value), .. tuned.Curve.Points.Select(FitPoint.Of)]);
        File.Delete(tune.CheckpointPath);
    }

    private Transformer Open(string folder, Presentation way, int step)
    {
        if (way == Presentation.Vector)
            return model.With(ReadVector(Path.Combine(folder, $"{step}.vector")).Apply(model.Config));
        return Merged(Path.Combine(folder, $"{step}.adapter"));
    }

    private Transformer Merged(string path)
    {
        using LowRankAdapter adapter = LowRankAdapter.Load(path, model.Config);
        return Transformer.Owning(adapter.Merge(model.Weights), model.Tokenizer, model.Template, model.Threads);
    }

    private static void SaveVector(string path, SteeringVector vector) =>
        AtomicFile.WriteText(path, JsonSerializer.Serialize(vector, JsonSerializerOptions.Web) + "\n");

    private static SteeringVector ReadVector(string path) => FitFile.Read<SteeringVector>(path);
}
