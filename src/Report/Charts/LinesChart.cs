using System.Text;

namespace PersonaSelection.Report;

/// <summary>Stacked panels of curves with a common x.</summary>
internal static class LinesChart
{
    private const double Left = 48, Right = 14, Gap = 26;

    public static double Draw(SvgCanvas canvas, LinesFigure figure, double width)
    {
        bool narrow = IsNarrow(width);
        var x = ChartAxis.Over(figure.Panels.SelectMany(p => p.Series).SelectMany(s => s.X), Left, width - Right,
            narrow ? 4 : 8, Ends(figure, Enumerable.Min), Ends(figure, Enumerable.Max), figure.LogX);
        double top = 14;
        int curve = 0;
        for (int p = 0; p < figure.Panels.Count; p++)
        {
            LinePanel panel = figure.Panels[p];
            double height = (p == 0 ? 230 : 150) * (narrow ? 0.8 : 1);
            top = Panel(canvas, panel, x, width, top, height, ref curve);
            bool last = p == figure.Panels.Count - 1;
            foreach (double tick in x.Ticks())
            {
                canvas.Line(x.At(tick), top, x.At(tick), top + 5, "rule");
                if (last) canvas.Text(x.At(tick), top + 19, x.Label(tick, false), "soft", 12, "middle");
            }
            top += last ? 38 : Gap;
        }
        canvas.Text(width - Right, top, figure.XLabel, "soft", 12, "end");
        return top + 8;
    }

    // x ends where the data end: a curve of training that stops before the frame looks unfinished.
    private static double? Ends(LinesFigure figure, Func<IEnumerable<double>, double> which)
    {
        double[] all = [.. figure.Panels.SelectMany(p => p.Series).SelectMany(s => s.X)
            .Where(v => double.IsFinite(v) && Math.Abs(v) < 1e150 && (!figure.LogX || v > 0))];
        return all.Length > 0 && all.Min() < all.Max() ? which(all) : null;
    }

    private static bool IsNarrow(double width) => width < 560;

    private static double Panel(
        SvgCanvas canvas, LinePanel panel, ChartAxis x, double width, double top, double height, ref int curve)
    {
        bool narrow = IsNarrow(width);
        var y = ChartAxis.Over(panel.Series.SelectMany(s => s.Y).Concat(panel.References.Select(r => r.Value)), 0, 1,
            height > 160 ? 5 : 3, panel.Minimum, panel.Maximum);
        canvas.Text(0, top, SvgCanvas.Fit(panel.YLabel, 12, narrow ? width : width * 0.5), "ink", 12, bold: true);
        var keys = new List<ChartKey>();
        int first = curve;
        foreach (LineSeries series in panel.Series) keys.Add(new(series.Name, null, "", Colour(curve++)));
        // A lone curve is what the axis says it is.
        if (keys.Count == 1) keys.Clear();
        double labelWidth = narrow ? 0 : SvgCanvas.TextWidth(panel.YLabel, 13) + 24;
        top += narrow && keys.Count > 0 ? 20 : 0;
        top += canvas.Keys(labelWidth, top, width - labelWidth, keys) - 6;
        y = y.Between(top + height, top);
        foreach (double tick in y.Ticks())
        {
            canvas.Line(Left, y.At(tick), width - Right, y.At(tick), "grid");
            canvas.Text(Left - 8, y.At(tick) + 4, y.Label(tick, false), "soft", 12, "end");
        }
        for (int s = 0; s < panel.Series.Count; s++)
        {
            canvas.BeginGroup(panel.Series[s].Name);
            canvas.Path(Curve(panel.Series[s], x, y), "", Colour(first + s), 2);
            canvas.EndGroup();
        }
        foreach (ReferenceLine reference in panel.References.Where(r => y.Holds(r.Value)))
            Reference(canvas, panel, reference, x, y, width - Right);
        canvas.Line(Left, top + height, width - Right, top + height, "rule");
        return top + height;
    }

    private static void Reference(SvgCanvas canvas, LinePanel panel, ReferenceLine reference, ChartAxis x, ChartAxis y, double right)
    {
        double line = y.At(reference.Value);
        string label = $"{reference.Label} {FigureNumber.Text(reference.Value)}";
        double length = SvgCanvas.TextWidth(label, 12) + 8;
        canvas.Line(Left, line, right, line, "ink", 1.25, "5 4");
        // The first of four places beside the line that no curve runs through.
        (double From, double Baseline)[] places =
            [(right - length, line - 7), (right - length, line + 16), (Left, line - 7), (Left, line + 16)];
        (double from, double baseline) = places[Math.Max(0, Array.FindIndex(places, Free))];
        canvas.Text(from + 4, baseline, label, "ink", 12, halo: true);

        bool Free((double From, double Baseline) place) => place.Baseline - 12 > y.At(y.High) && place.Baseline < y.At(y.Low) - 2
            && !panel.Series.Any(s => s.X.Zip(s.Y).Any(p => x.At(p.First) >= place.From - 4 && x.At(p.First) <= place.From + length + 4
                && y.At(p.Second) > place.Baseline - 15 && y.At(p.Second) < place.Baseline + 5));
    }

    private static string Colour(int curve) => $"h{ChartColours.CurveOrder[curve % ChartColours.CurveOrder.Length]}";

    private static string Curve(LineSeries series, ChartAxis x, ChartAxis y)
    {
        var d = new StringBuilder();
        bool pen = false;
        for (int i = 0; i < series.X.Count; i++)
        {
            bool drawn = x.Holds(series.X[i]) && double.IsFinite(series.Y[i]);
            if (drawn)
            {
                // What leaves the panel runs along its edge, where it is seen to be cut.
                double clipped = Math.Clamp(series.Y[i], y.Low, y.High);
                d.Append(pen ? 'L' : 'M').Append(SvgCanvas.N(x.At(series.X[i]))).Append(' ').Append(SvgCanvas.N(y.At(clipped)));
            }
            pen = drawn;
        }
        return d.Length > 0 ? d.ToString() : "M0 0";
    }
}
