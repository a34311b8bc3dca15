using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public unsafe class NewtonSchulzTests
{
    public static TheoryData<SimdLevel> Levels => Blocks.Levels;

    [Theory, MemberData(nameof(Levels))]
    public void Half_of_a_symmetric_product_has_the_bits_of_the_whole(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(1);
        using GemmScratch scratch = new();
        foreach ((int n, int k) in ((int, int)[])[(96, 272), (96, 96), (1, 5), (7, 300), (12, 8), (37, 41), (100, 520)])
        {
            foreach (bool across in (bool[])[true, false])
            {
                // x [n, k] times its transpose, or the transpose of x [k, n] times x.
                int ld = across ? k : n, ldc = n + 3, width = kernels.PanelWidth;
                (nint ars, nint aks) = across ? ((nint)ld, (nint)1) : (1, ld);
                using FloatBuffer x = Blocks.Random(rng, (long)n * k), half = Blocks.Random(rng, (long)n * ldc), whole = Blocks.Clone(half);
                using FloatBuffer panels = new((n + width - 1) / width * (long)width * k);
                kernels.Pack(k, n, x.Pointer, ld, across, panels.Pointer);
                kernels.SymmetricProduct(n, k, x.Pointer, ars, aks, panels.Pointer, half.Pointer, ldc);
                kernels.Gemm(n, n, k, x.Pointer, ars, aks, x.Pointer, ld, across, whole.Pointer, ldc, false, scratch);
                Blocks.SameBits(whole, half, $"{level}: {n}x{k}, across {across}");
            }
        }
    }

    [Theory]
    [InlineData(96, 272, 0)]
    [InlineData(272, 96, 0)]
    [InlineData(40, 40, 0)]
    [InlineData(13, 5, 0)]
    [InlineData(1, 9, 0)]
    [InlineData(64, 80, 1e-3)]
    [InlineData(80, 64, 1e-6)]
    public void Rounds_on_the_small_side_equal_rounds_on_the_whole_matrix(int rows, int columns, double least)
    {
        RngStream rng = RngStream.Root(2);
        using FloatBuffer x = Blocks.Random(rng, rows * columns), expected = new(rows * columns), actual = new(rows * columns);
        // Singular values far apart: the square of a small one is lost among the roundings of the large ones.
        if (least > 0)
        {
            for (int i = 0; i < rows * columns; i++) x.Pointer[i] *= (float)Math.Pow(least, i % columns / (columns - 1.0));
        }
        double[] twin = ScalarNewtonSchulz.Orthogonalise(rows, columns, x.Pointer);
        for (int i = 0; i < twin.Length; i++) expected.Pointer[i] = (float)twin[i];
        using var newtonSchulz = new NewtonSchulz(rows * columns, Math.Min(rows, columns));
        Elementwise.Copy(actual.Length, newtonSchulz.Orthogonalise(rows, columns, x.Pointer), actual.Pointer);
        Blocks.Close(expected, actual, 1e-3, $"{rows}x{columns}, least {least}");
    }

    // A quintic that comes nearest to 1 in the largest distance errs by as much, with changing sign, at both ends and at its two extremes.
    [Fact]
    public void Every_round_is_the_best_on_what_the_rounds_before_leave()
    {
        double low = NewtonSchulz.Least, high = 1;
        foreach ((float a, float b, float c) in NewtonSchulz.Rounds)
        {
            double Of(double x) => x * (a + x * x * (b + x * x * c));
            double root = Math.Sqrt(9.0 * b * b - 20.0 * a * c);
            double first = Math.Sqrt((-3 * b - root) / (10 * c)), second = Math.Sqrt((-3 * b + root) / (10 * c));
            double error = 1 - Of(low);
            Assert.InRange(first, low, second);
            Assert.InRange(second, first, high);
            Assert.Equal(-error, 1 - Of(first), 1e-3);
            Assert.Equal(error, 1 - Of(second), 1e-3);
            Assert.Equal(-error, 1 - Of(high), 1e-3);
            (low, high) = (Of(low), 2 - Of(low));
        }
        Assert.InRange(low, 0.73, 0.74);
    }

    [Fact]
    public void Zero_stays_zero()
    {
        using FloatBuffer x = new(12);
        using var newtonSchulz = new NewtonSchulz(12, 3);
        Assert.All(new Span<float>(newtonSchulz.Orthogonalise(3, 4, x.Pointer), 12).ToArray(), v => Assert.Equal(0, v));
    }
}
