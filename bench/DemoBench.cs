using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// The pre-training of the demo itself: its preset, its world's documents drawn on the fly, readings and checkpoints included. One
/// thread, processor time per million tokens: in all, and for parts of it. `--seconds 1` trains on a million tokens, thrice.
/// </summary>
internal static class DemoBench
{
    private const ulong Seed = 1;
    private const int Documents = 2000;

    public static void Run(Bench bench)
    {
        ModelPreset preset = ModelPreset.Find("demo");
        World world = World.Village;
        long tokens = (long)Math.Max(50_000, bench.Seconds * 1e6);
        Func<long, int[]> draw = world.DocumentSource(RngStream.Root(Seed).Child("corpus"));
        string folder = Directory.CreateTempSubdirectory("psm-bench-").FullName;
        using var pool = new WorkerPool(1);
        try
        {
            // The first run compiles the kernels.
            new TrainingRun(preset, 20_000, Seed).Run(world, Path.Combine(folder, "first"), pool).Dispose();
            DecoderConfig shape = preset.Shape(world.Tokenizer.VocabularySize, BaseModel.ContextFor(world));
            double flops = shape.TrainingFlopsPerToken(Enumerable.Range(0, Documents).Average(i => draw(i).Length - 1.0));
            double all = Seconds(() => new TrainingRun(preset, tokens, Seed).Run(world, Path.Combine(folder, "base"), pool).Dispose());
            double bare = Bare(preset.Recipe(tokens)), adamW = Bare(preset.Recipe(tokens) with { HiddenLearningRate = 0 });
            Record("training alone", bare);
            Record("the same with AdamW for Muon", adamW);
            // Readings and checkpoints are as many in a short run as in a whole one.
            Record("with readings and checkpoints", bare + (all - bare * tokens) / preset.Tokens);

            double Bare(TrainOptions recipe)
            {
                using DecoderWeights weights = DecoderWeights.Initialise(shape, RngStream.Root(Seed).Child("weights"));
                using var trainer = new Trainer(weights, new GeneratedDocuments("bench", draw), recipe with { EvaluateEvery = 0 }, pool);
                double used = Seconds(() => trainer.Run());
                return used / tokens;
            }

            void Record(string name, double perToken) =>
                bench.Record("demo", name, perToken * 1e6, "CPU s/M", 100 * flops / perToken * 1e-9 / bench.MeasurePeak());
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static double Seconds(Action action)
    {
        double start = ThreadClock.Seconds;
        action();
        return ThreadClock.Seconds - start;
    }
}
