namespace PersonaSelection.Posterior;

/// <summary>Some predictions of about the same size beside what came.</summary>
/// <param name="Count">How many.</param>
/// <param name="Predicted">Their mean predicted probability.</param>
/// <param name="Observed">The mean of what was measured.</param>
public sealed record CalibrationPoint(int Count, double Predicted, double Observed);

/// <summary>
/// Whether what is predicted with probability p comes with probability p: predictions in groups of equal number, from low to high.
/// </summary>
/// <param name="Points">The groups.</param>
public sealed record CalibrationCurve(IReadOnlyList<CalibrationPoint> Points)
{
    /// <summary>Expected calibration error: the mean of |predicted - observed| over groups, by their number.</summary>
    public double Error => Points.Count == 0 ? double.NaN
        : Points.Sum(p => p.Count * Math.Abs(p.Predicted - p.Observed)) / Points.Sum(p => p.Count);

    /// <summary>Groups predictions.</summary>
    /// <param name="predicted">Predicted probabilities.</param>
    /// <param name="observed">Measured ones, in the same order.</param>
    /// <param name="groups">Number of groups, fewer where there are fewer predictions.</param>
    /// <exception cref="ArgumentException">The numbers differ.</exception>
    public static CalibrationCurve Of(IReadOnlyList<double> predicted, IReadOnlyList<double> observed, int groups = 10)
    {
        if (predicted.Count != observed.Count) throw new ArgumentException("One observation per prediction is needed.", nameof(observed));
        int[] order = [.. Enumerable.Range(0, predicted.Count).OrderBy(i => predicted[i]).ThenBy(i => i)];
        int count = Math.Min(groups, order.Length);
        return new CalibrationCurve([.. Enumerable.Range(0, count).Select(g =>
        {
            int[] part = order[(int)((long)g * order.Length / count)..(int)((long)(g + 1) * order.Length / count)];
            return new CalibrationPoint(part.Length, part.Average(i => predicted[i]), part.Average(i => observed[i]));
        })]);
    }
}
