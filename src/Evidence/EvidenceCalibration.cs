using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Evidence;

/// <summary>
/// What makes evidence worth what it says: fitted to episodes whose persona is known and that no persona has learnt
/// from, though the step at which learning stopped may have been chosen on them. Evidence is scaled by
/// <c>1 / temperature</c> and moved by an offset per persona, so that the softmax over personas is right as often as it is sure, for one
/// episode. Where word counts speak too, they have a scale of their own and the two are added.
/// </summary>
/// <param name="Personas">Names of the personas.</param>
/// <param name="Softmax">Scales, of the model's evidence and then of the word counts', and offsets.</param>
/// <param name="Episodes">How many episodes it was fitted to.</param>
/// <param name="Before">Reliability of the first input without it.</param>
/// <param name="After">Reliability with it, each half of the episodes judged by what was fitted to the other half.</param>
/// <param name="LossBefore">Mean -log p(true persona) of the first input without it, nats; personas count the same.</param>
/// <param name="LossAfter">The same with it, each half judged by the other.</param>
public sealed record EvidenceCalibration(IReadOnlyList<string> Personas, SoftmaxCalibration Softmax, int Episodes, Reliability Before,
    Reliability After, double LossBefore, double LossAfter)
{
    /// <summary>How far the offsets may be off.</summary>
    public required OffsetError OffsetError { get; init; }

    /// <summary>The content id: personas, scales and offsets.</summary>
    public ContentId Id =>
        ContentId.Of("calibration", [.. Personas, .. Softmax.Scales.Select(s => (object)s), .. Softmax.Offsets.Select(o => (object)o)]);

    /// <summary>
    /// Fits to a model's evidence of episodes whose persona is known. Offsets are fitted too where that helps the half they were not
    /// fitted to, by more than one standard error.
    /// </summary>
    /// <param name="personas">Names of the personas.</param>
    /// <param name="nats">[episode][persona]: evidence as it is.</param>
    /// <param name="truth">Index of the persona of each episode.</param>
    public static EvidenceCalibration Fit(IReadOnlyList<string> personas, IReadOnlyList<double[]> nats, IReadOnlyList<int> truth) =>
        Fit(personas, [.. nats.Select(n => (double[][])[n])], [1], truth, mayLeaveOffsets: true);

    /// <summary>
    /// Fits to evidence of word counts alone. They always have offsets: without, they lean to one persona, and a share of one half of the
    /// medical answers is found as 0.45 (docs/journal/LOG.md).
    /// </summary>
    /// <param name="personas">Names of the personas.</param>
    /// <param name="counts">[episode][persona]: evidence as it is.</param>
    /// <param name="truth">Index of the persona of each episode.</param>
    internal static EvidenceCalibration FitCounts(IReadOnlyList<string> personas, IReadOnlyList<double[]> counts,
        IReadOnlyList<int> truth) =>
        Fit(personas, [.. counts.Select(c => (double[][])[c])], [WordCounts.UsualScale], truth, mayLeaveOffsets: false);

    /// <summary>Fits to the model's evidence and the word counts' together, with offsets.</summary>
    /// <param name="personas">Names of the personas.</param>
    /// <param name="nats">[episode][persona]: the model's evidence as it is.</param>
    /// <param name="counts">[episode][persona]: that of the word counts.</param>
    /// <param name="truth">Index of the persona of each episode.</param>
    public static EvidenceCalibration Fit(IReadOnlyList<string> personas, IReadOnlyList<double[]> nats, IReadOnlyList<double[]> counts,
        IReadOnlyList<int> truth) => Fit(personas, [.. nats.Zip(counts, (n, c) => (double[][])[n, c])],
            [WordCounts.UsualModelScale, WordCounts.UsualScale], truth, mayLeaveOffsets: false);

    /// <summary>What a persona gets of one episode.</summary>
    /// <param name="persona">Its index.</param>
    /// <param name="nats">Its evidence as it is, by input.</param>
    public double Of(int persona, params ReadOnlySpan<double> nats) => Softmax.Of(persona, nats);

    private static EvidenceCalibration Fit(IReadOnlyList<string> personas, double[][][] inputs, double[] usual, IReadOnlyList<int> truth,
        bool mayLeaveOffsets)
    {
        double[] weights = SoftmaxCalibration.Balance(truth);
        SoftmaxCalibration none = SoftmaxCalibration.None(personas.Count);
        double[] alone = Crossed(inputs, usual, truth, weights, false, out double[][] pAlone),
            together = Crossed(inputs, usual, truth, weights, true, out double[][] pTogether);
        double[] gain = [.. alone.Select((a, i) => weights[i] * (a - together[i]))];
        double mean = gain.Sum(), error = Math.Sqrt(gain.Sum(g => Math.Pow(g - (mean / gain.Length), 2)));
        bool offsets = personas.Count > 1 && (!mayLeaveOffsets || mean > error);
        double[] losses = offsets ? together : alone;
        SoftmaxCalibration fitted = SoftmaxCalibration.Fit(inputs, usual, truth, weights, offsets);
        return new EvidenceCalibration([.. personas], fitted, inputs.Length,
            Reliability.Of([.. inputs.Select(n => none.Probabilities(n[0]))], truth, weights), Reliability.Of(offsets ? pTogether : pAlone,
            truth, weights), none.Loss([.. inputs.Select(n => n[0])], truth, weights), losses.Select((l, i) => weights[i] * l).Sum())
        {
            OffsetError = OffsetError.Of(fitted, inputs, truth, weights),
        };
    }

    // -log p of each case by what was fitted to the cases of the other half: every second case of each persona.
    private static double[] Crossed(double[][][] inputs, double[] usual, IReadOnlyList<int> truth, double[] weights, bool offsets,
        out double[][] probabilities)
    {
        var seen = new Dictionary<int, int>();
        int[] half = [.. truth.Select(t => (seen[t] = seen.GetValueOrDefault(t) + 1) % 2)];
        var losses = new double[inputs.Length];
        probabilities = new double[inputs.Length][];
        for (int side = 0; side < 2; side++)
        {
            int[] others = [.. Enumerable.Range(0, inputs.Length).Where(i => half[i] != side)];
            SoftmaxCalibration fitted = others.Length == 0 ? new SoftmaxCalibration(usual, new double[inputs[0][0].Length])
                : SoftmaxCalibration.Fit([.. others.Select(i => inputs[i])], usual, [.. others.Select(i => truth[i])],
                    [.. others.Select(i => weights[i])], offsets);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (half[i] != side) continue;
                probabilities[i] = fitted.Probabilities(inputs[i]);
                losses[i] = -Math.Log(Math.Max(1e-300, probabilities[i][truth[i]]));
            }
        }
        return losses;
    }
}
