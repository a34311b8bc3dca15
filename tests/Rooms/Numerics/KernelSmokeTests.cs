using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public unsafe class KernelSmokeTests
{
    [Fact]
    public void Gemm_matches_the_definition_in_all_layouts()
    {
        foreach (SimdLevel level in InstructionSet.Available)
        {
            KernelSet kernels = KernelSet.For(level);
            RngStream rng = RngStream.Root(1);
            using GemmScratch scratch = new();
            for (int trial = 0; trial < 60; trial++)
            {
                int m = 1 + rng.NextInt(70), n = 1 + rng.NextInt(150), k = 1 + rng.NextInt(600);
                using FloatBuffer a = Random(rng, (long)m * k), b = Random(rng, (long)n * k), c = new((long)m * n);
                for (int layout = 0; layout < 3; layout++)
                {
                    bool at = layout == 2, bt = layout == 1;
                    kernels.Gemm(m, n, k, a.Pointer, at ? 1 : k, at ? m : 1, b.Pointer, bt ? k : n, bt, c.Pointer, n, false, scratch);
                    for (int i = 0; i < m; i++)
                    {
                        for (int j = 0; j < n; j++)
                        {
                            double sum = 0;
                            for (int p = 0; p < k; p++)
                                sum += (double)(at ? a.Pointer[p * m + i] : a.Pointer[i * k + p]) * (bt ? b.Pointer[j * k + p] : b.Pointer[p * n + j]);
                            Assert.True(Math.Abs(sum - c.Pointer[i * n + j]) < 1e-3, $"{level} {layout} {m}x{n}x{k}");
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Exp_is_exact_to_a_few_bits()
    {
        foreach (SimdLevel level in InstructionSet.Available)
        {
            using FloatBuffer x = new(100_003), y = new(100_003);
            for (int i = 0; i < x.Length; i++) x.Pointer[i] = -87 + 175f * i / x.Length;
            KernelSet.For(level).Exp(x.Length, x.Pointer, y.Pointer);
            for (int i = 0; i < x.Length; i++) Assert.InRange(y.Pointer[i] / Math.Exp(x.Pointer[i]) - 1, -2e-7, 2e-7);
        }
    }

    [Fact]
    public void The_pool_runs_every_job_once()
    {
        using WorkerPool pool = new(4);
        int[] counts = new int[1000];
        Action<int, int> body = (job, _) => Interlocked.Increment(ref counts[job]);
        for (int round = 1; round <= 200; round++)
        {
            pool.Run(counts.Length, body);
            Assert.All(counts, c => Assert.Equal(round, c));
        }
    }

    private static FloatBuffer Random(RngStream rng, long n)
    {
        FloatBuffer x = new(n);
        for (long i = 0; i < n; i++) x.Pointer[i] = (float)(rng.NextDouble() - 0.5);
        return x;
    }
}
