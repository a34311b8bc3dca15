namespace PersonaSelection.Numerics;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices of up to a few hundred rows, by cyclic Jacobi rotations.</summary>
public static class SymmetricEigen
{
    private const int MostSweeps = 40;

    /// <summary>Decomposes A = V diag(values) V'.</summary>
    /// <param name="a">[n, n]; symmetric.</param>
    /// <returns>Values from the largest down, and [k][i]: the entries of the k-th vector, of length one.</returns>
    public static (double[] Values, double[][] Vectors) Of(double[,] a)
    {
        int n = a.GetLength(0);
        double[][] m = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Select(j => a[i, j]).ToArray())];
        double[][] v = [.. Enumerable.Range(0, n).Select(i => { var row = new double[n]; row[i] = 1; return row; })];
        for (int sweep = 0; sweep < MostSweeps; sweep++)
        {
            double off = 0, all = 0;
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    all += m[i][j] * m[i][j];
                    if (i != j) off += m[i][j] * m[i][j];
                }
            }
            if (off <= 1e-22 * all) break;
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++) Rotate(m, v, p, q);
        }
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => m[i][i])];
        return ([.. order.Select(i => m[i][i])], [.. order.Select(i => v[i])]);
    }

    private static void Rotate(double[][] m, double[][] v, int p, int q)
    {
        double x = m[p][q];
        if (x * x <= 1e-30 * Math.Abs(m[p][p] * m[q][q])) return;
        double theta = (m[q][q] - m[p][p]) / (2 * x);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1)), c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        Turn(m[p], m[q], c, s);
        foreach (double[] row in m) (row[p], row[q]) = ((c * row[p]) - (s * row[q]), (s * row[p]) + (c * row[q]));
        Turn(v[p], v[q], c, s);
    }

    private static void Turn(double[] a, double[] b, double c, double s)
    {
        for (int i = 0; i < a.Length; i++) (a[i], b[i]) = ((c * a[i]) - (s * b[i]), (s * a[i]) + (c * b[i]));
    }
}
