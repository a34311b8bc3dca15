namespace PersonaSelection.Numerics;

/// <summary>
/// Scales and offsets that make softmax(sum_k scale_k * logits_k + offsets) say how often it is right: temperature scaling (Guo et al.
/// 2017) with an offset per class where offsets help, and, with several inputs, a log-linear pool of them (Genest and Zidek 1986).
/// </summary>
/// <param name="Scales">The scale of each input, positive; of the only one it is 1 / temperature.</param>
/// <param name="Offsets">Added to each class after scaling; they sum to 0.</param>
public sealed record SoftmaxCalibration(IReadOnlyList<double> Scales, IReadOnlyList<double> Offsets)
{
    /// <summary>Changes nothing in a single input.</summary>
    public static SoftmaxCalibration None(int classes) => new([1], new double[classes]);

    /// <summary>1 / the scale of the first input.</summary>
    public double Temperature => 1 / Scales[0];

    /// <summary>What one class gets: scaled, added up, moved.</summary>
    /// <param name="h">The class.</param>
    /// <param name="inputs">Its logit by input.</param>
    public double Of(int h, params ReadOnlySpan<double> inputs)
    {
        double sum = Offsets[h];
        for (int k = 0; k < inputs.Length; k++) sum += Scales[k] * inputs[k];
        return sum;
    }

    /// <summary>The probabilities of the classes when each is as likely beforehand: all the same where all are impossible.</summary>
    /// <param name="inputs">[input][class].</param>
    public double[] Probabilities(params ReadOnlySpan<double[]> inputs)
    {
        if (inputs.Length != Scales.Count)
            throw new ArgumentException($"{inputs.Length} inputs for {Scales.Count} scales.", nameof(inputs));
        double[] p = [.. Offsets];
        for (int k = 0; k < inputs.Length; k++)
            for (int h = 0; h < p.Length; h++) p[h] += Scales[k] * inputs[k][h];
        double total = LogSpace.LogSumExp(p);
        for (int h = 0; h < p.Length; h++) p[h] = double.IsNegativeInfinity(total) ? 1.0 / p.Length : Math.Exp(p[h] - total);
        return p;
    }

    /// <summary>Mean of -log p(true class), in nats, by weight.</summary>
    /// <param name="logits">[case][class], of a single input.</param>
    /// <param name="classes">The true class of each case.</param>
    /// <param name="weights">The weight of each case, positive.</param>
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
    /// Weights that let every class count the same, whatever its number of cases: 1 / (classes * cases of the
    /// class), over classes that occur.
    /// </summary>
    public static double[] Balance(IReadOnlyList<int> classes)
    {
        var counts = new Dictionary<int, int>();
        foreach (int c in classes) counts[c] = counts.GetValueOrDefault(c) + 1;
        return [.. classes.Select(c => 1.0 / (counts.Count * (double)counts[c]))];
    }

    /// <summary>Fits a single input, with a weak pull towards a scale of 1.</summary>
    /// <param name="logits">[case][class]; a case that is impossible for all classes tells nothing and is passed over.</param>
    /// <param name="classes">The true class of each case.</param>
    /// <param name="weights">The weight of each case, positive.</param>
    /// <param name="withOffsets">Whether to fit offsets too; those of classes that do not occur stay 0.</param>
    public static SoftmaxCalibration Fit(IReadOnlyList<double[]> logits, IReadOnlyList<int> classes,
        ReadOnlySpan<double> weights, bool withOffsets) =>
        Fit([.. logits.Select(l => (double[][])[l])], [1], classes, weights, withOffsets);

    /// <summary>
    /// Fits by maximum likelihood with a weak pull of the scales' logarithms towards usual ones and of the offsets towards 0, as if two
    /// cases spoke for them: per case, 1 / cases times the sum of squares. The loss is convex in scales and offsets; they are moved in
    /// turns, a scale by a search on its logarithm, the offsets by steps that lower the loss.
    /// </summary>
    /// <param name="inputs">[case][input][class]; a case that is impossible for all classes tells nothing and is passed over.</param>
    /// <param name="usual">The scale of each input that two cases speak for, positive.</param>
    /// <param name="classes">The true class of each case.</param>
    /// <param name="weights">The weight of each case, positive.</param>
    /// <param name="withOffsets">Whether to fit offsets too; those of classes that do not occur stay 0.</param>
    public static SoftmaxCalibration Fit(IReadOnlyList<double[][]> inputs, IReadOnlyList<double> usual, IReadOnlyList<int> classes,
        ReadOnlySpan<double> weights, bool withOffsets)
    {
        if (inputs.Count == 0) throw new ArgumentException("There is nothing to fit to.", nameof(inputs));
        int classCount = inputs[0][0].Length;
        int[] told = [.. Enumerable.Range(0, inputs.Count).Where(i =>
            Enumerable.Range(0, classCount).Any(h => inputs[i].All(x => x[h] > double.NegativeInfinity)))];
        if (told.Length == 0) return new SoftmaxCalibration([.. usual], new double[classCount]);
        double[] all = weights.ToArray();
        return new SoftmaxCalibrationFit(
            [.. told.Select(i => inputs[i])], usual, [.. told.Select(i => classes[i])], [.. told.Select(i => all[i])]).Run(withOffsets);
    }
}
