namespace PersonaSelection.Report;

/// <summary>The cast: how much weight each persona has, before and after. Weights are probabilities in [0, 1].</summary>
public sealed record CastFigure : Figure
{
    /// <summary>What the first weights are called, such as <c>before</c>.</summary>
    public string BeforeName { get; init; } = "before";

    /// <summary>What came after, one panel each, such as the names of the tunings.</summary>
    public required IReadOnlyList<string> Stages { get; init; }

    /// <summary>The personas from top to bottom.</summary>
    public required IReadOnlyList<CastMember> Members { get; init; }
}

/// <summary>A persona's weights.</summary>
/// <param name="Name">The persona.</param>
/// <param name="Before">Its weight before, in [0, 1].</param>
/// <param name="After">Its weight after each stage, as many as <see cref="CastFigure.Stages"/>.</param>
public sealed record CastMember(string Name, double Before, IReadOnlyList<double> After);
