using MathNet.Numerics.LinearAlgebra;

namespace PersonaSelection.Numerics;

/// <summary>
/// Ridge regression of many targets on the same inputs, solved in the space of observations: n observations cost n^3 whatever the number of
/// inputs. The intercept goes unpenalised. The penalty is the one that leaves the least squared error on observations left out.
/// </summary>
/// <remarks>Left-out residuals in closed form: a_i / C^-1_ii with C the bordered kernel matrix (Cawley and Talbot 2007).</remarks>
public sealed class RidgeRegression
{
    private static readonly double[] Ladder = [.. Enumerable.Range(-6, 10).Select(i => Math.Pow(10, i))];
    private readonly Matrix<double> _coefficients, _centred;
    private readonly Vector<double> _intercepts;

    private RidgeRegression(Matrix<double> coefficients, Solution solution)
    {
        (_coefficients, _centred, _intercepts, Penalty) = (coefficients, solution.Centred, solution.Intercepts, solution.Penalty);
        LeftOut = solution.LeftOut.ToRowArrays();
    }

    /// <summary>The penalty chosen, in units of the mean squared length of the inputs.</summary>
    public double Penalty { get; }

    /// <summary>target - prediction of the regression fitted without that observation, [observation][target].</summary>
    public double[][] LeftOut { get; }

    /// <summary>The same of other targets on the same inputs, with the same penalty.</summary>
    /// <param name="targets">[observation][target].</param>
    public double[][] LeftOutOf(IReadOnlyList<double[]> targets) =>
        LeftOutOf(_centred, _centred * Matrix<double>.Build.DenseOfRowArrays(targets)).ToRowArrays();

    /// <summary>Fits.</summary>
    /// <param name="inputs">[observation][input]; may have no inputs at all.</param>
    /// <param name="targets">[observation][target].</param>
    /// <exception cref="ArgumentException">Fewer than two observations, or not as many inputs as targets.</exception>
    public static RidgeRegression Fit(IReadOnlyList<double[]> inputs, IReadOnlyList<double[]> targets)
    {
        int n = inputs.Count;
        if (n != targets.Count || n < 2)
            throw new ArgumentException($"{n} inputs and {targets.Count} targets do not make a regression.", nameof(inputs));
        Matrix<double> x = Matrix<double>.Build.DenseOfRowArrays(inputs), y = Matrix<double>.Build.DenseOfRowArrays(targets);
        Matrix<double> kernel = x.TransposeAndMultiply(x);
        double scale = kernel.Trace() / n;
        if (!(scale > 0)) scale = 1;
        (Solution Of, double Error)? best = null;
        foreach (double penalty in Ladder)
        {
            Solution solution = Solve(kernel, y, scale, penalty);
            double error = solution.LeftOut.Enumerate().Sum(e => e * e);
            // Ties, as when there are no inputs, go to the larger penalty.
            if (best is null || error <= best.Value.Error) best = (solution, error);
        }
        return new RidgeRegression(x.TransposeThisAndMultiply(best!.Value.Of.Dual), best.Value.Of);
    }

    /// <summary>What each input adds to one target, per unit.</summary>
    public double[] CoefficientsOf(int target) => _coefficients.Column(target).ToArray();

    /// <summary>What one target is without any input.</summary>
    public double InterceptOf(int target) => _intercepts[target];

    private static Solution Solve(Matrix<double> kernel, Matrix<double> targets, double scale, double penalty)
    {
        int n = kernel.RowCount;
        Matrix<double> inverse = (kernel + Matrix<double>.Build.DenseDiagonal(n, penalty * scale)).Cholesky()
            .Solve(Matrix<double>.Build.DenseIdentity(n));
        // What the inverse says of a constant, and what takes the constant out of it.
        Vector<double> constant = inverse.RowSums(), mean = constant / constant.Sum();
        Matrix<double> centred = inverse - mean.OuterProduct(constant), dual = centred * targets;
        return new Solution(dual, centred, targets.LeftMultiply(mean), penalty, LeftOutOf(centred, dual));
    }

    private static Matrix<double> LeftOutOf(Matrix<double> centred, Matrix<double> dual) =>
        dual.MapIndexed((i, _, d) => d / centred[i, i]);

    private sealed record Solution(Matrix<double> Dual, Matrix<double> Centred, Vector<double> Intercepts, double Penalty,
        Matrix<double> LeftOut);
}
