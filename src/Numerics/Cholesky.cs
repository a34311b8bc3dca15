using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace PersonaSelection.Numerics;

/// <summary>The factorisation A = L L' of symmetric positive definite matrices of up to a few hundred rows (MathNet.Numerics).</summary>
public static class Cholesky
{
    /// <summary>The inverse of a symmetric positive definite matrix.</summary>
    /// <param name="a">[n, n]; only its lower triangle is read.</param>
    /// <exception cref="ArgumentException">It is not positive definite.</exception>
    public static double[,] Inverse(double[,] a) => Of(a).Solve(Matrix<double>.Build.DenseIdentity(a.GetLength(0))).ToArray();

    /// <summary>The X with A X = B.</summary>
    /// <param name="a">[n, n]; only its lower triangle is read.</param>
    /// <param name="b">[n, m].</param>
    /// <exception cref="ArgumentException">A is not positive definite, or the sizes do not fit.</exception>
    public static double[,] Solve(double[,] a, double[,] b) => Of(a).Solve(Matrix<double>.Build.DenseOfArray(b)).ToArray();

    /// <summary>The x with A x = b.</summary>
    /// <inheritdoc cref="Solve(double[,], double[,])"/>
    public static double[] Solve(double[,] a, double[] b) => Of(a).Solve(Vector<double>.Build.DenseOfArray(b)).ToArray();

    /// <summary>The lower triangle L with A = L L'.</summary>
    /// <exception cref="ArgumentException">It is not positive definite.</exception>
    public static double[,] Factor(double[,] a) => Of(a).Factor.ToArray();

    private static Cholesky<double> Of(double[,] a) => Matrix<double>.Build.DenseOfArray(a).Cholesky();
}
