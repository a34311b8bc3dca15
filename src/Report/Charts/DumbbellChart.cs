namespace PersonaSelection.Report;

/// <summary>Per domain: before, the forecasts and what came, on one line; one panel per tuning.</summary>
internal static class DumbbellChart
{
    private const double RowHeight = 29, Gap = 22, Observed = -4.5, Foretold = 7;

    public static double Draw(SvgCanvas canvas, DumbbellFigure figure, double width, IReadOnlyDictionary<string, int> hues)
    {
        double longest = figure.Panels.SelectMany(p => p.Rows).Select(r => SvgCanvas.TextWidth(r.Domain, 13)).DefaultIfEmpty(0).Max();
        double label = Math.Min(longest + 14, width * (width < 560 ? 0.42 : 0.34));
        bool sameRows = figure.Panels.All(p => p.Rows.Select(r => r.Domain).SequenceEqual(figure.Panels[0].Rows.Select(r => r.Domain)));
        int across = sameRows ? StaticChart.Across(width - label, figure.Panels.Count, width < 560 ? width : 190) : 1;
        double panelWidth = (width - label - Gap * (across - 1)) / across;
        var scale = ChartAxis.Over(figure.Panels.SelectMany(p => p.Rows).SelectMany(Numbers), 0, 1,
            panelWidth < 300 ? 4 : 6, figure.Minimum, figure.Maximum);
        double top = 14 + canvas.Keys(0, 14, width, Keys(figure, hues));
        double bottom = top;
        bool foretold = figure.Panels.Any(p => p.Rows.Any(r => (r.Predicted ?? r.PredictedInContext) is not null));
        double lane = foretold ? Observed : 0;
        for (int p = 0; p < figure.Panels.Count; p++)
        {
            if (p > 0 && p % across == 0) top = bottom + 14;
            DumbbellPanel panel = figure.Panels[p];
            double left = label + p % across * (panelWidth + Gap);
            string hue = StaticChart.Hue(hues, panel.Name);
            canvas.Text(left, top + 6, SvgCanvas.Fit(panel.Name, 13, panelWidth), hue, 13, bold: true);
            bool notes = figure.Panels.Any(q => q.Note.Length > 0);
            if (panel.Note.Length > 0) canvas.Text(left, top + 23, SvgCanvas.Fit(panel.Note, 12, panelWidth), "soft", 12);
            double head = top + (notes ? 34 : 18);
            ChartAxis x = scale.Between(left + 6, left + panelWidth - 6);
            double end = head + panel.Rows.Count * RowHeight;
            for (int r = 0; r < panel.Rows.Count; r++)
                if (panel.Rows[r].Trained) canvas.Rectangle(left - 4, head + r * RowHeight, panelWidth + 8, RowHeight, "band", 3);
            IReadOnlyList<double> ticks = x.Ticks();
            foreach (double tick in ticks)
            {
                canvas.Line(x.At(tick), head, x.At(tick), end, "grid");
                // Panels are narrow: only the last tick carries the sign.
                string text = x.Label(tick, figure.Percent);
                canvas.Text(x.At(tick), end + 16, tick == ticks[^1] ? text : text.TrimEnd('%', '\u202f'), "soft", 11, "middle");
            }
            for (int r = 0; r < panel.Rows.Count; r++)
            {
                double y = head + (r + 0.5) * RowHeight;
                if (p % across == 0)
                    canvas.Text(label - 10, y + 4.5, SvgCanvas.Fit(panel.Rows[r].Domain, 13, label - 12), "ink", 13,
                        "end", panel.Rows[r].Trained);
                Row(canvas, figure, panel.Rows[r], x, y, hue, lane);
            }
            bottom = Math.Max(bottom, end + 24);
        }
        canvas.Text(width, bottom + 10, figure.XLabel, "soft", 12, "end");
        return bottom + 18;
    }

    private static IEnumerable<ChartKey> Keys(DumbbellFigure figure, IReadOnlyDictionary<string, int> hues)
    {
        bool inContext = figure.Panels.Any(p => p.Rows.Any(r => r.PredictedInContext is not null));
        yield return new(figure.BeforeName, MarkShape.Circle, "paper", "mark");
        if (figure.Panels.Any(p => p.Rows.Any(r => r.Predicted is not null)))
            yield return new(figure.PredictedName, MarkShape.Diamond, "ink", "paper");
        if (inContext) yield return new(figure.PredictedInContextName, MarkShape.Triangle, "paper", "ink");
        yield return new($"{figure.AfterName}, in colour", MarkShape.Circle, StaticChart.Hue(hues, figure.Panels[0].Name), "paper");
        if (figure.Panels.Any(p => p.Rows.Any(r => r.Trained))) yield return new(figure.TrainedName, MarkShape.Square, "band", "mark");
    }

    private static IEnumerable<double> Numbers(DumbbellRow row)
    {
        double?[] all = [row.Before, row.Predicted, row.PredictedInContext, row.After, row.PredictedInterval?.Low,
            row.PredictedInterval?.High, row.AfterInterval?.Low, row.AfterInterval?.High];
        return all.OfType<double>();
    }

    private static void Row(SvgCanvas canvas, DumbbellFigure figure, DumbbellRow row, ChartAxis x, double y, string hue,
        double lane)
    {
        double Pixel(double value) => x.At(Math.Clamp(value, x.Low, x.High));
        string Told(double? value, FigureInterval? range) => FigureNumber.Text(value, figure.Percent) + (range is null ? ""
            : $" ({FigureNumber.Text(range.Low, figure.Percent)} to {FigureNumber.Text(range.High, figure.Percent)})");
        string foretold = row.Predicted is null ? "" : $", {figure.PredictedName} {Told(row.Predicted, row.PredictedInterval)}";
        canvas.BeginGroup($"{NameText.Plain(row.Domain)}: {figure.BeforeName} {FigureNumber.Text(row.Before, figure.Percent)}{foretold}, "
            + $"{figure.AfterName} {Told(row.After, row.AfterInterval)}");
        // Two lanes: what was observed above, what was foretold below, so that a good forecast does not hide what it meets.
        double over = y + lane, under = y + Foretold;
        if (row.Before is double b && row.After is double a && double.IsFinite(a) && double.IsFinite(b))
            canvas.Path($"M{SvgCanvas.N(Pixel(b))} {SvgCanvas.N(over)}H{SvgCanvas.N(Pixel(a))}", "", hue, 3, 0.35);
        if (row.PredictedInterval is FigureInterval p && double.IsFinite(p.Low) && double.IsFinite(p.High))
            canvas.Line(Pixel(p.Low), under, Pixel(p.High), under, "mark", 1.5);
        if (row.AfterInterval is FigureInterval i && double.IsFinite(i.Low) && double.IsFinite(i.High))
            canvas.Line(Pixel(i.Low), over, Pixel(i.High), over, hue, 1.25);
        if (row.Before is double before && double.IsFinite(before)) canvas.Mark(MarkShape.Circle, Pixel(before), over, 4, "paper", "mark");
        if (row.After is double after && double.IsFinite(after)) canvas.Mark(MarkShape.Circle, Pixel(after), over, 5, hue, "paper", 1);
        if (row.PredictedInContext is double c && double.IsFinite(c))
            canvas.Mark(MarkShape.Triangle, Pixel(c), under, 3.6, "paper", "ink", 1.2);
        if (row.Predicted is double q && double.IsFinite(q)) canvas.Mark(MarkShape.Diamond, Pixel(q), under, 4.2, "ink", "paper", 1);
        canvas.EndGroup();
    }
}
