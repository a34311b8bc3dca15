namespace PersonaSelection.Numerics;

/// <summary>
/// A scale and offsets that make softmax(scale * logits + offsets) say how often it is right: temperature scaling (Guo et al. 2017) with an
/// offset per class where offsets help.
/// </summary>
/// <param name="Scale">1 / temperature, positive.</param>
/// <param name="Offsets">Added to each class after scaling; they sum to 0.</param>
public sealed record SoftmaxCalibration(double Scale, IReadOnlyList<double> Offsets)
{
    private const double LeastLogScale = -7, LargestLogScale = 3;

    /// <summary>Changes nothing.</summary>
    public static SoftmaxCalibration None(int classes) => new(1, new double[classes]);

    /// <summary>1 / <see cref="Scale"/>.</summary>
    public double Temperature => 1 / Scale;

    /// <summary>The probabilities of the classes when each is as likely beforehand.</summary>
    public double[] Probabilities(ReadOnlySpan<double> logits)
    {
        var p = new double[logits.Length];
        for (int h = 0; h < p.Length; h++) p[h] = (Scale * logits[h]) + Offsets[h];
        double total = LogSpace.LogSumExp(p);
        for (int h = 0; h < p.Length; h++) p[h] = Math.Exp(p[h] - total);
        return p;
    }

    /// <summary>Mean of -log p(true class), in nats, by weight.</summary>
    public double Loss(IReadOnlyList<double[]> logits, IReadOnlyList<int> classes, ReadOnlySpan<double> weights)
    {
        double sum = 0, total = 0;
        for (int i = 0; i < logits.Count; i++)
        {
            sum -= weights[i] * Math.Log(Math.Max(1e-300, Probabilities(logits[i])[classes[i]]));
            total += weights[i];
        }
        return sum / total;
    }

    /// <summary>
    /// Weights that let every class count the same, whatever its number of cases: 1 / (classes * cases of the class), over classes that occur.
    /// </summary>
    public static double[] Balance(IReadOnlyList<int> classes)
    {
        var counts = new Dictionary<int, int>();
        foreach (int c in classes) counts[c] = counts.GetValueOrDefault(c) + 1;
        return [.. classes.Select(c => 1.0 / (counts.Count * (double)counts[c]))];
    }

    /// <summary>
    /// Fits by maximum likelihood with a weak pull towards 1 and 0, as if two cases spoke for them. The scale is found by a search on its
    /// logarithm, where the loss has one minimum.
    /// </summary>
    /// <param name="logits">[case][class]; what is impossible for all classes alike tells nothing.</param>
    /// <param name="classes">The true class of each case.</param>
    /// <param name="weights">The weight of each case, positive.</param>
    /// <param name="withOffsets">Whether to fit offsets too; those of classes that do not occur stay 0.</param>
    public static SoftmaxCalibration Fit(IReadOnlyList<double[]> logits, IReadOnlyList<int> classes, ReadOnlySpan<double> weights, bool withOffsets)
    {
        if (logits.Count == 0) throw new ArgumentException("There is nothing to fit to.", nameof(logits));
        double[] w = weights.ToArray(), offsets = new double[logits[0].Length];
        double total = w.Sum(), pull = 2.0 / logits.Count, scale = 1;
        bool[] occurs = [.. offsets.Select((_, h) => classes.Contains(h))];
        for (int round = 0; round < (withOffsets ? 12 : 1); round++)
        {
            scale = Math.Exp(Minimum(x =>
                new SoftmaxCalibration(Math.Exp(x), offsets).Loss(logits, classes, w) + (pull * x * x / 2)));
            if (!withOffsets) break;
            // Where the mean probability of a class is its share, its offset is at the minimum.
            var now = new SoftmaxCalibration(scale, offsets);
            double[] share = new double[offsets.Length], said = new double[offsets.Length];
            for (int i = 0; i < logits.Count; i++)
            {
                double[] p = now.Probabilities(logits[i]);
                for (int h = 0; h < p.Length; h++) said[h] += w[i] / total * p[h];
                share[classes[i]] += w[i] / total;
            }
            double[] next = [.. offsets.Select((b, h) => occurs[h] ? b + Math.Log((share[h] + pull) / (said[h] + pull)) : 0)];
            double mean = Enumerable.Range(0, next.Length).Where(h => occurs[h]).Average(h => next[h]);
            double moved = 0;
            for (int h = 0; h < next.Length; h++)
            {
                if (!occurs[h]) continue;
                moved = Math.Max(moved, Math.Abs(next[h] - mean - offsets[h]));
                offsets[h] = next[h] - mean;
            }
            if (moved < 1e-6) break;
        }
        return new SoftmaxCalibration(scale, offsets);
    }

    // Golden section; the loss is convex in the scale, and so has one minimum in its logarithm.
    private static double Minimum(Func<double, double> loss)
    {
        double ratio = (Math.Sqrt(5) - 1) / 2, a = LeastLogScale, b = LargestLogScale;
        double c = b - (ratio * (b - a)), d = a + (ratio * (b - a));
        double atC = loss(c), atD = loss(d);
        while (b - a > 1e-5)
        {
            if (atC < atD)
            {
                (b, d, atD) = (d, c, atC);
                c = b - (ratio * (b - a));
                atC = loss(c);
            }
            else
            {
                (a, c, atC) = (c, d, atD);
                d = a + (ratio * (b - a));
                atD = loss(d);
            }
        }
        return (a + b) / 2;
    }
}
