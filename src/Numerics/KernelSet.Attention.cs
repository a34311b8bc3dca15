using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void AttentionForward(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse, AttentionScratch scratch)
    {
        int hd = s.HeadDim, group = s.Heads / s.KvHeads;
        float scale = s.Scale;
        for (int q = 0; q < sequences; q++)
        {
            float* p = scratch.Rows(starts[q + 1] - starts[q]);
            for (int h = 0; h < s.Heads; h++)
            {
                float* keys = qkv + s.KeyOffset + h / group * hd, values = qkv + s.ValueOffset + h / group * hd;
                for (int i = starts[q]; i < starts[q + 1]; i++)
                {
                    int n = i + 1 - starts[q];
                    float* kBase = keys + (long)starts[q] * ldqkv, vBase = values + (long)starts[q] * ldqkv;
                    float* query = qkv + (long)i * ldqkv + h * hd, to = o + (long)i * ldo + h * hd;
                    for (int j = 0; j < n; j++) p[j] = scale * DotRow(hd, query, kBase + (long)j * ldqkv);
                    float max = MaxRow(n, p), sum = ExpRow(n, p, max, p);
                    lse[(long)i * s.Heads + h] = max + MathF.Log(sum);
                    new Span<float>(to, hd).Clear();
                    for (int j = 0; j < n; j++) Axpy(hd, p[j] / sum, vBase + (long)j * ldqkv, to);
                }
            }
        }
    }

    [MethodImpl(Hot)]
    public override void AttentionBackward(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse, float* dO, int lddo,
        float* dqkv, int lddqkv, AttentionScratch scratch)
    {
        int hd = s.HeadDim, group = s.Heads / s.KvHeads;
        float scale = s.Scale;
        for (int i = starts[0]; i < starts[sequences]; i++) new Span<float>(dqkv + (long)i * lddqkv, s.RowLength).Clear();
        for (int q = 0; q < sequences; q++)
        {
            for (int h = 0; h < s.Heads; h++)
            {
                long k = s.KeyOffset + h / group * hd, v = s.ValueOffset + h / group * hd;
                for (int i = starts[q]; i < starts[q + 1]; i++)
                {
                    float* query = qkv + (long)i * ldqkv + h * hd, dq = dqkv + (long)i * lddqkv + h * hd, d = dO + (long)i * lddo + h * hd;
                    float delta = DotRow(hd, d, o + (long)i * ldo + h * hd), log = lse[(long)i * s.Heads + h];
                    for (int j = starts[q]; j <= i; j++)
                    {
                        float* row = qkv + (long)j * ldqkv, dRow = dqkv + (long)j * lddqkv;
                        float p = ExpMath<Simd1, float>.Exp(scale * DotRow(hd, query, row + k) - log);
                        Axpy(hd, p, d, dRow + v);
                        float ds = scale * p * (DotRow(hd, d, row + v) - delta);
                        Axpy(hd, ds, row + k, dq);
                        Axpy(hd, ds, query, dRow + k);
                    }
                }
            }
        }
    }

    [MethodImpl(Hot)]
    public override void AttentionCached(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float** prefixRows, int* prefixLength,
        float** ownRows, int* ownLength, float* o, int ldo, AttentionScratch scratch)
    {
        int hd = s.HeadDim, group = s.Heads / s.KvHeads, ldCache = 2 * s.KvHeads * hd;
        float scale = s.Scale;
        float** rows = stackalloc float*[3];
        int* lengths = stackalloc int[3], strides = stackalloc int[3];
        for (int q = 0; q < sequences; q++)
        {
            int first = starts[q], count = starts[q + 1] - first;
            float* p = scratch.Rows(prefixLength[q] + ownLength[q] + count);
            (lengths[0], lengths[1], strides[0], strides[1], strides[2]) = (prefixLength[q], ownLength[q], ldCache, ldCache, ldqkv);
            rows[0] = prefixRows[q];
            rows[1] = ownRows[q];
            rows[2] = qkv + (long)first * ldqkv + s.KeyOffset;
            for (int h = 0; h < s.Heads; h++)
            {
                int k = h / group * hd, v = k + s.KvHeads * hd;
                for (int i = 0; i < count; i++)
                {
                    float* query = qkv + (long)(first + i) * ldqkv + h * hd, to = o + (long)(first + i) * ldo + h * hd;
                    lengths[2] = i + 1;
                    int n = 0;
                    for (int part = 0; part < 3; part++)
                    {
                        for (int j = 0; j < lengths[part]; j++) p[n++] = scale * DotRow(hd, query, rows[part] + (long)j * strides[part] + k);
                    }
                    float max = MaxRow(n, p), sum = ExpRow(n, p, max, p);
                    new Span<float>(to, hd).Clear();
                    n = 0;
                    for (int part = 0; part < 3; part++)
                    {
                        for (int j = 0; j < lengths[part]; j++) Axpy(hd, p[n++] / sum, rows[part] + (long)j * strides[part] + v, to);
                    }
                }
            }
        }
    }
}
