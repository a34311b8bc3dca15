using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>The kernels between the matrix products, in elements per second, and memory bandwidth.</summary>
internal static unsafe class LayerBench
{
    public static void RunExp(Bench bench)
    {
        using FloatBuffer x = GemmBench.Fill(65536), y = new(65536);
        bench.Rate("exp", "8K, first-level cache", 8192, "Gelem/s", () => Elementwise.Exp(8192, x.Pointer, y.Pointer));
        bench.Rate("exp", "64K", 65536, "Gelem/s", () => Elementwise.Exp(65536, x.Pointer, y.Pointer));
    }

    public static void Run(Bench bench)
    {
        const int N = 1024, D = 128, F = 352, Vocabulary = 1024;
        using FloatBuffer x = GemmBench.Fill(N * 1024), y = new(N * 1024), z = GemmBench.Fill(N * 1024), gain = GemmBench.Fill(1024),
            r = new(N), dg = new(1024);
        using RotaryTable table = new(32, 256, 10000);
        int[] positions = [.. Enumerable.Range(0, N).Select(i => i % 128)];
        using FloatBuffer ones = new(N);
        ones.Span(0, N).Fill(1);
        bench.Rate("layers", "RMSNorm forward d128", N * D, "Gelem/s",
            () => RmsNorm.Forward(N, D, x.Pointer, D, gain.Pointer, 1e-5f, y.Pointer, D, r.Pointer));
        bench.Rate("layers", "RMSNorm backward d128", N * D, "Gelem/s",
            () => RmsNorm.Backward(N, D, x.Pointer, D, gain.Pointer, r.Pointer, z.Pointer, D, y.Pointer, D, dg.Pointer));
        bench.Rate("layers", "SwiGLU forward f352", N * F, "Gelem/s", () => SwiGlu.Forward(N, F, x.Pointer, 2 * F, y.Pointer, F));
        bench.Rate("layers", "SwiGLU backward f352", N * F, "Gelem/s",
            () => SwiGlu.Backward(N, F, x.Pointer, 2 * F, z.Pointer, F, y.Pointer, 2 * F));
        bench.Rate("layers", "log-probabilities v1024", N * Vocabulary, "Gelem/s", () =>
        {
            fixed (int* p = positions) SoftmaxCrossEntropy.LogProbabilities(N, Vocabulary, x.Pointer, Vocabulary, p, r.Pointer);
        });
        bench.Rate("layers", "cross-entropy v1024", N * Vocabulary, "Gelem/s", () =>
        {
            fixed (int* p = positions)
                SoftmaxCrossEntropy.ForwardBackward(N, Vocabulary, x.Pointer, Vocabulary, p, ones.Pointer, r.Pointer);
        });
        bench.Rate("layers", "rotary H8 hd32", N * 256, "Gelem/s", () =>
        {
            fixed (int* p = positions) Rotary.Apply(N, 8, 32, z.Pointer, 384, p, table, false);
        });
        using FloatBuffer p1 = GemmBench.Fill(1 << 20), g1 = GemmBench.Fill(1 << 20), m1 = new(1 << 20), v1 = new(1 << 20);
        bench.Rate("layers", "AdamW 1M", 1 << 20, "Gelem/s",
            () => AdamW.Step(1 << 20, p1.Pointer, g1.Pointer, m1.Pointer, v1.Pointer, 1e-3f, 0.9f, 0.95f, 1e-8f, 0.1f, 5, 1));
    }

    /// <summary>
    /// Muon's orthogonalisation of the matrices of the presets `demo` and `small`; of a symmetric product half the operations count.
    /// </summary>
    public static void RunMuon(Bench bench)
    {
        foreach ((int rows, int columns) in ((int, int)[])[(96, 96), (96, 272), (272, 96), (128, 128), (128, 352), (352, 128)])
        {
            using FloatBuffer x = GemmBench.Fill((long)rows * columns);
            using var newtonSchulz = new NewtonSchulz((long)rows * columns, Math.Min(rows, columns));
            double small = Math.Min(rows, columns), large = Math.Max(rows, columns);
            bench.Flops("muon", $"{rows}x{columns}", small * small * (3 * large + 8 * small),
                () => newtonSchulz.Orthogonalise(rows, columns, x.Pointer));
        }
    }

    public static void RunBandwidth(Bench bench)
    {
        foreach ((string name, int floats) in ((string, int)[])[("L1 16 KB", 4096), ("L2 512 KB", 131072), ("L3 8 MB", 1 << 21),
            ("DRAM 256 MB", 1 << 26)])
        {
            using FloatBuffer x = new(floats);
            bench.Rate("bandwidth", $"read {name}", 4.0 * floats, "GB/s", () => Elementwise.SumOfSquares(floats, x.Pointer));
        }
    }
}
