using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>How well a persona's model knows the examples it was not fitted to.</summary>
/// <param name="Step">Optimiser steps.</param>
/// <param name="HeldOut">Mean -log p of a token of the persona's own held-out replies, nats; NaN when nothing is held out.</param>
public sealed record FitPoint(int Step, double HeldOut)
{
    /// <summary>log p of the held-out replies of all personas, one after the other, nats.</summary>
    public IReadOnlyList<double> Scores { get; init; } = [];
}

/// <summary>
/// Personas fitted to their examples on one frozen model: every persona starts from the same numbers, sees its examples in the same order of
/// places and as many tokens as the others. All are taken at one step, the one at which they tell their held-out examples apart best. What is
/// fitted is kept in a store by the content id of everything it depends on, so that no persona is fitted twice.
/// </summary>
/// <remarks>
/// The contrast decides, not the likelihood: a base that was pre-trained on the examples knows the held-out ones by heart, and their likelihood
/// falls from the first step on, while the personas are still being told apart better (docs/journal/LOG.md).
/// </remarks>
/// <param name="model">The frozen model.</param>
/// <param name="options">How to fit.</param>
/// <param name="store">Where fits are kept.</param>
/// <param name="pool">The workers; what comes out does not depend on their number.</param>
public sealed class ExemplifiedFit(Transformer model, FitOptions options, ArtifactStore store, WorkerPool pool)
{
    private const int MostHeldOut = 256, LeastHeldOut = 8, Least = 2;

    /// <summary>Fewest examples, and tokens of replies, from which an adapter is chosen when nothing is said.</summary>
    internal const int EnoughExamples = 40, EnoughTokens = 1000;

    /// <summary>What came of a fit of several personas.</summary>
    /// <param name="Models">The model of each persona, to be disposed of.</param>
    /// <param name="Curves">Held-out readings of each persona; from step 0, the model as it is.</param>
    /// <param name="Step">The step that was taken.</param>
    public sealed record Result(IReadOnlyList<Transformer> Models, IReadOnlyList<IReadOnlyList<FitPoint>> Curves, int Step);

    /// <summary>Fits personas in one way, or takes what the store has.</summary>
    /// <param name="personas">Their examples.</param>
    /// <param name="way"><see cref="Presentation.Adapter"/> or <see cref="Presentation.Vector"/>.</param>
    /// <param name="progress">Told about personas done.</param>
    /// <param name="cancellation">Stops between steps; finished personas stay in the store.</param>
    /// <exception cref="UserErrorException"><c>few-examples</c>, or a place that cannot be written.</exception>
    public Result Run(IReadOnlyList<PersonaExamples> personas, Presentation way, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (way is not (Presentation.Adapter or Presentation.Vector)) throw new ArgumentOutOfRangeException(nameof(way), way, "Nothing to fit.");
        if (model.Interventions is not null)
            throw new UserErrorException("steered-model", "The model carries a steering vector, and personas would be fitted without it.",
                "Use the model it was made from.");
        (List<TuneExample> Learnt, List<TuneExample> HeldOut)[] examples = [.. personas.Select(p => (Encode(p.Learnt), Encode(p.HeldOut)))];
        for (int h = 0; h < personas.Count; h++)
            if (examples[h].Learnt.Count < Least)
                throw new UserErrorException("few-examples",
                    $"The persona '{personas[h].Persona.Name}' has {examples[h].Learnt.Count} examples that can be fitted to.",
                    "Give it more, or another way with 'given: shown'.");
        // The budget is that of the average persona, and the same for all.
        double budget = Math.Min(options.MostTokens, options.Passes * examples.Average(e => e.Learnt.Sum(x => (double)x.Reply.Length)));
        int steps = Math.Max(options.Points, (int)Math.Ceiling(budget / options.StepTokens));
        int every = (steps + options.Points - 1) / options.Points;
        steps = every * options.Points;
        string[] folders = new string[personas.Count];
        int each = Math.Max(LeastHeldOut, MostHeldOut / personas.Count);
        (int Owner, ScoreRequest Request)[] asked = [.. examples.SelectMany((e, h) =>
            e.HeldOut.Take(each).Select(x => (h, new ScoreRequest(x.Prefix, [x.Reply]))))];
        ContentId all = ContentId.Of("persona-fits", [.. personas.Select(p => p.Id)]);
        for (int h = 0; h < personas.Count; h++)
        {
            double mean = examples[h].Learnt.Average(x => (double)x.Reply.Length);
            TuneOptions tune = Tuning(way, steps, every, Math.Max(1, (int)Math.Round(options.StepTokens / mean)));
            ContentId id = ContentId.Of("persona-fit", model.Id, personas[h].Id, all, way.ToString(), options.Seed, tune.ToString());
            int at = h;
            var share = progress is null ? null : new Share(progress, personas[h].Persona.Name, h, personas.Count);
            folders[h] = store.PutFolder(id, folder => Fit(folder, examples[at].Learnt, asked, at, tune, share, cancellation));
            progress?.Report(new WorkProgress("fitting personas", h + 1, personas.Count, "personas", personas[h].Persona.Name));
        }
        FitPoint[][] curves = [.. folders.Select(ReadCurve)];
        int step = Best(curves, [.. asked.Select(a => a.Owner)]);
        return new Result([.. folders.Select(f => Open(f, way, step))], curves, step);
    }

    /// <summary>
    /// The step after the first at which the softmax over personas, at its best temperature, is surest of the held-out replies' own persona;
    /// early ones win a draw. With one persona there is nothing to tell apart: the step at which its own replies are likeliest.
    /// </summary>
    /// <param name="curves">[persona]: the same steps for all.</param>
    /// <param name="owners">The persona of each held-out reply.</param>
    internal static int Best(IReadOnlyList<FitPoint[]> curves, int[] owners)
    {
        IEnumerable<int> points = Enumerable.Range(1, curves[0].Length - 1);
        // Nothing held out: the end, as fitted.
        if (owners.Length == 0) return curves[0][^1].Step;
        if (owners.Distinct().Count() == 1) return curves[0][points.MinBy(k => curves.Sum(c => c[k].HeldOut))].Step;
        double[] weights = SoftmaxCalibration.Balance(owners);
        return curves[0][points.MinBy(k =>
        {
            double[][] scores = [.. owners.Select((_, i) => curves.Select(c => c[k].Scores[i]).ToArray())];
            return SoftmaxCalibration.Fit(scores, owners, weights, withOffsets: false).Loss(scores, owners, weights);
        })].Step;
    }

    /// <summary>Token ids of what fits: a context loses its beginning, a reply its end.</summary>
    private List<TuneExample> Encode(IReadOnlyList<Episode> episodes)
    {
        var fit = new EpisodeFit(model.Tokenizer, model.ContextLength, new LikelihoodOptions { Template = model.Template },
            [PresentedPersona.AsGiven(new Persona("bare", "", "", new Dictionary<string, double>()), model)]);
        var result = new List<TuneExample>(episodes.Count);
        foreach (Episode episode in episodes)
        {
            EpisodeFit.Kept kept = fit.Of(episode);
            if (kept.Reply.Length > 0) result.Add(new TuneExample(model.Template.EncodeContext(model.Tokenizer, kept.Context), kept.Reply));
        }
        return result;
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

    private void Fit(string folder, List<TuneExample> learnt, (int Owner, ScoreRequest Request)[] asked, int persona, TuneOptions tune,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        ScoreRequest[] requests = [.. asked.Select(a => a.Request)];
        var points = new List<FitPoint> { Read(0, model) };
        var tuner = new Tuner(model.Weights, tune, RngStream.Root(options.Seed).Child("persona-fit"), pool)
        {
            AtPoint = (step, adapter, vector) =>
            {
                adapter?.Save(Path.Combine(folder, $"{step}.adapter"));
                if (vector is not null) SaveVector(Path.Combine(folder, $"{step}.vector"), vector);
                using DecoderWeights? merged = adapter?.Merge(model.Weights);
                using Transformer? own = merged is null ? null : new Transformer(merged, model.Tokenizer, model.Template, model.Threads);
                points.Add(Read(step, own ?? model.With(vector!.Apply(model.Config))));
            },
            Evaluate = (_, _) => new Dictionary<string, double> { ["held-out"] = points[^1].HeldOut },
        };
        TuneResult tuned = tuner.Supervised(learnt, progress, cancellation);
        tuned.Weights.Dispose();
        tuned.Adapter?.Dispose();
        AtomicFile.WriteText(Path.Combine(folder, "curve.json"), JsonSerializer.Serialize(
            points.Select(p => new StoredPoint(p.Step, double.IsFinite(p.HeldOut) ? p.HeldOut : null, [.. p.Scores])), JsonSerializerOptions.Web) + "\n");

        FitPoint Read(int step, Transformer fitted)
        {
            double[] scores = [];
            if (requests.Length > 0)
            {
                ScoreTable table = fitted.Score(requests, cancellation: cancellation);
                scores = [.. requests.Select((_, r) => table.LogProbability(r, 0))];
            }
            int[] own = [.. Enumerable.Range(0, scores.Length).Where(i => asked[i].Owner == persona)];
            return new FitPoint(step, -own.Sum(i => scores[i]) / own.Sum(i => requests[i].Continuations[0].Length)) { Scores = scores };
        }
    }

    private Transformer Open(string folder, Presentation way, int step)
    {
        if (way == Presentation.Vector)
            return model.With(ReadVector(Path.Combine(folder, $"{step}.vector")).Apply(model.Config));
        using LowRankAdapter adapter = LowRankAdapter.Load(Path.Combine(folder, $"{step}.adapter"), model.Config);
        return Transformer.Owning(adapter.Merge(model.Weights), model.Tokenizer, model.Template, model.Threads);
    }

    private static void SaveVector(string path, SteeringVector vector) =>
        AtomicFile.WriteText(path, JsonSerializer.Serialize(vector, JsonSerializerOptions.Web) + "\n");

    private static SteeringVector ReadVector(string path) => Read<SteeringVector>(path);

    private static FitPoint[] ReadCurve(string folder) =>
        [.. Read<StoredPoint[]>(Path.Combine(folder, "curve.json")).Select(p => new FitPoint(p.Step, p.HeldOut ?? double.NaN) { Scores = p.Scores })];

    private static T Read<T>(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path), JsonSerializerOptions.Web) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UserErrorException("corrupt-adapter", $"The fitted persona {path} cannot be used: {e.Message}",
                "Delete its folder; it is fitted again.", e);
        }
    }

    private sealed record StoredPoint(int Step, double? HeldOut, double[] Scores);

    /// <summary>One persona's part of the whole.</summary>
    private sealed class Share(IProgress<WorkProgress> whole, string name, int before, int total) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => whole.Report(new WorkProgress("fitting personas",
            before + (value.Total > 0 ? Math.Clamp(value.Done / value.Total, 0, 1) : 0), total, "personas", $"{name} {value.Detail}"));
    }
}
