using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>What is known of a judge from episodes whose source is known.</summary>
/// <param name="PlaceBias">What the first place, the last place, and the slope from first to last add to a candidate's
/// utility, in nats.</param>
/// <param name="Scale">What the fitted utilities are multiplied by to be evidence in nats; below 1 for a judge that is
/// surer than right.</param>
/// <param name="Offsets">What is added to personas afterwards, in nats, by name: below 0 for one whose description the judge likes whoever
/// speaks. They sum to 0; there are none where they do not help, and none of personas of which no episode is known.</param>
/// <param name="Episodes">Episodes of known source.</param>
/// <param name="Accuracy">The share of them whose source is the most probable persona as the judge chose.</param>
/// <param name="LogLoss">The mean of -log p(source) in nats, personas counting the same, each episode by what was fitted to others.</param>
/// <param name="Reliability">What the judge did.</param>
public sealed record JudgementCalibration(IReadOnlyList<double> PlaceBias, double Scale, IReadOnlyDictionary<string, double> Offsets,
    int Episodes, double Accuracy, double LogLoss, JudgementReliability Reliability)
{
    /// <summary>
    /// Nothing is known: no bias, and utilities are taken for nats. The swapped orders still cancel what favours a place.
    /// </summary>
    public static JudgementCalibration None { get; } = new(new double[ChoiceModel.PlaceFeatures], 1, new Dictionary<string, double>(), 0,
        double.NaN, double.NaN, JudgementReliability.None);

    /// <summary>How far the offsets may be off; null where nothing is known.</summary>
    [JsonIgnore]
    public OffsetError? OffsetError { get; private init; }

    /// <summary>The persona that the judge names too easily, by most; null where no offsets help.</summary>
    public string? Favourite => Offsets.Count == 0 ? null : Offsets.MinBy(o => o.Value).Key;

    /// <summary>The content id of what enters the evidence.</summary>
    public ContentId Id => ContentId.Of("judgement-calibration",
        [PlaceBias.ToArray(), Scale, .. Offsets.OrderBy(o => o.Key, StringComparer.Ordinal).SelectMany(o => (object[])[o.Key, o.Value])]);

    /// <summary>What the choices about one episode say of each persona: log p(persona | choices) under an even prior.</summary>
    /// <param name="personas">Their names.</param>
    /// <param name="utilities">Their utilities, with the bias for places taken out.</param>
    internal double[] Nats(IReadOnlyList<string> personas, IReadOnlyList<double> utilities)
    {
        double[] nats = [.. utilities.Zip(personas, (u, name) => (Scale * u) + Offsets.GetValueOrDefault(name))];
        LogSpace.NormalizeLog(nats);
        return nats;
    }

    /// <summary>
    /// The bias for places from one half of the episodes is tried on the other; scale and offsets are fitted to what is left, the latter
    /// where they help; then the bias is fitted to all.
    /// </summary>
    internal static JudgementCalibration Fit(IReadOnlyList<string> personas,
        IReadOnlyList<(IReadOnlyList<Choice> Choices, int Source)> known, double spread, JudgementReliability reliability)
    {
        double[][] halves = [Bias(known.Where((_, e) => e % 2 == 0)), Bias(known.Where((_, e) => e % 2 == 1))];
        double[][] utilities =
            [.. known.Select((k, e) => ChoiceModel.Utilities(personas.Count, k.Choices, halves[1 - (e % 2)], spread))];
        EvidenceCalibration fitted = EvidenceCalibration.Fit(personas, utilities, [.. known.Select(k => k.Source)]);
        int right = Enumerable.Range(0, known.Count).Count(e => utilities[e].Index().MaxBy(u => u.Item).Index == known[e].Source);
        return new JudgementCalibration(Bias(known), fitted.Softmax.Scales[0], fitted.Softmax.Offsets.Index()
            .Where(o => o.Item != 0).ToDictionary(o => personas[o.Index], o => o.Item), known.Count, (double)right / known.Count,
            fitted.LossAfter, reliability)
        {
            OffsetError = fitted.OffsetError,
        };
    }

    private static double[] Bias(IEnumerable<(IReadOnlyList<Choice> Choices, int Source)> known) =>
        ChoiceModel.PlaceBias([.. known.SelectMany(k => k.Choices.Select(c => (c, k.Source)))]);
}
