namespace PersonaSelection.Experiments;

/// <summary>What is said beside intervals that redraw too few things to know how far these vary.</summary>
public static class FewClusters
{
    /// <summary>From here on intervals of 95 % hold what they should nearly as often as they say.</summary>
    public const int Enough = 5;

    /// <summary>
    /// One sentence; null where there are enough. Below, an interval reaches from the lowest to the highest of what was redrawn, and a
    /// median lies outside when all of them are on one side of it: with probability 2^(1 - n).
    /// </summary>
    /// <param name="clusters">How many were redrawn.</param>
    /// <param name="what">What was redrawn, in the plural.</param>
    public static string? Said(int clusters, string what) => clusters >= Enough ? null
        : FormattableString.Invariant($"Intervals that redraw fewer than five {what}, here {clusters}, are too narrow: from one they ")
            + "have no width, from two, three and four they hold a mean in at most 50, 75 and 88 of 100 cases.";
}
