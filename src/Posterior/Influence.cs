using PersonaSelection.Lab;

namespace PersonaSelection.Posterior;

/// <summary>What every observation says: how much more weight on it would move a mean over personas.</summary>
public static class Influence
{
    /// <summary>
    /// dE[q]/dw_e = beta * Cov_{h ~ p(h|D)}(L[e,h], q(h)), exact, for every observation and every quantity in one pass.
    /// Minus infinity counts as the least likely possible entry of its row, as in <see cref="Observations.Total"/>.
    /// </summary>
    /// <param name="posterior">p(h|D), already updated.</param>
    /// <param name="observations">L; its weights do not matter here.</param>
    /// <param name="dose">beta of the update.</param>
    /// <param name="quantities">Personas x quantities: traits, or probabilities of a behaviour.</param>
    /// <returns>Observations x quantities, in units of the quantity per unit of weight.</returns>
    public static LabelledMatrix OnMeans(PersonaDistribution posterior, Observations observations, double dose, LabelledMatrix quantities)
    {
        LabelledMatrix l = observations.For(posterior.Personas).LogLikelihood;
        LabelledMatrix q = quantities.WithRows(posterior.Personas);
        double[] p = posterior.Probabilities;
        int personas = p.Length, columns = q.Columns.Count;
        // Cov(L, q) = sum_h L(h) c(h) with c(h) = p(h) (q(h) - E[q]), so the centred table is made once for all observations.
        var centred = new double[columns * personas];
        for (int k = 0; k < columns; k++)
        {
            double mean = posterior.Mean(q.Column(k));
            for (int h = 0; h < personas; h++) centred[k * personas + h] = p[h] * (q[h, k] - mean);
        }
        var result = new double[l.Rows.Count * columns];
        for (int e = 0; e < l.Rows.Count; e++)
        {
            ReadOnlySpan<double> row = l.Row(e);
            double floor = Observations.LeastPossible(row);
            for (int k = 0; k < columns; k++)
            {
                double sum = 0;
                for (int h = 0; h < personas; h++)
                    if (p[h] > 0) sum += centred[k * personas + h] * (Math.Max(row[h], floor) - floor);
                result[e * columns + k] = dose * sum;
            }
        }
        return new LabelledMatrix(l.Rows, q.Columns, result);
    }
}
