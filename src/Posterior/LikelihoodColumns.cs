using System.Runtime.Intrinsics;

namespace PersonaSelection.Posterior;

/// <summary>
/// p(e|h) of every observation relative to its likeliest persona, one column of floats per persona: what mixtures are fitted to, many
/// times over. Sums run in lanes of eight in a fixed order, so that every machine gets the same bits.
/// </summary>
internal sealed class LikelihoodColumns
{
    private const int Block = 1024;

    // A mixture that gives an observation next to nothing is bad enough without being infinitely bad.
    private const float LeastMixed = 1e-37f;

    private readonly float[][] _columns;
    private readonly int _padded;

    /// <summary>
    /// The columns of some personas. An observation that none of them could have produced is left out; minus infinity with a negative
    /// weight is as in <see cref="Observations.Total"/>.
    /// </summary>
    /// <param name="rows">The observations.</param>
    /// <param name="personas">Indices of personas.</param>
    internal LikelihoodColumns(EvidenceRows rows, IReadOnlyList<int> personas)
    {
        Personas = personas;
        Count = rows.Count;
        _padded = (Count + Vector256<float>.Count - 1) / Vector256<float>.Count * Vector256<float>.Count;
        _columns = [.. personas.Select(_ => new float[_padded])];
        Largest = new double[Count];
        for (int e = 0; e < Count; e++)
        {
            ReadOnlySpan<double> row = rows.Row(e);
            double largest = double.NegativeInfinity;
            foreach (int h in personas) largest = Math.Max(largest, row[h]);
            Largest[e] = largest;
            if (double.IsNegativeInfinity(largest)) continue;
            double floor = rows.Weight(e) < 0 ? Observations.LeastPossible(row) : double.NegativeInfinity;
            for (int k = 0; k < _columns.Length; k++) _columns[k][e] = (float)Math.Exp(Math.Max(row[personas[k]], floor) - largest);
        }
    }

    private LikelihoodColumns(LikelihoodColumns all, int[] kept)
    {
        (Personas, Count, _padded, Largest) = ([.. kept.Select(k => all.Personas[k])], all.Count, all._padded, all.Largest);
        _columns = [.. kept.Select(k => all._columns[k])];
    }

    /// <summary>Indices of the personas whose columns these are.</summary>
    internal IReadOnlyList<int> Personas { get; }

    /// <summary>Number of observations.</summary>
    internal int Count { get; }

    /// <summary>log p(e | likeliest persona) in nats; minus infinity for an observation that is left out.</summary>
    internal double[] Largest { get; }

    /// <summary>Some of the columns, by their position here.</summary>
    internal LikelihoodColumns Only(int[] kept) => new(this, kept);

    /// <summary>Weights of observations in the form that <see cref="Pass"/> wants; those left out weigh nothing.</summary>
    internal float[] Weights(Func<int, double> weight)
    {
        var result = new float[_padded];
        for (int e = 0; e < Count; e++)
            if (!double.IsNegativeInfinity(Largest[e])) result[e] = (float)weight(e);
        return result;
    }

    /// <summary>Whether any observation that weighs something is likelier under one of the personas than under another.</summary>
    internal bool Differ(float[] weights) => Enumerable.Range(0, Count).Any(e => weights[e] != 0 && _columns.Any(c => c[e] != 1));

    /// <summary>
    /// For a mixture m[e] = sum_h share[h] p(e|h): the slope sum_e v[e] p(e|h) / m[e] of every persona, and sum_e v[e] log m[e] on return.
    /// </summary>
    internal double Pass(ReadOnlySpan<double> share, ReadOnlySpan<float> v, Span<double> slope)
    {
        int personas = _columns.Length, lanes = Vector256<float>.Count;
        Span<float> ratio = stackalloc float[Block];
        slope.Clear();
        double log = 0;
        for (int start = 0; start < _padded; start += Block)
        {
            int length = Math.Min(Block, _padded - start);
            Span<float> part = ratio[..length];
            part.Clear();
            for (int h = 0; h < personas; h++)
            {
                var w = Vector256.Create((float)share[h]);
                ReadOnlySpan<float> column = _columns[h].AsSpan(start, length);
                for (int i = 0; i < length; i += lanes)
                    (Vector256.Create((ReadOnlySpan<float>)part[i..]) + (w * Vector256.Create(column[i..]))).CopyTo(part[i..]);
            }
            for (int i = 0; i < length; i++)
            {
                float weight = v[start + i];
                if (weight == 0)
                {
                    part[i] = 0;
                    continue;
                }
                float mixed = Math.Max(part[i], LeastMixed);
                log += weight * Math.Log(mixed);
                part[i] = weight / mixed;
            }
            if (slope.IsEmpty) continue;
            for (int h = 0; h < personas; h++)
            {
                ReadOnlySpan<float> column = _columns[h].AsSpan(start, length);
                Vector256<float> sum = Vector256<float>.Zero;
                for (int i = 0; i < length; i += lanes)
                    sum += Vector256.Create((ReadOnlySpan<float>)part[i..]) * Vector256.Create(column[i..]);
                slope[h] += Vector256.Sum(sum);
            }
        }
        return log;
    }

    /// <summary>
    /// How far the mean slope, <see cref="Pass"/>'s over <paramref name="mass"/>, wanders when clusters are redrawn, by persona: its
    /// variance, sum over clusters of (sum_e v[e] (p(e|h) / m[e] - mean))^2 over mass^2.
    /// </summary>
    internal double[] SlopeVariance(ReadOnlySpan<double> share, ReadOnlySpan<float> v, double mass, Func<int, int> clusterOf, int clusters)
    {
        var mixed = new double[Count];
        for (int h = 0; h < _columns.Length; h++)
            for (int e = 0; e < Count; e++) mixed[e] += share[h] * _columns[h][e];
        for (int e = 0; e < Count; e++) mixed[e] = Math.Max(mixed[e], LeastMixed);
        var result = new double[_columns.Length];
        double[] slope = new double[clusters], weight = new double[clusters];
        for (int e = 0; e < Count; e++) weight[clusterOf(e)] += v[e];
        for (int h = 0; h < result.Length; h++)
        {
            Array.Clear(slope);
            for (int e = 0; e < Count; e++)
                if (v[e] != 0) slope[clusterOf(e)] += v[e] * _columns[h][e] / mixed[e];
            double mean = slope.Sum() / mass;
            for (int c = 0; c < clusters; c++) result[h] += Math.Pow((slope[c] - (weight[c] * mean)) / mass, 2);
        }
        return result;
    }
}
