using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace PersonaSelection.Numerics;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices of up to a few hundred rows (MathNet.Numerics).</summary>
public static class SymmetricEigen
{
    /// <summary>Decomposes A = V diag(values) V'.</summary>
    /// <param name="a">[n, n]; symmetric.</param>
    /// <returns>Values from the largest down, and [k][i]: the entries of the k-th vector, of length one.</returns>
    public static (double[] Values, double[][] Vectors) Of(double[,] a)
    {
        Evd<double> found = Matrix<double>.Build.DenseOfArray(a).Evd(Symmetricity.Symmetric);
        int[] order = [.. Enumerable.Range(0, a.GetLength(0)).OrderByDescending(k => found.EigenValues[k].Real)];
        return ([.. order.Select(k => found.EigenValues[k].Real)], [.. order.Select(k => found.EigenVectors.Column(k).ToArray())]);
    }
}
