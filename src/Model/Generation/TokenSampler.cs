using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>Draws a token from a row of logits.</summary>
internal sealed class TokenSampler(GenerationOptions options, int vocabulary)
{
    private readonly int[] _ids = new int[vocabulary];
    private readonly float[] _keys = new float[vocabulary];
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
        return _ids[rng.NextIndex(_weights.AsSpan(0, Keep(logits, most)))];
    }

    // The most probable tokens first; equal ones by id. Temperature before the cut, as elsewhere.
    private int Keep(ReadOnlySpan<float> logits, float most)
    {
        int n = logits.Length;
        for (int i = 0; i < n; i++) (_ids[i], _keys[i]) = (i, -logits[i]);
        Array.Sort(_keys, _ids, 0, n);
        int kept = options.TopK == 0 ? n : Math.Min(options.TopK, n);
        double sum = 0;
        for (int i = 0; i < kept; i++) sum += _weights[i] = Math.Exp((-_keys[i] - most) / options.Temperature);
        double covered = 0;
        for (int i = 0; i < kept && options.TopP < 1; i++)
        {
            covered += _weights[i];
            if (covered >= options.TopP * sum) kept = i + 1;
        }
        return kept;
    }
}
