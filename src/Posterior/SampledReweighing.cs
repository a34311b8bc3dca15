using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// A <see cref="Reweighing"/> by answers that were sampled. The errors of these answers are in the evidence of every observation alike, so
/// that redrawing observations does not show them: here the answers are drawn anew, and with them the evidence.
/// </summary>
public sealed class SampledReweighing
{
    private readonly IReadOnlyList<string> _personas;
    private readonly SampledRates _answers;

    /// <summary>For personas whose answers were sampled.</summary>
    /// <param name="personas">Their names.</param>
    /// <param name="answers">P(low) of each probe (row), first of the model as it is, then of every persona.</param>
    public SampledReweighing(IReadOnlyList<string> personas, SampledRates answers)
    {
        (_personas, _answers) = (personas, answers);
        Expected = Of((i, h) => answers.Mean(i, h + 1));
    }

    /// <summary>By the answers as they are expected to be.</summary>
    public Reweighing Expected { get; }

    /// <summary>sum_e w_e L[e,h] of observations of which each occurs so many times, with all answers drawn anew.</summary>
    /// <param name="rows">The observations with their shifts, which were taken from the share of low answers of the model as it is.</param>
    /// <param name="times">How often each cluster occurs.</param>
    /// <param name="random">Where the answers come from.</param>
    public double[] Total(EvidenceRows rows, ReadOnlySpan<int> times, RngStream random)
    {
        var shifts = new double[_answers.Rows];
        double mass = 0;
        for (int e = 0; e < rows.Count; e++)
        {
            double w = rows.Weight(e) * times[rows.Cluster(e)];
            mass += w;
            ReadOnlySpan<double> row = rows.Shifts(e);
            for (int i = 0; i < shifts.Length; i++) shifts[i] += w * row[i];
        }
        double[][] drawn = _answers.Draw(random);
        // All shifts are from one starting point, which was sampled too; its error, which is none on average, is drawn.
        for (int i = 0; i < shifts.Length; i++) shifts[i] -= mass * (drawn[i][0] - _answers.Mean(i, 0));
        return Of((i, h) => drawn[i][h + 1]).Explain(shifts);
    }

    private Reweighing Of(Func<int, int, double> low) => Reweighing.Of(new LabelledMatrix(
        Enumerable.Range(0, _answers.Rows).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)), _personas, low));
}
