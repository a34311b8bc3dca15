using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>The demo over several pre-training seeds and, in full, with the whole matrix and the world controls.</summary>
public sealed class DemoFull(DemoSettings settings, TimeProvider time)
{
    /// <summary>
    /// The control worlds are pre-trained on this many times the village's tokens: without correlation persons are learned more slowly, and
    /// a control that has learned less than the village would show too little of everything.
    /// </summary>
    private const int ControlFactor = 3;

    private const double MatrixCost = 0.3;
    private const double ReachesOtherTraits = 0.1;

    // The last is the one that a claim hangs on, and not every model of it learns the trained trait: it gets more seeds.
    private static readonly (WorldControls Without, int Seeds)[] Worlds =
    [
        (new(IndependentTraits: true), 2),
        (new(IndependentTraits: true, EqualNatures: true), 2),
        (new(IndependentTraits: true, EqualNatures: true, NoRequests: true), 4),
    ];

    /// <summary>Runs the demo for each seed; with <paramref name="full"/> also the matrix for each and the control worlds.</summary>
    /// <param name="seeds">How many pre-training seeds, from the settings' seed on.</param>
    /// <param name="full">Whether the matrix and the controls are done.</param>
    /// <param name="progress">Told about the work.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <returns>The first run with claims over all of them, or a base alone when a model has not learned persons.</returns>
    public DemoResult Run(int seeds, bool full, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        settings.Require(full);
        long start = time.GetTimestamp();
        // In units of one demo: a matrix takes about as long as a third of one, a control world as its tokens.
        double all = (seeds * (full ? 1 + MatrixCost : 1)) + (full ? Worlds.Sum(w => w.Seeds) * ControlFactor : 0), done = 0;
        IProgress<WorkProgress>? Next(double cost) => progress.Span(done / all, (done += cost) / all);
        var runs = new List<DemoResult>();
        var matrices = new List<MatrixResult>();
        var controls = new List<WorldControl>();
        for (ulong k = 0; k < (ulong)seeds; k++)
        {
            DemoSettings one = settings with
            {
                Seed = settings.Seed + k,
                Folder = Path.Combine(settings.Folder, $"seed-{settings.Seed + k}"),
            };
            using var demo = new Demo(one, time);
            IProgress<WorkProgress>? demoProgress = Next(1);
            demo.Learn(demoProgress, cancellation);
            if (!demo.KnowsPersons) return demo.StopEarly();
            demo.Forecast(demoProgress, cancellation);
            DemoResult run = demo.Measure(demoProgress, cancellation);
            runs.Add(run);
            if (!full) continue;
            matrices.Add(new DemoMatrix(one, demo.Model, time).Run(run.Base.Inference, Next(MatrixCost), cancellation));
            controls.Add(WorldControl.Of(one.World, one.Domain, one.Seed, run.Base,
                run.Tunings[0].Domains.ToDictionary(d => d.Domain, d => d.After - d.Before),
                Shown(demo.Model.Model, Cheats(one.World, one.Seed), [.. DemoProbes.Of(one.World)], one.Seed, cancellation)));
        }
        if (full) controls.AddRange(Controls(Next, cancellation));
        DemoResult result = runs[0] with
        {
            Seeds = [.. runs.Select(SeedResult.Of)],
            Matrix = full ? matrices : null,
            Controls = full ? controls : null,
            Claims = [.. DemoClaims.OverSeeds(runs, settings), .. full ? FullClaims.Judge(matrices, controls, ReachesOtherTraits) : []],
        };
        result = result with { Seconds = Math.Round(time.GetElapsedTime(start).TotalSeconds, 1) };
        Demo.Write(result, settings.Folder, settings.Command);
        return result;
    }

    private IEnumerable<WorldControl> Controls(Func<double, IProgress<WorkProgress>?> next, CancellationToken cancellation)
    {
        using var pool = new WorkerPool(settings.Threads);
        foreach ((WorldControls control, int seeds) in Worlds)
        {
            World world = settings.World.With(control);
            for (ulong seed = settings.Seed; seed < settings.Seed + (ulong)seeds; seed++)
            {
                string folder = Path.Combine(settings.Folder, "controls", world.Name, $"seed-{seed}");
                using BaseModel model = new TrainingRun(settings.Preset, ControlFactor * settings.Tokens, seed).Run(world, folder, pool,
                    next(ControlFactor), cancellation);
                var learned = new BaseResult(model.Model.Config.ParameterCount, model.Tokens, model.Curve.Points[^1].Loss, double.NaN,
                    model.Inference(world, BaseModel.ChatGenre(world), seed));
                RngStream root = RngStream.Root(seed);
                Probe[] probes = [.. DemoProbes.Of(world)];
                double[] before = ProbeMeasurement.Of(model.Model, probes, cancellation: cancellation);
                EpisodeSet set = Cheats(world, seed);
                double[] after = new PostTraining(model.Model, probes, settings.Tuning, root.Child("tuning"), pool)
                    .Measure(set, cancellation: cancellation);
                yield return WorldControl.Of(world, settings.Domain, seed, learned,
                    ByDomain(probes, [.. after.Zip(before, (a, b) => a - b)]), Shown(model.Model, set, probes, seed, cancellation));
            }
        }
    }

    private EpisodeSet Cheats(World world, ulong seed) =>
        world.Episodes(settings.Domain, EpisodeKind.Cheat, settings.Episodes, RngStream.Root(seed).Child("episodes"));

    private static Dictionary<string, double> Shown(Transformer model, EpisodeSet set, Probe[] probes, ulong seed,
        CancellationToken cancellation)
    {
        InContextTable shown = InContextEvidence.Compute(model, new ForecastDraws(seed).Shown(set, Forecasting.ShownEpisodes), probes,
            cancellation: cancellation);
        return ByDomain(probes, new ShownObservations(shown.Shifts, shown.Weights).MeanShift());
    }

    private static Dictionary<string, double> ByDomain(Probe[] probes, double[] values) =>
        probes.Zip(values, (p, v) => (p.Domain, Value: v))
            .GroupBy(p => p.Domain).ToDictionary(g => g.Key, g => g.Average(p => p.Value));
}
