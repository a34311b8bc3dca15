using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>A linear map from gradients to exact evidence, fitted on a few episodes; works on rows less their mean.</summary>
internal sealed class GradientCalibration
{
    // Of fewer episodes the choice of the penalty, which is made on the same ones, raises the agreement.
    private const int LeastTold = 8;
    private readonly double _scale;
    private readonly double[] _intercepts;
    private readonly float[][] _coefficients;

    private GradientCalibration(double scale, RidgeRegression rest, int personas, double? agreement)
    {
        _scale = scale;
        _intercepts = [.. Enumerable.Range(0, personas).Select(h => rest.InterceptOf(h))];
        _coefficients = [.. Enumerable.Range(0, personas).Select(h => Array.ConvertAll(rest.CoefficientsOf(h), x => (float)x))];
        Agreement = agreement;
    }

    /// <summary>The correlation of exact evidence with that of the others' fit; null where there are too few episodes to tell.</summary>
    internal double? Agreement { get; }

    internal static GradientCalibration Fit(IReadOnlyList<GradientReading> readings, IReadOnlyList<double[]> exact)
    {
        double[][] linked = [.. readings.Select(r => Statistics.Centred(r.Linked))], wanted = [.. exact.Select(Statistics.Centred)];
        double[] products = [.. linked.Select((row, e) => row.Zip(wanted[e], (x, y) => x * y).Sum())],
            squares = [.. linked.Select(row => row.Sum(x => x * x))];
        double product = products.Sum(), square = squares.Sum(), scale = Scale(product, square);
        var rest = RidgeRegression.Fit([.. readings.Select(r => Array.ConvertAll(r.Features, x => (double)x))],
            [.. wanted.Select((row, e) => row.Select((x, h) => x - (scale * linked[e][h])).ToArray())]);
        // Residuals are linear in the targets, and so those by the scale of the other episodes are near at hand.
        double[][] along = rest.LeftOutOf(linked), found = [.. wanted.Select((row, e) =>
        {
            double moved = scale - Scale(product - products[e], square - squares[e]);
            return Statistics.Centred([.. row.Select((x, h) => x - rest.LeftOut[e][h] - (moved * along[e][h]))]);
        })];
        double? agreement = readings.Count < LeastTold ? null
            : Statistics.Pearson([.. wanted.SelectMany(x => x)], [.. found.SelectMany(x => x)]);
        return new GradientCalibration(scale, rest, exact[0].Length, agreement);
    }

    private static double Scale(double product, double square) => square > 0 ? Math.Max(0, product / square) : 0;

    /// <summary>L[h] in nats: the mean over personas stays that of the gradient, the differences are the calibrated ones.</summary>
    internal double[] Apply(GradientReading reading)
    {
        double[] rest = Statistics.Centred([.. _intercepts.Select((x, h) => x + GradientReading.Dot(reading.Features, _coefficients[h]))]);
        double mean = reading.Linked.Average();
        return [.. reading.Linked.Select((x, h) => mean + (_scale * (x - mean)) + rest[h])];
    }
}
