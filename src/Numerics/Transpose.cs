using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PersonaSelection.Numerics;

/// <summary>to[p, j] = from[j, p] for 8 rows j of 8 x count floats.</summary>
internal static unsafe class Transpose8
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* from, nint ldFrom, float* to, nint ldTo, int count)
    {
        float* f4 = from + 4 * ldFrom;
        // The halves of rows j and j + 4 side by side: what is left is a 4 x 4 transpose inside each 128-bit lane.
        for (int half = 0; half < 2 * count; half++, from += 4, f4 += 4, to += 4 * ldTo) Half(from, ldFrom, f4, to, ldTo);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half(float* low, nint ld, float* high, float* to, nint ldTo)
    {
        Vector256<float> r0 = Vector256.Create(Vector128.Load(low), Vector128.Load(high));
        Vector256<float> r1 = Vector256.Create(Vector128.Load(low + ld), Vector128.Load(high + ld));
        Vector256<float> r2 = Vector256.Create(Vector128.Load(low + 2 * ld), Vector128.Load(high + 2 * ld));
        Vector256<float> r3 = Vector256.Create(Vector128.Load(low + 3 * ld), Vector128.Load(high + 3 * ld));
        Vector256<float> a = Avx.UnpackLow(r0, r1), b = Avx.UnpackLow(r2, r3), c = Avx.UnpackHigh(r0, r1), d = Avx.UnpackHigh(r2, r3);
        Avx.Shuffle(a, b, 0x44).Store(to);
        Avx.Shuffle(a, b, 0xEE).Store(to + ldTo);
        Avx.Shuffle(c, d, 0x44).Store(to + 2 * ldTo);
        Avx.Shuffle(c, d, 0xEE).Store(to + 3 * ldTo);
    }
}

/// <summary>to[p, j] = from[j, p] for 4 rows j of 4 x count floats, on any instruction set.</summary>
internal static unsafe class Transpose4
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* from, nint ldFrom, float* to, nint ldTo, int count)
    {
        float* f1 = from + ldFrom, f2 = f1 + ldFrom, f3 = f2 + ldFrom;
        for (int p = 0; p < 4 * count; p++) Vector128.Create(from[p], f1[p], f2[p], f3[p]).Store(to + p * ldTo);
    }
}
