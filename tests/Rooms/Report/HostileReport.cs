using PersonaSelection.Corpus;
using PersonaSelection.Report;

namespace PersonaSelection.Tests.Rooms.ReportTests;

/// <summary>A report whose every text tries to leave its place, with numbers that no chart can draw.</summary>
internal static class HostileReport
{
    public const string Text =
        "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`<!--<svg onload=alert(3)>"
        + "\u0001\u001b[31m\u2028\u2029\ud800 & **<b>x</b>** `</code>`";

    public static ReportDocument Make() => new(Text)
    {
        Subtitle = Text,
        Facts = [new(Text, Text)],
        Blocks =
        [
            new Heading(Text),
            new Prose(Text),
            new LinesFigure
            {
                Title = Text, Caption = Text, Id = Text, XLabel = Text,
                Panels = [new LinePanel(Text)
                {
                    Series = [new(Text, [0, 1e308, 3], [-1e308, double.NaN, 1e308])],
                    References = [new(Text, 1)],
                }],
            },
            new CastFigure { Title = Text, BeforeName = Text, Stages = [Text], Members = [new(Text, 7, [-3])] },
            new DumbbellFigure
            {
                Title = Text, XLabel = Text, BeforeName = Text, AfterName = Text, PredictedName = Text,
                PredictedInContextName = Text, TrainedName = Text,
                Panels = [new DumbbellPanel(Text, [new DumbbellRow(Text)
                {
                    Before = double.NaN, Predicted = 9e300, After = -1, PredictedInContext = 0, Trained = true,
                    PredictedInterval = new(double.NegativeInfinity, 2),
                }]) { Note = Text }],
            },
            new ScatterFigure { Title = Text, XLabel = Text, YLabel = Text,
                Panels = [new ScatterPanel(Text, [new(Text, [new(Text, 1, 1), new(Text, double.NaN, 1)])]) { Note = Text }] },
            new TableFigure { Title = Text, Columns = [new(Text), new(Text, true)], Rows = [[Text, Text]] },
            new ClaimsFigure { Title = Text, Claims = [new(Text, Text, Text, Text, Verdict.Held) { Interval = Text, Note = Text }] },
            new QuoteFigure { Title = Text, Turns = [new Turn(Text, Text)], Replies = [new(Text, Text) { Note = Text }] },
            new ReproduceFigure { Title = Text, Commands = [Text], Ids = [new(Text, Text)], Versions = [new(Text, Text)] },
        ],
    };
}
