using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// What stands between the projection to queries, keys and values and attention: biases or norms of heads, as the family has them, and
/// the rotation. A row of qkv is [Hq queries | Hkv keys | Hkv values], each hd wide.
/// </summary>
internal static unsafe class HeadInputs
{
    /// <summary>Turns the projection of n rows into what attention reads, in place.</summary>
    /// <param name="c">The shape.</param>
    /// <param name="w">All parameters.</param>
    /// <param name="at">Where those of the block lie.</param>
    /// <param name="n">Rows.</param>
    /// <param name="qkv">[n, qkv].</param>
    /// <param name="rawHeads">Keeps queries and keys as they were before their norms, [n, (Hq + Hkv) hd]; null for not at all.</param>
    /// <param name="rawScale">Keeps the reciprocal root mean squares of their heads, [n, Hq + Hkv]; null for not at all.</param>
    /// <param name="positions">[n].</param>
    /// <param name="rotary">Angles.</param>
    public static void Forward(DecoderConfig c, float* w, BlockOffsets at, int n, float* qkv, float* rawHeads, float* rawScale,
        int* positions, RotaryTable rotary)
    {
        int width = c.QkvWidth, hd = c.HeadDim, normed = c.NormedHeads;
        if (at.QkvBias >= 0) Elementwise.AddRow(n, width, w + at.QkvBias, qkv, width);
        if (normed > 0)
        {
            float eps = (float)c.NormEpsilon;
            float* unkept = stackalloc float[normed];
            for (int i = 0; i < n; i++)
            {
                float* row = qkv + (long)i * width, from = row, scale = rawScale == null ? unkept : rawScale + (long)i * normed;
                if (rawHeads != null)
                {
                    from = rawHeads + (long)i * normed * hd;
                    Elementwise.Copy((long)normed * hd, row, from);
                }
                RmsNorm.Forward(c.Heads, hd, from, hd, w + at.QueryNorm, eps, row, hd, scale);
                RmsNorm.Forward(c.KvHeads, hd, from + c.HeadsWidth, hd, w + at.KeyNorm, eps, row + c.HeadsWidth, hd, scale + c.Heads);
            }
        }
        // Queries and keys lie side by side: one rotation turns both.
        Rotary.Apply(n, c.Heads + c.KvHeads, hd, qkv, width, positions, rotary, false);
    }

    /// <summary>
    /// Turns the gradient of what attention read into that of the projection, in place, and adds to those of the parameters.
    /// </summary>
    /// <param name="c">The shape.</param>
    /// <param name="w">All parameters.</param>
    /// <param name="g">Their gradient; null when it is not wanted.</param>
    /// <param name="at">Where those of the block lie.</param>
    /// <param name="n">Rows.</param>
    /// <param name="dQkv">[n, qkv].</param>
    /// <param name="rawHeads">As the forward pass kept it.</param>
    /// <param name="rawScale">As the forward pass kept it.</param>
    /// <param name="positions">[n].</param>
    /// <param name="rotary">Angles.</param>
    /// <param name="scratch">At least Hq hd floats, overwritten.</param>
    public static void Backward(DecoderConfig c, float* w, float* g, BlockOffsets at, int n, float* dQkv, float* rawHeads, float* rawScale,
        int* positions, RotaryTable rotary, float* scratch)
    {
        int width = c.QkvWidth, hd = c.HeadDim, normed = c.NormedHeads;
        Rotary.Apply(n, c.Heads + c.KvHeads, hd, dQkv, width, positions, rotary, true);
        for (int i = 0; i < n && normed > 0; i++)
        {
            float* row = dQkv + (long)i * width, raw = rawHeads + (long)i * normed * hd, scale = rawScale + (long)i * normed;
            NormBackward(c.Heads, hd, raw, w + at.QueryNorm, scale, row, g == null ? null : g + at.QueryNorm, scratch);
            NormBackward(c.KvHeads, hd, raw + c.HeadsWidth, w + at.KeyNorm, scale + c.Heads, row + c.HeadsWidth,
                g == null ? null : g + at.KeyNorm, scratch);
        }
        if (at.QkvBias >= 0 && g != null) Elementwise.SumRows(n, width, dQkv, width, g + at.QkvBias);
    }

    /// <summary>The norm's kernel adds to dx; here the gradient [heads, hd] is replaced.</summary>
    private static void NormBackward(int heads, int hd, float* raw, float* gain, float* scale, float* gradient, float* dGain,
        float* scratch)
    {
        Elementwise.Copy((long)heads * hd, gradient, scratch);
        Elementwise.Fill((long)heads * hd, 0, gradient);
        RmsNorm.Backward(heads, hd, raw, hd, gain, scale, scratch, hd, gradient, hd, dGain);
    }
}
