namespace PersonaSelection.Model;

/// <summary>One point of a training curve.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Tokens">Tokens predicted so far.</param>
/// <param name="Loss">Mean training loss per target since the last point, in nats.</param>
/// <param name="LearningRate">Learning rate of this step.</param>
/// <param name="GradientNorm">Global norm of this step's mean gradient, before clipping.</param>
/// <param name="Readings">What the evaluation measured here, by name.</param>
public sealed record TrainingPoint(int Step, long Tokens, double Loss, double LearningRate, double GradientNorm,
    IReadOnlyDictionary<string, double> Readings);

/// <summary>How a run went: the same numbers for every run with the same inputs, so times are not in it.</summary>
/// <param name="Points">Oldest first.</param>
public sealed record TrainingCurve(IReadOnlyList<TrainingPoint> Points)
{
    /// <summary>
    /// A rule for early stopping: true once a reading has not improved by <paramref name="least"/> for <paramref name="patience"/> points.
    /// </summary>
    /// <param name="reading">Name of the reading; <c>loss</c> for the training loss.</param>
    /// <param name="patience">Points without improvement.</param>
    /// <param name="least">What counts as an improvement.</param>
    /// <param name="higherIsBetter">The direction.</param>
    public static Func<TrainingCurve, bool> NoLongerImproves(string reading, int patience, double least = 0,
        bool higherIsBetter = false) => curve =>
    {
        double best = double.NegativeInfinity;
        int since = 0;
        foreach (TrainingPoint point in curve.Points)
        {
            double value = reading == "loss" ? point.Loss : point.Readings.GetValueOrDefault(reading, double.NaN);
            double score = higherIsBetter ? value : -value;
            if (score > best + (double.IsFinite(best) ? least : 0))
            {
                best = score;
                since = 0;
            }
            else
            {
                since++;
            }
        }
        return since >= patience;
    };
}
