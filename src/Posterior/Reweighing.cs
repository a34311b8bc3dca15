using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// Which reweighing of personas explains that answers moved. If an observation makes persona h more probable by L(h), to first order the
/// answer to probe i moves by Cov(L, b_i) over personas, b_i(h) being the persona's own answer. Of all L that explain the shifts s, the one
/// taken departs least from no reweighing: it minimises sum_i (s_i - Cov(L, b_i))^2 + lambda Var(L). The solution is L = sum_i a_i (b_i -
/// mean b_i): personas that answer alike get the same evidence.
/// </summary>
/// <remarks>
/// Personas count alike here, whatever their prior, so that evidence does not hang on it. lambda is half of sum_i Var(b_i): the shifts of
/// all probes share their errors (a model that has just seen a bad act is a little more prepared for any), so that many probes count as
/// two. Chosen on two base models of the village, and held against three others (docs/journal/LOG.md).
/// </remarks>
public sealed class Reweighing
{
    /// <summary>lambda as a share of the variance of all probes over personas.</summary>
    public const double Penalty = 0.5;

    private readonly double[,] _map;

    private Reweighing(IReadOnlyList<string> personas, int probes, double[,] map) => (Personas, Probes, _map) = (personas, probes, map);

    /// <summary>Names of the personas.</summary>
    public IReadOnlyList<string> Personas { get; }

    /// <summary>How many probes there are.</summary>
    public int Probes { get; }

    /// <summary>For personas whose answers are known.</summary>
    /// <param name="low">Probes x personas: P(low).</param>
    /// <exception cref="ArgumentException">There is no probe, or no persona.</exception>
    public static Reweighing Of(LabelledMatrix low)
    {
        int probes = low.Rows.Count, personas = low.Columns.Count;
        if (probes == 0 || personas == 0) throw new ArgumentException($"There is no {(probes == 0 ? "probe" : "persona")}.", nameof(low));
        // b[i][h] less its mean over personas.
        double[][] b = [.. Enumerable.Range(0, probes).Select(i => Statistics.Centred(low.Row(i).ToArray()))];
        var kernel = new double[personas, personas];
        double variance = 0;
        for (int h = 0; h < personas; h++)
        {
            for (int k = 0; k <= h; k++)
            {
                double sum = 0;
                for (int i = 0; i < probes; i++) sum += b[i][h] * b[i][k];
                kernel[h, k] = kernel[k, h] = sum / personas;
            }
            variance += kernel[h, h];
        }
        if (!(variance > 0)) return new Reweighing(low.Columns, probes, new double[personas, probes]);
        // L = (B'B / H + lambda)^-1 B' s, which is sum_i a_i b_i with the a of the remarks.
        for (int h = 0; h < personas; h++) kernel[h, h] += Penalty * variance;
        var transposed = new double[personas, probes];
        for (int h = 0; h < personas; h++)
            for (int i = 0; i < probes; i++) transposed[h, i] = b[i][h];
        return new Reweighing(low.Columns, probes, Cholesky.Solve(kernel, transposed));
    }

    /// <summary>L by persona, in nats, with mean 0.</summary>
    /// <param name="shifts">How far the answer to each probe moved.</param>
    /// <exception cref="ArgumentException">One shift per probe is needed.</exception>
    public double[] Explain(ReadOnlySpan<double> shifts)
    {
        if (shifts.Length != Probes) throw new ArgumentException("One shift per probe is needed.", nameof(shifts));
        var nats = new double[Personas.Count];
        for (int h = 0; h < nats.Length; h++)
            for (int i = 0; i < shifts.Length; i++) nats[h] += _map[h, i] * shifts[i];
        return nats;
    }
}
