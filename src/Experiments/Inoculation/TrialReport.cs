using PersonaSelection.Numerics;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>A trial as a page.</summary>
public static class TrialReport
{
    /// <summary>What a trial is for.</summary>
    public static readonly Claim Ranks = new("protection-ranked",
        "How much a rewording protects behaviour elsewhere follows from what it takes from the evidence about the speaker and from how "
        + "expected it makes the reply.", "rank correlation of predicted and measured protection at least 0.7", Sense.AtLeast, 0.7);

    /// <summary>The rival's claim, judged by the same threshold.</summary>
    public static readonly Claim GateRanks = new("gate-ranked", "Rival: how much a rewording protects follows from its surface form alone.",
        "rank correlation of the gate's and measured protection at least 0.7", Sense.AtLeast, 0.7);

    /// <summary>Writes <c>report.json</c> and <c>report.html</c>.</summary>
    /// <param name="result">The trial.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="command">The command that makes it again.</param>
    public static void Write(TrialResult result, string folder, string command)
    {
        ReportDocument document = Of(result, command);
        document.Save(Path.Combine(folder, "report.json"));
        HtmlReport.Write(document, Path.Combine(folder, "report.html"));
    }

    /// <summary>The page.</summary>
    public static ReportDocument Of(TrialResult result, string command) => new("Which rewordings protect, and what leaks?")
    {
        Subtitle = "Models of a story world were trained on bad acts in one domain, plain and reworded. What each rewording would "
            + "do was forecast from the untrained model: by the characters it implies, and by a rival account to which only the look "
            + "of a prompt matters.",
        Facts = [new("models", $"{result.Rows.Select(r => r.Model).Distinct().Count()}"),
            new("domains", $"{result.Rows.Select(r => r.Domain).Distinct().Count()}"),
            new("rewordings", $"{result.Rows.Select(r => r.Rewording).Distinct().Count()}"), new("trainings", $"{result.Rows.Count}")],
        Blocks = [new ClaimsFigure { Title = "Two accounts of protection", Claims = [.. Claims(result)] }, Scatter(result),
            Predictors(result), .. Rewordings(result), Leaks(result), ReproduceFigure.Of(command, Provenance(result))],
    };

    /// <summary>That intervals over rewordings are too narrow; null where they are not.</summary>
    public static string? TooNarrow(TrialResult result) =>
        FewClusters.Said(result.Rows.Select(r => r.Rewording).Distinct().Count(), "rewordings");

    private static IEnumerable<ReportClaim> Claims(TrialResult result)
    {
        foreach ((Claim claim, Predictor predictor) in new[] { (Ranks, InoculationRanking.RankedBy), (GateRanks, Predictor.Gate) })
        {
            if (result.Predictors.FirstOrDefault(p => p.Predictor == predictor) is not { } score) continue;
            yield return new ReportClaim(claim.Id, claim.Statement, claim.Prediction, Number(score.Rank.Estimate),
                claim.Judge(score.Rank))
            {
                Interval = $"{Number(score.Rank.Low)} to {Number(score.Rank.High)} over rewordings",
            };
        }
    }

    private static ScatterFigure Scatter(TrialResult result) => new()
    {
        Id = "protection",
        Title = "Predicted and measured protection of each rewording, means over models and domains",
        Caption = "Protection is the share of the plain effect elsewhere that goes away: 1 all, 0 nothing, below 0 it grows. On the line, "
            + "what was forecast came; a predictor ranks well where its points rise from left to right.",
        XLabel = "predicted protection",
        YLabel = "measured protection",
        GroupName = "kind",
        Panels = [.. new[] { InoculationRanking.RankedBy, Predictor.TraitCovariance,
            Predictor.Gate }.Select(p => new ScatterPanel(InoculationReport.Name(p),
            [.. result.Rows.GroupBy(r => r.Kind).Select(kind => new ScatterGroup(kind.Key, [.. kind.GroupBy(r => r.Rewording).Select(g =>
                    new ScatterPoint(g.Key, g.Average(r => r.Predicted[p]), g.Average(r => r.Protection)))]))]))],
    };

    private static TableFigure Predictors(TrialResult result) => new()
    {
        Id = "predictors",
        Title = "How well each predictor ranks and measures protection",
        Caption = "Spearman's correlation over all trainings, with 95 % intervals that redraw rewordings."
            + (TooNarrow(result) is { } narrow ? " " + narrow : ""),
        Columns = [new("predictor"), new("rank correlation"), new("within model and domain"), new("mean error", true)],
        Rows = [.. result.Predictors.Select(p =>
            (string[])[InoculationReport.Name(p.Predictor), Text(p.Rank), Text(p.WithinRank), Number(p.MeanAbsoluteError)])],
    };

    private static IEnumerable<TableFigure> Rewordings(TrialResult result)
    {
        IGrouping<string, TrialRow>[] rewordings =
            [.. result.Rows.GroupBy(r => r.Rewording).OrderByDescending(g => g.Average(r => r.Protection))];
        Predictor[] leading = PredictorText.Leading(InoculationRanking.RankedBy),
            others = PredictorText.Others(InoculationRanking.RankedBy);
        yield return new TableFigure
        {
            Id = "rewordings",
            Title = "Every rewording, means over models and domains",
            Caption = $"Behind what was measured, what was forecast. {PredictorText.OfLeading}",
            Columns = [new("rewording"), new("kind"), new("shift elsewhere", true), new("protection", true), .. Columns(leading)],
            Rows = [.. rewordings.Select(g => (string[])[g.Key, g.First().Kind, FigureNumber.Signed(g.Average(r => r.Shift)),
                Number(g.Average(r => r.Protection)), .. Predicted(g, leading)])],
        };
        yield return new TableFigure
        {
            Id = "others",
            Title = "The same by every other predictor",
            Caption = PredictorText.OfOthers,
            Columns = [new("rewording"), new("protection", true), .. Columns(others)],
            Rows = [.. rewordings.Select(g => (string[])[g.Key, Number(g.Average(r => r.Protection)), .. Predicted(g, others)])],
        };

        static IEnumerable<TableColumn> Columns(Predictor[] predictors) =>
            predictors.Select(p => new TableColumn(InoculationReport.Name(p), true));

        static IEnumerable<string> Predicted(IGrouping<string, TrialRow> rows, Predictor[] predictors) =>
            predictors.Select(p => Number(rows.Average(r => r.Predicted[p])));
    }

    private static TableFigure Leaks(TrialResult result) => new()
    {
        Id = "leaks",
        Title = "What leaks: P(low pole) by what the question is asked with, and how far each account is from it",
        Caption = "Errors are the mean absolute one and, after it, the log score: mean KL from the forecast to the measurement in nats.",
        Columns = [new("asked with"), new("before", true), new("after", true), new("in context"), new("posterior"), new("gate (rival)"),
            new("no change"), new("nearest")],
        Rows = [.. result.Leaks.Select(l => (string[])[InoculationReport.Name(l.Kind), Number(l.Before), Number(l.Measured),
            Text(l.InContext), Text(l.Posterior), Text(l.Gate), Text(l.NoChange), string.Join(", ", l.Nearest)])],
    };

    private static Dictionary<string, string> Provenance(TrialResult result) => result.Rows.Select(r => r.Model).Distinct().Index()
        .ToDictionary(m => $"model {m.Index + 1}", m => m.Item);

    private static string Number(double x) => FigureNumber.Fixed(x);

    private static string Text(Interval i) =>
        double.IsFinite(i.Estimate) ? $"{Number(i.Estimate)} [{Number(i.Low)}, {Number(i.High)}]" : "";

    private static string Text(LeakError e) => FormattableString.Invariant($"{e.MeanAbsolute:0.00}, {e.LogScore:0.000}");
}
