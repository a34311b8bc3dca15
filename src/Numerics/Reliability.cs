namespace PersonaSelection.Numerics;

/// <summary>One bin of a reliability table.</summary>
/// <param name="Low">From this confidence.</param>
/// <param name="High">To this one, not included but for 1.</param>
/// <param name="Weight">Weight of the cases in it; all bins together have 1.</param>
/// <param name="Confidence">Their mean confidence; NaN when there are none.</param>
/// <param name="Accuracy">The share of them that were right; NaN when there are none.</param>
public sealed record ReliabilityBin(double Low, double High, double Weight, double Confidence, double Accuracy);

/// <summary>
/// Whether what is said with probability p is right in a share p of the cases: the probability of the likeliest
/// class, in bins of equal width.
/// </summary>
/// <param name="Bins">The bins, from low confidence to high.</param>
public sealed record Reliability(IReadOnlyList<ReliabilityBin> Bins)
{
    /// <summary>Expected calibration error: the mean of |confidence - accuracy| over bins, by weight (Guo et al. 2017).</summary>
    public double Error => Bins.Where(b => b.Weight > 0).Sum(b => b.Weight * Math.Abs(b.Confidence - b.Accuracy));

    /// <summary>The share of cases that were right.</summary>
    public double Accuracy => Bins.Where(b => b.Weight > 0).Sum(b => b.Weight * b.Accuracy);

    /// <summary>A table of some cases.</summary>
    /// <param name="probabilities">[case][class], each row summing to 1.</param>
    /// <param name="classes">The true class of each case.</param>
    /// <param name="weights">The weight of each case, not negative; equal when empty.</param>
    /// <param name="bins">Number of bins.</param>
    public static Reliability Of(IReadOnlyList<double[]> probabilities, IReadOnlyList<int> classes,
        ReadOnlySpan<double> weights = default, int bins = 10)
    {
        double[] mass = new double[bins], confidence = new double[bins], right = new double[bins];
        double total = 0;
        for (int i = 0; i < probabilities.Count; i++)
        {
            double[] p = probabilities[i];
            int top = Array.IndexOf(p, p.Max());
            int bin = Math.Clamp((int)(p[top] * bins), 0, bins - 1);
            double w = weights.IsEmpty ? 1 : weights[i];
            total += w;
            mass[bin] += w;
            confidence[bin] += w * p[top];
            if (top == classes[i]) right[bin] += w;
        }
        return new Reliability([.. Enumerable.Range(0, bins).Select(b => new ReliabilityBin((double)b / bins, (b + 1.0) / bins,
            total > 0 ? mass[b] / total : 0, confidence[b] / mass[b], right[b] / mass[b]))]);
    }
}
