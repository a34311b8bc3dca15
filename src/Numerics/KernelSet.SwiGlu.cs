using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void SwiGluForward(int n, int f, float* gateUp, int ldgu, float* y, int ldy)
    {
        V one = I.Create(1), zero = I.Create(0);
        for (int i = 0; i < n; i++, gateUp += ldgu, y += ldy)
        {
            float* up = gateUp + f;
            int j = 0;
            for (; j <= f - I.Width; j += I.Width)
            {
                V g = I.Load(gateUp + j);
                V e = ExpMath<I, V>.Exp(I.Sub(zero, g));
                I.Store(y + j, I.Div(I.Mul(g, I.Load(up + j)), I.Add(one, e)));
            }
            for (; j < f; j++) y[j] = gateUp[j] * up[j] / (1 + ExpMath<Simd1, float>.Exp(-gateUp[j]));
        }
    }

    [MethodImpl(Hot)]
    public override void SwiGluBackward(int n, int f, float* gateUp, int ldgu, float* dy, int lddy, float* dGateUp, int lddgu)
    {
        V one = I.Create(1), zero = I.Create(0);
        for (int i = 0; i < n; i++, gateUp += ldgu, dy += lddy, dGateUp += lddgu)
        {
            float* up = gateUp + f, dUp = dGateUp + f;
            int j = 0;
            for (; j <= f - I.Width; j += I.Width)
            {
                V g = I.Load(gateUp + j), d = I.Load(dy + j), u = I.Load(up + j);
                V s = I.Div(one, I.Add(one, ExpMath<I, V>.Exp(I.Sub(zero, g))));
                V gs = I.Mul(g, s);
                // d(g s)/dg = s + g s (1 - s)
                V slope = I.MulAdd(gs, I.Sub(one, s), s);
                I.Store(dUp + j, I.Mul(d, gs));
                I.Store(dGateUp + j, I.Mul(I.Mul(d, u), slope));
            }
            for (; j < f; j++)
            {
                float g = gateUp[j], d = dy[j], u = up[j];
                float s = 1 / (1 + ExpMath<Simd1, float>.Exp(-g));
                float gs = g * s;
                dUp[j] = d * gs;
                dGateUp[j] = d * u * Simd1.MulAdd(gs, 1 - s, s);
            }
        }
    }
}
