using System.Globalization;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>Tells forecasts beside what a tuned model does as a report.</summary>
public static class ForecastReport
{
    /// <summary>The report.</summary>
    /// <param name="comparison">Forecasts and measurements.</param>
    /// <param name="command">The command that makes it again.</param>
    public static ReportDocument Of(ForecastComparison comparison,
        string command) => new($"The forecast of {comparison.Subject}, held against the model")
        {
            Subtitle = "What was written down before the training, beside what the trained model does.",
            Facts = [new("domains", $"{comparison.Domains.Count}"), new("model", comparison.Model)],
            Blocks =
            [
                new Heading("By domain"),
                new DumbbellFigure
                {
                    Id = "domains",
                    Title = "Forecast and measured",
                    XLabel = "probability of the low pole (the bad answer)",
                    Percent = false,
                    Panels =
                    [
                        new DumbbellPanel(comparison.Subject, [.. comparison.Domains.Select(d => new DumbbellRow(d.Domain)
                        {
                            Before = d.Before,
                            Predicted = d.Posterior,
                            PredictedInContext = d.InContext,
                            After = d.Measured,
                            Trained = d.Trained,
                        })]),
                    ],
                },
                new Heading("How good it was"),
                Scores(comparison),
                new ScatterFigure
                {
                    Id = "calibration",
                    Title = "What was said with probability p, and how often it came",
                    Caption = "Probes of the domains that were not trained on, in ten groups from low forecasts to high; "
                        + "on the line, what is said comes.",
                    XLabel = "forecast probability",
                    YLabel = "measured probability",
                    Panels =
                    [
                        Panel("posterior over personas", comparison.PosteriorCalibration),
                        Panel("shown in the context", comparison.InContextCalibration),
                    ],
                },
                new ReproduceFigure { Title = "Make it again", Commands = [command], Ids = [new("model", comparison.Model)] },
            ],
        };

    private static TableFigure Scores(ForecastComparison c)
    {
        (string Name, Func<ForecastScore, Interval> Of)[] scores =
        [
            ("Brier score less that of the truth", s => s.Brier), ("log score less that of the truth, nats", s => s.LogScore),
            ("r", s => s.R), ("R²", s => s.R2), ("skill against no change", s => s.SkillVsNoChange),
            ("skill against a uniform shift", s => s.SkillVsUniformShift),
            ("mean absolute error", s => s.MeanAbsoluteError),
        ];
        return new TableFigure
        {
            Id = "scores",
            Title = "Scores over the domains not trained on",
            Caption = "With 95 % intervals over domains. r and R² are of the shifts; skill is the share of a null's squared error that "
                + "the forecast saves. Brier and log score are 0 for a forecast that says the measured probability.",
            Columns = [new("score"), new("posterior", true), new("in context", true), new("mean of both", true)],
            Rows = [.. scores.Select(s =>
                (IReadOnlyList<string>)[s.Name, Text(s.Of(c.Posterior)), Text(s.Of(c.InContext)), Text(s.Of(c.Mean))])],
        };
    }

    private static ScatterPanel Panel(string name, CalibrationCurve curve) => new(name,
        [new ScatterGroup("probes", [.. curve.Points.Select(p => new ScatterPoint($"{p.Count} probes", p.Predicted, p.Observed))])])
    {
        Note = $"expected calibration error {curve.Error.ToString("0.000", CultureInfo.InvariantCulture)}",
    };

    private static string Text(Interval i) => double.IsFinite(i.Estimate)
        ? string.Create(CultureInfo.InvariantCulture, $"{i.Estimate:0.000} [{i.Low:0.000}, {i.High:0.000}]") : "not known";
}
