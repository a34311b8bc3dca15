using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void Exp(long n, float* x, float* y)
    {
        long i = 0;
        for (; i <= n - I.Width; i += I.Width) I.Store(y + i, ExpMath<I, V>.Exp(I.Load(x + i)));
        for (; i < n; i++) y[i] = ExpMath<Simd1, float>.Exp(x[i]);
    }
}

/// <summary>
/// e^x in float, relative error below 2e-7 for x in [-87.3, 88.3]; below that 0, above that e^88.3. The argument is cut to n ln 2 + r
/// with |r| at most ln 2 / 2, and e^r is a polynomial of degree 6 (minimax, fitted for this interval).
/// </summary>
internal static class ExpMath<I, V> where I : struct, ISimd<V> where V : struct
{
    private const float Low = -87.33f, High = 88.37f, Magic = 12582912f, Log2E = 1.44269504f, Ln2High = 0.693359375f,
        Ln2Low = -2.12194440e-4f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp(V x)
    {
        V low = I.Create(Low), magic = I.Create(Magic);
        V y = I.Min(I.Max(x, low), I.Create(High));
        V t = I.MulAdd(y, I.Create(Log2E), magic);
        V n = I.Sub(t, magic);
        V r = I.MulAdd(n, I.Create(-Ln2High), y);
        r = I.MulAdd(n, I.Create(-Ln2Low), r);
        V p = I.Create(0.00138145402f);
        p = I.MulAdd(p, r, I.Create(0.00836874511f));
        p = I.MulAdd(p, r, I.Create(0.0416683908f));
        p = I.MulAdd(p, r, I.Create(0.166665204f));
        p = I.MulAdd(p, r, I.Create(0.499999934f));
        p = I.MulAdd(p, r, I.Create(1f));
        p = I.MulAdd(p, r, I.Create(1f));
        return I.ZeroBelow(x, low, I.AddExponent(p, t));
    }
}
