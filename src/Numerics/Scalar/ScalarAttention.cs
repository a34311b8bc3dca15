namespace PersonaSelection.Numerics;

/// <summary>The definition of <see cref="Attention"/>, pair by pair in double.</summary>
internal static unsafe class ScalarAttention
{
    public static void Forward(AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse)
    {
        for (int q = 0; q < sequences; q++)
        {
            for (int i = starts[q]; i < starts[q + 1]; i++)
            {
                for (int h = 0; h < s.Heads; h++)
                {
                    long k = s.KeyOffset + h / (s.Heads / s.KvHeads) * s.HeadDim, v = k + s.KvHeads * s.HeadDim;
                    double[] p = Probabilities(s, i, h, starts[q], qkv, ldqkv, k, out double log);
                    lse[(long)i * s.Heads + h] = (float)log;
                    for (int x = 0; x < s.HeadDim; x++)
                    {
                        double sum = 0;
                        for (int j = 0; j < p.Length; j++) sum += p[j] * qkv[(long)(starts[q] + j) * ldqkv + v + x];
                        o[(long)i * ldo + h * s.HeadDim + x] = (float)sum;
                    }
                }
            }
        }
    }

    public static void Backward(AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* dO,
        int lddo, float* dqkv, int lddqkv)
    {
        int hd = s.HeadDim, rows = starts[sequences];
        double[] d = new double[(long)rows * s.RowLength];
        for (int q = 0; q < sequences; q++)
        {
            for (int i = starts[q]; i < starts[q + 1]; i++)
            {
                for (int h = 0; h < s.Heads; h++)
                {
                    long k = s.KeyOffset + h / (s.Heads / s.KvHeads) * hd, v = k + s.KvHeads * hd;
                    double[] p = Probabilities(s, i, h, starts[q], qkv, ldqkv, k, out _), dp = new double[p.Length];
                    double mean = 0;
                    for (int j = 0; j < p.Length; j++)
                    {
                        long row = starts[q] + j;
                        for (int x = 0; x < hd; x++)
                        {
                            double g = dO[(long)i * lddo + h * hd + x];
                            dp[j] += g * qkv[row * ldqkv + v + x];
                            d[row * s.RowLength + v + x] += p[j] * g;
                        }
                        mean += p[j] * dp[j];
                    }
                    for (int j = 0; j < p.Length; j++)
                    {
                        double ds = p[j] * (dp[j] - mean) / Math.Sqrt(hd);
                        for (int x = 0; x < hd; x++)
                        {
                            d[(long)i * s.RowLength + h * hd + x] += ds * qkv[(long)(starts[q] + j) * ldqkv + k + x];
                            d[(long)(starts[q] + j) * s.RowLength + k + x] += ds * qkv[(long)i * ldqkv + h * hd + x];
                        }
                    }
                }
            }
        }
        for (long i = 0; i < rows; i++)
        {
            for (int x = 0; x < s.RowLength; x++) dqkv[i * lddqkv + x] = (float)d[i * s.RowLength + x];
        }
    }

    private static double[] Probabilities(AttentionShape s, int i, int h, int first, float* qkv, int ldqkv, long k, out double log)
    {
        double[] p = new double[i - first + 1];
        for (int j = 0; j < p.Length; j++)
        {
            for (int x = 0; x < s.HeadDim; x++)
                p[j] += (double)qkv[(long)i * ldqkv + h * s.HeadDim + x] * qkv[(long)(first + j) * ldqkv + k + x];
            p[j] /= Math.Sqrt(s.HeadDim);
        }
        log = LogSpace.Normalize(p, p);
        return p;
    }
}
