using PersonaSelection.Numerics;

namespace PersonaSelection.Audit;

/// <summary>What a rewording takes away from what episodes say about a quantity (a trait, or behaviour elsewhere).</summary>
/// <param name="Quantity">Its name.</param>
/// <param name="Plain">Mean over episodes of Cov(L[x,y], q): what a plain episode says.</param>
/// <param name="Reworded">The same with x'.</param>
/// <param name="Interval">
/// Cov(L[x,y], q) - Cov(L[x',y], q) with its interval over episodes, in units of the quantity per unit of weight. Clusters of episodes are
/// redrawn plain and reworded together, with the personas and what they would do held fixed.
/// </param>
public sealed record RewordingGain(string Quantity, double Plain, double Reworded, Interval Interval)
{
    /// <summary>Cov(L[x,y], q) - Cov(L[x',y], q), in units of the quantity per unit of weight.</summary>
    public double Gain => Interval.Estimate;
}
