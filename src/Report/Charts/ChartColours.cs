using System.Text;

namespace PersonaSelection.Report;

/// <summary>
/// The colours of page and figures, once for light and once for dark. Text colours have a contrast of at least 4.5 to the paper.
/// </summary>
internal static class ChartColours
{
    public const int Hues = 6;

    private static readonly (string Name, string Light, string Dark)[] Table =
    [
        ("paper", "#fcfbf8", "#14161a"),
        ("card", "#f4f2ec", "#1d2026"),
        ("ink", "#1f2226", "#e9e6df"),
        ("soft", "#5c626b", "#a4a9b2"),
        ("mark", "#7d838c", "#8b929d"),
        ("rule", "#dfdcd4", "#30343c"),
        ("grid", "#ebe8e1", "#24282f"),
        ("band", "#f3eee0", "#262520"),
        ("h0", "#b23f28", "#f08a70"),
        ("h1", "#8f6400", "#dfb150"),
        ("h2", "#0d7068", "#4cc4b4"),
        ("h3", "#4656b4", "#9aa8f7"),
        ("h4", "#8a3c80", "#dc97d3"),
        ("h5", "#4d6275", "#9db5c8"),
        ("held", "#256d38", "#74cb8a"),
        ("failed", "#b3261e", "#f4938a"),
        ("undecided", "#75611a", "#d6c077"),
    ];

    /// <summary>The <c>:root</c> variables of a page, <c>--ink</c> and so on, and the classes that charts use.</summary>
    public static string PageCss()
    {
        var css = new StringBuilder();
        css.Append(":root{").AppendJoin(';', Table.Select(c => $"--{c.Name}:{c.Light}")).Append("}\n");
        css.Append("@media screen and (prefers-color-scheme:dark){:root{")
            .AppendJoin(';', Table.Select(c => $"--{c.Name}:{c.Dark}")).Append("}}\n");
        foreach ((string name, _, _) in Table) css.Append($".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}\n");
        for (int h = 0; h < Hues; h++) css.Append($".turn .who.c-h{h}{{color:var(--h{h})}}\n");
        return css.ToString();
    }

    /// <summary>The same classes with fixed colours, for an SVG file that stands alone: not every viewer knows CSS variables.</summary>
    public static string FileCss()
    {
        var css = new StringBuilder();
        foreach ((string name, string light, _) in Table) css.Append($".f-{name}{{fill:{light}}}.s-{name}{{stroke:{light}}}");
        css.Append("\n@media (prefers-color-scheme:dark){");
        foreach ((string name, _, string dark) in Table) css.Append($".f-{name}{{fill:{dark}}}.s-{name}{{stroke:{dark}}}");
        return css.Append('}').ToString();
    }

    /// <summary>One hue per name over the whole report, in the order in which figures first name it.</summary>
    public static IReadOnlyDictionary<string, int> HuesOf(IEnumerable<Figure> figures)
    {
        var hues = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string name in figures.SelectMany(NamesOf)) hues.TryAdd(name, hues.Count % Hues);
        return hues;
    }

    private static IEnumerable<string> NamesOf(Figure figure) => figure switch
    {
        CastFigure f => f.Stages,
        DumbbellFigure f => f.Panels.Select(p => p.Name),
        ScatterFigure f => f.Panels.SelectMany(p => p.Groups).Select(g => g.Name),
        _ => [],
    };

    /// <summary>
    /// Curves are not tunings; they take the hues from the other end, so that the first two differ from the first two tunings.
    /// </summary>
    public static readonly int[] CurveOrder = [3, 2, 0, 1, 4, 5];
}
