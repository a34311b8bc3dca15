using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>Draws a token from a row of logits.</summary>
internal sealed class TokenSampler(GenerationOptions options, int vocabulary)
{
    private readonly ulong[] _order = new ulong[vocabulary];
    private readonly double[] _weights = new double[vocabulary];

    public int Draw(ReadOnlySpan<float> logits, RngStream rng)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best]) best = i;
        if (options.Temperature == 0) return best;
        float most = logits[best];
        if (options.TopK == 0 && options.TopP >= 1)
        {
            for (int i = 0; i < logits.Length; i++) _weights[i] = Math.Exp((logits[i] - most) / options.Temperature);
            return rng.NextIndex(_weights.AsSpan(0, logits.Length));
        }
        return IdAt(rng.NextIndex(_weights.AsSpan(0, Keep(logits, most))));
    }

    // The most probable tokens first; equal ones by id. Temperature before the cut, as elsewhere.
    private int Keep(ReadOnlySpan<float> logits, float most)
    {
        int n = logits.Length;
        for (int i = 0; i < n; i++) _order[i] = (ulong)Descending(logits[i]) << 32 | (uint)i;
        Array.Sort(_order, 0, n);
        int kept = options.TopK == 0 ? n : Math.Min(options.TopK, n);
        double sum = 0;
        for (int i = 0; i < kept; i++) sum += _weights[i] = Math.Exp((logits[IdAt(i)] - most) / options.Temperature);
        double covered = 0;
        for (int i = 0; i < kept && options.TopP < 1; i++)
        {
            covered += _weights[i];
            if (covered >= options.TopP * sum) kept = i + 1;
        }
        return kept;
    }

    private int IdAt(int place) => (int)(uint)_order[place];

    // Bits that are in order as unsigned numbers where the floats are in falling order; -0 is 0.
    private static uint Descending(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x + 0f);
        return (int)bits < 0 ? bits : ~bits & 0x7fff_ffff;
    }
}
