using System.Text.Json.Serialization;

namespace PersonaSelection.Report;

/// <summary>One piece of a report. In JSON its <c>kind</c> comes first.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Heading), "heading")]
[JsonDerivedType(typeof(Prose), "prose")]
[JsonDerivedType(typeof(LinesFigure), "lines")]
[JsonDerivedType(typeof(CastFigure), "cast")]
[JsonDerivedType(typeof(DumbbellFigure), "dumbbell")]
[JsonDerivedType(typeof(ScatterFigure), "scatter")]
[JsonDerivedType(typeof(TableFigure), "table")]
[JsonDerivedType(typeof(ClaimsFigure), "claims")]
[JsonDerivedType(typeof(QuoteFigure), "quote")]
[JsonDerivedType(typeof(ReproduceFigure), "reproduce")]
public abstract record ReportBlock;

/// <summary>A section heading.</summary>
/// <param name="Text">Plain text.</param>
public sealed record Heading(string Text) : ReportBlock;

/// <summary>A paragraph. The only markup is <c>**bold**</c> and <c>`code`</c>; everything else is shown as it is written, and so is a
/// mark behind a backslash (<see cref="NameText"/>).</summary>
/// <param name="Text">The text of the paragraph.</param>
public sealed record Prose(string Text) : ReportBlock;

/// <summary>A block with a title and data.</summary>
public abstract record Figure : ReportBlock
{
    /// <summary>What is seen, said neutrally in one line, such as <c>Cheating on tests shifts the other domains</c>.</summary>
    public required string Title { get; init; }

    /// <summary>How to read it, with the markup of <see cref="Prose"/>.</summary>
    public string Caption { get; init; } = "";

    /// <summary>The name of the figure in links and file names; made from the title when empty.</summary>
    public string Id { get; init; } = "";
}

/// <summary>An interval around a number, in the unit of that number.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public sealed record FigureInterval(double Low, double High);
