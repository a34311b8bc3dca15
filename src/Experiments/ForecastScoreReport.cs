using System.Globalization;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>Tells forecasts beside what a tuned model does as a report.</summary>
public static class ForecastScoreReport
{
    /// <summary>The report.</summary>
    /// <param name="comparison">Forecasts and measurements.</param>
    /// <param name="command">The command that makes it again.</param>
    public static ReportDocument Of(ForecastComparison comparison,
        string command) => new($"The forecast of {NameText.Plain(comparison.Subject)}, held against the model")
        {
            Subtitle = Lead(comparison),
            Facts = [new("domains", $"{comparison.Domains.Count}"), new("model", comparison.Model)],
            Blocks =
            [
                new Heading("By domain"),
                .. Mismatches(comparison).Select(s => new Prose(s)),
                new DumbbellFigure
                {
                    Id = "domains",
                    Title = "Forecast and measured",
                    XLabel = "probability of the low pole (the bad answer)",
                    Percent = false,
                    Caption = "Forecast: the mean of the posterior's and of the one in context. "
                        + Held(comparison, "thin lines"),
                    Panels =
                    [
                        new DumbbellPanel(comparison.Subject, [.. comparison.Domains.Select(d => new DumbbellRow(d.Domain)
                        {
                            Before = d.Before,
                            Predicted = d.Mean,
                            PredictedInterval = d.Trained ? null : new FigureInterval(d.Low, d.High),
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
                    GroupName = "what",
                    Panels =
                    [
                        Panel("posterior over personas", comparison.PosteriorCalibration),
                        Panel("shown in the context", comparison.InContextCalibration),
                    ],
                },
                ReproduceFigure.Of(command, [new("model", comparison.Model)]),
            ],
        };

    private static string Lead(ForecastComparison c)
    {
        const string What = "What was written down before the training, beside what the trained model does.";
        ComparedDomain[] elsewhere = [.. c.Domains.Where(d => !d.Trained)];
        return elsewhere.Length == 0 ? What
            : $"{What} Over the domains not trained on, the probability of the bad answer was forecast to move by "
                + $"**{FigureNumber.Signed(elsewhere.Average(d => d.Mean - d.Before))}** on average, and moved by "
                + $"**{FigureNumber.Signed(elsewhere.Average(d => d.Measured - d.Before))}**.";
    }

    private static TableFigure Scores(ForecastComparison c)
    {
        (string Name, Func<ForecastScore, string> Of)[] scores =
        [
            ("Brier score less that of the truth", s => Text(s.Brier)), ("log score less that of the truth, nats", s => Text(s.LogScore)),
            ("r", s => Text(s.R)), ("R²", s => Skill(s.R2)), ("skill against no change", s => Skill(s.SkillVsNoChange)),
            ("skill against a uniform shift", s => Skill(s.SkillVsUniformShift)), ("mean absolute error", s => Text(s.MeanAbsoluteError)),
        ];
        return new TableFigure
        {
            Id = "scores",
            Title = "Scores over the domains not trained on",
            Caption = "With 95 % intervals over domains. r and R² are of the shifts; skill is the share of a null's squared error that "
                + "the forecast saves. Brier and log score are 0 for a forecast that says the measured probability."
                + string.Concat(Cautions(c).Select(s => " " + s)),
            Columns = [new("score"), new("posterior", true), new("in context", true), new("mean of both", true)],
            Rows = [.. scores.Select(s =>
                (IReadOnlyList<string>)[s.Name, s.Of(c.Posterior), s.Of(c.InContext), s.Of(c.Mean)])],
        };
    }

    /// <summary>How many measured rates lie in the ranges that were forecast, and how many were expected to.</summary>
    /// <param name="c">Forecasts and measurements.</param>
    /// <param name="where">Where the range is to be seen.</param>
    public static string Held(ForecastComparison c, string where = "from, to")
    {
        ComparedDomain[] elsewhere = [.. c.Domains.Where(d => !d.Trained)];
        return $"{elsewhere.Count(d => d.InRange == true)} of {elsewhere.Length} measured rates lie in the range ({where}) that was "
            + $"forecast for them; {FigureNumber.Fixed(c.RangeLevel * elsewhere.Length, 1)} were expected to.";
    }

    /// <summary>Where what is measured is not what was forecast, one sentence each.</summary>
    public static IEnumerable<string> Mismatches(ForecastComparison c)
    {
        if (!c.SameBase) yield return "This model does not say that it was tuned from the model that was forecast from.";
        if (!c.SameData) yield return "This model does not say that it was tuned on the data that were forecast.";
        if (c.Unmeasured > 0)
            yield return Probes(c.Unmeasured, "was", "were") + " forecast but not measured: the folder does not hold "
                + (c.Unmeasured == 1 ? "it" : "them") + " any more.";
        if (c.Unforecast > 0)
            yield return Probes(c.Unforecast, "was", "were")
                + " measured but not forecast: rates that were measured are of other probes than those that were forecast.";
        if (c.Sampled is null != c.ForecastSampled is null)
            yield return "The forecast counts from "
                + (c.Sampled is null ? "sampled choices, and the measurement is of exact probabilities"
                    : "exact probabilities, and the measurement is of sampled choices")
                + ": part of what moved is the difference of the two.";
    }

    private static string Probes(int n, string one, string several) =>
        string.Create(CultureInfo.InvariantCulture, $"{n:N0} {(n == 1 ? "probe " + one : "probes " + several)}");

    /// <summary>What to know before the scores are read: where little moved, and where few domains were redrawn.</summary>
    public static IEnumerable<string> Cautions(ForecastComparison c)
    {
        bool still = new[] { c.Posterior, c.InContext, c.Mean }.SelectMany(s => new[] { s.R2, s.SkillVsNoChange, s.SkillVsUniformShift })
            .Any(s => FigureNumber.IsBelowTelling(s.Estimate));
        if (still)
            yield return "A skill or R² below \u221210 says little of the forecast: next to nothing moved, or all domains alike, and the "
                + "null it is held against has hardly an error. Read the mean absolute error instead.";
        if (FewClusters.Said(c.Domains.Count(d => !d.Trained), "domains") is { } few) yield return few;
    }

    /// <summary>A score with its interval.</summary>
    public static string Text(Interval i, int places = 3) => Text(i, x => FigureNumber.Fixed(x, places));

    /// <summary>A skill or R² with its interval.</summary>
    public static string Skill(Interval i, int places = 3) => Text(i, x => FigureNumber.Skill(x, places));

    private static string Text(Interval i, Func<double, string> text) =>
        double.IsFinite(i.Estimate) ? $"{text(i.Estimate)} [{text(i.Low)}, {text(i.High)}]" : "not known";

    private static ScatterPanel Panel(string name, CalibrationCurve curve) => new(name,
        [new ScatterGroup("probes", [.. curve.Points.Select(p => new ScatterPoint($"{p.Count} probes", p.Predicted, p.Observed))])])
    {
        Note = $"expected calibration error {FigureNumber.Fixed(curve.Error, 3)}",
    };
}
