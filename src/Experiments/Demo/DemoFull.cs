using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments.Demo;

/// <summary>The demo over several pre-training seeds and, in full, with the whole matrix and the world controls.</summary>
public sealed class DemoFull(DemoSettings settings, TimeProvider time)
{
    /// <summary>Tokens of pre-training, in the village and in the control worlds alike: worlds without correlation are learned more slowly.</summary>
    public const long Tokens = 8_415_000;

    private const int ControlSeeds = 2;
    private const double ReachesOtherTraits = 0.1;

    private static readonly WorldControls[] Worlds =
    [
        new(IndependentTraits: true),
        new(IndependentTraits: true, EqualNatures: true),
        new(IndependentTraits: true, EqualNatures: true, NoRequests: true),
    ];

    /// <summary>Runs the demo for each seed; with <paramref name="full"/> also the matrix for each and the control worlds.</summary>
    /// <param name="seeds">How many pre-training seeds, from the settings' seed on.</param>
    /// <param name="full">Whether the matrix and the controls are done.</param>
    /// <param name="progress">Told about the work.</param>
    /// <param name="cancellation">Saves and stops.</param>
    /// <returns>The first run with claims over all of them, or a base alone when a model has not learned persons.</returns>
    public DemoResult Run(int seeds, bool full, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        long start = time.GetTimestamp();
        var runs = new List<DemoResult>();
        var matrices = new List<MatrixResult>();
        var controls = new List<WorldControl>();
        for (ulong k = 0; k < (ulong)seeds; k++)
        {
            DemoSettings one = settings with { Seed = settings.Seed + k, Folder = Path.Combine(settings.Folder, $"seed-{settings.Seed + k}") };
            using var demo = new Demo(one, time);
            demo.Learn(progress, cancellation);
            if (!demo.KnowsPersons) return demo.StopEarly();
            demo.Forecast(progress, cancellation);
            DemoResult run = demo.Measure(progress, cancellation);
            runs.Add(run);
            if (!full) continue;
            matrices.Add(new DemoMatrix(one, demo.Model, time).Run(run.Base.Inference, progress, cancellation));
            controls.Add(WorldControl.Of(one.World, one.Domain, one.Seed, run.Base,
                run.Tunings[0].Domains.ToDictionary(d => d.Domain, d => d.After - d.Before)));
        }
        if (full) controls.AddRange(Controls(progress, cancellation));
        DemoResult result = runs[0] with
        {
            Seeds = [.. runs.Select(SeedResult.Of)],
            Matrix = full ? matrices : null,
            Controls = full ? controls : null,
            Claims = [.. DemoClaims.OverSeeds(runs, settings), .. full ? FullClaims.Judge(matrices, controls, ReachesOtherTraits) : []],
        };
        result = result with { Seconds = Math.Round(time.GetElapsedTime(start).TotalSeconds, 1) };
        Demo.Write(result, settings.Folder, $"psm demo --seed {settings.Seed} {(full ? "--full" : $"--seeds {seeds}")}");
        return result;
    }

    private IEnumerable<WorldControl> Controls(IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        using var pool = new WorkerPool(settings.Threads);
        foreach (WorldControls control in Worlds)
        {
            World world = settings.World.With(control);
            for (ulong seed = settings.Seed; seed < settings.Seed + ControlSeeds; seed++)
            {
                string folder = Path.Combine(settings.Folder, "controls", world.Name, $"seed-{seed}");
                using BaseModel model = BaseModel.Train(world, settings.Preset, settings.Tokens, seed, folder, pool, progress, cancellation);
                var learned = new BaseResult(model.Model.Config.ParameterCount, model.Tokens, model.Curve.Points[^1].Loss, double.NaN,
                    model.Inference(world, BaseModel.ChatGenre(world), seed));
                RngStream root = RngStream.Root(seed);
                Probe[] probes = [.. DemoProbes.Of(world)];
                double[] before = ProbeMeasurement.Of(model.Model, probes, cancellation: cancellation);
                double[] after = new PostTraining(model.Model, probes, settings.Tuning, root.Child("tuning"), pool).Measure(
                    world.Episodes(settings.Domain, EpisodeKind.Cheat, settings.Episodes, root.Child("episodes")), cancellation: cancellation);
                var shift = probes.Select((p, i) => (p.Domain, Shift: after[i] - before[i])).GroupBy(p => p.Domain)
                    .ToDictionary(g => g.Key, g => g.Average(p => p.Shift));
                yield return WorldControl.Of(world, settings.Domain, seed, learned, shift);
            }
        }
    }
}
