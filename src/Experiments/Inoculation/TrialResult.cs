using PersonaSelection.Audit;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>One cell of a leak grid, forecast and measured: P(low pole) in the mean over domains.</summary>
/// <param name="Kind">What stands around the question.</param>
/// <param name="Before">Before training.</param>
/// <param name="InContext">Forecast by showing the reworded episodes.</param>
/// <param name="Posterior">Forecast by the posterior at run time.</param>
/// <param name="Gate">Forecast by the rival account.</param>
/// <param name="Measured">After training on the reworded data.</param>
public sealed record TrialLeak(LeakKind Kind, double Before, double InContext, double Posterior, double Gate, double Measured);

/// <summary>One rewording in one domain on one model.</summary>
/// <param name="Model">The model.</param>
/// <param name="Domain">The domain trained on.</param>
/// <param name="Rewording">The rewording.</param>
/// <param name="Kind">What sort it is.</param>
/// <param name="Place">Where its words go.</param>
/// <param name="Predicted">Predicted protection by predictor.</param>
/// <param name="PlainShift">Measured shift elsewhere after training on the plain data.</param>
/// <param name="Shift">The same after the reworded data.</param>
/// <param name="Protection">1 - <paramref name="Shift"/> / <paramref name="PlainShift"/>.</param>
/// <param name="Leaks">The leak grid.</param>
public sealed record TrialRow(string Model, string Domain, string Rewording, string Kind, RewordingPlace Place,
    IReadOnlyDictionary<Predictor, double> Predicted, double PlainShift, double Shift, double Protection, IReadOnlyList<TrialLeak> Leaks);

/// <summary>How well a predictor ranks rewordings.</summary>
/// <param name="Predictor">The predictor.</param>
/// <param name="Rank">Spearman's correlation over all rows, with a 95 % interval that redraws rewordings.</param>
/// <param name="WithinRank">The same within each model and domain, in the mean over them.</param>
/// <param name="MeanAbsoluteError">Of the protection.</param>
public sealed record PredictorScore(Predictor Predictor, Interval Rank, Interval WithinRank, double MeanAbsoluteError);

/// <summary>How far the accounts are from the measurement in one column of the leak grids.</summary>
/// <param name="Kind">The column.</param>
/// <param name="Count">Cells.</param>
/// <param name="Before">Mean P(low) before training.</param>
/// <param name="Measured">Mean P(low) after it.</param>
/// <param name="InContext">Error of the forecast by showing episodes.</param>
/// <param name="Posterior">Error of the posterior at run time.</param>
/// <param name="Gate">Error of the rival account.</param>
/// <param name="NoChange">Error of the null that nothing moves.</param>
public sealed record LeakScore(LeakKind Kind, int Count, double Before, double Measured, LeakError InContext, LeakError Posterior,
    LeakError Gate, LeakError NoChange)
{
    /// <summary>
    /// Of the three forecasts, <c>in-context</c>, <c>posterior</c> and <c>gate</c>, those with the smallest log score: several where they
    /// say the same. Each stands for itself, as the better of two would be chosen after the fact.
    /// </summary>
    public IReadOnlyList<string> Nearest
    {
        get
        {
            (string Name, double Score)[] all =
                [("in-context", InContext.LogScore), ("posterior", Posterior.LogScore), ("gate", Gate.LogScore)];
            return [.. all.Where(a => a.Score == all.Min(o => o.Score)).Select(a => a.Name)];
        }
    }
}

/// <summary>Two ways to say how far a forecast probability is from a measured one.</summary>
/// <param name="MeanAbsolute">Mean |forecast - measured|.</param>
/// <param name="LogScore">Mean KL(measured || forecast) in nats: the log score without what no forecast can save.</param>
/// <param name="Bias">Mean forecast - measured.</param>
public sealed record LeakError(double MeanAbsolute, double LogScore, double Bias);

/// <summary>A trial, summed up.</summary>
/// <param name="Rows">Every rewording in every domain on every model.</param>
/// <param name="Predictors">Every predictor, by rank correlation.</param>
/// <param name="Leaks">Every column of the leak grids.</param>
public sealed record TrialResult(IReadOnlyList<TrialRow> Rows, IReadOnlyList<PredictorScore> Predictors, IReadOnlyList<LeakScore> Leaks)
{
    private const double Least = 1e-4;

    /// <summary>Sums up rows.</summary>
    public static TrialResult Of(IReadOnlyList<TrialRow> rows)
    {
        string[] names = [.. rows.Select(r => r.Rewording).Distinct()];
        int[] clusters = [.. rows.Select(r => Array.IndexOf(names, r.Rewording))];
        IEnumerable<PredictorScore> predictors = Enum.GetValues<Predictor>()
            .Where(p => rows.All(r => r.Predicted.ContainsKey(p))).Select(p =>
        {
            RngStream random = RngStream.Root(1).Child("bootstrap").Child(p.ToString());
            return new PredictorScore(p, Bootstrap.Clustered(clusters, s => Rank(rows, p, s), random.Child("all")),
                Bootstrap.Clustered(clusters, s => Within(rows, p, s), random.Child("within"), resamples: 500),
                rows.Average(r => Math.Abs(r.Predicted[p] - r.Protection)));
        });
        IEnumerable<LeakScore> leaks = rows.SelectMany(r => r.Leaks).GroupBy(l => l.Kind).OrderBy(g => g.Key)
            .Select(g => new LeakScore(g.Key, g.Count(), g.Average(l => l.Before), g.Average(l => l.Measured), Error(g, l => l.InContext),
            Error(g, l => l.Posterior), Error(g, l => l.Gate), Error(g, l => l.Before)));
        return new TrialResult(rows,
            [.. predictors.OrderByDescending(p => double.IsNaN(p.Rank.Estimate) ? -1 : p.Rank.Estimate)], [.. leaks]);
    }

    private static double Rank(IReadOnlyList<TrialRow> rows, Predictor p, ReadOnlySpan<int> sample)
    {
        var x = new double[sample.Length];
        var y = new double[sample.Length];
        for (int i = 0; i < sample.Length; i++) (x[i], y[i]) = (rows[sample[i]].Predicted[p], rows[sample[i]].Protection);
        return Statistics.Spearman(x, y);
    }

    private static double Within(IReadOnlyList<TrialRow> rows, Predictor p, ReadOnlySpan<int> sample)
    {
        TrialRow[] drawn = new TrialRow[sample.Length];
        for (int i = 0; i < drawn.Length; i++) drawn[i] = rows[sample[i]];
        return drawn.GroupBy(r => (r.Model, r.Domain)).Average(g =>
            Statistics.Spearman([.. g.Select(r => r.Predicted[p])], [.. g.Select(r => r.Protection)]));
    }

    private static LeakError Error(IEnumerable<TrialLeak> cells, Func<TrialLeak, double> forecast) => new(
        cells.Average(l => Math.Abs(forecast(l) - l.Measured)),
        cells.Average(l =>
            LogSpace.BernoulliDivergence(Math.Clamp(l.Measured, Least, 1 - Least), Math.Clamp(forecast(l), Least, 1 - Least))),
        cells.Average(l => forecast(l) - l.Measured));
}
