using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>
/// Who spoke how many of the observations: the shares s that maximise sum_e w_e log sum_h s(h) p(e|h), by expectation maximisation. The
/// objective is concave. A hundredth of the weight goes to the prior, so that personas whom nothing tells apart keep its proportions.
/// Observations that are pushed away from (negative weight) were chosen by nobody and do not count.
/// </summary>
/// <remarks>
/// Intervals know of two errors: that of the sample, and that the likelihoods of a persona are off as a whole, which no amount of data
/// averages out. Every redrawn sample shifts each persona's evidence by a normal number of nats with standard deviation
/// <see cref="EvidenceError"/>, and by an error of the offsets where evidence was calibrated.
/// </remarks>
internal sealed class EpisodeShares
{
    /// <summary>How far a persona's evidence per observation may be off for all observations alike, in nats.</summary>
    internal const double EvidenceError = 0.05;

    private const double PriorPull = 0.01;
    private const int MaximumSteps = 400;
    private const double Still = 1e-6;

    private readonly EvidenceRows _rows;
    private readonly OffsetError? _offsets;
    private readonly LikelihoodColumns _columns;
    private readonly float[] _weights;
    private readonly double _mass;
    private readonly int[] _kept;
    private readonly LikelihoodColumns _few;
    private readonly double[] _start, _fewPrior;

    /// <summary>Fits the shares.</summary>
    /// <param name="rows">The observations.</param>
    /// <param name="columns">The same; its personas compete, the others have no share.</param>
    /// <param name="prior">p0, in the order of the rows.</param>
    /// <param name="offsets">How far the evidence of each persona may be off, beyond <see cref="EvidenceError"/>; null for no further.
    /// </param>
    internal EpisodeShares(EvidenceRows rows, LikelihoodColumns columns, double[] prior, OffsetError? offsets = null)
    {
        (_rows, _columns, _offsets) = (rows, columns, offsets);
        _weights = columns.Weights(e => Math.Max(0, rows.Weight(e)));
        foreach (float w in _weights) _mass += w;
        double[] shares = [.. Enumerable.Repeat(1.0 / columns.Personas.Count, columns.Personas.Count)];
        double[] pull = [.. columns.Personas.Select(h => prior[h])];
        if (_mass > 0) Climb(columns, _weights, _mass, shares, pull, null);
        Shares = Spread(columns, shares);
        _kept = _mass > 0 ? Near(shares) : [];
        _few = columns.Only(_kept);
        _start = [.. _kept.Select(k => shares[k])];
        _fewPrior = [.. _kept.Select(k => pull[k])];
    }

    /// <summary>The share of every persona; NaN when no observation has a positive weight.</summary>
    internal double[] Shares { get; }

    /// <summary>The shares when clusters are redrawn.</summary>
    /// <param name="times">How often each cluster occurs.</param>
    /// <param name="random">Where the errors of the evidence come from.</param>
    /// <param name="off">An error of the offsets by persona, in nats; null for none.</param>
    internal double[] Redrawn(int[] times, RngStream random, double[]? off = null)
    {
        if (_mass == 0) return Shares;
        float[] weights = _columns.Weights(e => Math.Max(0, _rows.Weight(e)) * times[_rows.Cluster(e)]);
        double mass = 0;
        foreach (float w in weights) mass += w;
        double[] shares = [.. _start];
        double[] tilt = [.. _kept.Select(k => Math.Exp((EvidenceError * random.NextGaussian()) + (off?[_columns.Personas[k]] ?? 0)))];
        if (mass <= 0) return [.. Shares.Select(_ => double.NaN)];
        Climb(_few, weights, mass, shares, _fewPrior, tilt);
        // What the others hold, mostly of the prior's hundredth, is not there to be shared out.
        double[] all = [.. Shares];
        double left = _start.Sum();
        for (int k = 0; k < shares.Length; k++) all[_few.Personas[k]] = left * shares[k];
        return all;
    }

    // A persona with next to no share whose slope lies far below one keeps what it has in every redrawn sample.
    private int[] Near(double[] shares)
    {
        var slope = new double[shares.Length];
        _columns.Pass(shares, _weights, slope);
        double[] variance = _columns.SlopeVariance(shares, _weights, _mass, _rows.Cluster, _rows.ClusterCount);
        return [.. Enumerable.Range(0, shares.Length).Where(k =>
        {
            double mean = slope[k] / _mass;
            double off = _offsets?.Deviation(_columns.Personas[k]) ?? 0;
            return shares[k] > 0.02 || mean + (4 * (Math.Sqrt(variance[k]) + EvidenceError + off)) >= 1;
        })];
    }

    private double[] Spread(LikelihoodColumns columns, double[] shares)
    {
        var all = new double[_rows.Personas.Count];
        for (int k = 0; k < shares.Length; k++) all[columns.Personas[k]] = _mass > 0 ? shares[k] : double.NaN;
        return all;
    }

    /// <summary>
    /// Expectation maximisation with squared extrapolation (Varadhan and Roland 2008), which is taken back where it does not climb.
    /// </summary>
    private static void Climb(LikelihoodColumns columns, float[] weights, double mass, double[] x, double[] prior, double[]? tilt)
    {
        int n = x.Length;
        double[] slope = new double[n], one = new double[n], two = new double[n], far = new double[n], tilted = new double[n];
        for (int step = 0; step < MaximumSteps; step++)
        {
            double before = Step(x, one);
            Step(one, two);
            double r = 0, v = 0, moved = 0;
            for (int h = 0; h < n; h++)
            {
                double d = one[h] - x[h], dd = two[h] - one[h] - d;
                r += d * d;
                v += dd * dd;
                moved = Math.Max(moved, Math.Abs(two[h] - one[h]));
            }
            double length = v > 0 ? Math.Max(1, Math.Sqrt(r / v)) : 1, sum = 0;
            for (int h = 0; h < n; h++)
            {
                double d = one[h] - x[h], dd = two[h] - one[h] - d;
                sum += far[h] = Math.Max(x[h] + (2 * length * d) + (length * length * dd), two[h] / 10);
            }
            for (int h = 0; h < n; h++) far[h] /= sum;
            if (Step(far, one) >= before) one.CopyTo(x, 0);
            else two.CopyTo(x, 0);
            if (moved < Still / 10 || (moved < Still && length < 2)) break;
        }

        // The value includes the prior's part, so that what is climbed is one function.
        double Step(double[] from, double[] to)
        {
            for (int h = 0; h < n; h++) tilted[h] = from[h] * (tilt?[h] ?? 1);
            double value = columns.Pass(tilted, weights, slope), total = 0;
            for (int h = 0; h < n; h++)
            {
                total += to[h] = (tilted[h] * slope[h] / mass) + (PriorPull * prior[h]);
                if (prior[h] > 0 && from[h] > 0) value += PriorPull * mass * prior[h] * Math.Log(from[h]);
            }
            for (int h = 0; h < n; h++) to[h] /= total;
            return value;
        }
    }
}
