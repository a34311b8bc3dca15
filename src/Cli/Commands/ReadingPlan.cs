using PersonaSelection.Experiments;

namespace PersonaSelection.Cli.Commands;

/// <summary>What a model of this machine would take, as <c>--dry-run</c> tells it; nothing where a server is asked.</summary>
internal static class ReadingPlan
{
    public static (string, object?)[] Facts(ReadingCost? cost, int threads) => cost is null ? [] :
    [
        ("tokens", FormattableString.Invariant($"about {cost.Tokens:N0}")),
        ("time", FormattableString.Invariant($"about {Math.Max(1, cost.Seconds):N0} s on {threads} threads, at the rate measured now")),
    ];

    public static string? Fitting(int personas) =>
        personas > 0 ? $"{personas} personas may be fitted to their examples first, which comes on top" : null;

    public static double? Seconds(ReadingCost? cost) => cost is null ? null : Math.Round(cost.Seconds, 1);
}
