namespace PersonaSelection.Lab;

/// <summary>How far a piece of work has come. Rooms report it; only the doors draw it.</summary>
/// <param name="Stage">What is being done, in a few words, such as <c>pre-training</c>. A new stage starts a new bar.</param>
/// <param name="Done">Amount done, in <paramref name="Unit"/>.</param>
/// <param name="Total">Amount in all, in <paramref name="Unit"/>; 0 when not known.</param>
/// <param name="Unit">The unit of both amounts, such as <c>tokens</c>.</param>
/// <param name="Detail">A short live reading, such as <c>loss 0.61</c>.</param>
public readonly record struct WorkProgress(string Stage, double Done, double Total, string Unit = "", string Detail = "")
{
    /// <summary>Share of the whole run that is done, in [0, 1]; null where nobody has said what part of a run this stage is.</summary>
    public double? Whole { get; init; }
}
