using System.Globalization;
using PersonaSelection.Evidence;

namespace PersonaSelection.Experiments;

/// <summary>How far a judge is to be trusted, in words, on the page and on the screen.</summary>
public static class JudgeText
{
    /// <summary>The share of answers that change with the order above which place or chance decides more often than the reply.</summary>
    private const double MostlyByPlace = 0.5;

    /// <summary>What its calibration found, and what it did about the data.</summary>
    /// <param name="judge">How it was calibrated.</param>
    /// <param name="data">What it did about the data; may be absent.</param>
    /// <param name="named">How the name of a persona is written.</param>
    public static string Of(JudgementCalibration judge, JudgementReliability? data, Func<string, string> named)
    {
        string calibrated = judge.Episodes == 0
            ? "The judge is not calibrated (no two personas have examples): read its evidence as a ranking, not as probabilities."
            : string.Create(CultureInfo.InvariantCulture, $"The judge found {100 * judge.Accuracy:0} % of {judge.Episodes} examples "
                + $"of known source; its choices are scaled by {judge.Scale:0.##}")
                + (judge.Favourite is { } liked ? string.Create(CultureInfo.InvariantCulture,
                    $", and its liking for {named(liked)} ({-judge.Offsets[liked]:0.##} nats) is taken out.") : ".");
        return calibrated + OfData(data);
    }

    // Nothing where it was not asked in both orders.
    private static string OfData(JudgementReliability? data) => data is not { Pairs: > 0 } ? ""
        : string.Create(CultureInfo.InvariantCulture,
            $" About the data {100 * data.SwapDisagreement:0} % of its answers changed with the order, "
            + $"{data.CannotTell:N0} of {data.Questions:N0} were \"cannot tell\", {data.Unreadable:N0} were unreadable.")
            + (data.SwapDisagreement > MostlyByPlace ? " A judge that does so this often says little: try another model." : "");
}
