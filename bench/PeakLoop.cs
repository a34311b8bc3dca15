using System.Runtime.CompilerServices;
using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>The fused multiply-add rate of this core: a leaf loop on the instruction set in force, nothing but registers.</summary>
internal static unsafe class PeakLoop
{
    private const int Rounds = 20_000;

    public static double Measure(Bench bench) => InstructionSet.Current switch
    {
        SimdLevel.Vector512 => Rate<Simd512, System.Runtime.Intrinsics.Vector512<float>>(bench),
        SimdLevel.Vector256 => Rate<Simd256, System.Runtime.Intrinsics.Vector256<float>>(bench),
        SimdLevel.Vector128 => Rate<Simd128, System.Runtime.Intrinsics.Vector128<float>>(bench),
        _ => Rate<Simd1, float>(bench),
    };

    private static double Rate<I, V>(Bench bench) where I : struct, ISimd<V> where V : struct
    {
        float* x = stackalloc float[16];
        double best = 0;
        for (int i = 0; i < 20; i++)
        {
            nint p = (nint)x;
            best = Math.Max(best, 2.0 * 12 * I.Width * Rounds / bench.Time(() => Loop<I, V>((float*)p, Rounds), 0.05) * 1e-9);
        }
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Loop<I, V>(float* x, int rounds) where I : struct, ISimd<V> where V : struct
    {
        V a = I.Load(x), b = a;
        V c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
        for (int i = 0; i < rounds; i++)
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
        }
        I.Store(x, I.Add(I.Add(I.Add(c0, c1), I.Add(c2, c3)), I.Add(I.Add(c4, c5), I.Add(c6, c7))));
        I.Store(x, I.Add(I.Load(x), I.Add(I.Add(c8, c9), I.Add(c10, c11))));
    }
}
