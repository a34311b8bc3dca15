using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    // Query rows whose probabilities and their gradients are held at once: the two blocks take about half of a 1 MB second-level cache.
    private const int BackwardFloats = 65536;

    [MethodImpl(Hot)]
    public override void AttentionBackward(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse, float* dO, int lddo,
        float* dqkv, int lddqkv, AttentionScratch scratch)
    {
        int hd = s.HeadDim, group = s.Heads / s.KvHeads, nr = 2 * I.Width;
        for (int q = 0; q < sequences; q++)
        {
            int t = starts[q + 1] - starts[q];
            if (t <= 0) continue;
            int padded = RoundUp(t, nr), blockRows = Math.Min(t, Math.Max(24, BackwardFloats / padded / 12 * 12));
            long perRow = (long)t * RoundUp(hd, nr);
            float* rows = qkv + (long)starts[q] * ldqkv, dRows = dqkv + (long)starts[q] * lddqkv, log = lse + (long)starts[q] * s.Heads;
            BackwardOperands x = new()
            {
                Length = t,
                Stride = padded,
                BlockRows = blockRows,
                KeysByColumn = scratch.Panels(0, (long)padded * hd),
                ValuesByColumn = scratch.Panels(1, (long)padded * hd),
                Keys = scratch.Panels(2, perRow),
                Queries = scratch.Panels(3, perRow),
                OutputGradients = scratch.Panels(4, perRow),
                P = scratch.Scores(0, (long)blockRows * padded),
                D = scratch.Scores(1, (long)blockRows * padded),
            };
            for (int g = 0; g < s.KvHeads; g++)
            {
                float* k = rows + s.KeyOffset + g * hd;
                Pack(hd, t, k, ldqkv, true, x.KeysByColumn);
                Pack(hd, t, rows + s.ValueOffset + g * hd, ldqkv, true, x.ValuesByColumn);
                Pack(t, hd, k, ldqkv, false, x.Keys);
                float* dK = dRows + s.KeyOffset + g * hd, dV = dRows + s.ValueOffset + g * hd;
                for (int h = g * group; h < (g + 1) * group; h++)
                {
                    float* dOut = dO + (long)starts[q] * lddo + h * hd;
                    Pack(t, hd, rows + h * hd, ldqkv, false, x.Queries);
                    Pack(t, hd, dOut, lddo, false, x.OutputGradients);
                    for (int first = 0; first < t; first += blockRows)
                    {
                        int count = Math.Min(blockRows, t - first);
                        QueryGradients(
                            s, x, first, count, rows + h * hd, ldqkv, o + (long)starts[q] * ldo + h * hd, ldo, dOut, lddo,
                            log + h, dRows + h * hd, lddqkv);
                        KeyGradients(hd, x, first, count, dK, dV, lddqkv, h > g * group);
                    }
                }
            }
        }
    }

    /// <summary>For query rows [first, first + count): P, D = scale P (dO V^T - dO o), and dQ = D K.</summary>
    [MethodImpl(Hot)]
    [SkipLocalsInit]
    private static void QueryGradients(
        AttentionShape s, in BackwardOperands x, int first, int count, float* query, int ldq, float* o, int ldo, float* dO, int lddo,
        float* lse, float* dQuery, int lddq)
    {
        int hd = s.HeadDim, ld = x.Stride;
        float* deltas = stackalloc float[12];
        for (int i = first; i < first + count;)
        {
            int rows = TileRows(first + count - i), seen = i + rows, open = (i + 1) / I.Width * I.Width;
            float* p = x.P + (long)(i - first) * ld, d = x.D + (long)(i - first) * ld, dOut = dO + (long)i * lddo,
                outRow = o + (long)i * ldo;
            Scores(rows, seen, hd, query + (long)i * ldq, ldq, x.KeysByColumn, p, ld);
            Scores(rows, seen, hd, dOut, lddo, x.ValuesByColumn, d, ld);
            for (int r = 0; r < rows; r++) deltas[r] = -s.Scale * DotRow(hd, dOut + (long)r * lddo, outRow + (long)r * ldo);
            SoftmaxBackward(rows, i + 1, open, seen, s.Scale, lse + (long)i * s.Heads, s.Heads, deltas, p, d, ld);
            RowsTimesPanels(rows, hd, seen, d, ld, 1, x.Keys, x.Length, dQuery + (long)i * lddq, lddq, false);
            i += rows;
        }
    }

    /// <summary>dV (+)= P^T dO and dK (+)= D^T Q for the keys that query rows [first, first + count) can see.</summary>
    [MethodImpl(Hot)]
    private static void KeyGradients(int hd, in BackwardOperands x, int first, int count, float* dK, float* dV, int ld, bool add)
    {
        int nr = 2 * I.Width, end = first + count;
        for (int j = 0; j < end;)
        {
            int rows = TileRows(end - j), from = Math.Max(first, j);
            bool onto = add || j < first;
            long at = (long)(from - first) * x.Stride + j;
            RowsTimesPanels(rows, hd, end - from, x.P + at, 1, x.Stride, x.OutputGradients + (long)from * nr, x.Length,
                dV + (long)j * ld, ld, onto);
            RowsTimesPanels(rows, hd, end - from, x.D + at, 1, x.Stride, x.Queries + (long)from * nr, x.Length,
                dK + (long)j * ld, ld, onto);
            j += rows;
        }
    }

    /// <summary>
    /// p = e^(scale p - lse) and d = p (scale d + delta) in the first n + r columns of row r, zero from there to
    /// <paramref name="end"/>. lse has stride
    /// <paramref name="ldLse"/>. Down the rows first, as in the forward pass.
    /// </summary>
    [MethodImpl(Hot)]
    private static void SoftmaxBackward(
        int rows, int n, int open, int end, float scale, float* lse, nint ldLse, float* deltas, float* p, float* d, int ld)
    {
        int w = I.Width, j = 0;
        V scales = I.Create(scale), zero = I.Create(0);
        for (; j < open; j += w)
        {
            nint at = j;
            for (int r = 0; r < rows; r++, at += ld)
            {
                V e = ExpMath<I, V>.Exp(I.MulAdd(I.Load(p + at), scales, I.Create(-lse[r * ldLse])));
                I.Store(p + at, e);
                I.Store(d + at, I.Mul(e, I.MulAdd(I.Load(d + at), scales, I.Create(deltas[r]))));
            }
        }
        for (; j < end; j += w)
        {
            nint at = j;
            for (int r = 0; r < rows; r++, at += ld)
            {
                V e = I.First(ExpMath<I, V>.Exp(I.MulAdd(I.Load(p + at), scales, I.Create(-lse[r * ldLse]))), n + r - j, zero);
                I.Store(p + at, e);
                I.Store(d + at, I.First(I.Mul(e, I.MulAdd(I.Load(d + at), scales, I.Create(deltas[r]))), n + r - j, zero));
            }
        }
    }
}

/// <summary>The packed operands of one head's backward pass; P and D are [BlockRows, Stride].</summary>
internal unsafe ref struct BackwardOperands
{
    public int Length, Stride, BlockRows;
    public float* KeysByColumn, ValuesByColumn, Keys, Queries, OutputGradients, P, D;
}
