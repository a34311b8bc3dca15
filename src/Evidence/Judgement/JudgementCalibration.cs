using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>What is known of a judge from episodes whose source is known.</summary>
/// <param name="PlaceBias">What the first place, the last place, and the slope from first to last add to a candidate's
/// utility, in nats.</param>
/// <param name="Scale">What the fitted utilities are multiplied by to be evidence in nats; below 1 for a judge that is
/// surer than right.</param>
/// <param name="Episodes">Episodes of known source.</param>
/// <param name="Accuracy">The share of them whose source is the most probable persona.</param>
/// <param name="LogLoss">The mean of -log p(source) in nats, each episode by the other half's bias, at the scale.</param>
/// <param name="Reliability">What the judge did.</param>
public sealed record JudgementCalibration(IReadOnlyList<double> PlaceBias, double Scale, int Episodes, double Accuracy, double LogLoss,
    JudgementReliability Reliability)
{
    /// <summary>
    /// Nothing is known: no bias, and utilities are taken for nats. The swapped orders still cancel what favours a place.
    /// </summary>
    public static JudgementCalibration None { get; } =
        new(new double[ChoiceModel.PlaceFeatures], 1, 0, double.NaN, double.NaN, JudgementReliability.None);

    /// <summary>The content id of what enters the evidence.</summary>
    public ContentId Id => ContentId.Of("judgement-calibration", PlaceBias.ToArray(), Scale);

    /// <summary>
    /// Bias from one half is tried on the other; the scale makes the sources of all most probable; then the bias is fitted to all.
    /// </summary>
    internal static JudgementCalibration Fit(int personas, IReadOnlyList<(IReadOnlyList<Choice> Choices, int Source)> known, double spread,
        JudgementReliability reliability)
    {
        double[][] halves = [Bias(known.Where((_, e) => e % 2 == 0)), Bias(known.Where((_, e) => e % 2 == 1))];
        double[][] utilities = [.. known.Select((k, e) => ChoiceModel.Utilities(personas, k.Choices, halves[1 - (e % 2)], spread))];
        double scale = Math.Exp(Golden(Math.Log(0.02), Math.Log(20), t => Loss(Math.Exp(t))));
        int right = Enumerable.Range(0, known.Count).Count(e => utilities[e].Index().MaxBy(u => u.Item).Index == known[e].Source);
        return new JudgementCalibration(Bias(known), scale, known.Count, (double)right / known.Count, Loss(scale), reliability);

        double Loss(double at) => Enumerable.Range(0, known.Count).Average(e =>
            LogSpace.LogSumExp([.. utilities[e].Select(u => at * u)]) - (at * utilities[e][known[e].Source]));
    }

    private static double[] Bias(IEnumerable<(IReadOnlyList<Choice> Choices, int Source)> known) =>
        ChoiceModel.PlaceBias([.. known.SelectMany(k => k.Choices.Select(c => (c, k.Source)))]);

    /// <summary>The least of a convex function, by golden section.</summary>
    private static double Golden(double low, double high, Func<double, double> f)
    {
        double ratio = (Math.Sqrt(5) - 1) / 2;
        for (int i = 0; i < 60; i++)
        {
            double a = high - (ratio * (high - low)), b = low + (ratio * (high - low));
            if (f(a) < f(b)) high = b;
            else low = a;
        }
        return (low + high) / 2;
    }
}
