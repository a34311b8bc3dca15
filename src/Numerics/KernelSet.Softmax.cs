using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void CrossEntropy(int n, int v, float* logits, int ld, int* targets, float* weights, float* losses)
    {
        for (int i = 0; i < n; i++, logits += ld)
        {
            float max = MaxRow(v, logits);
            float target = logits[targets[i]] - max;
            float sum = ExpRow(v, logits, max, logits);
            losses[i] = MathF.Log(sum) - target;
            Scale(v, weights[i] / sum, logits);
            logits[targets[i]] -= weights[i];
        }
    }

    [MethodImpl(Hot)]
    public override void LogProbabilities(int n, int v, float* logits, int ld, int* targets, float* logp)
    {
        for (int i = 0; i < n; i++, logits += ld)
        {
            float max = MaxRow(v, logits);
            logp[i] = logits[targets[i]] - max - MathF.Log(SumExpRow(v, logits, max));
        }
    }

    [MethodImpl(Hot)]
    public override void LogSoftmax(int n, int v, float* logits, int ld)
    {
        for (int i = 0; i < n; i++, logits += ld)
        {
            float max = MaxRow(v, logits);
            float log = MathF.Log(SumExpRow(v, logits, max));
            V shift = I.Create(max), norm = I.Create(log);
            int j = 0;
            for (; j <= v - I.Width; j += I.Width) I.Store(logits + j, I.Sub(I.Sub(I.Load(logits + j), shift), norm));
            for (; j < v; j++) logits[j] = logits[j] - max - log;
        }
    }

    [MethodImpl(Hot)]
    private static float MaxRow(int n, float* x)
    {
        V a = I.Create(float.NegativeInfinity);
        int j = 0;
        for (; j <= n - I.Width; j += I.Width) a = I.Max(a, I.Load(x + j));
        float max = I.MaxLane(a);
        for (; j < n; j++) max = Simd1.Max(max, x[j]);
        return max;
    }

    /// <summary>y = e^(x - shift); returns the sum. y may be x.</summary>
    [MethodImpl(Hot)]
    private static float ExpRow(int n, float* x, float shift, float* y)
    {
        V s = I.Create(0), shifts = I.Create(shift);
        int j = 0;
        for (; j <= n - I.Width; j += I.Width)
        {
            V e = ExpMath<I, V>.Exp(I.Sub(I.Load(x + j), shifts));
            I.Store(y + j, e);
            s = I.Add(s, e);
        }
        float sum = I.Sum(s);
        for (; j < n; j++)
        {
            y[j] = ExpMath<Simd1, float>.Exp(x[j] - shift);
            sum += y[j];
        }
        return sum;
    }

    [MethodImpl(Hot)]
    private static float SumExpRow(int n, float* x, float shift)
    {
        V s = I.Create(0), shifts = I.Create(shift);
        int j = 0;
        for (; j <= n - I.Width; j += I.Width) s = I.Add(s, ExpMath<I, V>.Exp(I.Sub(I.Load(x + j), shifts)));
        float sum = I.Sum(s);
        for (; j < n; j++) sum += ExpMath<Simd1, float>.Exp(x[j] - shift);
        return sum;
    }
}
