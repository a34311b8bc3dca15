using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>Matrix products at the shapes of small transformers, as a share of the peak.</summary>
internal static unsafe class GemmBench
{
    private static readonly (int M, int N, int K)[] Shapes =
    [
        (64, 64, 64), (64, 384, 128), (64, 704, 128), (64, 128, 352), (64, 768, 256), (64, 256, 704),
        (128, 384, 128), (256, 768, 256), (512, 96, 96), (512, 192, 64), (512, 288, 96), (512, 128, 352), (512, 1024, 128),
        (1024, 128, 128), (1024, 384, 128), (1024, 704, 128), (1024, 128, 352), (1024, 1024, 128), (1024, 768, 256), (1024, 256, 704),
        (2048, 256, 256),
        (2048, 1408, 256), (2048, 1024, 1024), (2048, 2048, 2048),
    ];

    public static void Run(Bench bench)
    {
        using GemmScratch scratch = new();
        using FloatBuffer a = Fill(2048 * 2048), b = Fill(2048 * 2048), c = new(2048 * 2048);
        nint pa = (nint)a.Pointer, pb = (nint)b.Pointer, pc = (nint)c.Pointer;
        foreach ((int m, int n, int k) in Shapes)
        {
            double flops = 2.0 * m * n * k;
            bench.Flops("gemm nn", $"{m}x{n}x{k}", flops,
                () => Gemm.NN(m, n, k, (float*)pa, k, (float*)pb, n, (float*)pc, n, false, scratch));
            bench.Flops("gemm nt", $"{m}x{n}x{k}", flops,
                () => Gemm.NT(m, n, k, (float*)pa, k, (float*)pb, k, (float*)pc, n, false, scratch));
            // The gradient of the weights of the same layer: C[k, n] = A[m, k]^T dY[m, n].
            bench.Flops("gemm tn", $"{k}x{n}x{m}", flops,
                () => Gemm.TN(k, n, m, (float*)pa, k, (float*)pb, n, (float*)pc, n, true, scratch));
        }
        foreach (int m in (int[])[1, 2, 4, 8, 12, 32])
        {
            using PackedMatrix packed = PackedMatrix.FromRows(256, 768, b.Pointer, 768);
            bench.Flops("packed", $"{m}x768x256", 2.0 * m * 768 * 256,
                () => Gemm.Packed(m, (float*)pa, 256, packed, (float*)pc, 768, false));
        }
    }

    public static FloatBuffer Fill(long n)
    {
        RngStream rng = RngStream.Root(1);
        FloatBuffer x = new(n);
        for (long i = 0; i < n; i++) x.Pointer[i] = (float)(rng.NextDouble() - 0.5);
        return x;
    }
}
