using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public unsafe class GemmTests
{
    public static TheoryData<SimdLevel> Levels => Blocks.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Every_layout_equals_its_twin_on_any_shape_stride_and_tail(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(1).Child("gemm");
        using GemmScratch scratch = new();
        for (int trial = 0; trial < 120; trial++)
        {
            (int m, int n, int k) = trial switch
            {
                0 => (130, 33, 300),
                1 => (13, 530, 17),
                2 => (25, 31, 600),
                _ => (1 + rng.NextInt(40), 1 + rng.NextInt(100), 1 + rng.NextInt(trial % 3 == 0 ? 300 : 40)),
            };
            bool at = trial % 3 == 2, bt = trial % 3 == 1, add = rng.NextBool(0.5);
            int lda = (at ? m : k) + rng.NextInt(5), ldb = (bt ? k : n) + rng.NextInt(5), ldc = n + rng.NextInt(5);
            using FloatBuffer a = Blocks.Random(rng, (long)lda * (at ? k : m)), b = Blocks.Random(rng, (long)ldb * (bt ? n : k));
            using FloatBuffer c = Blocks.Random(rng, (long)ldc * m), expected = Blocks.Clone(c);
            kernels.Gemm(m, n, k, a.Pointer, at ? 1 : lda, at ? lda : 1, b.Pointer, ldb, bt, c.Pointer, ldc, add, scratch);
            ScalarGemm.Run(
                m, n, k, a.Pointer, at ? 1 : lda, at ? lda : 1, b.Pointer, bt ? 1 : ldb, bt ? ldb : 1, expected.Pointer, ldc, add);
            Blocks.Close(expected, c, 2e-6 * Math.Sqrt(k) + 2e-6, $"{level} trial {trial}: {m}x{n}x{k}");
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_row_has_the_same_bits_alone_in_company_and_packed(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(2);
        using GemmScratch scratch = new();
        foreach ((int m, int n, int k) in ((int, int, int)[])[(29, 300, 96), (50, 70, 520), (13, 128, 16), (93, 131, 301)])
        {
            using FloatBuffer a = Blocks.Random(rng, m * k), b = Blocks.Random(rng, n * k), bT = new(n * k), all = new(m * n),
                one = new(m * n), packed = new(m * n);
            for (int p = 0; p < k; p++)
            {
                for (int j = 0; j < n; j++) bT.Pointer[j * k + p] = b.Pointer[p * n + j];
            }
            kernels.Gemm(m, n, k, a.Pointer, k, 1, b.Pointer, n, false, all.Pointer, n, false, scratch);
            for (int i = 0; i < m; i++)
                kernels.Gemm(1, n, k, a.Pointer + i * k, k, 1, bT.Pointer, k, true, one.Pointer + i * n, n, false, scratch);
            Blocks.SameBits(all, one, $"{level} row by row {m}x{n}x{k}");
            foreach (int step in (int[])[3, 7, m])
            {
                // Few rows against a transpose are computed as the transposed product.
                using FloatBuffer few = new(m * n);
                for (int i = 0; i < m; i += step)
                {
                    kernels.Gemm(Math.Min(step, m - i), n, k, a.Pointer + i * k, k, 1, bT.Pointer, k, true, few.Pointer + i * n, n, false,
                        scratch);
                }
                Blocks.SameBits(all, few, $"{level} {step} rows at a time {m}x{n}x{k}");
            }
            foreach (int step in (int[])[1, 2, 3, 7, m])
            {
                using FloatBuffer panels = new((long)k * ((n + 63) / 64 * 64));
                kernels.Pack(k, n, b.Pointer, n, false, panels.Pointer);
                for (int i = 0; i < m; i += step)
                    kernels.GemmPacked(Math.Min(step, m - i), n, k, a.Pointer + i * k, k, panels.Pointer, packed.Pointer + i * n, n, false);
                Blocks.SameBits(all, packed, $"{level} packed {step} rows at a time {m}x{n}x{k}");
            }
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Columns_of_a_give_the_bits_of_its_rows_however_far_apart_they_lie(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(5);
        using GemmScratch scratch = new();
        // One block of rows and several, copied on the way, beforehand (4 KB apart) and not at all; more of B than is near.
        foreach ((int m, int n, int k, int apart) in ((int, int, int, int)[])
            [(12, 256, 9, 12), (13, 256, 5, 13), (205, 300, 70, 205), (205, 300, 290, 211), (31, 513, 40, 1024), (250, 64, 40, 250),
            (190, 2048, 256, 190)])
        {
            using FloatBuffer columns = Blocks.Random(rng, (long)k * apart), rows = new(m * k), b = Blocks.Random(rng, k * n);
            using FloatBuffer c = new(m * n), expected = new(m * n);
            for (int p = 0; p < k; p++)
            {
                for (int i = 0; i < m; i++) rows.Pointer[i * k + p] = columns.Pointer[p * apart + i];
            }
            kernels.Gemm(m, n, k, columns.Pointer, 1, apart, b.Pointer, n, false, c.Pointer, n, false, scratch);
            kernels.Gemm(m, n, k, rows.Pointer, k, 1, b.Pointer, n, false, expected.Pointer, n, false, scratch);
            Blocks.SameBits(expected, c, $"{level} {m}x{n}x{k}, {apart} apart");
            using FloatBuffer panels = new((long)k * ((n + 63) / 64 * 64)), packed = new(m * n);
            kernels.Pack(k, n, b.Pointer, n, false, panels.Pointer);
            kernels.GemmPacked(m, n, k, rows.Pointer, k, panels.Pointer, packed.Pointer, n, false);
            Blocks.SameBits(expected, packed, $"{level} packed {m}x{n}x{k}");
        }
    }

    [Fact]
    public void Packed_matrices_agree_whichever_way_they_were_stored()
    {
        const int K = 37, N = 45, M = 5;
        RngStream rng = RngStream.Root(3);
        using FloatBuffer b = Blocks.Random(rng, K * N), bT = new(K * N), a = Blocks.Random(rng, M * K), c = new(M * N), d = new(M * N);
        for (int p = 0; p < K; p++)
        {
            for (int j = 0; j < N; j++) bT.Pointer[j * K + p] = b.Pointer[p * N + j];
        }
        using PackedMatrix rows = PackedMatrix.FromRows(K, N, b.Pointer, N), columns = PackedMatrix.FromColumns(K, N, bT.Pointer, K);
        Assert.Equal((K, N), (rows.K, rows.N));
        Gemm.Packed(M, a.Pointer, K, rows, c.Pointer, N, false);
        Gemm.Packed(M, a.Pointer, K, columns, d.Pointer, N, false);
        Blocks.SameBits(c, d, "rows and columns");
        ScalarGemm.Run(M, N, K, a.Pointer, K, 1, b.Pointer, N, 1, d.Pointer, N, false);
        Blocks.Close(d, c, 1e-5, "twin");
    }

    [Theory, MemberData(nameof(Levels))]
    public void No_depth_clears_or_keeps(SimdLevel level)
    {
        using GemmScratch scratch = new();
        using FloatBuffer c = Blocks.Random(RngStream.Root(4), 12), before = Blocks.Clone(c);
        KernelSet.For(level).Gemm(3, 4, 0, null, 1, 1, null, 1, false, c.Pointer, 4, true, scratch);
        Blocks.SameBits(before, c, "kept");
        KernelSet.For(level).Gemm(3, 3, 0, null, 1, 1, null, 1, false, c.Pointer, 4, false, scratch);
        for (int i = 0; i < 12; i++) Assert.Equal(i % 4 == 3 ? before.Pointer[i] : 0, c.Pointer[i]);
    }
}
