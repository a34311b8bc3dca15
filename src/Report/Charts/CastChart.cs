namespace PersonaSelection.Report;

/// <summary>Bars of the personas' weights: the lighter bar before, the coloured one after; one panel per stage.</summary>
internal static class CastChart
{
    private const double RowHeight = 30, Gap = 28, Values = 44;

    public static double Draw(SvgCanvas canvas, CastFigure figure, double width, IReadOnlyDictionary<string, int> hues)
    {
        double longest = figure.Members.Select(m => SvgCanvas.TextWidth(m.Name, 13)).DefaultIfEmpty(0).Max();
        double label = Math.Min(longest + 14, width * (width < 560 ? 0.42 : 0.34));
        int across = StaticChart.Across(width - label, figure.Stages.Count, width < 560 ? width : 190);
        double panelWidth = (width - label - Gap * (across - 1)) / across;
        double[] weights = [.. figure.Members.SelectMany(m => m.After.Append(m.Before)).Where(double.IsFinite)];
        double most = Math.Clamp(weights.Append(0.05).Max() * 1.02, 0.05, 1);
        double top = 14 + canvas.Keys(0, 14, width,
            [new(figure.BeforeName, MarkShape.Square, "mark", ""),
                new("after, in colour", MarkShape.Square, StaticChart.Hue(hues, figure.Stages[0]), "")]);
        double bottom = top;
        for (int stage = 0; stage < figure.Stages.Count; stage++)
        {
            if (stage > 0 && stage % across == 0) top = bottom + 18;
            double left = label + stage % across * (panelWidth + Gap);
            var x = ChartAxis.Over([], left, left + panelWidth - Values, 3, 0, most);
            string hue = StaticChart.Hue(hues, figure.Stages[stage]);
            canvas.Text(left, top + 4, SvgCanvas.Fit(figure.Stages[stage], 13, panelWidth), hue, 13, bold: true);
            double y = top + 16;
            foreach (CastMember member in figure.Members)
            {
                if (stage % across == 0) canvas.Text(label - 10, y + 17, SvgCanvas.Fit(member.Name, 13, label - 12), "ink", 13, "end");
                double before = member.Before, after = member.After[stage];
                canvas.BeginGroup($"{NameText.Plain(member.Name)}: {FigureNumber.Percent(before)} {figure.BeforeName}, "
                    + $"{FigureNumber.Percent(after)} {NameText.Plain(figure.Stages[stage])}");
                Bar(canvas, x, before, y + 3, 6, "mark");
                Bar(canvas, x, after, y + 10, 11, hue);
                canvas.EndGroup();
                // At the bar that it is of, though the one before may be longer.
                canvas.Text(Reach(x, after) + 7, y + 19.5, FigureNumber.Percent(after), "soft", 12);
                y += RowHeight;
            }
            canvas.Line(left, top + 16, left, y - 3, "rule");
            bottom = y;
        }
        return bottom + 4;
    }

    private static double Reach(ChartAxis x, double weight) => double.IsFinite(weight) ? x.At(Math.Clamp(weight, 0, x.High)) : x.At(0);

    private static void Bar(SvgCanvas canvas, ChartAxis x, double weight, double y, double height, string colour)
    {
        if (!double.IsFinite(weight)) return;
        canvas.Rectangle(x.At(0), y, Math.Max(1, Reach(x, weight) - x.At(0)), height, colour, 1.5);
    }
}
