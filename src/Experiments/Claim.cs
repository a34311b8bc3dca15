namespace PersonaSelection.Experiments;

/// <summary>What a measurement says of a claim.</summary>
public enum Verdict
{
    /// <summary>The whole interval lies where the claim says.</summary>
    Held,

    /// <summary>The whole interval lies where the claim says it must not.</summary>
    Failed,

    /// <summary>The interval reaches over the threshold: this run cannot tell.</summary>
    Undecided,
}

/// <summary>Where a measurement must lie for a claim to hold.</summary>
public enum Sense
{
    /// <summary>At or above the threshold.</summary>
    AtLeast,

    /// <summary>At or below the threshold.</summary>
    AtMost,

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
    /// <summary>What a measurement says: held or failed only when its whole interval lies on one side.</summary>
    public Verdict Judge(Estimate measured)
    {
        (double low, double high) = (measured.Low, measured.High);
        if (!double.IsFinite(low) || !double.IsFinite(high)) return Verdict.Undecided;
        (bool inside, bool outside) = Sense switch
        {
            Sense.AtLeast => (low >= Threshold, high < Threshold),
            Sense.AtMost => (high <= Threshold, low > Threshold),
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
    /// <summary>Two-sided 97.5 % quantiles of Student's t with 1, 2, … degrees of freedom; beyond the table the normal one.</summary>
    private static readonly double[] StudentT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    private const double NormalQuantile = 1.96;

    /// <summary>[low, high].</summary>
    public double[] Ends => [Low, High];

    /// <summary>A number without uncertainty of its own.</summary>
    public static Estimate Exact(double value) => new(value, value, value);

    /// <summary>The mean of independent runs with Student's interval.</summary>
    public static Estimate OverRuns(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        if (values.Count < 2) return Exact(mean);
        double deviation = Math.Sqrt(values.Sum(x => (x - mean) * (x - mean)) / (values.Count - 1));
        double half =
            (values.Count - 2 < StudentT.Length ? StudentT[values.Count - 2] : NormalQuantile) * deviation / Math.Sqrt(values.Count);
        return new Estimate(mean, mean - half, mean + half);
    }
}
