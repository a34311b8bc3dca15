namespace PersonaSelection.Numerics;

/// <summary>
/// The definitions of <see cref="RmsNorm"/>, <see cref="Rotary"/>, <see cref="SwiGlu"/> and <see cref="SoftmaxCrossEntropy"/>, in double.
/// </summary>
internal static unsafe class ScalarLayers
{
    public static void RmsNormForward(int n, int d, float* x, int ldx, float* gain, float eps, float* y, int ldy, float* rstd)
    {
        for (long i = 0; i < n; i++)
        {
            double sum = 0;
            for (int j = 0; j < d; j++) sum += (double)x[i * ldx + j] * x[i * ldx + j];
            double r = 1 / Math.Sqrt(sum / d + eps);
            rstd[i] = (float)r;
            for (int j = 0; j < d; j++) y[i * ldy + j] = (float)(x[i * ldx + j] * r * gain[j]);
        }
    }

    public static void RmsNormBackward(int n, int d, float* x, int ldx, float* gain, float* rstd, float* dy, int lddy,
        float* dx, int lddx, float* dGain)
    {
        for (long i = 0; i < n; i++)
        {
            double r = rstd[i], dot = 0;
            for (int j = 0; j < d; j++) dot += (double)dy[i * lddy + j] * gain[j] * x[i * ldx + j];
            for (int j = 0; j < d; j++)
            {
                dx[i * lddx + j] += (float)(r * dy[i * lddy + j] * gain[j] - x[i * ldx + j] * r * r * r * dot / d);
                if (dGain != null) dGain[j] += (float)(dy[i * lddy + j] * x[i * ldx + j] * r);
            }
        }
    }

    public static void RotaryApply(int n, int heads, int headDim, float* x, int ldx, int* positions, double theta, bool inverse)
    {
        int half = headDim / 2;
        for (long i = 0; i < n; i++)
        {
            for (int h = 0; h < heads; h++)
            {
                for (int j = 0; j < half; j++)
                {
                    (double sin, double cos) = Math.SinCos((inverse ? -1 : 1) * positions[i] * Math.Pow(theta, -2.0 * j / headDim));
                    float* p = x + i * ldx + h * headDim + j;
                    double a = p[0], b = p[half];
                    p[0] = (float)(a * cos - b * sin);
                    p[half] = (float)(b * cos + a * sin);
                }
            }
        }
    }

    public static void SwiGluForward(int n, int f, float* gateUp, int ldgu, float* y, int ldy)
    {
        for (long i = 0; i < n; i++)
        {
            for (int j = 0; j < f; j++)
            {
                double g = gateUp[i * ldgu + j];
                y[i * ldy + j] = (float)(g / (1 + Math.Exp(-g)) * gateUp[i * ldgu + f + j]);
            }
        }
    }

    public static void SwiGluBackward(int n, int f, float* gateUp, int ldgu, float* dy, int lddy, float* dGateUp, int lddgu)
    {
        for (long i = 0; i < n; i++)
        {
            for (int j = 0; j < f; j++)
            {
                double g = gateUp[i * ldgu + j], u = gateUp[i * ldgu + f + j], d = dy[i * lddy + j], s = 1 / (1 + Math.Exp(-g));
                dGateUp[i * lddgu + j] = (float)(d * u * (s + g * s * (1 - s)));
                dGateUp[i * lddgu + f + j] = (float)(d * g * s);
            }
        }
    }

    /// <summary>The logs of the softmax of a row.</summary>
    public static double[] LogSoftmax(int v, float* logits)
    {
        double[] logs = new double[v];
        for (int j = 0; j < v; j++) logs[j] = logits[j];
        LogSpace.NormalizeLog(logs);
        return logs;
    }
}
