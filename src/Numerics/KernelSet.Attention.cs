using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

// Everything is a GEMM tile on operands packed per head; probabilities live only for a block of query rows. Query rows and key rows are
// cut into the same tiles, so a score past the diagonal is only ever read inside the tile that wrote it as zero.
internal sealed unsafe partial class KernelSet<I, V>
{
    [MethodImpl(Hot)]
    public override void AttentionForward(
        AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo, float* lse,
        AttentionScratch scratch, int skip = 0)
    {
        int hd = s.HeadDim, group = s.Heads / s.KvHeads, nr = 2 * I.Width;
        for (int q = 0; q < sequences; q++)
        {
            int t = starts[q + 1] - starts[q];
            if (t <= skip) continue;
            int padded = RoundUp(t, nr);
            float* rows = qkv + (long)starts[q] * ldqkv, to = o + (long)starts[q] * ldo, log = lse + (long)starts[q] * s.Heads;
            float* keys = scratch.Panels(0, (long)padded * hd), values = scratch.Panels(1, (long)t * RoundUp(hd, nr));
            float* p = scratch.Scores(0, 12L * padded), sums = scratch.Sums((long)t * s.Heads);
            for (int g = 0; g < s.KvHeads; g++)
            {
                Pack(hd, t, rows + s.KeyOffset + g * hd, ldqkv, true, keys);
                Pack(t, hd, rows + s.ValueOffset + g * hd, ldqkv, false, values);
                for (int h = g * group; h < (g + 1) * group; h++)
                {
                    ForwardHead(s, skip, t - skip, t, padded, rows + (long)skip * ldqkv + h * hd, ldqkv, keys, values, p,
                        to + (long)skip * ldo + h * hd, ldo, log + (long)skip * s.Heads + h, sums + h);
                }
            }
            AddLog((long)(t - skip) * s.Heads, sums, log + (long)skip * s.Heads);
        }
    }

    /// <summary>One head of one sequence: t query rows that follow <paramref name="past"/> keys. max and sums have stride Heads.</summary>
    [MethodImpl(Hot)]
    private static void ForwardHead(
        AttentionShape s, int past, int t, int keyCount, int ldp, float* query, int ldq, float* keys, float* values, float* p, float* o,
        int ldo, float* max, float* sums)
    {
        int hd = s.HeadDim;
        for (int i = 0; i < t;)
        {
            int rows = TileRows(t - i), seen = past + i + rows, open = (past + i + 1) / I.Width * I.Width;
            Scores(rows, seen, hd, query + (long)i * ldq, ldq, keys, p, ldp);
            float* to = o + (long)i * ldo;
            for (int r = 0; r < rows; r++) max[(long)(i + r) * s.Heads] = s.Scale * MaxVisible(past + i + r + 1, open, seen, p + r * ldp);
            ExpVisible(rows, past + i + 1, open, seen, s.Scale, max + (long)i * s.Heads, sums + (long)i * s.Heads, s.Heads, p, ldp);
            RowsTimesPanels(rows, hd, seen, p, ldp, 1, values, keyCount, to, ldo, false);
            for (int r = 0; r < rows; r++, to += ldo) ScaleRow(hd, 1 / sums[(long)(i + r) * s.Heads], to);
            i += rows;
        }
    }

    /// <summary>p[rows, keys] = A[rows, hd] times the packed keys; columns are computed up to a multiple of W.</summary>
    [MethodImpl(Inline)]
    private static void Scores(int rows, int keyCount, int hd, float* a, int lda, float* keys, float* p, int ldp)
    {
        int nr = 2 * I.Width, j = 0;
        for (; j + I.Width < keyCount; j += nr) Tile(rows, hd, a, lda, 1, keys + (long)j * hd, p + j, ldp, false);
        if (j < keyCount) HalfTile(rows, hd, a, lda, 1, keys + (long)j * hd, p + j, ldp, false);
    }

    /// <summary>C[rows, hd] (+)= A[rows, k] B, where a panel of B has <paramref name="panelRows"/> rows.</summary>
    [SkipLocalsInit]
    private static void RowsTimesPanels(
        int rows, int hd, int k, float* a, nint ars, nint aks, float* b, int panelRows, float* c, int ldc, bool add)
    {
        int nr = 2 * I.Width;
        float* spare = stackalloc float[12 * 32];
        for (int j = 0; j < hd; j += nr)
            TileColumns(rows, Math.Min(nr, hd - j), k, a, ars, aks, b + (long)j * panelRows, c + j, ldc, add, spare);
    }

    /// <summary>
    /// The largest of the first n columns of a row that is computed up to <paramref name="end"/>. Columns below <paramref name="open"/>, a
    /// multiple of W, need no mask: it is the same for all rows of a tile, so that branches repeat.
    /// </summary>
    [MethodImpl(Inline)]
    private static float MaxVisible(int n, int open, int end, float* p)
    {
        int w = I.Width, j = 0;
        V low = I.Create(float.NegativeInfinity), m = low, m1 = low;
        for (; j + w < open; j += 2 * w)
        {
            m = I.Max(m, I.Load(p + j));
            m1 = I.Max(m1, I.Load(p + j + w));
        }
        if (j < open)
        {
            m = I.Max(m, I.Load(p + j));
            j += w;
        }
        for (; j < end; j += w) m1 = I.Max(m1, I.First(I.Load(p + j), n - j, low));
        return I.MaxLane(I.Max(m, m1));
    }

    /// <summary>
    /// p = e^(scale p - max) for the first n + r columns of row r and zero from there to <paramref name="end"/>; their
    /// sums. max and sums have stride
    /// <paramref name="ld"/>. Down the rows first: one row alone would wait for the ends of its chains.
    /// </summary>
    [MethodImpl(Hot)]
    [SkipLocalsInit]
    private static void ExpVisible(int rows, int n, int open, int end, float scale, float* max, float* sums, nint ld, float* p, int ldp)
    {
        int w = I.Width, j = 0;
        V scales = I.Create(scale), zero = I.Create(0);
        float* partial = stackalloc float[12 * 16];
        for (int r = 0; r < rows; r++) I.Store(partial + r * w, zero);
        for (; j < open; j += w)
        {
            float* at = p + j;
            for (int r = 0; r < rows; r++, at += ldp)
            {
                V e = ExpMath<I, V>.Exp(I.MulAdd(I.Load(at), scales, I.Create(-max[r * ld])));
                I.Store(at, e);
                I.Store(partial + r * w, I.Add(I.Load(partial + r * w), e));
            }
        }
        for (; j < end; j += w)
        {
            float* at = p + j;
            for (int r = 0; r < rows; r++, at += ldp)
            {
                V e = I.First(ExpMath<I, V>.Exp(I.MulAdd(I.Load(at), scales, I.Create(-max[r * ld]))), n + r - j, zero);
                I.Store(at, e);
                I.Store(partial + r * w, I.Add(I.Load(partial + r * w), e));
            }
        }
        for (int r = 0; r < rows; r++) sums[r * ld] = I.Sum(I.Load(partial + r * w));
    }

    [MethodImpl(Inline)]
    private static void ScaleRow(int n, float a, float* x)
    {
        V av = I.Create(a);
        int j = 0;
        for (; j <= n - I.Width; j += I.Width) I.Store(x + j, I.Mul(av, I.Load(x + j)));
        for (; j < n; j++) x[j] *= a;
    }

    /// <summary>y += log x. The last vector is padded rather than done lane by lane, so that every element takes the same path.</summary>
    [MethodImpl(Hot)]
    private static void AddLog(long n, float* x, float* y)
    {
        long i = 0;
        for (; i <= n - I.Width; i += I.Width) I.Store(y + i, I.Add(I.Load(y + i), I.Log(I.Load(x + i))));
        if (i == n) return;
        float* last = stackalloc float[16];
        for (int j = 0; j < I.Width; j++) last[j] = i + j < n ? x[i + j] : 1;
        I.Store(last, I.Log(I.Load(last)));
        for (int j = 0; i + j < n; j++) y[i + j] += last[j];
    }
}
