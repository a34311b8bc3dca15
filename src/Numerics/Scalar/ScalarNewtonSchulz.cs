namespace PersonaSelection.Numerics;

/// <summary>The plain twin of <see cref="NewtonSchulz"/> in double, and plainly: every round multiplies the whole matrix.</summary>
internal static unsafe class ScalarNewtonSchulz
{
    public static double[] Orthogonalise(int rows, int columns, float* x)
    {
        int length = rows * columns;
        double[] y = new double[length];
        double norm = 0;
        for (int i = 0; i < length; i++) norm += (double)x[i] * x[i];
        norm = Math.Sqrt(norm);
        for (int i = 0; i < length; i++) y[i] = norm > 0 ? x[i] / norm : 0;
        foreach ((float linear, float cubic, float quintic) in NewtonSchulz.Rounds)
        {
            double[] gram = Product(rows, columns, rows, y, (j, k) => y[j * columns + k]);
            double[] square = Product(rows, rows, rows, gram, (j, k) => gram[k * rows + j]);
            double[] factor = new double[rows * rows];
            for (int i = 0; i < factor.Length; i++) factor[i] = (i % (rows + 1) == 0 ? linear : 0) + cubic * gram[i] + quintic * square[i];
            double[] x0 = y;
            y = Product(rows, rows, columns, factor, (j, k) => x0[k * columns + j]);
        }
        return y;
    }

    /// <summary>C[m, n] = A[m, k] B, where b(j, p) is B's element in row p and column j.</summary>
    private static double[] Product(int m, int k, int n, double[] a, Func<int, int, double> b)
    {
        double[] c = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int p = 0; p < k; p++) c[i * n + j] += a[i * k + p] * b(j, p);
            }
        }
        return c;
    }
}
