using PersonaSelection.Numerics;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>Where a measurement must lie for a claim to hold.</summary>
public enum Sense
{
    /// <summary>At or above the threshold.</summary>
    AtLeast,

    /// <summary>At or below the threshold.</summary>
    AtMost,

    /// <summary>Above the threshold: what only reaches it is no more than the null says.</summary>
    Above,

    /// <summary>Below the threshold.</summary>
    Below,

    /// <summary>Within the threshold of zero.</summary>
    Within,
}

/// <summary>A statement of the theory with its prediction, written so that a measurement can contradict it.</summary>
/// <param name="Id">A short name in kebab case.</param>
/// <param name="Statement">What the theory says, in one sentence.</param>
/// <param name="Prediction">What must be measured for the statement to hold, with its threshold.</param>
/// <param name="Sense">Where the measurement must lie.</param>
/// <param name="Threshold">The threshold, fixed before any run.</param>
public sealed record Claim(string Id, string Statement, string Prediction, Sense Sense, double Threshold)
{
    /// <summary>
    /// What a measurement says: held or failed only when its whole interval lies on one side. With a 95 % interval a claim whose truth lies
    /// at the threshold is held by mistake in one run of forty, and fails by mistake in one of forty. What has no value or no interval
    /// decides nothing; an end may be infinite.
    /// </summary>
    public Verdict Judge(Estimate measured)
    {
        (double low, double high) = (measured.Low, measured.High);
        if (!double.IsFinite(measured.Value) || double.IsNaN(low) || double.IsNaN(high)) return Verdict.Undecided;
        (bool inside, bool outside) = Sense switch
        {
            Sense.AtLeast => (low >= Threshold, high < Threshold),
            Sense.AtMost => (high <= Threshold, low > Threshold),
            Sense.Above => (low > Threshold, high <= Threshold),
            Sense.Below => (high < Threshold, low >= Threshold),
            _ => (low >= -Threshold && high <= Threshold, low > Threshold || high < -Threshold),
        };
        return inside ? Verdict.Held : outside ? Verdict.Failed : Verdict.Undecided;
    }
}

/// <summary>A number with a 95 % interval.</summary>
/// <param name="Value">The point estimate.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct Estimate(double Value, double Low, double High)
{
    /// <summary>[low, high].</summary>
    public double[] Ends => [Low, High];

    /// <summary>A number without uncertainty of its own.</summary>
    public static Estimate Exact(double value) => new(value, value, value);

    /// <summary>The mean of independent runs with Student's interval; a single run has none, and its ends are NaN.</summary>
    internal static Estimate OverRuns(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        if (values.Count < 2) return new Estimate(mean, double.NaN, double.NaN);
        double half = Statistics.StudentQuantile(0.975, values.Count - 1)
            * Statistics.StandardDeviation([.. values]) / Math.Sqrt(values.Count);
        return new Estimate(mean, mean - half, mean + half);
    }

    /// <summary>
    /// The mean of independent runs as a share of the mean of other runs, which vary as well. The interval has the shares at which Welch's
    /// test finds no difference between the parts and that share of the wholes (Fieller 1954, with the degrees of freedom of Welch 1947).
    /// NaN where the wholes may be none, as Student's interval says; the ends are NaN where the parts are a single run.
    /// </summary>
    public static Estimate Share(IReadOnlyList<double> parts, IReadOnlyList<double> wholes)
    {
        (Estimate part, Estimate whole) = (OverRuns(parts), OverRuns(wholes));
        if (!(whole.Low > 0)) return Exact(double.NaN);
        double share = part.Value / whole.Value;
        if (parts.Count < 2) return new Estimate(share, double.NaN, double.NaN);
        double a = Statistics.Variance([.. parts]) / parts.Count, b = Statistics.Variance([.. wholes]) / wholes.Count;
        return new Estimate(share, End(-1), End(1));

        double End(int side)
        {
            // The wholes are above 0, so that a share far enough away is told apart.
            double near = share, step = 1;
            while (!Differs(share + (side * step)))
            {
                // So barely above 0 that rounding hides it.
                if (double.IsInfinity(step)) return side * step;
                (near, step) = (share + (side * step), 2 * step);
            }
            double far = share + (side * step);
            for (int i = 0; i < 50; i++)
            {
                double middle = (near + far) / 2;
                if (Differs(middle)) far = middle;
                else near = middle;
            }
            return far;
        }

        bool Differs(double at)
        {
            double off = Math.Abs(part.Value - (at * whole.Value)), own = at * at * b, variance = a + own;
            if (variance == 0) return off > 0;
            double freedom = variance * variance / ((a * a / (parts.Count - 1)) + (own * own / (wholes.Count - 1)));
            return off > Statistics.StudentQuantile(0.975, freedom) * Math.Sqrt(variance);
        }
    }
}
