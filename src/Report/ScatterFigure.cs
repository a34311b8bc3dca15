namespace PersonaSelection.Report;

/// <summary>Points with the diagonal: forecast across, observation up. Panels share both axes.</summary>
public sealed record ScatterFigure : Figure
{
    /// <summary>What x is.</summary>
    public string XLabel { get; init; } = "forecast";

    /// <summary>What y is.</summary>
    public string YLabel { get; init; } = "observed";

    /// <summary>What a group is called, such as <c>tuning</c>.</summary>
    public string GroupName { get; init; } = "tuning";

    /// <summary>One panel per way of forecasting.</summary>
    public required IReadOnlyList<ScatterPanel> Panels { get; init; }

    /// <summary>Whether the line y = x is drawn; both axes then span the same range.</summary>
    public bool Diagonal { get; init; } = true;

    /// <summary>Whether both axes are written in per cent.</summary>
    public bool Percent { get; init; }
}

/// <summary>One panel of a <see cref="ScatterFigure"/>.</summary>
/// <param name="Name">What the panel shows; may be empty.</param>
/// <param name="Groups">Its groups of points.</param>
public sealed record ScatterPanel(string Name, IReadOnlyList<ScatterGroup> Groups)
{
    /// <summary>A short remark under the name, such as <c>r 0.87 · R² 0.70</c>.</summary>
    public string Note { get; init; } = "";
}

/// <summary>Points of one colour.</summary>
/// <param name="Name">The tuning; figures of one report give one name one colour.</param>
/// <param name="Points">The points.</param>
public sealed record ScatterGroup(string Name, IReadOnlyList<ScatterPoint> Points);

/// <summary>One point.</summary>
/// <param name="Label">What it is, such as the domain; shown on hover and in the table.</param>
/// <param name="X">Across.</param>
/// <param name="Y">Up.</param>
public sealed record ScatterPoint(string Label, double X, double Y);
