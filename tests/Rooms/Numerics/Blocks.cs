using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

/// <summary>What the kernel tests share: the levels this process can run, random blocks, and a comparison.</summary>
internal static unsafe class Blocks
{
    public static TheoryData<SimdLevel> Levels => [.. InstructionSet.Available];

    public static FloatBuffer Random(RngStream rng, long n, double scale = 1)
    {
        FloatBuffer x = new(n);
        for (long i = 0; i < n; i++) x.Pointer[i] = (float)(scale * (2 * rng.NextDouble() - 1));
        return x;
    }

    public static FloatBuffer Clone(FloatBuffer x)
    {
        FloatBuffer y = new(x.Length);
        Elementwise.Copy(x.Length, x.Pointer, y.Pointer);
        return y;
    }

    /// <summary>Every element within tolerance (absolute, and relative to the expected); gaps between rows must agree too.</summary>
    public static void Close(FloatBuffer expected, FloatBuffer actual, double tolerance, string what)
    {
        for (long i = 0; i < expected.Length; i++)
        {
            double e = expected.Pointer[i], a = actual.Pointer[i];
            if (!(Math.Abs(e - a) <= tolerance * (1 + Math.Abs(e)))) Assert.Fail($"{what}: element {i} is {a}, should be {e}");
        }
    }

    public static void SameBits(FloatBuffer expected, FloatBuffer actual, string what)
    {
        Assert.True(expected.Span(0, (int)expected.Length).SequenceEqual(actual.Span(0, (int)actual.Length)), what);
    }
}
