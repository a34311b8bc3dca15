using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void RmsNormForward(int n, int d, float* x, int ldx, float* gain, float eps, float* y, int ldy, float* rstd)
    {
        for (int i = 0; i < n; i++, x += ldx, y += ldy)
        {
            float r = 1 / MathF.Sqrt(DotRow(d, x, x) / d + eps);
            rstd[i] = r;
            V rv = I.Create(r);
            int j = 0;
            for (; j <= d - I.Width; j += I.Width) I.Store(y + j, I.Mul(I.Mul(I.Load(x + j), rv), I.Load(gain + j)));
            for (; j < d; j++) y[j] = x[j] * r * gain[j];
        }
    }

    [MethodImpl(Hot)]
    public override void RmsNormBackward(int n, int d, float* x, int ldx, float* gain, float* rstd, float* dy, int lddy,
        float* dx, int lddx, float* dGain)
    {
        int w = I.Width;
        for (int i = 0; i < n; i++, x += ldx, dy += lddy, dx += lddx)
        {
            float r = rstd[i];
            V rv = I.Create(r), s = I.Create(0);
            int j = 0;
            for (; j <= d - w; j += w) s = I.MulAdd(I.Mul(I.Load(dy + j), I.Load(gain + j)), I.Load(x + j), s);
            float dot = I.Sum(s);
            for (; j < d; j++) dot = Simd1.MulAdd(dy[j] * gain[j], x[j], dot);
            // With g = dy gain: dx = r g - x r^3 mean(g x).
            float back = -(dot / d * r * r * r);
            V bv = I.Create(back);
            j = 0;
            if (dGain == null)
            {
                for (; j <= d - w; j += w)
                {
                    V g = I.Mul(I.Load(dy + j), I.Load(gain + j));
                    I.Store(dx + j, I.Add(I.Load(dx + j), I.MulAdd(g, rv, I.Mul(I.Load(x + j), bv))));
                }
                for (; j < d; j++) dx[j] += Simd1.MulAdd(dy[j] * gain[j], r, x[j] * back);
                continue;
            }
            for (; j <= d - w; j += w)
            {
                V dyv = I.Load(dy + j), xv = I.Load(x + j);
                I.Store(dGain + j, I.MulAdd(dyv, I.Mul(xv, rv), I.Load(dGain + j)));
                I.Store(dx + j, I.Add(I.Load(dx + j), I.MulAdd(I.Mul(dyv, I.Load(gain + j)), rv, I.Mul(xv, bv))));
            }
            for (; j < d; j++)
            {
                dGain[j] = Simd1.MulAdd(dy[j], x[j] * r, dGain[j]);
                dx[j] += Simd1.MulAdd(dy[j] * gain[j], r, x[j] * back);
            }
        }
    }

    [MethodImpl(Hot)]
    private static float DotRow(int n, float* x, float* y)
    {
        int w = I.Width, i = 0;
        V s0 = I.Create(0), s1 = s0;
        for (; i <= n - 2 * w; i += 2 * w)
        {
            s0 = I.MulAdd(I.Load(x + i), I.Load(y + i), s0);
            s1 = I.MulAdd(I.Load(x + i + w), I.Load(y + i + w), s1);
        }
        for (; i <= n - w; i += w) s0 = I.MulAdd(I.Load(x + i), I.Load(y + i), s0);
        float sum = I.Sum(I.Add(s0, s1));
        for (; i < n; i++) sum = Simd1.MulAdd(x[i], y[i], sum);
        return sum;
    }
}
