using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    // Below this many new rows, packing the cached keys costs more than it saves.
    private const int FewRows = 3;

    [MethodImpl(Hot)]
    public override void AttentionCached(
        AttentionShape s, int sequences, int* starts, int* firstQuery, float* qkv, int ldqkv, float** prefixRows, int* prefixLength,
        float** ownRows, int* ownLength, float* o, int ldo, AttentionScratch scratch)
    {
        int hd = s.HeadDim, group = s.Heads / s.KvHeads, nr = 2 * I.Width, most = 0, longest = 0;
        for (int q = 0; q < sequences; q++)
        {
            int t = starts[q + 1] - starts[q];
            most = Math.Max(most, prefixLength[q] + ownLength[q] + t);
            longest = Math.Max(longest, t);
        }
        int padded = RoundUp(Math.Max(most, 1), nr), valueWidth = RoundUp(hd, nr);
        float* keys = scratch.Panels(0, (long)padded * hd), values = scratch.Panels(1, (long)padded * valueWidth);
        float* p = scratch.Scores(0, 12L * padded), sums = scratch.Sums(2L * longest * s.Heads);
        for (int g = 0; g < s.KvHeads; g++)
        {
            float* packedPrefix = null;
            int packedLength = 0;
            for (int q = 0; q < sequences; q++)
            {
                int first = starts[q], t = starts[q + 1] - first, past = prefixLength[q] + ownLength[q];
                int skip = firstQuery == null ? 0 : firstQuery[q];
                if (skip >= t) continue;
                float* query = qkv + (long)first * ldqkv, to = o + (long)first * ldo;
                if (t <= FewRows)
                {
                    for (int h = g * group; h < (g + 1) * group; h++)
                        FewCached(s, h, g, skip, t, query, ldqkv, prefixRows[q], prefixLength[q], ownRows[q], ownLength[q], to, ldo, p);
                    continue;
                }
                if (prefixRows[q] != packedPrefix || prefixLength[q] != packedLength)
                {
                    PackCache(s, g, 0, prefixLength[q], prefixRows[q], 2 * s.KvHeads * hd, s.KvHeads * hd, keys, values, padded);
                    packedPrefix = prefixRows[q];
                    packedLength = prefixLength[q];
                }
                PackCache(s, g, prefixLength[q], ownLength[q], ownRows[q], 2 * s.KvHeads * hd, s.KvHeads * hd, keys, values, padded);
                PackCache(s, g, past, t, query + s.KeyOffset, ldqkv, s.KvHeads * hd, keys, values, padded);
                float* max = sums + (long)longest * s.Heads;
                for (int h = g * group; h < (g + 1) * group; h++)
                {
                    ForwardHead(s, past + skip, t - skip, padded, padded, query + (long)skip * ldqkv + h * hd, ldqkv, keys, values, p,
                        to + (long)skip * ldo + h * hd, ldo, max + h, sums + h);
                }
            }
        }
    }

    /// <summary>
    /// Writes <paramref name="count"/> rows of keys and values, as keys at.. of the panels. The value panels have
    /// <paramref name="panelRows"/> rows.
    /// </summary>
    [MethodImpl(Hot)]
    private static void PackCache(
        AttentionShape s, int g, int at, int count, float* rows, int ld, int valueOffset, float* keys, float* values, int panelRows)
    {
        int hd = s.HeadDim, nr = 2 * I.Width, size = I.TransposeSize, i = 0;
        if (count == 0) return;
        float* k = rows + g * hd, v = k + valueOffset;
        while (i < count)
        {
            int key = at + i;
            float* to = keys + (long)(key / nr) * nr * hd + key % nr;
            float* from = k + (long)i * ld;
            // A square of keys that stays inside its panel.
            int step = count - i >= size && key % nr + size <= nr ? size : 1, p = 0;
            if (step > 1)
            {
                I.Transpose(from, ld, to, nr, size, hd / size);
                p = hd / size * size;
            }
            for (; p < hd; p++)
            {
                for (int j = 0; j < step; j++) to[p * nr + j] = from[(long)j * ld + p];
            }
            i += step;
        }
        for (int j = 0; j < hd; j += nr) PackRows(count, Math.Min(nr, hd - j), v + j, ld, values + (long)j * panelRows + (long)at * nr);
    }

    /// <summary>One head of a few new rows, from row <paramref name="skip"/> on, straight from the caches.</summary>
    [MethodImpl(Hot)]
    private static void FewCached(
        AttentionShape s, int h, int g, int skip, int t, float* qkv, int ldqkv, float* prefix, int prefixLength, float* own, int ownLength,
        float* o, int ldo, float* p)
    {
        int hd = s.HeadDim, ldCache = 2 * s.KvHeads * hd, k = g * hd, v = k + s.KvHeads * hd;
        float* fresh = qkv + s.KeyOffset;
        for (int i = skip; i < t; i++)
        {
            float* query = qkv + (long)i * ldqkv + h * hd, to = o + (long)i * ldo + h * hd;
            int past = prefixLength + ownLength, n = past + i + 1;
            DotRows(prefixLength, hd, query, prefix + k, ldCache, p);
            DotRows(ownLength, hd, query, own + k, ldCache, p + prefixLength);
            DotRows(i + 1, hd, query, fresh + k, ldqkv, p + past);
            int open = n / I.Width * I.Width;
            float max = s.Scale * MaxVisible(n, open, n, p), sum;
            ExpVisible(1, n, open, n, s.Scale, &max, &sum, 1, p, 0);
            new Span<float>(to, hd).Clear();
            AddRows(prefixLength, hd, p, prefix + v, ldCache, to);
            AddRows(ownLength, hd, p + prefixLength, own + v, ldCache, to);
            AddRows(i + 1, hd, p + past, fresh + v, ldqkv, to);
            ScaleRow(hd, 1 / sum, to);
        }
    }

    [MethodImpl(Hot)]
    private static void DotRows(int n, int d, float* x, float* rows, int ld, float* y)
    {
        for (int i = 0; i < n; i++, rows += ld) y[i] = DotRow(d, x, rows);
    }

    /// <summary>y[d] += the rows weighted by p.</summary>
    [MethodImpl(Hot)]
    private static void AddRows(int n, int d, float* p, float* rows, int ld, float* y)
    {
        int j = 0;
        for (; j + 2 * I.Width <= d; j += 2 * I.Width)
        {
            V a = I.Load(y + j), b = I.Load(y + j + I.Width);
            float* row = rows + j;
            for (int i = 0; i < n; i++, row += ld)
            {
                V x = I.Create(p[i]);
                a = I.MulAdd(x, I.Load(row), a);
                b = I.MulAdd(x, I.Load(row + I.Width), b);
            }
            I.Store(y + j, a);
            I.Store(y + j + I.Width, b);
        }
        for (; j < d; j++)
        {
            float a = y[j];
            for (int i = 0; i < n; i++) a = Simd1.MulAdd(p[i], rows[(long)i * ld + j], a);
            y[j] = a;
        }
    }
}
