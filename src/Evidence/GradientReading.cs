using System.Numerics;
using System.Runtime.InteropServices;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>What one gradient says of all personas.</summary>
/// <param name="Features">The gradient of the reply's log-odds.</param>
/// <param name="Linked">L[h] in nats, before any calibration.</param>
/// <param name="Tokens">Tokens of the reply.</param>
internal sealed record GradientReading(float[] Features, double[] Linked, int Tokens)
{
    /// <summary>With more personas than this, the link is read between as many knots (off by less than a thousandth of a nat).</summary>
    private const int Knots = 65;

    // A reply that is all but certain has no odds to speak of: both its gradient and its doubt vanish, and their ratio is noise.
    private const double LeastDoubt = 0.02;

    private const double Sure = 1e-6;

    /// <summary>One reading per gradient.</summary>
    /// <param name="gradients">Of log p, each with its values in the space of the shifts.</param>
    /// <param name="shifts">Direction of each persona, less the mean.</param>
    internal static GradientReading[] Of(IReadOnlyList<(ReplyGradient Gradient, float[] Values)> gradients, float[][] shifts)
    {
        float[][] features = [.. gradients.Select(g =>
        {
            double doubt = g.Gradient.TokenLogProbabilities.Sum(x => 1 - Math.Exp(Math.Min(0, x)));
            float perDoubt = (float)(1 / Math.Max(doubt, LeastDoubt));
            return Array.ConvertAll(g.Values, x => x * perDoubt);
        })];
        float[][] moved = RowProducts.Of(features, shifts);
        return [.. features.Select((f, i) =>
        {
            double[] odds = Array.ConvertAll(gradients[i].Gradient.TokenLogProbabilities, x => LogOdds(x));
            double[] linked = shifts.Length <= Knots ? Array.ConvertAll(moved[i], x => Link(odds, x).Value) : Between(odds, moved[i]);
            return new GradientReading(f, linked, odds.Length);
        })];
    }

    internal static double Dot(float[] a, float[] b)
    {
        ReadOnlySpan<Vector<float>> x = MemoryMarshal.Cast<float, Vector<float>>(a), y = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
        double total = Vector.Sum(sum);
        for (int i = x.Length * Vector<float>.Count; i < a.Length; i++) total += a[i] * b[i];
        return total;
    }

    /// <summary>sum_t log sigma(odds_t + shift), and its slope.</summary>
    private static (double Value, double Slope) Link(double[] odds, double shift)
    {
        double value = 0, slope = 0, product = 1;
        foreach (double o in odds)
        {
            double x = o + shift, small = Math.Exp(-Math.Abs(x));
            value -= Math.Max(0, -x);
            slope += (x > 0 ? small : 1) / (1 + small);
            // One logarithm for many tokens; each factor is at most 2.
            product *= 1 + small;
            if (product < 1e300) continue;
            value -= Math.Log(product);
            product = 1;
        }
        return (value - Math.Log(product), slope);
    }

    /// <summary>The link at many places: cubic between knots.</summary>
    private static double[] Between(double[] odds, float[] moved)
    {
        double low = moved.Min(), width = Math.Max(moved.Max() - low, 1e-9), step = width / (Knots - 1);
        (double Value, double Slope)[] knots = [.. Enumerable.Range(0, Knots).Select(k => Link(odds, low + (k * step)))];
        return Array.ConvertAll(moved, x =>
        {
            double at = (x - low) / step;
            int k = Math.Clamp((int)at, 0, Knots - 2);
            double t = at - k, u = 1 - t;
            return (u * u * (((1 + (2 * t)) * knots[k].Value) + (t * step * knots[k].Slope)))
                + (t * t * (((3 - (2 * t)) * knots[k + 1].Value) - (u * step * knots[k + 1].Slope)));
        });
    }

    private static double LogOdds(double logProbability)
    {
        double x = Math.Min(logProbability, -Sure);
        return x - Math.Log(1 - Math.Exp(x));
    }
}
