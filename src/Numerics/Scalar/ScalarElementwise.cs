namespace PersonaSelection.Numerics;

/// <summary>The definitions of <see cref="Elementwise"/>'s sums and of <see cref="AdamW"/>, in double.</summary>
internal static unsafe class ScalarElementwise
{
    public static double Dot(long n, float* x, float* y)
    {
        double sum = 0;
        for (long i = 0; i < n; i++) sum += (double)x[i] * y[i];
        return sum;
    }

    public static void AdamW(
        long n, float* p, float* g, float* m, float* v, double lr, double beta1, double beta2, double eps,
        double weightDecay, int step, double scale)
    {
        for (long i = 0; i < n; i++)
        {
            double gi = g[i] * scale, mi = beta1 * m[i] + (1 - beta1) * gi, vi = beta2 * v[i] + (1 - beta2) * gi * gi;
            (m[i], v[i]) = ((float)mi, (float)vi);
            double hat = mi / (1 - Math.Pow(beta1, step)), root = Math.Sqrt(vi / (1 - Math.Pow(beta2, step)));
            p[i] = (float)(p[i] * (1 - lr * weightDecay) - lr * hat / (root + eps));
        }
    }
}
