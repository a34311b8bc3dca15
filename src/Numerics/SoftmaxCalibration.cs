namespace PersonaSelection.Numerics;

/// <summary>
/// Scales and offsets that make softmax(sum_k scale_k * logits_k + offsets) say how often it is right: temperature scaling (Guo et al.
/// 2017) with an offset per class where offsets help, and, with several inputs, a log-linear pool of them (Genest and Zidek 1986).
/// </summary>
/// <param name="Scales">The scale of each input, positive; of the only one it is 1 / temperature.</param>
/// <param name="Offsets">Added to each class after scaling; they sum to 0.</param>
public sealed record SoftmaxCalibration(IReadOnlyList<double> Scales, IReadOnlyList<double> Offsets)
{
    private const double LeastLogScale = -7, LargestLogScale = 3, Settled = 1e-6;
    private const int MostRounds = 60, OffsetSteps = 20;

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
        double[] all = weights.ToArray(), offsets = new double[inputs[0][0].Length], scales = [.. usual];
        int[] told = [.. Enumerable.Range(0, inputs.Count).Where(i =>
            Enumerable.Range(0, offsets.Length).Any(h => inputs[i].All(x => x[h] > double.NegativeInfinity)))];
        if (told.Length == 0) return new SoftmaxCalibration(scales, offsets);
        double total = told.Sum(i => all[i]), pull = 2.0 / told.Length;
        double[][][] x = [.. told.Select(i => inputs[i])];
        int[] y = [.. told.Select(i => classes[i])];
        double[] w = [.. told.Select(i => all[i])];
        int[] occurring = [.. y.Distinct().Order()];
        var rest = new double[x.Length][];
        for (int round = 0; round < MostRounds; round++)
        {
            double moved = 0;
            for (int k = 0; k < scales.Length; k++)
            {
                // What the other inputs and the offsets say does not change while this scale is searched for.
                for (int i = 0; i < rest.Length; i++)
                    rest[i] = [.. offsets.Select((b, h) =>
                        b + Enumerable.Range(0, scales.Length).Where(j => j != k).Sum(j => scales[j] * x[i][j][h]))];
                int one = k;
                double next = usual[k] * Math.Exp(Minimum(v => Loss(usual[one] * Math.Exp(v), one) + (pull * v * v / 2)));
                moved = Math.Max(moved, Math.Abs(Math.Log(next / scales[k])));
                scales[k] = next;
            }
            for (int step = 0; withOffsets && step < OffsetSteps; step++)
            {
                double far = MoveOffsets();
                moved = Math.Max(moved, far);
                if (far < Settled) break;
            }
            // A single scale is at its minimum after one search.
            if (moved < Settled * 10 || (scales.Length == 1 && !withOffsets)) break;
        }
        return new SoftmaxCalibration(scales, offsets);

        double Loss(double scale, int k)
        {
            double sum = 0;
            var p = new double[offsets.Length];
            for (int i = 0; i < rest.Length; i++)
            {
                for (int h = 0; h < p.Length; h++) p[h] = rest[i][h] + (scale * x[i][k][h]);
                sum -= w[i] * Math.Max(Math.Log(1e-300), p[y[i]] - LogSpace.LogSumExp(p));
            }
            return sum / total;
        }

        // Loss and pull of some offsets, how often each class is said, and how much more often it occurs. What is impossible and yet
        // true has a loss that no offset changes.
        (double Loss, double[] Said, double[] Missing) At(double[] moved)
        {
            var now = new SoftmaxCalibration(scales, moved);
            double[] said = new double[moved.Length], missing = new double[moved.Length];
            double sum = 0;
            for (int i = 0; i < x.Length; i++)
            {
                double[] p = now.Probabilities(x[i]);
                sum -= w[i] * Math.Log(Math.Max(1e-300, p[y[i]]));
                if (p[y[i]] < 1e-300) continue;
                missing[y[i]] += w[i] / total;
                for (int h = 0; h < p.Length; h++)
                {
                    said[h] += w[i] / total * p[h];
                    missing[h] -= w[i] / total * p[h];
                }
            }
            return ((sum / total) + (pull / 2 * moved.Sum(b => b * b)), said, missing);
        }

        // Down the slope, by a diagonal that bounds the curvature here, along offsets that sum to 0; by less where that is too far.
        double MoveOffsets()
        {
            (double loss, double[] said, double[] missing) = At(offsets);
            double[] along = [.. missing.Select((m, h) => m - (pull * offsets[h]))], step = new double[offsets.Length];
            double level = occurring.Sum(h => along[h] / (said[h] + pull)) / occurring.Sum(h => 1 / (said[h] + pull));
            foreach (int h in occurring) step[h] = (along[h] - level) / (said[h] + pull);
            double far = step.Max(Math.Abs);
            for (double part = 1; part * far >= Settled; part /= 2)
            {
                double[] next = [.. offsets.Zip(step, (b, s) => b + (part * s))];
                if (!(At(next).Loss < loss)) continue;
                offsets = next;
                return part * far;
            }
            return 0;
        }
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
