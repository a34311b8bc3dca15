namespace PersonaSelection.Report;

/// <summary>Forecast across, observation up, and the diagonal on which they agree.</summary>
internal static class ScatterChart
{
    private const double Left = 50, Gap = 34, Largest = 440;

    private static readonly MarkShape[] Shapes = [MarkShape.Circle, MarkShape.Square, MarkShape.Triangle, MarkShape.Diamond];

    public static double Draw(SvgCanvas canvas, ScatterFigure figure, double width, IReadOnlyDictionary<string, int> hues)
    {
        string[] groups = [.. figure.Panels.SelectMany(p => p.Groups).Select(g => g.Name).Distinct()];
        int across = StaticChart.Across(width, Math.Min(3, figure.Panels.Count), 300);
        double side = Math.Min(Largest, (width - across * Left - (across - 1) * Gap) / across - 8);
        var points = figure.Panels.SelectMany(p => p.Groups).SelectMany(g => g.Points).ToList();
        IEnumerable<double> xs = points.Select(p => p.X), ys = points.Select(p => p.Y);
        int ticks = side < 340 ? 4 : 6;
        var x = ChartAxis.Over(figure.Diagonal ? xs.Concat(ys) : xs, 0, 1, ticks);
        ChartAxis y = figure.Diagonal ? x : ChartAxis.Over(ys, 0, 1, ticks);
        double top = 14 + canvas.Keys(0, 14, width, groups.Select((g, i) =>
            new ChartKey(g, Shapes[i % Shapes.Length], StaticChart.Hue(hues, g), "paper")));
        double bottom = top;
        for (int p = 0; p < figure.Panels.Count; p++)
        {
            if (p > 0 && p % across == 0) top = bottom + 20;
            double left = p % across * (side + Left + Gap) + Left;
            double head = top + Head(canvas, figure, p, left, side, top);
            Panel(canvas, figure, figure.Panels[p], x.Between(left, left + side), y.Between(head + side, head), groups, hues);
            bottom = head + side + 42;
        }
        return bottom;
    }

    private static double Head(SvgCanvas canvas, ScatterFigure figure, int p, double left, double side, double top)
    {
        ScatterPanel panel = figure.Panels[p];
        double head = 8;
        if (figure.Panels.Any(q => q.Name.Length > 0))
        {
            canvas.Text(left, top + 6, SvgCanvas.Fit(panel.Name, 13, side), "ink", 13, bold: true);
            head += 10;
        }
        if (figure.Panels.Any(q => q.Note.Length > 0))
        {
            canvas.Text(left, top + head + 6, SvgCanvas.Fit(panel.Note, 12, side), "soft", 12);
            head += 18;
        }
        canvas.Text(left - Left + 6, top + head + 12, "↑ " + figure.YLabel, "soft", 12);
        return head + 26;
    }

    private static void Panel(SvgCanvas canvas, ScatterFigure figure, ScatterPanel panel, ChartAxis x, ChartAxis y, string[] groups,
        IReadOnlyDictionary<string, int> hues)
    {
        double left = x.At(x.Low), right = x.At(x.High), bottom = y.At(y.Low), top = y.At(y.High);
        foreach (double tick in x.Ticks())
        {
            canvas.Line(x.At(tick), top, x.At(tick), bottom, tick == 0 ? "rule" : "grid");
            canvas.Text(x.At(tick), bottom + 17, x.Label(tick, figure.Percent), "soft", 12, "middle");
        }
        foreach (double tick in y.Ticks())
        {
            canvas.Line(left, y.At(tick), right, y.At(tick), tick == 0 ? "rule" : "grid");
            canvas.Text(left - 8, y.At(tick) + 4, y.Label(tick, figure.Percent), "soft", 12, "end");
        }
        if (figure.Diagonal) canvas.Line(left, bottom, right, top, "mark", 1.25, "5 4");
        canvas.Text(right, bottom + 35, figure.XLabel + " →", "soft", 12, "end");
        foreach (ScatterGroup group in panel.Groups)
        {
            MarkShape shape = Shapes[Array.IndexOf(groups, group.Name) % Shapes.Length];
            foreach (ScatterPoint point in group.Points.Where(q => x.Holds(q.X) && y.Holds(q.Y)))
            {
                canvas.BeginGroup($"{group.Name}, {point.Label}: {figure.XLabel} {FigureNumber.Text(point.X, figure.Percent)}, "
                    + $"{figure.YLabel} {FigureNumber.Text(point.Y, figure.Percent)}");
                canvas.Mark(shape, x.At(point.X), y.At(point.Y), 4.6, StaticChart.Hue(hues, group.Name), "paper", 1, 0.9);
                canvas.EndGroup();
            }
        }
    }
}
