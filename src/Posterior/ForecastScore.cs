using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>One prediction beside what was measured, as probabilities of the low pole.</summary>
/// <param name="Subject">What was trained.</param>
/// <param name="Domain">The domain; the bootstrap redraws domains.</param>
/// <param name="Before">Measured before.</param>
/// <param name="Predicted">Predicted for afterwards.</param>
/// <param name="Observed">Measured afterwards.</param>
/// <param name="Uniform">What the uniform-shift null predicted for afterwards.</param>
public sealed record ScoredPoint(string Subject, string Domain, double Before, double Predicted, double Observed, double Uniform)
{
    /// <summary>The domains of a forecast that were not trained on, beside what was measured there.</summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="uniform">The uniform-shift null for the same subject.</param>
    /// <param name="observed">Measured probability of the low pole by domain.</param>
    /// <exception cref="ArgumentException">A domain was not measured.</exception>
    public static IReadOnlyList<ScoredPoint> Elsewhere(Forecast forecast, Forecast uniform, IReadOnlyDictionary<string, double> observed) =>
        [.. forecast.Elsewhere.Select(d => new ScoredPoint(forecast.Subject, d.Name, d.Before, d.After,
            observed.TryGetValue(d.Name, out double after)
                ? after : throw new ArgumentException($"'{d.Name}' was not measured.", nameof(observed)),
            uniform.Domain(d.Name).After))];

    /// <summary>The mean of two forecasts of the same points, and of their nulls.</summary>
    /// <exception cref="ArgumentException">The points differ.</exception>
    public static IReadOnlyList<ScoredPoint> Mean(IReadOnlyList<ScoredPoint> one, IReadOnlyList<ScoredPoint> other)
    {
        if (!one.Select(p => (p.Subject, p.Domain, p.Before, p.Observed))
            .SequenceEqual(other.Select(p => (p.Subject, p.Domain, p.Before, p.Observed))))
            throw new ArgumentException("The two forecasts are not of the same points.", nameof(other));
        return [.. one.Zip(other, (a, b) => a with { Predicted = (a.Predicted + b.Predicted) / 2, Uniform = (a.Uniform + b.Uniform) / 2 })];
    }
}

/// <summary>
/// How good a forecast was. Shifts are after minus before; every interval redraws whole domains. NaN where nothing varies.
/// </summary>
/// <param name="Points">Number of points.</param>
/// <param name="R">Pearson's r between predicted and observed shifts.</param>
/// <param name="R2">1 - SSE / sum (observed - mean observed)^2: better than the best uniform shift known in hindsight when above 0.</param>
/// <param name="SkillVsNoChange">1 - SSE / sum observed^2.</param>
/// <param name="SkillVsUniformShift">1 - SSE / SSE of the uniform-shift null.</param>
/// <param name="MeanAbsoluteError">Mean |predicted - observed|.</param>
/// <param name="Brier">
/// Expected Brier score of the predicted probability on answers drawn at the observed rate, less that of the observed rate itself: the mean
/// squared error. 0 is perfect.
/// </param>
/// <param name="LogScore">Mean KL(observed || predicted) in nats: the expected log score less that of the observed rate
/// itself. 0 is perfect.</param>
public sealed record ForecastScore(int Points, Interval R, Interval R2, Interval SkillVsNoChange, Interval SkillVsUniformShift,
    Interval MeanAbsoluteError, Interval Brier, Interval LogScore)
{
    // A prediction of exactly 0 or 1 is a rounding, not a bet of everything: without this one such point would decide the log score.
    private const double SmallestProbability = 1e-6;

    /// <summary>Scores points of one or more subjects together.</summary>
    /// <exception cref="ArgumentException">There is no point.</exception>
    public static ForecastScore Of(IReadOnlyList<ScoredPoint> points, BootstrapPlan? plan = null)
    {
        if (points.Count == 0) throw new ArgumentException("There is nothing to score.", nameof(points));
        plan ??= new BootstrapPlan();
        double[] whole = Measure(points);
        var samples = whole.Select(_ => new List<double>(plan.Draws)).ToArray();
        var bootstrap = ClusterResampling.Of([.. points.Select(p => p.Domain)]);
        RngStream random = RngStream.Root(plan.Seed).Child("bootstrap").Child("score");
        var multiplicity = new double[points.Count];
        for (int draw = 0; draw < plan.Draws; draw++)
        {
            bootstrap.Draw(random, multiplicity);
            double[] measured = Measure([.. points.SelectMany((p, i) => Enumerable.Repeat(p, (int)multiplicity[i]))]);
            for (int k = 0; k < measured.Length; k++) samples[k].Add(measured[k]);
        }
        Interval Of(int k) => Interval.OfSamples(whole[k], samples[k], plan.Level, bootstrap.EffectiveClusters);
        return new ForecastScore(points.Count, Of(0), Of(1), Of(2), Of(3), Of(4), Of(5), Of(6));
    }

    private static double[] Measure(IReadOnlyList<ScoredPoint> points)
    {
        double[] predicted = [.. points.Select(p => p.Predicted - p.Before)], observed = [.. points.Select(p => p.Observed - p.Before)];
        double error = 0, uniform = 0, change = 0, absolute = 0, log = 0;
        for (int i = 0; i < points.Count; i++)
        {
            error += Square(predicted[i] - observed[i]);
            uniform += Square(points[i].Uniform - points[i].Observed);
            change += Square(observed[i]);
            absolute += Math.Abs(predicted[i] - observed[i]);
            log += LogSpace.BernoulliDivergence(points[i].Observed,
                Math.Clamp(points[i].Predicted, SmallestProbability, 1 - SmallestProbability));
        }
        int n = points.Count;
        return
        [
            Varies(predicted) && Varies(observed) ? Statistics.Pearson(predicted, observed) : double.NaN,
            Varies(observed) ? Statistics.RSquared(observed, predicted) : double.NaN, Skill(error, change),
            Skill(error, uniform), absolute / n, error / n, log / n,
        ];
    }

    // Adding and taking away the start leaves a trace of rounding where a forecast does not vary; no correlation is made of traces.
    private static bool Varies(double[] x) => x.Max() - x.Min() > 1e-9;

    private static double Skill(double error, double reference) => reference <= 1e-18 ? double.NaN : 1 - error / reference;

    private static double Square(double x) => x * x;
}
