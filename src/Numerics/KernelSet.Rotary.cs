using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    /// <summary>table row p: [headDim/2 cosines | headDim/2 sines].</summary>
    [MethodImpl(Hot)]
    public override void RotaryApply(int n, int heads, int headDim, float* x, int ldx, int* positions, float* table, bool inverse)
    {
        int half = headDim / 2, w = I.Width;
        float sign = inverse ? -1 : 1;
        V signs = I.Create(sign);
        for (int i = 0; i < n; i++)
        {
            float* cos = table + (long)positions[i] * headDim, sin = cos + half, row = x + (long)i * ldx;
            int j = 0;
            for (; j <= half - w; j += w)
            {
                V c = I.Load(cos + j), s = I.Mul(signs, I.Load(sin + j));
                float* p = row + j;
                for (int h = 0; h < heads; h++, p += headDim)
                {
                    V a = I.Load(p), b = I.Load(p + half);
                    I.Store(p, I.Sub(I.Mul(a, c), I.Mul(b, s)));
                    I.Store(p + half, I.MulAdd(b, c, I.Mul(a, s)));
                }
            }
            for (; j < half; j++)
            {
                float c = cos[j], s = sign * sin[j];
                float* p = row + j;
                for (int h = 0; h < heads; h++, p += headDim)
                {
                    float a = p[0], b = p[half];
                    p[0] = a * c - b * s;
                    p[half] = Simd1.MulAdd(b, c, a * s);
                }
            }
        }
    }
}
