using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>
/// The arithmetic of a training step alone (forward, loss, backward, AdamW on one batch) on one thread, for profiling the kernels; useful
/// operations are 6 P + 6 L d T per token.
/// </summary>
internal static unsafe class StepBench
{
    private static readonly (string Name, int Width, int Layers, int Heads, int Vocabulary, int FeedForward, int Sequences,
        int Length)[] Shapes =
    [
        ("1M  8x128", 128, 4, 4, 1024, 352, 8, 128),
        ("1M 16x75 ", 128, 4, 4, 1024, 352, 16, 75),
        ("0.2M 16x75", 64, 3, 4, 512, 176, 16, 75),
        ("0.4M 10x75", 96, 3, 6, 320, 272, 10, 75),
        ("5M  4x256", 256, 6, 8, 1024, 704, 4, 256),
    ];

    public static void Run(Bench bench)
    {
        foreach ((string name, int width, int layers, int heads, int vocabulary, int feedForward, int sequences, int length) in Shapes)
        {
            DecoderConfig config = DecoderConfig.Small(vocabulary, width, layers, heads, length) with { FeedForward = feedForward };
            using Decoder decoder = new(config);
            using DecoderWorkspace workspace = new(config);
            RngStream rng = RngStream.Root(1);
            using DecoderWeights weights = DecoderWeights.Initialise(config, rng.Child("weights"));
            long count = weights.Layout.Length;
            using FloatBuffer gradient = new(count), first = new(count), second = new(count);
            TokenBatch batch = new();
            int[] tokens = new int[length + 1];
            for (int s = 0; s < sequences; s++)
            {
                for (int i = 0; i < tokens.Length; i++) tokens[i] = rng.NextInt(vocabulary);
                batch.AddDocument(tokens, 1f / (sequences * length));
            }
            using FloatBuffer losses = new(batch.TargetCount);
            double flops = batch.Rows * config.TrainingFlopsPerToken(length);
            int step = 0;
            void Loss()
            {
                fixed (int* targets = batch.Targets)
                fixed (float* weight = batch.Weights)
                {
                    SoftmaxCrossEntropy.ForwardBackward(
                        batch.TargetCount, vocabulary, workspace.Logits, workspace.LogitStride, targets, weight, losses.Pointer);
                }
            }
            bench.Flops("step", $"{name} forward", flops / 3, () => decoder.Forward(weights, batch, workspace));
            bench.Flops("step", $"{name} step", flops, () =>
            {
                decoder.Forward(weights, batch, workspace);
                Loss();
                decoder.Backward(weights, batch, workspace, gradient);
                AdamW.Step(count, weights.Pointer, gradient.Pointer, first.Pointer, second.Pointer, 1e-3f, 0.9f, 0.95f, 1e-8f, 0.1f,
                    ++step, 1);
            });
            if (bench.Results.LastOrDefault() is { } result && result.Name == $"{name} step")
                Console.WriteLine($"           {result.Value * 1e9 / config.TrainingFlopsPerToken(length):F0} tokens per second");
        }
    }
}
