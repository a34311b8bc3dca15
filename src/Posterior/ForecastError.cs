using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>What was forecast of a domain, and what came.</summary>
/// <param name="Size">How much was forecast to happen in all; see <see cref="ForecastError.SizeOf"/>.</param>
/// <param name="Posterior">The posterior's forecast.</param>
/// <param name="InContext">The forecast in context.</param>
/// <param name="Measured">The rate of the trained model.</param>
public readonly record struct ForecastOutcome(double Size, double Posterior, double InContext, double Measured)
{
    internal double Disagreement => ForecastError.LogOdds(Posterior) - ForecastError.LogOdds(InContext);

    internal double Error => ForecastError.LogOdds(Measured) - ForecastError.LogOdds((Posterior + InContext) / 2);
}

/// <summary>
/// How far trained models have come out from forecasts: the spread of the log odds of a domain's measured rate around the mean forecast,
/// <c>sqrt(floor^2 + (perShift * size)^2 + (perDisagreement * disagreement)^2)</c>. Where much is forecast to happen, and where the two
/// forecasts differ, models come out further from it.
/// </summary>
/// <param name="Floor">Spread where nothing is forecast to move, in log odds.</param>
/// <param name="PerShift">Spread per unit of what is forecast to move on average; see <see cref="SizeOf"/>.</param>
/// <param name="PerDisagreement">Spread per unit of log odds between the two forecasts of the domain.</param>
/// <param name="Multiple">How many spreads from the mean the range ends: the quantile of the errors in units of their spread.</param>
/// <param name="Level">The share of domains that the range holds, in (0, 1).</param>
/// <param name="Source">Where it was learned, for the provenance of forecasts.</param>
public sealed record ForecastError(double Floor, double PerShift, double PerDisagreement, double Multiple, double Level, string Source)
{
    // Whether a rate is a hundredth or a thousandth no few probes can tell, and no log odds should hang on it.
    private const double Least = 0.01;

    /// <summary>
    /// Learned from models tuned in the village of <c>psm demo --full</c>, by <c>bench -- errors</c>; docs/journal has how it was and how
    /// often it holds for models that it was not learned from.
    /// </summary>
    public static ForecastError Village { get; } = new(0.428, 0.231, 0.440, 1.492, 0.9, "models tuned in the village");

    /// <summary>
    /// The three parts of the spread that make the errors most probable as normal ones, and then the multiple that holds a share of
    /// <paramref name="level"/> of them, whatever their shape.
    /// </summary>
    /// <param name="outcomes">Domains that were not trained on; at least ten.</param>
    /// <param name="level">In (0, 1).</param>
    /// <param name="source">Where the outcomes are from.</param>
    /// <exception cref="ArgumentException">Fewer than ten outcomes.</exception>
    public static ForecastError Fit(IReadOnlyList<ForecastOutcome> outcomes, double level, string source)
    {
        if (outcomes.Count < 10) throw new ArgumentException("Ten outcomes at least are needed.", nameof(outcomes));
        double[] squares = [.. outcomes.Select(o => o.Error * o.Error)];
        double[][] parts = [[.. outcomes.Select(_ => 1.0)], [.. outcomes.Select(o => o.Size * o.Size)],
            [.. outcomes.Select(o => o.Disagreement * o.Disagreement)]];
        double[] shares = [.. parts.Select(_ => Statistics.Mean(squares) / parts.Length)];
        // Multiplicative updates of a sum of variances: each raises the likelihood and keeps the parts positive.
        for (int step = 0; step < 3000; step++)
        {
            double[] variance = [.. squares.Select((_, i) => parts.Select((p, k) => shares[k] * p[i]).Sum() + 1e-12)];
            shares = [.. parts.Select((part, k) =>
            {
                double wanted = 0, had = 0;
                for (int i = 0; i < squares.Length; i++)
                {
                    wanted += part[i] * squares[i] / (variance[i] * variance[i]);
                    had += part[i] / variance[i];
                }
                return had > 0 ? shares[k] * Math.Sqrt(wanted / had) : 0;
            })];
        }
        var error = new ForecastError(Math.Sqrt(shares[0]), Math.Sqrt(shares[1]), Math.Sqrt(shares[2]), 1, level, source);
        double[] spreads = [.. outcomes.Select(o => Math.Abs(o.Error) / Math.Max(error.Spread(o.Size, o.Posterior, o.InContext), 1e-9))];
        return error with { Multiple = Statistics.Quantile(spreads, level) };
    }

    /// <summary>Whether the measured rate lies in the range that its forecasts give.</summary>
    public bool Holds(ForecastOutcome outcome)
    {
        Interval range = Range(outcome.Size, outcome.Posterior, outcome.InContext);
        return outcome.Measured >= range.Low && outcome.Measured <= range.High;
    }

    /// <summary>Log odds as errors are counted in: rates below a hundredth count as a hundredth.</summary>
    public static double LogOdds(double rate) => LogSpace.LogOdds(rate, Least);

    /// <summary>How much is forecast to happen: the mean over the domains not trained on of the mean forecast's |shift|, in log odds;
    /// 0 where there is no such domain.</summary>
    public static double SizeOf(Forecast posterior, Forecast inContext)
    {
        double[] moved = [.. posterior.Elsewhere.Zip(inContext.Elsewhere, (p, c) =>
            Math.Abs(LogOdds((p.After + c.After) / 2) - LogOdds(p.Before)))];
        return moved.Length == 0 ? 0 : Statistics.Mean(moved);
    }

    /// <summary>The spread of one domain's log odds.</summary>
    /// <param name="size">Of the whole forecast; see <see cref="SizeOf"/>.</param>
    /// <param name="posterior">The posterior's forecast of the domain.</param>
    /// <param name="inContext">The forecast in context.</param>
    public double Spread(double size, double posterior, double inContext)
    {
        double shifted = PerShift * size, differing = PerDisagreement * (LogOdds(posterior) - LogOdds(inContext));
        return Math.Sqrt((Floor * Floor) + (shifted * shifted) + (differing * differing));
    }

    /// <summary>The range around the mean of both forecasts of a domain that its measured rate is expected in.</summary>
    /// <param name="size">Of the whole forecast; see <see cref="SizeOf"/>.</param>
    /// <param name="posterior">The posterior's forecast of the domain.</param>
    /// <param name="inContext">The forecast in context.</param>
    public Interval Range(double size, double posterior, double inContext)
    {
        double mean = (posterior + inContext) / 2, half = Multiple * Spread(size, posterior, inContext);
        double low = LogSpace.Logistic(LogOdds(mean) - half), high = LogSpace.Logistic(LogOdds(mean) + half);
        return new Interval(mean, Math.Min(mean, low <= Least ? 0 : low), Math.Max(mean, high >= 1 - Least ? 1 : high), Level);
    }
}
