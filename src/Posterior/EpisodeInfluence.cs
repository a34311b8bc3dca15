using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Posterior;

/// <summary>What an observation does to means over personas.</summary>
/// <param name="Influence">dE[q]/dw for every quantity: the change per unit of weight added.</param>
/// <param name="Removed">E[q | all but this observation] - E[q | all] for every quantity, exact; NaN when nobody
/// is left without it. One half of a choice goes with the other.</param>
/// <param name="LeadingChange">What the probability of the leading persona changes by when the observation is removed, exact.</param>
/// <param name="LeadingAfter">The leading persona then, by number.</param>
/// <param name="Pull">
/// beta * w * (E[L | posterior] - E[L | prior]) in nats: its part of how far the cast has moved. Over all observations these add up to
/// KL(p(h|D) || p0(h)) + KL(p0(h) || p(h|D)).
/// </param>
public sealed record RowInfluence(double[] Influence, double[] Removed, double LeadingChange, int LeadingAfter, double Pull);

/// <summary>
/// What each of very many observations says, one after the other and exact: <see cref="Posterior.Influence.OnMeans"/>, and what would be if
/// it had never been there. The dose per unit of weight stays as it is.
/// </summary>
public sealed class EpisodeInfluence
{
    private readonly EvidenceRows _rows;
    private readonly double[] _prior, _total, _p, _moved;
    private readonly int[] _impossible;
    private readonly double[][] _values, _centred;
    private readonly double[] _means;
    private readonly double _dose;

    /// <summary>Sums up all observations.</summary>
    /// <param name="prior">p0.</param>
    /// <param name="rows">The observations, with the personas of the prior in its order.</param>
    /// <param name="dose">beta.</param>
    /// <param name="quantities">Personas x quantities, such as traits.</param>
    public EpisodeInfluence(PersonaDistribution prior, EvidenceRows rows, double dose, LabelledMatrix quantities)
    {
        (_rows, _prior, _dose) = (rows, [.. prior.LogProbabilities], dose);
        int personas = _prior.Length;
        (_total, _impossible) = (new double[personas], new int[personas]);
        for (int e = 0; e < rows.Count; e++) Count(rows.Row(e), rows.Weight(e), 1, _total, _impossible);
        _p = Mixture(_total, _impossible) ?? prior.Probabilities;
        _moved = [.. _p.Zip(prior.Probabilities, (after, before) => after - before)];
        LabelledMatrix q = quantities.WithRows(prior.Personas);
        _values = [.. Enumerable.Range(0, q.Columns.Count).Select(q.Column)];
        _means = [.. _values.Select(v => Mean(_p, v))];
        _centred = [.. _values.Select((v, k) => v.Select((x, h) => _p[h] * (x - _means[k])).ToArray())];
        Leading = IndexOfLargest(_p);
    }

    /// <summary>The most probable persona after the update, by number.</summary>
    public int Leading { get; }

    /// <summary>What one observation does.</summary>
    /// <param name="e">Its place among the observations given.</param>
    public RowInfluence Of(int e)
    {
        ReadOnlySpan<double> row = _rows.Row(e);
        double floor = Observations.LeastPossible(row);
        var influence = new double[_values.Length];
        for (int k = 0; k < influence.Length; k++)
        {
            double sum = 0;
            for (int h = 0; h < _p.Length; h++)
                if (_p[h] > 0) sum += _centred[k][h] * (Math.Max(row[h], floor) - floor);
            influence[k] = _dose * sum;
        }
        double pull = 0;
        for (int h = 0; h < _p.Length; h++)
            if (_moved[h] != 0) pull += _moved[h] * (Math.Max(row[h], floor) - floor);
        pull *= _dose * _rows.Weight(e);
        double[] total = [.. _total];
        int[] impossible = [.. _impossible];
        (int first, int end) = _rows.Together(e);
        for (int half = first; half < end; half++) Count(_rows.Row(half), _rows.Weight(half), -1, total, impossible);
        double[]? without = Mixture(total, impossible);
        if (without is null) return new RowInfluence(influence, [.. influence.Select(_ => double.NaN)], double.NaN, Leading, pull);
        return new RowInfluence(influence, [.. _values.Select((v, k) => Mean(without, v) - _means[k])], without[Leading] - _p[Leading],
            IndexOfLargest(without), pull);
    }

    // Impossible observations are counted apart: minus infinity cannot be taken back.
    private static void Count(ReadOnlySpan<double> row, double weight, int sign, double[] total, int[] impossible)
    {
        if (weight == 0) return;
        double floor = weight < 0 ? Observations.LeastPossible(row) : double.NegativeInfinity;
        for (int h = 0; h < total.Length; h++)
        {
            double x = Math.Max(row[h], floor);
            if (double.IsNegativeInfinity(x)) impossible[h] += sign;
            else total[h] += sign * weight * x;
        }
    }

    private double[]? Mixture(double[] total, int[] impossible)
    {
        var log = new double[total.Length];
        double largest = double.NegativeInfinity;
        for (int h = 0; h < log.Length; h++)
        {
            log[h] = _dose > 0 && impossible[h] > 0 ? double.NegativeInfinity : _prior[h] + (_dose * total[h]);
            largest = Math.Max(largest, log[h]);
        }
        if (double.IsNegativeInfinity(largest)) return null;
        LogSpace.Normalize(log, log);
        return log;
    }

    private static double Mean(double[] p, double[] values)
    {
        double sum = 0;
        for (int h = 0; h < p.Length; h++) sum += p[h] * values[h];
        return sum;
    }

    private static int IndexOfLargest(double[] p)
    {
        int best = 0;
        for (int h = 1; h < p.Length; h++)
            if (p[h] > p[best]) best = h;
        return best;
    }
}
