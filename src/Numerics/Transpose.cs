using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace PersonaSelection.Numerics;

/// <summary>
/// to[p, j] = from[j, p] for rows j, a multiple of 8, of 8 x count floats. All rows of a few columns are turned before the next ones, so
/// that the cache lines of the target are filled while they are near.
/// </summary>
internal static unsafe class Transpose8
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count)
    {
        const int Near = 32;
        for (int left = 8 * count; left > 0; left -= Near, from += Near, to += Near * ldTo)
        {
            int columns = Math.Min(left, Near);
            float* row = from, target = to;
            for (int j = 0; j < rows; j += 8, row += 8 * ldFrom, target += 8)
            {
                float* low = row, high = row + 4 * ldFrom, at = target;
                for (int p = 0; p < columns; p += 4, low += 4, high += 4, at += 4 * ldTo) Columns4(low, ldFrom, high, at, ldTo);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns4(float* low, nint ld, float* high, float* to, nint ldTo)
    {
        // Rows j and j + 4 side by side: what is left is a 4 x 4 transpose inside each 128-bit lane.
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

/// <summary>to[p, j] = from[j, p] for rows j, a multiple of 4, of 4 x count floats, on any instruction set.</summary>
internal static unsafe class Transpose4
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count)
    {
        for (int j = 0; j < rows; j += 4, from += 4 * ldFrom)
        {
            float* row = from, at = to + j;
            for (int p = 0; p < count; p++, row += 4, at += 4 * ldTo) Square(row, ldFrom, at, ldTo);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(float* from, nint ldFrom, float* to, nint ldTo)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + ldFrom);
        Vector128<float> r2 = Vector128.Load(from + 2 * ldFrom), r3 = Vector128.Load(from + 3 * ldFrom);
        // Rows 0 and 2, 1 and 3 woven together, then those two.
        Vector128<float> a = Low(r0, r2), b = Low(r1, r3), c = High(r0, r2), d = High(r1, r3);
        Low(a, b).Store(to);
        High(a, b).Store(to + ldTo);
        Low(c, d).Store(to + 2 * ldTo);
        High(c, d).Store(to + 3 * ldTo);
    }

    /// <summary>The first halves woven together: a0 b0 a1 b1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    /// <summary>The second halves woven together: a2 b2 a3 b3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
