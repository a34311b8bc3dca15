namespace PersonaSelection.Numerics;

/// <summary>The factorisation A = L L' of symmetric positive definite matrices, for a few hundred rows.</summary>
public static class Cholesky
{
    /// <summary>The inverse of a symmetric positive definite matrix.</summary>
    /// <param name="a">[n, n]; only its lower triangle is read.</param>
    /// <exception cref="ArgumentException">It is not positive definite.</exception>
    public static double[,] Inverse(double[,] a)
    {
        double[,] l = Factor(a);
        int n = l.GetLength(0);
        var inverse = new double[n, n];
        var column = new double[n];
        for (int c = 0; c < n; c++)
        {
            Array.Clear(column);
            column[c] = 1;
            for (int i = c; i < n; i++)
            {
                for (int k = c; k < i; k++) column[i] -= l[i, k] * column[k];
                column[i] /= l[i, i];
            }
            for (int i = n - 1; i >= c; i--)
            {
                for (int k = i + 1; k < n; k++) column[i] -= l[k, i] * column[k];
                column[i] /= l[i, i];
                inverse[i, c] = inverse[c, i] = column[i];
            }
        }
        return inverse;
    }

    /// <summary>The lower triangle L with A = L L'.</summary>
    /// <exception cref="ArgumentException">It is not positive definite.</exception>
    public static double[,] Factor(double[,] a)
    {
        int n = a.GetLength(0);
        if (n != a.GetLength(1)) throw new ArgumentException("The matrix is not square.", nameof(a));
        var l = new double[n, n];
        for (int j = 0; j < n; j++)
        {
            double pivot = a[j, j];
            for (int k = 0; k < j; k++) pivot -= l[j, k] * l[j, k];
            if (!(pivot > 0)) throw new ArgumentException($"The matrix is not positive definite: pivot {j} is {pivot}.", nameof(a));
            l[j, j] = Math.Sqrt(pivot);
            for (int i = j + 1; i < n; i++)
            {
                double sum = a[i, j];
                for (int k = 0; k < j; k++) sum -= l[i, k] * l[j, k];
                l[i, j] = sum / l[j, j];
            }
        }
        return l;
    }
}
