using System.Diagnostics;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>
/// A whole training step (forward, backward, clipping, AdamW, next batch) as a share of the time its useful floating-point operations
/// need at the peak: 6 P + 6 L d T per token, causal attention counted by half.
/// </summary>
internal static class TrainBench
{
    // Weights that outgrow the cache want few, large micro-batches.
    private static readonly (string Name, DecoderConfig Config, int Sequences, int Length, int MicroBatches)[] Shapes =
    [
        ("demo 0.2M L3 d64 ~75 tokens", DecoderConfig.Small(512, 64, 3, 4, 256), 27, 75, 4),
        ("demo 0.5M L4 d96 ~75 tokens", DecoderConfig.Small(512, 96, 4, 6, 256), 27, 75, 4),
        ("1M L4 d128 T128", Shape(1024, 128, 4, 4, 352), 8, 128, 4),
        ("5M L6 d256 T256", Shape(1024, 256, 6, 8, 704), 4, 256, 2),
    ];

    public static void Run(Bench bench)
    {
        foreach ((string name, DecoderConfig config, int sequences, int length, int parts) in Shapes)
        {
            if (!bench.Wanted("train", name)) continue;
            double one = Step(bench, config, sequences, length, parts, 1, out double first);
            double two = Step(bench, config, sequences, length, parts, 2, out _);
            double tokens = (double)sequences * length;
            double flops = tokens * config.TrainingFlopsPerToken(length);
            double percent = 100 * flops / one / 1e9 / bench.MeasurePeak();
            bench.Results.Add(new BenchResult("train", name, one * 1e3, "ms", percent));
            Console.WriteLine($"{"train",-12}{name,-34}{one * 1e3,8:F2} ms  {tokens / one / 1e3,7:F1} ktok/s  {percent,5:F1} % of peak"
                + $"   two threads x{one / two:F2}   first step x{first:F2} of five later ones"
                + $"   {Allocations(config, sequences, length, parts)} B/step");
        }
    }

    private static DecoderConfig Shape(int vocabulary, int width, int layers, int heads, int feedForward) =>
        DecoderConfig.Small(vocabulary, width, layers, heads, 256) with { FeedForward = feedForward };

    private static Trainer Make(DecoderConfig config, int sequences, int length, int parts, int steps, WorkerPool pool)
    {
        RngStream rng = RngStream.Root(1);
        DecoderWeights weights = DecoderWeights.Initialise(config, rng.Child("weights"));
        RngStream words = rng.Child("words");
        // Lengths vary around the mean where the name says so: ragged batches are the rule.
        int spread = length < 100 ? 40 : 0;
        int[][] documents = [.. Enumerable.Range(0, 512).Select(i =>
            Enumerable.Range(0, length + 1 + spread * (i % 5 - 2) / 2).Select(_ => words.NextInt(config.VocabularySize)).ToArray())];
        var options = new TrainOptions { Steps = steps, TokensPerStep = sequences * length, EvaluateEvery = 0, MicroBatches = parts };
        return new Trainer(weights, new ListedDocuments(documents, rng.Child("order")), options, pool);
    }

    /// <summary>Shortest time per token of a step, times the nominal tokens; and the first step over the mean of the next five.</summary>
    private static double Step(Bench bench, DecoderConfig config, int sequences, int length, int parts, int threads, out double first)
    {
        using var pool = new WorkerPool(threads);
        int steps = (int)Math.Clamp(bench.Seconds * 40 * 2e10 / (config.TrainingFlopsPerToken(length) * sequences * length), 12, 400);
        using Trainer trainer = Make(config, sequences, length, parts, steps, pool);
        var clock = new StepClock();
        clock.Report(default);
        trainer.Run(clock);
        double[] perToken = clock.SecondsPerToken();
        first = perToken[0] / perToken[1..6].Average();
        return perToken.Min() * sequences * length;
    }

    private static long Allocations(DecoderConfig config, int sequences, int length, int parts)
    {
        using var pool = new WorkerPool(1);
        long Bytes(int steps)
        {
            using Trainer trainer = Make(config, sequences, length, parts, steps, pool);
            long before = GC.GetAllocatedBytesForCurrentThread();
            trainer.Run();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Bytes(10);
        // The longer run less the shorter: what a run allocates once is not counted.
        return (Bytes(14) - Bytes(10)) / 4;
    }

    private sealed class StepClock : IProgress<WorkProgress>
    {
        private readonly List<(long At, double Tokens)> _reports = [];

        public void Report(WorkProgress value) => _reports.Add((Stopwatch.GetTimestamp(), value.Done));

        public double[] SecondsPerToken() => [.. _reports.Skip(1).Zip(_reports, (b, a) =>
            Stopwatch.GetElapsedTime(a.At, b.At).TotalSeconds / (b.Tokens - a.Tokens))];
    }
}
