using PersonaSelection.Lab;

namespace PersonaSelection.Report;

/// <summary>One figure as an SVG file that stands alone: no script, no fonts, its own paper, and colours for light and dark.</summary>
public static class SvgFigure
{
    private const double Margin = 20;

    /// <summary>The SVG text of a drawn figure (lines, cast, dumbbell or scatter).</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="report">The report it belongs to, so that names keep its colours; may be absent.</param>
    /// <param name="width">The width in pixels.</param>
    /// <exception cref="ArgumentException">The figure is text, or the width is below 240.</exception>
    public static string Render(Figure figure, ReportDocument? report = null, double width = StaticChart.Wide)
    {
        ArgumentNullException.ThrowIfNull(figure);
        if (!(width >= 240 && width <= 10_000))
            throw new ArgumentOutOfRangeException(nameof(width), width, "A figure is 240 to 10000 pixels wide.");
        DocumentCheck.ThrowIfUnsound(new ReportDocument("") { Blocks = [figure] });
        var hues = ChartColours.HuesOf(report?.Figures ?? [figure]);
        (string body, double height) = StaticChart.Draw(figure, width, hues);
        IReadOnlyList<string> title = SvgCanvas.Wrap(figure.Title, 16, width);
        double head = 6 + 20 * title.Count;
        string lines = string.Concat(title.Select((line, i) =>
            $"<text x=\"{Margin}\" y=\"{Margin + 14 + 20 * i}\" class=\"f-ink\" font-size=\"16\" "
                + $"font-weight=\"600\">{SvgCanvas.Encode(line)}</text>"));
        string w = SvgCanvas.N(width + 2 * Margin), h = SvgCanvas.N(height + 2 * Margin + head);
        const string font = SvgCanvas.FontFamily;
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" font-family="{font}">
            <title>{SvgCanvas.Encode(figure.Title)}</title>
            <desc>{SvgCanvas.Encode(InlineText.Plain(figure.Caption))}</desc>
            <style>{ChartColours.FileCss()}</style>
            <rect width="100%" height="100%" rx="8" class="f-paper"/>
            {lines}
            <g transform="translate({Margin} {SvgCanvas.N(Margin + head + 4)})">{body}</g>
            </svg>

            """.ReplaceLineEndings("\n");
    }

    /// <summary>Writes <see cref="Render"/> to a file, whole or not at all.</summary>
    /// <exception cref="ArgumentException">The figure is text.</exception>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Write(Figure figure, string path, ReportDocument? report = null, double width = StaticChart.Wide) =>
        AtomicFile.WriteText(path, Render(figure, report, width));

    /// <summary>
    /// Writes every chart of a document into a folder, each named after its id, or its place in the document where it has none.
    /// </summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void WriteAll(ReportDocument document, string folder)
    {
        int place = 0;
        foreach (Figure figure in document.Figures)
        {
            place++;
            if (figure is LinesFigure or CastFigure or DumbbellFigure or ScatterFigure)
                Write(figure,
                    Path.Combine(folder, $"{(figure.Id.Length > 0 ? HtmlText.Slug(figure.Id) : $"figure-{place}")}.svg"), document);
        }
    }
}
