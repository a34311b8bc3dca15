namespace PersonaSelection.Report;

/// <summary>Per domain: where the behaviour was, where it was forecast to go, and where it went; one panel per tuning.</summary>
public sealed record DumbbellFigure : Figure
{
    /// <summary>What is measured, such as <c>probability of the bad act</c>.</summary>
    public required string XLabel { get; init; }

    /// <summary>What a row is called, such as <c>domain</c>.</summary>
    public string RowName { get; init; } = "domain";

    /// <summary>One panel per tuning; panels with the same domains share the labels where there is room.</summary>
    public required IReadOnlyList<DumbbellPanel> Panels { get; init; }

    /// <summary>The lower end of the axis; from the data when absent.</summary>
    public double? Minimum { get; init; } = 0;

    /// <summary>The upper end of the axis; from the data when absent.</summary>
    public double? Maximum { get; init; }

    /// <summary>Whether the axis is written in per cent.</summary>
    public bool Percent { get; init; } = true;

    /// <summary>What <see cref="DumbbellRow.Before"/> is called.</summary>
    public string BeforeName { get; init; } = "before";

    /// <summary>What <see cref="DumbbellRow.Predicted"/> is called.</summary>
    public string PredictedName { get; init; } = "forecast";

    /// <summary>What <see cref="DumbbellRow.PredictedInContext"/> is called.</summary>
    public string PredictedInContextName { get; init; } = "forecast in context";

    /// <summary>What <see cref="DumbbellRow.After"/> is called.</summary>
    public string AfterName { get; init; } = "after tuning";

    /// <summary>What a trained domain is called.</summary>
    public string TrainedName { get; init; } = "trained domain";
}

/// <summary>One tuning.</summary>
/// <param name="Name">The tuning; figures of one report give one name one colour.</param>
/// <param name="Rows">The domains from top to bottom.</param>
public sealed record DumbbellPanel(string Name, IReadOnlyList<DumbbellRow> Rows)
{
    /// <summary>A short remark under the name, such as <c>elsewhere +0.31</c>.</summary>
    public string Note { get; init; } = "";
}

/// <summary>One domain of one tuning. Absent numbers are not drawn.</summary>
/// <param name="Domain">The domain.</param>
public sealed record DumbbellRow(string Domain)
{
    /// <summary>Before the tuning.</summary>
    public double? Before { get; init; }

    /// <summary>The forecast.</summary>
    public double? Predicted { get; init; }

    /// <summary>The interval of the forecast.</summary>
    public FigureInterval? PredictedInterval { get; init; }

    /// <summary>The second forecast, from showing the episodes in the context.</summary>
    public double? PredictedInContext { get; init; }

    /// <summary>After the tuning.</summary>
    public double? After { get; init; }

    /// <summary>The interval of what was observed.</summary>
    public FigureInterval? AfterInterval { get; init; }

    /// <summary>Whether the tuning trained on this very domain, so that the row is no test of generalisation.</summary>
    public bool Trained { get; init; }
}
