namespace PersonaSelection.Report;

/// <summary>The numbers of a figure as a table: for readers who cannot see it, for Markdown, and for checking.</summary>
internal static class FigureTable
{
    private const int MaximumPoints = 30;

    /// <summary>The table of a drawn figure; a figure that is itself text has none.</summary>
    public static TableFigure? Of(Figure figure) => figure switch
    {
        LinesFigure f => OfLines(f),
        CastFigure f => Make(f, [new(""), new(f.BeforeName, true), .. f.Stages.Select(s => new TableColumn(s, true))],
            f.Members.Select(m => (string[])[m.Name, FigureNumber.Percent(m.Before), .. m.After.Select(a => FigureNumber.Percent(a))])),
        DumbbellFigure f => OfDumbbell(f),
        ScatterFigure f => Make(f, [new("panel"), new(f.GroupName), new("point"), new(f.XLabel, true), new(f.YLabel, true)],
            from panel in f.Panels
            from g in panel.Groups
            from p in g.Points
            select (string[])[panel.Name, g.Name, p.Label, FigureNumber.Text(p.X, f.Percent), FigureNumber.Text(p.Y, f.Percent)]),
        TableFigure f => f,
        _ => null,
    };

    private static TableFigure OfDumbbell(DumbbellFigure f)
    {
        string Cell(double? x) => FigureNumber.Text(x, f.Percent);
        string Range(FigureInterval? r) => r is null ? FigureNumber.Missing : $"{Cell(r.Low)} to {Cell(r.High)}";
        var rows = (from p in f.Panels from r in p.Rows select (Panel: p, Row: r)).ToList();
        var columns = new List<(TableColumn Column, Func<DumbbellPanel, DumbbellRow, string> Cell)>
        {
            (new(f.RowName), (_, r) => r.Trained ? $"{NameText.Plain(r.Domain)} ({f.TrainedName})" : r.Domain),
            (new(f.BeforeName, true), (_, r) => Cell(r.Before)),
        };
        // Of a single panel the name is above the drawing.
        if (f.Panels.Count > 1) columns.Insert(0, (new("tuning"), (p, _) => p.Name));
        if (rows.Any(x => x.Row.Predicted is not null)) columns.Add((new(f.PredictedName, true), (_, r) => Cell(r.Predicted)));
        if (rows.Any(x => x.Row.PredictedInterval is not null))
            columns.Add((new(f.PredictedName + ", interval", true), (_, r) => Range(r.PredictedInterval)));
        if (rows.Any(x => x.Row.PredictedInContext is not null))
            columns.Add((new(f.PredictedInContextName, true), (_, r) => Cell(r.PredictedInContext)));
        columns.Add((new(f.AfterName, true), (_, r) => Cell(r.After)));
        if (rows.Any(x => x.Row.AfterInterval is not null))
            columns.Add((new(f.AfterName + ", interval", true), (_, r) => Range(r.AfterInterval)));
        return Make(f, [.. columns.Select(c => c.Column)], rows.Select(x => columns.Select(c => c.Cell(x.Panel, x.Row)).ToArray()));
    }

    private static TableFigure OfLines(LinesFigure f)
    {
        var series = f.Panels.SelectMany(p => p.Series).ToList();
        double[] shown = [.. series.SelectMany(s => Sample(s.X)).Where(double.IsFinite).Distinct().Order()];
        var tables = series.Select(s =>
        {
            var table = new Dictionary<double, double>();
            for (int i = 0; i < s.X.Count; i++) table[s.X[i]] = s.Y[i];
            return table;
        }).ToList();
        var references = f.Panels.SelectMany(p => p.References).ToList();
        return Make(f,
            [new(f.XLabel, true), .. series.Select(s => new TableColumn(s.Name, true)),
                .. references.Select(r => new TableColumn(r.Label, true))],
            shown.Select(x => (string[])[FigureNumber.Text(x),
                .. tables.Select(t => t.TryGetValue(x, out double y) ? FigureNumber.Text(y) : ""),
                .. references.Select(r => FigureNumber.Text(r.Value))]));
    }

    /// <summary>Evenly chosen points with both ends: a table of a thousand steps would hide what it says.</summary>
    private static IEnumerable<double> Sample(IReadOnlyList<double> x)
    {
        int stride = Math.Max(1, (x.Count + MaximumPoints - 1) / MaximumPoints);
        return x.Where((_, i) => i % stride == 0 || i == x.Count - 1);
    }

    private static TableFigure Make(Figure figure, IReadOnlyList<TableColumn> columns, IEnumerable<string[]> rows) =>
        new() { Title = figure.Title, Caption = figure.Caption, Columns = columns, Rows = [.. rows] };
}
