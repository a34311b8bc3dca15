namespace PersonaSelection.Numerics;

/// <summary>
/// How the rotary frequencies of a model are stretched for contexts longer than it was first trained on. Without
/// <see cref="OriginalContext"/> all are divided by the factor (<c>linear</c>, Chen et al. 2023); with it those whose waves are long
/// against that context are, short ones stay, and between the two there is a ramp (<c>llama3</c>, as in Llama 3.1).
/// </summary>
/// <param name="Factor">At least 1.</param>
/// <param name="LowFrequencyFactor">Waves longer than the original context over this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Waves shorter than the original context over this stay; above <paramref name="LowFrequencyFactor"/>.
/// </param>
/// <param name="OriginalContext">Tokens; null for <c>linear</c>.</param>
public sealed record RotaryScaling(double Factor, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4,
    int? OriginalContext = null)
{
    /// <summary>A frequency in radians per position, stretched.</summary>
    public double Of(double frequency)
    {
        if (OriginalContext is not { } context) return frequency / Factor;
        double waves = context * frequency / (2 * Math.PI);
        double kept = Math.Clamp((waves - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
        return (kept * frequency) + ((1 - kept) * frequency / Factor);
    }

    /// <summary>Refuses what stretches nothing, in the names that checkpoints have for it.</summary>
    /// <exception cref="ArgumentException">A factor below 1 or not finite, factors out of order, or no context.</exception>
    public void Validate()
    {
        if (!(Factor >= 1) || !double.IsFinite(Factor)) throw new ArgumentException("\"factor\" of rotary scaling must be at least 1.");
        if (OriginalContext is null) return;
        if (!(LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor) || !double.IsFinite(HighFrequencyFactor))
            throw new ArgumentException("\"high_freq_factor\" of rotary scaling must be above \"low_freq_factor\", and that above 0.");
        if (OriginalContext <= 0) throw new ArgumentException("\"original_max_position_embeddings\" of rotary scaling must be positive.");
    }
}
