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
    public Verdict Judge(Interval measured)
    {
        (double low, double high) = (measured.Low, measured.High);
        if (!double.IsFinite(measured.Estimate) || double.IsNaN(low) || double.IsNaN(high)) return Verdict.Undecided;
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
