using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public unsafe class ElementwiseTests
{
    public static TheoryData<SimdLevel> Levels => Blocks.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Sums_and_updates_equal_their_twins(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(20);
        float** parts = stackalloc float*[3];
        foreach (int n in (int[])[0, 1, 15, 33, 511, 1300])
        {
            using FloatBuffer x = Blocks.Random(rng, n), y = Blocks.Random(rng, n), z = Blocks.Clone(y), part = Blocks.Random(rng, n);
            Assert.Equal(ScalarElementwise.Dot(n, x.Pointer, y.Pointer), kernels.Dot(n, x.Pointer, y.Pointer), 1e-5);
            kernels.Axpy(n, 0.3f, x.Pointer, y.Pointer);
            for (int i = 0; i < n; i++) Assert.Equal(z.Pointer[i] + 0.3f * x.Pointer[i], y.Pointer[i], 1e-6f);
            kernels.Scale(n, -2, y.Pointer);
            for (int i = 0; i < n; i++) Assert.Equal(-2 * (z.Pointer[i] + 0.3f * x.Pointer[i]), y.Pointer[i], 1e-6f);
            using FloatBuffer apart = Blocks.Clone(y);
            kernels.Scale(n, 0.7f, apart.Pointer);
            kernels.Axpy(n, 0.3f, x.Pointer, apart.Pointer);
            kernels.Axpby(n, 0.3f, x.Pointer, 0.7f, y.Pointer);
            Blocks.SameBits(apart, y, "in one pass");
            parts[0] = x.Pointer;
            parts[1] = z.Pointer;
            parts[2] = part.Pointer;
            double squares = kernels.SumGradients(n, parts, 3, y.Pointer);
            for (int i = 0; i < n; i++) Assert.Equal(x.Pointer[i] + z.Pointer[i] + part.Pointer[i], y.Pointer[i], 1e-6f);
            Assert.Equal(ScalarElementwise.Dot(n, y.Pointer, y.Pointer), squares, 1e-4);
            using FloatBuffer sum = Blocks.Clone(y);
            kernels.SumGradients(n, parts, 3, x.Pointer);
            Blocks.SameBits(sum, x, "into the first part");
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void AdamW_equals_its_twin_over_steps(SimdLevel level)
    {
        const int N = 77;
        RngStream rng = RngStream.Root(21);
        using FloatBuffer p = Blocks.Random(rng, N), p2 = Blocks.Clone(p), m = new(N), m2 = new(N), v = new(N), v2 = new(N);
        for (int step = 1; step <= 5; step++)
        {
            using FloatBuffer g = Blocks.Random(rng, N);
            g.Pointer[0] = 0;
            KernelSet.For(level).AdamW(N, p.Pointer, g.Pointer, m.Pointer, v.Pointer,
                AdamWStep.Create(1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, step, 0.5f));
            ScalarElementwise.AdamW(N, p2.Pointer, g.Pointer, m2.Pointer, v2.Pointer, 1e-2f, 0.9f, 0.95f, 1e-8f, 0.1f, step, 0.5f);
        }
        Blocks.Close(p2, p, 1e-6, $"{level} parameters");
        Blocks.Close(m2, m, 1e-6, $"{level} first moment");
        Blocks.Close(v2, v, 1e-6, $"{level} second moment");
    }

    [Fact]
    public void Gathering_and_scattering_are_transposes()
    {
        const int V = 6, D = 19, N = 8;
        int[] ids = [3, 0, 3, 5, 1, 1, 3, 2];
        RngStream rng = RngStream.Root(22);
        using FloatBuffer table = Blocks.Random(rng, V * D), y = new(N * (D + 1)),
            dy = Blocks.Random(rng, N * (D + 1)), dTable = new(V * D);
        fixed (int* p = ids)
        {
            Elementwise.Gather(N, D, table.Pointer, p, y.Pointer, D + 1);
            Elementwise.ScatterAdd(N, D, dy.Pointer, D + 1, p, dTable.Pointer);
        }
        double left = 0;
        for (int i = 0; i < N; i++)
        {
            for (int j = 0; j < D; j++) left += (double)y.Pointer[i * (D + 1) + j] * dy.Pointer[i * (D + 1) + j];
        }
        Assert.Equal(left, ScalarElementwise.Dot(V * D, table.Pointer, dTable.Pointer), 1e-4);
    }

    [Fact]
    public void A_row_added_to_rows_and_rows_added_to_a_row_are_transposes()
    {
        const int D = 19, N = 8;
        RngStream rng = RngStream.Root(23);
        using FloatBuffer row = Blocks.Random(rng, D), dy = Blocks.Random(rng, N * (D + 1)), y = new(N * (D + 1)), dRow = new(D);
        Elementwise.AddRow(N, D, row.Pointer, y.Pointer, D + 1);
        Elementwise.SumRows(N, D, dy.Pointer, D + 1, dRow.Pointer);
        for (int i = 0; i < N; i++) Assert.Equal(row.Span(0, D), y.Span(i * (D + 1), D));
        double left = 0;
        for (int i = 0; i < N; i++)
        {
            for (int j = 0; j < D; j++) left += (double)y.Pointer[i * (D + 1) + j] * dy.Pointer[i * (D + 1) + j];
        }
        Assert.Equal(left, ScalarElementwise.Dot(D, row.Pointer, dRow.Pointer), 1e-4);
    }

    [Fact]
    public void Buffers_are_aligned_zeroed_and_checked()
    {
        FloatBuffer x = new(1001);
        Assert.Equal(0, (nint)x.Pointer % 64);
        Assert.True(x.Span(0, 1001).IndexOfAnyExcept(0f) < 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Span(1000, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Span(-1, 2).Length);
        x.Dispose();
        x.Dispose();
        Assert.Throws<ObjectDisposedException>(() => (nint)x.Pointer);
    }
}
