namespace PersonaSelection.Numerics;

/// <summary>How far a <see cref="SoftmaxCompletion"/> goes.</summary>
public sealed record CompletionPlan
{
    /// <summary>Stop once the bound on total variation is no larger.</summary>
    public double Target { get; init; } = 0.02;

    /// <summary>The share of runs in which the bound should hold.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>
    /// The largest share of the cells that may be asked for, beyond <see cref="SoftmaxCompletion.LeastRows"/> rows and, without a guide,
    /// <see cref="SoftmaxCompletion.LeastPivots"/> columns, which are asked for in any case; 1 goes on until the target is met.
    /// </summary>
    public double MaximumShare { get; init; } = 0.1;

    /// <summary>The seed of the choice of the first columns where there is no guide, and of the draws behind the bound.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>A table of which some cells are known and the others estimated.</summary>
/// <param name="Values">[row][column]; what all columns share in a row without any known cell is unknown and left at 0.</param>
/// <param name="Known">[row][column]: whether the value was asked for.</param>
/// <param name="Bound">With the planned confidence, the distribution over columns is within this total variation of that
/// of the full table.</param>
/// <param name="Share">Share of the cells that were asked for.</param>
/// <param name="Met">Whether the bound reached the target.</param>
public sealed record CompletedTable(double[][] Values, bool[][] Known, double Bound, double Share, bool Met);
