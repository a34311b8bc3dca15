using PersonaSelection.Numerics;

namespace PersonaSelection.Runs;

/// <summary>Who spoke how many of some episodes.</summary>
internal static class MixtureShares
{
    /// <summary>The shares that make the evidence likeliest: maximum of sum_e log sum_h s(h) p(e|h), by expectation maximisation from equal shares.</summary>
    /// <param name="nats">[episode][persona].</param>
    public static double[] Fit(IReadOnlyList<double[]> nats)
    {
        int personas = nats[0].Length;
        double[] shares = [.. Enumerable.Repeat(1.0 / personas, personas)], joint = new double[personas], p = new double[personas];
        for (int step = 0; step < 1000; step++)
        {
            var next = new double[personas];
            foreach (double[] row in nats)
            {
                for (int h = 0; h < personas; h++) joint[h] = Math.Log(shares[h]) + row[h];
                LogSpace.Normalize(joint, p);
                for (int h = 0; h < personas; h++) next[h] += p[h] / nats.Count;
            }
            double moved = next.Zip(shares, (a, b) => Math.Abs(a - b)).Max();
            shares = next;
            if (moved < 1e-7) break;
        }
        return shares;
    }
}
