namespace PersonaSelection.Report;

/// <summary>
/// Curves over a common x: one panel, or several stacked panels that share x, such as the loss above and the persona inference below.
/// </summary>
public sealed record LinesFigure : Figure
{
    /// <summary>What x is, with its unit, such as <c>tokens seen</c>.</summary>
    public required string XLabel { get; init; }

    /// <summary>The panels from top to bottom; the first is drawn taller.</summary>
    public required IReadOnlyList<LinePanel> Panels { get; init; }

    /// <summary>Whether x is drawn on a logarithmic scale (points with x at most 0 are left out).</summary>
    public bool LogX { get; init; }
}

/// <summary>One panel of a <see cref="LinesFigure"/>.</summary>
/// <param name="YLabel">What y is, with its unit, such as <c>loss, nats per token</c>.</param>
public sealed record LinePanel(string YLabel)
{
    /// <summary>The curves.</summary>
    public required IReadOnlyList<LineSeries> Series { get; init; }

    /// <summary>Horizontal lines to compare with, such as the entropy floor.</summary>
    public IReadOnlyList<ReferenceLine> References { get; init; } = [];

    /// <summary>The lower end of y; from the data when absent.</summary>
    public double? Minimum { get; init; }

    /// <summary>The upper end of y; from the data when absent. What lies above is cut off.</summary>
    public double? Maximum { get; init; }
}

/// <summary>A curve. Points that are not finite break it.</summary>
/// <param name="Name">What the curve is.</param>
/// <param name="X">The x of every point, rising.</param>
/// <param name="Y">The y of every point; as many as <paramref name="X"/>.</param>
public sealed record LineSeries(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y);

/// <summary>A horizontal line to compare with.</summary>
/// <param name="Label">What it stands for.</param>
/// <param name="Value">Its y.</param>
public sealed record ReferenceLine(string Label, double Value);
