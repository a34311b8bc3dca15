using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace PersonaSelection.Numerics;

/// <summary>
/// The vector operations a kernel is written in. A kernel is generic over one of the four implementations below, so that one
/// source serves every instruction set; the just-in-time compiler specialises it and the abstraction vanishes.
/// </summary>
/// <typeparam name="V">The vector type: <c>Vector512&lt;float&gt;</c> down to <c>float</c> itself.</typeparam>
internal unsafe interface ISimd<V> where V : struct
{
    /// <summary>Floats per vector.</summary>
    static abstract int Width { get; }
    /// <summary>Rows of the large GEMM tile: 12 where there are 32 vector registers, else 6.</summary>
    static abstract int TileRows { get; }
    static abstract V Load(float* p);
    static abstract void Store(float* p, V v);
    static abstract V Create(float x);
    /// <summary>
    /// One float as <see cref="MulAddFactor"/> wants it: in every lane, or in the first where the machine can multiply by one lane.
    /// </summary>
    static abstract V LoadFactor(float* p);
    static abstract V Add(V a, V b);
    static abstract V Sub(V a, V b);
    static abstract V Mul(V a, V b);
    static abstract V Div(V a, V b);
    /// <summary>a b + c, fused where the machine fuses.</summary>
    static abstract V MulAdd(V a, V b, V c);
    /// <summary><see cref="MulAdd"/> of a vector with one float, which <see cref="LoadFactor"/> gave.</summary>
    static abstract V MulAddFactor(V factor, V a, V c);
    static abstract V Max(V a, V b);
    static abstract V Min(V a, V b);
    static abstract V Sqrt(V a);
    /// <summary>The lanes added in a fixed order.</summary>
    static abstract float Sum(V a);
    static abstract float MaxLane(V a);
    /// <summary>a where x is at least y, else zero.</summary>
    static abstract V ZeroBelow(V x, V y, V a);
    /// <summary>
    /// Adds the low bits of <paramref name="n"/> (an integer held as 1.5 2^23 + n) to the exponent of <paramref name="x"/>.
    /// </summary>
    static abstract V AddExponent(V x, V n);
    /// <summary>The lanes added as doubles in a fixed order.</summary>
    static abstract double SumDouble(V a);
    /// <summary>The first <paramref name="count"/> lanes of a, the others of <paramref name="rest"/>.</summary>
    static abstract V First(V a, int count, V rest);
    static abstract V Log(V a);
    /// <summary>
    /// to[p, j] = from[j, p] for rows j, a multiple of TransposeSize, of <paramref name="count"/> times TransposeSize floats.
    /// </summary>
    static abstract void Transpose(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count);
    static abstract int TransposeSize { get; }
}

internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    public static int Width { [MethodImpl(Inline)] get => 16; }
    public static int TileRows { [MethodImpl(Inline)] get => 12; }
    [MethodImpl(Inline)] public static Vector512<float> Load(float* p) => Vector512.Load(p);
    [MethodImpl(Inline)] public static void Store(float* p, Vector512<float> v) => v.Store(p);
    [MethodImpl(Inline)] public static Vector512<float> Create(float x) => Vector512.Create(x);
    [MethodImpl(Inline)] public static Vector512<float> LoadFactor(float* p) => Vector512.Create(*p);
    [MethodImpl(Inline)] public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;
    [MethodImpl(Inline)] public static Vector512<float> Sub(Vector512<float> a, Vector512<float> b) => a - b;
    [MethodImpl(Inline)] public static Vector512<float> Mul(Vector512<float> a, Vector512<float> b) => a * b;
    [MethodImpl(Inline)] public static Vector512<float> Div(Vector512<float> a, Vector512<float> b) => a / b;
    [MethodImpl(Inline)]
    public static Vector512<float> MulAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);
    [MethodImpl(Inline)]
    public static Vector512<float> MulAddFactor(Vector512<float> factor, Vector512<float> a, Vector512<float> c) => MulAdd(factor, a, c);
    [MethodImpl(Inline)] public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);
    [MethodImpl(Inline)] public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);
    [MethodImpl(Inline)] public static Vector512<float> Sqrt(Vector512<float> a) => Vector512.Sqrt(a);
    [MethodImpl(Inline)] public static float Sum(Vector512<float> a) => Simd256.Sum(a.GetLower() + a.GetUpper());
    [MethodImpl(Inline)]
    public static float MaxLane(Vector512<float> a) =>
        Simd256.MaxLane(Vector256.MaxNative(a.GetLower(), a.GetUpper()));
    [MethodImpl(Inline)]
    public static Vector512<float> ZeroBelow(Vector512<float> x, Vector512<float> y, Vector512<float> a) =>
        Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, y), a, Vector512<float>.Zero);
    [MethodImpl(Inline)]
    public static Vector512<float> AddExponent(Vector512<float> x, Vector512<float> n) =>
        (x.AsInt32() + (n.AsInt32() << 23)).AsSingle();
    [MethodImpl(Inline)]
    public static double SumDouble(Vector512<float> a) =>
        Simd256.SumDouble(a.GetLower()) + Simd256.SumDouble(a.GetUpper());
    [MethodImpl(Inline)]
    public static Vector512<float> First(Vector512<float> a, int count, Vector512<float> rest) =>
        Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle(), a, rest);
    [MethodImpl(Inline)] public static Vector512<float> Log(Vector512<float> a) => Vector512.Log(a);
    [MethodImpl(Inline)]
    public static void Transpose(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count) =>
        Simd256.Transpose(from, ldFrom, to, ldTo, rows, count);
    public static int TransposeSize { [MethodImpl(Inline)] get => 8; }
}

internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    public static int Width { [MethodImpl(Inline)] get => 8; }
    public static int TileRows { [MethodImpl(Inline)] get => 6; }
    [MethodImpl(Inline)] public static Vector256<float> Load(float* p) => Vector256.Load(p);
    [MethodImpl(Inline)] public static void Store(float* p, Vector256<float> v) => v.Store(p);
    [MethodImpl(Inline)] public static Vector256<float> Create(float x) => Vector256.Create(x);
    [MethodImpl(Inline)] public static Vector256<float> LoadFactor(float* p) => Vector256.Create(*p);
    [MethodImpl(Inline)] public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;
    [MethodImpl(Inline)] public static Vector256<float> Sub(Vector256<float> a, Vector256<float> b) => a - b;
    [MethodImpl(Inline)] public static Vector256<float> Mul(Vector256<float> a, Vector256<float> b) => a * b;
    [MethodImpl(Inline)] public static Vector256<float> Div(Vector256<float> a, Vector256<float> b) => a / b;
    [MethodImpl(Inline)]
    public static Vector256<float> MulAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);
    [MethodImpl(Inline)]
    public static Vector256<float> MulAddFactor(Vector256<float> factor, Vector256<float> a, Vector256<float> c) => MulAdd(factor, a, c);
    [MethodImpl(Inline)] public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);
    [MethodImpl(Inline)] public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);
    [MethodImpl(Inline)] public static Vector256<float> Sqrt(Vector256<float> a) => Vector256.Sqrt(a);
    [MethodImpl(Inline)] public static float Sum(Vector256<float> a) => Simd128.Sum(a.GetLower() + a.GetUpper());
    [MethodImpl(Inline)]
    public static float MaxLane(Vector256<float> a) =>
        Simd128.MaxLane(Vector128.MaxNative(a.GetLower(), a.GetUpper()));
    [MethodImpl(Inline)]
    public static Vector256<float> ZeroBelow(Vector256<float> x, Vector256<float> y, Vector256<float> a) =>
        Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(x, y), a, Vector256<float>.Zero);
    [MethodImpl(Inline)]
    public static Vector256<float> AddExponent(Vector256<float> x, Vector256<float> n) =>
        (x.AsInt32() + (n.AsInt32() << 23)).AsSingle();
    [MethodImpl(Inline)]
    public static double SumDouble(Vector256<float> a) =>
        Simd128.SumDouble(a.GetLower()) + Simd128.SumDouble(a.GetUpper());
    [MethodImpl(Inline)]
    public static Vector256<float> First(Vector256<float> a, int count, Vector256<float> rest) =>
        Vector256.ConditionalSelect(Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle(), a, rest);
    [MethodImpl(Inline)] public static Vector256<float> Log(Vector256<float> a) => Vector256.Log(a);
    [MethodImpl(Inline)]
    public static void Transpose(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count) =>
        Transpose8.Run(from, ldFrom, to, ldTo, rows, count);
    public static int TransposeSize { [MethodImpl(Inline)] get => 8; }
}

internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    public static int Width { [MethodImpl(Inline)] get => 4; }
    public static int TileRows { [MethodImpl(Inline)] get => AdvSimd.IsSupported ? 12 : 6; }
    [MethodImpl(Inline)] public static Vector128<float> Load(float* p) => Vector128.Load(p);
    [MethodImpl(Inline)] public static void Store(float* p, Vector128<float> v) => v.Store(p);
    [MethodImpl(Inline)] public static Vector128<float> Create(float x) => Vector128.Create(x);
    [MethodImpl(Inline)]
    public static Vector128<float> LoadFactor(float* p) =>
        AdvSimd.Arm64.IsSupported ? Vector128.CreateScalarUnsafe(*p) : Vector128.Create(*p);
    [MethodImpl(Inline)] public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;
    [MethodImpl(Inline)] public static Vector128<float> Sub(Vector128<float> a, Vector128<float> b) => a - b;
    [MethodImpl(Inline)] public static Vector128<float> Mul(Vector128<float> a, Vector128<float> b) => a * b;
    [MethodImpl(Inline)] public static Vector128<float> Div(Vector128<float> a, Vector128<float> b) => a / b;
    [MethodImpl(Inline)]
    public static Vector128<float> MulAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);
    [MethodImpl(Inline)]
    public static Vector128<float> MulAddFactor(Vector128<float> factor, Vector128<float> a, Vector128<float> c) =>
        AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(c, a, factor, 0) : MulAdd(factor, a, c);
    [MethodImpl(Inline)] public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);
    [MethodImpl(Inline)] public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);
    [MethodImpl(Inline)] public static Vector128<float> Sqrt(Vector128<float> a) => Vector128.Sqrt(a);
    [MethodImpl(Inline)]
    public static float Sum(Vector128<float> a)
    {
        Vector128<float> pairs = a + Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1));
        return (pairs + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(Inline)]
    public static float MaxLane(Vector128<float> a)
    {
        Vector128<float> pairs = Vector128.MaxNative(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(Inline)]
    public static Vector128<float> ZeroBelow(Vector128<float> x, Vector128<float> y, Vector128<float> a) =>
        Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(x, y), a, Vector128<float>.Zero);
    [MethodImpl(Inline)]
    public static Vector128<float> AddExponent(Vector128<float> x, Vector128<float> n) =>
        (x.AsInt32() + (n.AsInt32() << 23)).AsSingle();
    [MethodImpl(Inline)] public static double SumDouble(Vector128<float> a) => ((double)a[0] + a[2]) + ((double)a[1] + a[3]);
    [MethodImpl(Inline)]
    public static Vector128<float> First(Vector128<float> a, int count, Vector128<float> rest) =>
        Vector128.ConditionalSelect(Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle(), a, rest);
    [MethodImpl(Inline)] public static Vector128<float> Log(Vector128<float> a) => Vector128.Log(a);
    [MethodImpl(Inline)]
    public static void Transpose(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count) =>
        Transpose4.Run(from, ldFrom, to, ldTo, rows, count);
    public static int TransposeSize { [MethodImpl(Inline)] get => 4; }
}

internal readonly unsafe struct Simd1 : ISimd<float>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    public static int Width { [MethodImpl(Inline)] get => 1; }
    public static int TileRows { [MethodImpl(Inline)] get => 6; }
    [MethodImpl(Inline)] public static float Load(float* p) => *p;
    [MethodImpl(Inline)] public static void Store(float* p, float v) => *p = v;
    [MethodImpl(Inline)] public static float Create(float x) => x;
    [MethodImpl(Inline)] public static float LoadFactor(float* p) => *p;
    [MethodImpl(Inline)] public static float Add(float a, float b) => a + b;
    [MethodImpl(Inline)] public static float Sub(float a, float b) => a - b;
    [MethodImpl(Inline)] public static float Mul(float a, float b) => a * b;
    [MethodImpl(Inline)] public static float Div(float a, float b) => a / b;
    [MethodImpl(Inline)] public static float MulAdd(float a, float b, float c) => float.MultiplyAddEstimate(a, b, c);
    [MethodImpl(Inline)] public static float MulAddFactor(float factor, float a, float c) => MulAdd(factor, a, c);
    [MethodImpl(Inline)] public static float Max(float a, float b) => float.MaxNative(a, b);
    [MethodImpl(Inline)] public static float Min(float a, float b) => float.MinNative(a, b);
    [MethodImpl(Inline)] public static float Sqrt(float a) => MathF.Sqrt(a);
    [MethodImpl(Inline)] public static float Sum(float a) => a;
    [MethodImpl(Inline)] public static float MaxLane(float a) => a;
    [MethodImpl(Inline)] public static float ZeroBelow(float x, float y, float a) => x >= y ? a : 0;
    [MethodImpl(Inline)]
    public static float AddExponent(float x, float n) =>
        BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x) + (BitConverter.SingleToInt32Bits(n) << 23));
    [MethodImpl(Inline)] public static double SumDouble(float a) => a;
    [MethodImpl(Inline)] public static float First(float a, int count, float rest) => count > 0 ? a : rest;
    [MethodImpl(Inline)] public static float Log(float a) => MathF.Log(a);
    [MethodImpl(Inline)]
    public static void Transpose(float* from, nint ldFrom, float* to, nint ldTo, int rows, int count)
    {
        for (int j = 0; j < rows; j++)
        {
            for (int i = 0; i < count; i++) to[i * ldTo + j] = from[j * ldFrom + i];
        }
    }

    public static int TransposeSize { [MethodImpl(Inline)] get => 1; }
}
