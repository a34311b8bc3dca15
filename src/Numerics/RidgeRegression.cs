using MathNet.Numerics.LinearAlgebra;

namespace PersonaSelection.Numerics;

/// <summary>
/// Ridge regression of many targets on the same inputs, solved in the space of observations: n observations cost n^3 whatever the number of
/// inputs. An intercept (or several) goes unpenalised. The penalty is the one that leaves the least squared error on observations left out.
/// </summary>
/// <remarks>Left-out residuals in closed form: a_i / C^-1_ii with C the bordered kernel matrix (Cawley and Talbot 2007).</remarks>
public sealed class RidgeRegression
{
    private static readonly double[] Ladder = [.. Enumerable.Range(-6, 10).Select(i => Math.Pow(10, i))];
    private readonly Matrix<double> _coefficients, _intercepts;

    private RidgeRegression(Matrix<double> coefficients, Solution solution)
    {
        (_coefficients, _intercepts, Penalty, Freedom) = (coefficients, solution.Intercepts, solution.Penalty, solution.Freedom);
        LeftOut = solution.LeftOut.ToRowArrays();
    }

    /// <summary>The penalty chosen, in units of the mean squared length of the inputs.</summary>
    public double Penalty { get; }

    /// <summary>Effective number of parameters per target, intercepts included: the trace of the hat matrix.</summary>
    public double Freedom { get; }

    /// <summary>target - prediction of the regression fitted without that observation, [observation][target].</summary>
    public double[][] LeftOut { get; }

    /// <summary>Fits.</summary>
    /// <param name="inputs">[observation][input]; may have no inputs at all.</param>
    /// <param name="targets">[observation][target].</param>
    /// <param name="weights">How much each observation counts, positive; all 1 when absent.</param>
    /// <param name="group">Observations of different groups (numbered from 0) have an intercept of their own; one
    /// group when absent.</param>
    /// <param name="importance">How much the error of each target counts in the choice of the penalty; all 1 when absent.</param>
    /// <exception cref="ArgumentException">Fewer observations than intercepts and one more.</exception>
    public static RidgeRegression Fit(IReadOnlyList<double[]> inputs, IReadOnlyList<double[]> targets,
        ReadOnlySpan<double> weights = default, ReadOnlySpan<int> group = default, ReadOnlySpan<double> importance = default)
    {
        int n = inputs.Count, groups = 1;
        foreach (int g in group) groups = Math.Max(groups, g + 1);
        if (n != targets.Count || n <= groups)
            throw new ArgumentException($"{n} inputs and {targets.Count} targets do not make a regression.", nameof(inputs));
        Vector<double> w = weights.IsEmpty ? Vector<double>.Build.Dense(n, 1) : Vector<double>.Build.DenseOfArray(weights.ToArray());
        double[] share = importance.IsEmpty ? [.. targets[0].Select(_ => 1.0)] : importance.ToArray();
        var borders = Matrix<double>.Build.Dense(n, groups);
        for (int i = 0; i < n; i++) borders[i, group.IsEmpty ? 0 : group[i]] = 1;
        Matrix<double> x = Matrix<double>.Build.DenseOfRowArrays(inputs), y = Matrix<double>.Build.DenseOfRowArrays(targets);
        Matrix<double> kernel = x.TransposeAndMultiply(x);
        double scale = kernel.Trace() / n;
        if (!(scale > 0)) scale = 1;
        (Solution Of, double Error)? best = null;
        foreach (double penalty in Ladder)
        {
            Solution solution = Solve(kernel, borders, y, scale / w, penalty);
            double error = 0;
            for (int i = 0; i < n; i++)
                for (int q = 0; q < share.Length; q++) error += w[i] * share[q] * solution.LeftOut[i, q] * solution.LeftOut[i, q];
            // Ties, as when there are no inputs, go to the larger penalty.
            if (best is null || error <= best.Value.Error) best = (solution, error);
        }
        return new RidgeRegression(x.TransposeThisAndMultiply(best!.Value.Of.Dual), best.Value.Of);
    }

    /// <summary>What each input adds to one target, per unit.</summary>
    public double[] CoefficientsOf(int target) => _coefficients.Column(target).ToArray();

    /// <summary>What one target is without any input.</summary>
    public double InterceptOf(int target, int group = 0) => _intercepts[group, target];

    /// <summary>The prediction for one observation, [target].</summary>
    public double[] Predict(ReadOnlySpan<double> input, int group = 0)
    {
        var result = _intercepts.Row(group).ToArray();
        for (int j = 0; j < input.Length; j++)
            for (int q = 0; q < result.Length; q++) result[q] += input[j] * _coefficients[j, q];
        return result;
    }

    // ridge: what the penalty adds to the diagonal, per unit.
    private static Solution Solve(Matrix<double> kernel, Matrix<double> borders, Matrix<double> targets,
        Vector<double> ridge, double penalty)
    {
        int n = kernel.RowCount;
        Matrix<double> inverse = (kernel + Matrix<double>.Build.DenseOfDiagonalVector(penalty * ridge)).Cholesky()
            .Solve(Matrix<double>.Build.DenseIdentity(n));
        Matrix<double> mf = inverse * borders;
        // Rows of mf S^-1: what takes the intercepts out.
        Matrix<double> g = borders.TransposeThisAndMultiply(mf).Cholesky().Solve(mf.Transpose()).Transpose();
        Matrix<double> centred = inverse - g.TransposeAndMultiply(mf), dual = centred * targets;
        return new Solution(dual, g.TransposeThisAndMultiply(targets), penalty, n - (penalty * ridge.DotProduct(centred.Diagonal())),
            dual.MapIndexed((i, _, d) => d / centred[i, i]));
    }

    private sealed record Solution(Matrix<double> Dual, Matrix<double> Intercepts, double Penalty, double Freedom, Matrix<double> LeftOut);
}
