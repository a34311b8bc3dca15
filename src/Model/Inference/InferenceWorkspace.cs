using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>The activations of one inference pass: one per worker, grown on first use and kept.</summary>
internal sealed unsafe class InferenceWorkspace : IDisposable
{
    private FloatBuffer? _rows, _head;
    private int _n = -1;
    private long _m = -1;

    public AttentionScratch Attention { get; } = new();

    /// <summary>[n, d].</summary>
    public float* Stream { get; private set; }

    /// <summary>[n, d].</summary>
    public float* Normed { get; private set; }

    /// <summary>[n, (Hq + 2 Hkv) hd].</summary>
    public float* Qkv { get; private set; }

    /// <summary>[n, Hq hd].</summary>
    public float* Mixed { get; private set; }

    /// <summary>[n, 2F].</summary>
    public float* GateUp { get; private set; }

    /// <summary>[n, F].</summary>
    public float* Activated { get; private set; }

    /// <summary>[max(n, m)].</summary>
    public float* Scale { get; private set; }

    /// <summary>[m, d].</summary>
    public float* HeadIn { get; private set; }

    /// <summary>[m, V].</summary>
    public float* Logits { get; private set; }

    /// <summary>[m].</summary>
    public float* LogProbabilities { get; private set; }

    /// <summary>Makes room for <paramref name="n"/> rows of which <paramref name="m"/> get logits. What was in it is lost.</summary>
    public void Reserve(DecoderConfig c, int n, int m)
    {
        if (n > _n)
        {
            _rows?.Dispose();
            _n = n;
            int[] widths = [c.Width, c.Width, c.QkvWidth, c.HeadsWidth, 2 * c.FeedForward, c.FeedForward, 1];
            _rows = new FloatBuffer(widths.Sum(w => Aligned((long)n * w)));
            float* at = _rows.Pointer;
            Stream = Take(ref at, (long)n * c.Width);
            Normed = Take(ref at, (long)n * c.Width);
            Qkv = Take(ref at, (long)n * c.QkvWidth);
            Mixed = Take(ref at, (long)n * c.HeadsWidth);
            GateUp = Take(ref at, (long)n * 2 * c.FeedForward);
            Activated = Take(ref at, (long)n * c.FeedForward);
            Scale = Take(ref at, n);
        }
        if (m > _m)
        {
            _head?.Dispose();
            _m = m;
            _head = new FloatBuffer(Aligned((long)m * c.Width) + Aligned((long)m * c.VocabularySize) + Aligned(m));
            float* at = _head.Pointer;
            HeadIn = Take(ref at, (long)m * c.Width);
            Logits = Take(ref at, (long)m * c.VocabularySize);
            LogProbabilities = Take(ref at, m);
        }
    }

    public void Dispose()
    {
        _rows?.Dispose();
        _head?.Dispose();
        Attention.Dispose();
    }

    private static float* Take(ref float* at, long length)
    {
        float* taken = at;
        at += Aligned(length);
        return taken;
    }

    private static long Aligned(long length) => (length + 15) / 16 * 16;
}
