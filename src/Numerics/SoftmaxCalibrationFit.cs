namespace PersonaSelection.Numerics;

/// <summary>The fit of a <see cref="SoftmaxCalibration"/>; that says what is fitted.</summary>
internal sealed class SoftmaxCalibrationFit
{
    private const double LeastLogScale = -7, LargestLogScale = 3, Settled = 1e-6;
    private const int MostRounds = 60, OffsetSteps = 20;

    // Cases by input and class, their true classes and weights, and the sum of the weights.
    private readonly double[][][] _x;
    private readonly int[] _y, _occurring;
    private readonly double[] _w;
    private readonly double _total, _pull;
    private readonly IReadOnlyList<double> _usual;

    private readonly double[] _scales;
    private double[] _offsets;

    // What all inputs but one and the offsets say, by case and class.
    private readonly double[][] _rest;

    public SoftmaxCalibrationFit(double[][][] inputs, IReadOnlyList<double> usual, int[] classes, double[] weights)
    {
        (_x, _y, _w, _usual) = (inputs, classes, weights, usual);
        _scales = [.. usual];
        _offsets = new double[inputs[0][0].Length];
        _total = weights.Sum();
        _pull = Pull(inputs.Length);
        _occurring = [.. classes.Distinct().Order()];
        _rest = new double[inputs.Length][];
    }

    /// <summary>What speaks for usual scales and no offsets, per case: as much as two cases.</summary>
    internal static double Pull(int cases) => 2.0 / cases;

    public SoftmaxCalibration Run(bool withOffsets)
    {
        for (int round = 0; round < MostRounds; round++)
        {
            double moved = 0;
            for (int k = 0; k < _scales.Length; k++) moved = Math.Max(moved, MoveScale(k));
            for (int step = 0; withOffsets && step < OffsetSteps; step++)
            {
                double far = MoveOffsets();
                moved = Math.Max(moved, far);
                if (far < Settled) break;
            }
            // A single scale is at its minimum after one search.
            if (moved < Settled * 10 || (_scales.Length == 1 && !withOffsets)) break;
        }
        return new SoftmaxCalibration(_scales, _offsets);
    }

    /// <summary>Returns how far the scale's logarithm went.</summary>
    private double MoveScale(int k)
    {
        // What the other inputs and the offsets say does not change while this scale is searched for.
        for (int i = 0; i < _rest.Length; i++)
            _rest[i] = [.. _offsets.Select((b, h) =>
                b + Enumerable.Range(0, _scales.Length).Where(j => j != k).Sum(j => _scales[j] * _x[i][j][h]))];
        double next = _usual[k] * Math.Exp(Minimum(v => Loss(_usual[k] * Math.Exp(v), k) + (_pull * v * v / 2)));
        double moved = Math.Abs(Math.Log(next / _scales[k]));
        _scales[k] = next;
        return moved;
    }

    private double Loss(double scale, int k)
    {
        double sum = 0;
        var p = new double[_offsets.Length];
        for (int i = 0; i < _rest.Length; i++)
        {
            for (int h = 0; h < p.Length; h++) p[h] = _rest[i][h] + (scale * _x[i][k][h]);
            sum -= _w[i] * Math.Max(Math.Log(1e-300), p[_y[i]] - LogSpace.LogSumExp(p));
        }
        return sum / _total;
    }

    /// <summary>Loss and pull of some offsets, how often each class is said, and how much more often it occurs.</summary>
    // What is impossible and yet true has a loss that no offset changes.
    private (double Loss, double[] Said, double[] Missing) At(double[] offsets)
    {
        var now = new SoftmaxCalibration(_scales, offsets);
        double[] said = new double[offsets.Length], missing = new double[offsets.Length];
        double sum = 0;
        for (int i = 0; i < _x.Length; i++)
        {
            double[] p = now.Probabilities(_x[i]);
            sum -= _w[i] * Math.Log(Math.Max(1e-300, p[_y[i]]));
            if (p[_y[i]] < 1e-300) continue;
            missing[_y[i]] += _w[i] / _total;
            for (int h = 0; h < p.Length; h++)
            {
                said[h] += _w[i] / _total * p[h];
                missing[h] -= _w[i] / _total * p[h];
            }
        }
        return ((sum / _total) + (_pull / 2 * offsets.Sum(b => b * b)), said, missing);
    }

    /// <summary>
    /// Down the slope, by a diagonal that bounds the curvature here, along offsets that sum to 0; by less where that is too far. Returns
    /// how far the offset went that went farthest.
    /// </summary>
    private double MoveOffsets()
    {
        (double loss, double[] said, double[] missing) = At(_offsets);
        double[] along = [.. missing.Select((m, h) => m - (_pull * _offsets[h]))], step = new double[_offsets.Length];
        double level = _occurring.Sum(h => along[h] / (said[h] + _pull)) / _occurring.Sum(h => 1 / (said[h] + _pull));
        foreach (int h in _occurring) step[h] = (along[h] - level) / (said[h] + _pull);
        double far = step.Max(Math.Abs);
        for (double part = 1; part * far >= Settled; part /= 2)
        {
            double[] next = [.. _offsets.Zip(step, (b, s) => b + (part * s))];
            if (!(At(next).Loss < loss)) continue;
            _offsets = next;
            return part * far;
        }
        return 0;
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
