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

/// <summary>A statement of the theory with its prediction, written so that a measurement can contradict it.</summary>
/// <param name="Id">A short name in kebab case.</param>
/// <param name="Statement">What the theory says, in one sentence.</param>
/// <param name="Prediction">What must be measured for the statement to hold, with its threshold.</param>
/// <param name="Measured">The measured number.</param>
/// <param name="Interval">A 95 % interval [low, high] for it.</param>
/// <param name="Verdict">What the measurement says.</param>
public sealed record Claim(string Id, string Statement, string Prediction, double Measured, double[] Interval, Verdict Verdict)
{
    /// <summary>A claim that the number is at least <paramref name="threshold"/>.</summary>
    public static Claim AtLeast(string id, string statement, string prediction, Estimate measured, double threshold) =>
        new(id, statement, prediction, measured.Value, [measured.Low, measured.High], Judge(measured.Low - threshold, measured.High - threshold));

    /// <summary>A claim that the number is at most <paramref name="threshold"/>.</summary>
    public static Claim AtMost(string id, string statement, string prediction, Estimate measured, double threshold) =>
        new(id, statement, prediction, measured.Value, [measured.Low, measured.High], Judge(threshold - measured.High, threshold - measured.Low));

    /// <summary>A claim that the number lies within <paramref name="bound"/> of zero.</summary>
    public static Claim Within(string id, string statement, string prediction, Estimate measured, double bound)
    {
        Verdict verdict = measured.Low >= -bound && measured.High <= bound ? Verdict.Held
            : measured.Low > bound || measured.High < -bound ? Verdict.Failed
            : Verdict.Undecided;
        return new(id, statement, prediction, measured.Value, [measured.Low, measured.High], verdict);
    }

    private static Verdict Judge(double worst, double best) => worst >= 0 ? Verdict.Held : best < 0 ? Verdict.Failed : Verdict.Undecided;
}

/// <summary>A number with a 95 % interval.</summary>
/// <param name="Value">The point estimate.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct Estimate(double Value, double Low, double High);
