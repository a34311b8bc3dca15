namespace PersonaSelection.Report;

/// <summary>What the types cannot say: lists that belong together are equally long, and nothing is null.</summary>
internal static class DocumentCheck
{
    private const int MaximumProblems = 20;

    public static void ThrowIfUnsound(ReportDocument document)
    {
        IReadOnlyList<string> problems = Problems(document);
        if (problems.Count > 0) throw new ArgumentException(string.Join(" ", problems), nameof(document));
    }

    /// <summary>Every contradiction, as sentences; empty when the document is sound.</summary>
    public static IReadOnlyList<string> Problems(ReportDocument document)
    {
        var problems = new List<string>();
        for (int i = 0; i < document.Blocks.Count && problems.Count < MaximumProblems; i++)
            foreach (string problem in OfBlock(document.Blocks[i]))
                problems.Add($"Block {i + 1}{Name(document.Blocks[i])}: {problem}.");
        if (document.Facts.Any(f => f is null)) problems.Add("A fact is null.");
        return problems;
    }

    private static string Name(ReportBlock? block) => block is Figure f ? $" (\"{f.Title}\")" : "";

    private static IEnumerable<string> OfBlock(ReportBlock? block) => block switch
    {
        null => ["is null"],
        LinesFigure f => f.Panels.Count == 0 ? ["has no panel"] : f.Panels.SelectMany(OfLines),
        CastFigure f => OfCast(f),
        DumbbellFigure f => OfPanels(f.Panels, p => p.Rows, f.Minimum, f.Maximum),
        ScatterFigure f => OfPanels(f.Panels, p => p.Groups).Concat(
            f.Panels.OfType<ScatterPanel>().SelectMany(p => p.Groups).Any(g => g is null || g.Points.Any(p => p is null))
                ? ["has a group or a point that is null"] : []),
        TableFigure f => OfTable(f),
        ClaimsFigure f => f.Claims.Any(c => c is null) ? ["has a claim that is null"] : [],
        QuoteFigure f => f.Turns.Any(t => t is null) || f.Replies.Any(r => r is null) ? ["has a turn that is null"] : [],
        ReproduceFigure f => f.Commands.Any(c => c is null) || f.Ids.Concat(f.Versions).Any(x => x is null)
            ? ["has a line that is null"] : [],
        _ => [],
    };

    private static IEnumerable<string> OfLines(LinePanel? panel)
    {
        if (panel is null)
        {
            yield return "has a panel that is null";
            yield break;
        }
        foreach (LineSeries series in panel.Series)
            if (series is null) yield return "has a series that is null";
            else if (series.X.Count != series.Y.Count)
                yield return $"series {series.Name} has {series.X.Count} x but {series.Y.Count} y";
        if (panel.References.Any(r => r is null)) yield return "has a reference line that is null";
        if (panel.Minimum >= panel.Maximum) yield return $"minimum {panel.Minimum} is not below maximum {panel.Maximum}";
    }

    private static IEnumerable<string> OfCast(CastFigure figure)
    {
        if (figure.Stages.Count == 0 || figure.Stages.Any(s => s is null)) yield return "has no stage, or one that is null";
        foreach (CastMember member in figure.Members)
            if (member is null) yield return "has a member that is null";
            else if (member.After.Count != figure.Stages.Count)
                yield return $"{member.Name} has {member.After.Count} weights after but there are {figure.Stages.Count} stages";
    }

    private static IEnumerable<string> OfPanels<TPanel, TRow>(
        IReadOnlyList<TPanel> panels, Func<TPanel, IReadOnlyList<TRow>> rows, double? minimum = null, double? maximum = null)
    {
        if (panels.Count == 0) yield return "has no panel";
        if (panels.Any(p => p is null || rows(p).Any(r => r is null))) yield return "has a panel or a row that is null";
        if (minimum >= maximum) yield return $"minimum {minimum} is not below maximum {maximum}";
    }

    private static IEnumerable<string> OfTable(TableFigure figure)
    {
        if (figure.Columns.Count == 0 || figure.Columns.Any(c => c is null)) yield return "has no columns, or one that is null";
        for (int i = 0; i < figure.Rows.Count; i++)
            if (figure.Rows[i] is null || figure.Rows[i].Count != figure.Columns.Count || figure.Rows[i].Any(c => c is null))
                yield return $"row {i + 1} does not have {figure.Columns.Count} cells";
    }
}
