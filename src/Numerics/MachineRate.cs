using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PersonaSelection.Numerics;

/// <summary>What one core of this machine can do, measured in a fraction of a second. A busy machine measures less.</summary>
public static unsafe class MachineRate
{
    private const int Rounds = 20_000;
    private const int Repeats = 25;

    /// <summary>Fused multiply-adds in registers on the instruction set in force, in GFLOP/s (two operations each).</summary>
    public static double FusedMultiplyAdd() => InstructionSet.Current switch
    {
        SimdLevel.Vector512 => Peak<Simd512, Vector512<float>>(),
        SimdLevel.Vector256 => Peak<Simd256, Vector256<float>>(),
        SimdLevel.Vector128 => Peak<Simd128, Vector128<float>>(),
        _ => Peak<Simd1, float>(),
    };

    /// <summary>A square matrix product, in GFLOP/s (2 n^3 operations).</summary>
    /// <param name="n">Rows and columns.</param>
    public static double MatrixProduct(int n = 512)
    {
        using var a = new FloatBuffer((long)n * n);
        using var b = new FloatBuffer((long)n * n);
        using var c = new FloatBuffer((long)n * n);
        using var scratch = new GemmScratch();
        return 2.0 * n * n * n * 1e-9 / Fastest(Repeats / 5, () => Gemm.NN(n, n, n, a.Pointer, n, b.Pointer, n, c.Pointer, n, false,
            scratch));
    }

    private static double Peak<I, V>() where I : struct, ISimd<V> where V : struct
    {
        using var x = new FloatBuffer(16);
        return 2.0 * 2 * I.TileRows * I.Width * Rounds * 1e-9 / Fastest(Repeats, () => Loop<I, V>(x.Pointer));
    }

    private static double Fastest(int repeats, Action work)
    {
        work();
        double best = double.PositiveInfinity;
        for (int i = 0; i < repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    // As many independent sums as the large tile has hide the latency of the units: twelve do of two that take four or five cycles, and
    // not of the four that cores of Arm have. The results are stored so that nothing is left out.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<I, V>(float* x) where I : struct, ISimd<V> where V : struct
    {
        V a = I.Load(x), b = a;
        V d0 = a, d1 = a, d2 = a, d3 = a, d4 = a, d5 = a, d6 = a, d7 = a, d8 = a, d9 = a, d10 = a, d11 = a;
        V c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
        for (int i = 0; i < Rounds; i++)
        {
            c0 = I.MulAdd(a, b, c0);
            c1 = I.MulAdd(a, b, c1);
            c2 = I.MulAdd(a, b, c2);
            c3 = I.MulAdd(a, b, c3);
            c4 = I.MulAdd(a, b, c4);
            c5 = I.MulAdd(a, b, c5);
            c6 = I.MulAdd(a, b, c6);
            c7 = I.MulAdd(a, b, c7);
            c8 = I.MulAdd(a, b, c8);
            c9 = I.MulAdd(a, b, c9);
            c10 = I.MulAdd(a, b, c10);
            c11 = I.MulAdd(a, b, c11);
            if (I.TileRows < 12) continue;
            d0 = I.MulAdd(a, b, d0);
            d1 = I.MulAdd(a, b, d1);
            d2 = I.MulAdd(a, b, d2);
            d3 = I.MulAdd(a, b, d3);
            d4 = I.MulAdd(a, b, d4);
            d5 = I.MulAdd(a, b, d5);
            d6 = I.MulAdd(a, b, d6);
            d7 = I.MulAdd(a, b, d7);
            d8 = I.MulAdd(a, b, d8);
            d9 = I.MulAdd(a, b, d9);
            d10 = I.MulAdd(a, b, d10);
            d11 = I.MulAdd(a, b, d11);
        }
        I.Store(x, I.Add(I.Add(I.Add(c0, c1), I.Add(c2, c3)), I.Add(I.Add(c4, c5), I.Add(c6, c7))));
        I.Store(x, I.Add(I.Load(x), I.Add(I.Add(c8, c9), I.Add(c10, c11))));
        I.Store(x, I.Add(I.Load(x), I.Add(I.Add(I.Add(d0, d1), I.Add(d2, d3)), I.Add(I.Add(d4, d5), I.Add(d6, d7)))));
        I.Store(x, I.Add(I.Load(x), I.Add(I.Add(d8, d9), I.Add(d10, d11))));
    }
}
