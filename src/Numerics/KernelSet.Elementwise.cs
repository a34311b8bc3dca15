using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

// The tail of a kernel is the same kernel one lane wide.
internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void Axpy(long n, float a, float* x, float* y)
    {
        V av = I.Create(a);
        long i = 0;
        for (; i <= n - I.Width; i += I.Width) I.Store(y + i, I.MulAdd(av, I.Load(x + i), I.Load(y + i)));
        for (; i < n; i++) y[i] = Simd1.MulAdd(a, x[i], y[i]);
    }

    [MethodImpl(Hot)]
    public override void Axpby(long n, float a, float* x, float b, float* y)
    {
        V av = I.Create(a), bv = I.Create(b);
        long i = 0;
        for (; i <= n - I.Width; i += I.Width) I.Store(y + i, I.MulAdd(av, I.Load(x + i), I.Mul(bv, I.Load(y + i))));
        for (; i < n; i++) y[i] = Simd1.MulAdd(a, x[i], b * y[i]);
    }

    [MethodImpl(Hot)]
    public override void Scale(long n, float a, float* x)
    {
        V av = I.Create(a);
        long i = 0;
        for (; i <= n - I.Width; i += I.Width) I.Store(x + i, I.Mul(av, I.Load(x + i)));
        for (; i < n; i++) x[i] *= a;
    }

    [MethodImpl(Hot)]
    public override double Dot(long n, float* x, float* y)
    {
        // Blocks of floats are summed in float, the blocks in double: exact enough for norms of millions of numbers.
        const int Block = 512;
        double total = 0;
        for (long i = 0; i < n; i += Block) total += DotBlock((int)Math.Min(Block, n - i), x + i, y + i);
        return total;
    }

    [MethodImpl(Hot)]
    private static double DotBlock(int n, float* x, float* y)
    {
        int w = I.Width, i = 0;
        V s0 = I.Create(0), s1 = s0, s2 = s0, s3 = s0;
        for (; i <= n - 4 * w; i += 4 * w)
        {
            s0 = I.MulAdd(I.Load(x + i), I.Load(y + i), s0);
            s1 = I.MulAdd(I.Load(x + i + w), I.Load(y + i + w), s1);
            s2 = I.MulAdd(I.Load(x + i + 2 * w), I.Load(y + i + 2 * w), s2);
            s3 = I.MulAdd(I.Load(x + i + 3 * w), I.Load(y + i + 3 * w), s3);
        }
        for (; i <= n - w; i += w) s0 = I.MulAdd(I.Load(x + i), I.Load(y + i), s0);
        double sum = I.SumDouble(I.Add(I.Add(s0, s1), I.Add(s2, s3)));
        for (; i < n; i++) sum += (double)x[i] * y[i];
        return sum;
    }

    [MethodImpl(Hot)]
    public override double SumGradients(long n, float** parts, int count, float* target)
    {
        const int Block = 512;
        double total = 0;
        for (long i = 0; i < n; i += Block)
        {
            int length = (int)Math.Min(Block, n - i);
            float* t = target + i;
            if (count == 0) new Span<float>(t, length).Clear();
            for (int part = 0; part < count; part++)
            {
                if (part > 0) Axpy(length, 1, parts[part] + i, t);
                else if (parts[0] != target) new Span<float>(parts[0] + i, length).CopyTo(new Span<float>(t, length));
            }
            total += DotBlock(length, t, t);
        }
        return total;
    }

    [MethodImpl(Hot)]
    public override void AdamW(long n, float* p, float* g, float* m, float* v, AdamWStep s)
    {
        V beta1 = I.Create(s.Beta1), rest1 = I.Create(1 - s.Beta1), beta2 = I.Create(s.Beta2), rest2 = I.Create(1 - s.Beta2);
        V scale = I.Create(s.GradientScale), keep = I.Create(s.Keep), rate = I.Create(s.Rate), root = I.Create(s.RootScale),
            eps = I.Create(s.Epsilon);
        long i = 0;
        for (; i <= n - I.Width; i += I.Width)
        {
            V gi = I.Mul(scale, I.Load(g + i));
            V mi = I.MulAdd(rest1, gi, I.Mul(beta1, I.Load(m + i)));
            V vi = I.MulAdd(rest2, I.Mul(gi, gi), I.Mul(beta2, I.Load(v + i)));
            I.Store(m + i, mi);
            I.Store(v + i, vi);
            V step = I.Div(I.Mul(rate, mi), I.MulAdd(I.Sqrt(vi), root, eps));
            I.Store(p + i, I.Sub(I.Mul(keep, I.Load(p + i)), step));
        }
        for (; i < n; i++)
        {
            float gi = s.GradientScale * g[i];
            m[i] = Simd1.MulAdd(1 - s.Beta1, gi, s.Beta1 * m[i]);
            v[i] = Simd1.MulAdd(1 - s.Beta2, gi * gi, s.Beta2 * v[i]);
            float step = s.Rate * m[i] / Simd1.MulAdd(MathF.Sqrt(v[i]), s.RootScale, s.Epsilon);
            p[i] = s.Keep * p[i] - step;
        }
    }
}
