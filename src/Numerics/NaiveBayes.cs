namespace PersonaSelection.Numerics;

/// <summary>
/// Multinomial naive Bayes over counted features: what a class is worth that is told by how often things occur and by nothing else. The
/// yardstick beside models that read. Features that no class has shown say nothing.
/// </summary>
public sealed class NaiveBayes
{
    private readonly Dictionary<string, double[]> _counts = new(StringComparer.Ordinal);
    private readonly double[] _totals;
    private readonly double _smoothing;

    private NaiveBayes(int classes, double smoothing) => (_totals, _smoothing) = (new double[classes], smoothing);

    /// <summary>Counts features by class.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="cases">The class of a case and its features, repeated as often as they occur.</param>
    /// <param name="smoothing">Added to every count (Lidstone); positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">A class outside the range, or smoothing that is not positive.</exception>
    public static NaiveBayes Fit(int classes, IEnumerable<(int Class, IEnumerable<string> Features)> cases, double smoothing = 0.1)
    {
        if (!(smoothing > 0)) throw new ArgumentOutOfRangeException(nameof(smoothing));
        var model = new NaiveBayes(classes, smoothing);
        foreach ((int c, IEnumerable<string> features) in cases)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(c);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(c, classes);
            foreach (string feature in features)
            {
                if (!model._counts.TryGetValue(feature, out double[]? counts)) model._counts[feature] = counts = new double[classes];
                counts[c]++;
                model._totals[c]++;
            }
        }
        return model;
    }

    /// <summary>log p(features | class) by class, in nats, up to a constant that is the same for all classes.</summary>
    public double[] LogLikelihood(IEnumerable<string> features)
    {
        var sum = new double[_totals.Length];
        foreach (string feature in features)
        {
            if (!_counts.TryGetValue(feature, out double[]? counts)) continue;
            for (int c = 0; c < sum.Length; c++)
                sum[c] += Math.Log((counts[c] + _smoothing) / (_totals[c] + (_smoothing * _counts.Count)));
        }
        return sum;
    }
}
