namespace PersonaSelection.Numerics;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019). Scalar twin: <c>ScalarElementwise</c>.</summary>
public static unsafe class AdamW
{
    /// <summary>
    /// One step on n parameters p with gradients g (multiplied by gradientScale first) and moments m, v:
    /// p = p (1 - lr weightDecay) - lr mhat / (sqrt(vhat) + eps). Steps count from 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A step below 1.</exception>
    public static void Step(
        long n, float* p, float* g, float* m, float* v, float lr, float beta1, float beta2, float eps, float weightDecay,
        int step, float gradientScale)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        KernelSet.Current.AdamW(n, p, g, m, v, AdamWStep.Create(lr, beta1, beta2, eps, weightDecay, step, gradientScale));
    }
}

/// <summary>The numbers of one step, with the bias corrections folded in.</summary>
internal readonly record struct AdamWStep(
    float Beta1, float Beta2, float Epsilon, float GradientScale, float Keep, float Rate, float RootScale)
{
    public static AdamWStep Create(float lr, float beta1, float beta2, float eps, float weightDecay, int step, float gradientScale) =>
        new(beta1, beta2, eps, gradientScale, 1 - lr * weightDecay,
            (float)(lr / (1 - Math.Pow(beta1, step))), (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step))));
}
