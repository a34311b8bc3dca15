namespace PersonaSelection.Report;

/// <summary>
/// Draws a figure without any script: what a page shows before its script runs (or when it has none), and what an SVG file holds.
/// </summary>
internal static class StaticChart
{
    public const double Wide = 1000;
    public const double Narrow = 360;

    /// <summary>Whether the figure is drawn at all; the others are text.</summary>
    public static bool Draws(Figure figure) => figure is LinesFigure or CastFigure or DumbbellFigure or ScatterFigure;

    /// <summary>The drawing's elements and its height.</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="width">The width in pixels; below 560 panels stand one above the other.</param>
    /// <param name="hues">The hue of every tuning's name.</param>
    public static (string Body, double Height) Draw(Figure figure, double width, IReadOnlyDictionary<string, int> hues)
    {
        var canvas = new SvgCanvas();
        double height = figure switch
        {
            LinesFigure f => LinesChart.Draw(canvas, f, width),
            CastFigure f => CastChart.Draw(canvas, f, width, hues),
            DumbbellFigure f => DumbbellChart.Draw(canvas, f, width, hues),
            ScatterFigure f => ScatterChart.Draw(canvas, f, width, hues),
            _ => throw new ArgumentException($"{figure.GetType().Name} is not drawn.", nameof(figure)),
        };
        return (canvas.Body, Math.Ceiling(height));
    }

    /// <summary>The CSS class part of a tuning's hue.</summary>
    public static string Hue(IReadOnlyDictionary<string, int> hues, string name) => $"h{hues.GetValueOrDefault(name)}";

    /// <summary>How many panels stand side by side.</summary>
    public static int Across(double width, int panels, double least) => Math.Clamp((int)(width / least), 1, Math.Max(1, panels));
}
