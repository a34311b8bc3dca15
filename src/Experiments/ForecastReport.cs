using System.Globalization;
using PersonaSelection.Evidence;
using PersonaSelection.Posterior;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>Tells what is forecast of a data set, before any training, as a report.</summary>
public static class ForecastReport
{
    private const int ShownPersonas = 12;

    /// <summary>The report.</summary>
    /// <param name="forecast">What is forecast.</param>
    /// <param name="command">The command that makes it again.</param>
    public static ReportDocument Of(ForecastSet forecast, string command) =>
        new($"What training on {NameText.Plain(forecast.Mean.Subject)} is expected to do elsewhere")
        {
            Subtitle = Lead(forecast),
            Facts = [new("episodes", FigureNumber.Text(forecast.Evidence.Rows.Count)), new("domains", $"{forecast.Mean.Domains.Count}"),
                new("effective observations", FigureNumber.Fixed(forecast.Dose.EffectiveObservations))],
            Blocks =
            [
                new Heading("Behaviour"),
                new Prose("Two forecasts. **From the posterior**: the personas answer the probes, mixed by how well they explain the data. "
                    + "**In context**: the model answers them after an episode was shown to it."),
                Behaviour(forecast),
                new Heading("The cast"),
                new Prose(Counted(forecast) + " " + (forecast.Asked is { } asked
                    ? $"{Asked(forecast)} {JudgeText.Of(asked.Judge, asked.Judgements, NameText.InProse)}"
                    : EvidenceCheck.Sentence(forecast.Check))),
                Cast(forecast),
                ReproduceFigure.Of(command, [new("model", forecast.Posterior.Provenance["model"]), .. forecast.Mean.Provenance,
                    new("mean", forecast.Mean.Id)]),
            ],
        };

    /// <summary>How far the data count, and how that was found; one sentence.</summary>
    public static string Counted(ForecastSet forecast) => forecast.Evidence.RedrawnClusters == 0
        ? "Every weight is 0: the data train on nothing, and nothing is expected to move." : Counted(forecast.Dose);

    private static string Counted(DoseFit dose) => dose.Outcome == DoseOutcome.OneObservation
        ? "None of the data's replies is one that a probe knows, so nothing tells how far training goes: they count as one observation."
        : string.Create(CultureInfo.InvariantCulture, $"Dose: all data count as {dose.EffectiveObservations:0.##} observations (")
            + dose.Outcome switch
            {
                DoseOutcome.Attained => "fitted to their own rate of low replies).",
                DoseOutcome.NoChangeNeeded => "the model replies as they do already).",
                DoseOutcome.InformationBound => "fitted, bounded by what their own rate of low replies tells of the character).",
                DoseOutcome.Saturated => "fitted to most of what a change of character can do).",
                _ => "no change of character brings the model closer to them).",
            };

    /// <summary>What the range of a domain is, and where it may not hold.</summary>
    public static string Ranges(Forecast mean) => "The mean of both has been the best forecast. Its range is where "
        + $"{FigureNumber.Percent(MeanForecast.LevelOf(mean))} of the domains of {MeanForecast.SourceOf(mean)} came out; what becomes of "
        + "other models and other data may lie further away.";

    /// <summary>That the data are too few to say how other data would have moved the forecasts; null where they are not.</summary>
    public static string? TooNarrow(ForecastSet f) => f.Evidence.RedrawnClusters == 0 ? null
        : FewClusters.Said(f.Evidence.RedrawnClusters, "different contexts of the data");

    /// <summary>How a chat model without probabilities was asked; null where probabilities are exact.</summary>
    public static string? Asked(ForecastSet f) => f.Asked is not { } asked ? null
        : $"Evidence is a judgement of {asked.Judged:N0} of {asked.Different:N0} different episodes; "
            + $"answers to probes are choices, {asked.Samples} after each of {f.Shown.Rows.Count} episodes and "
            + $"{asked.Samples * SampledAnswers.OftenerBefore} before, {asked.Unreadable:N0} of {asked.Answers:N0} unreadable.";

    private static string Lead(ForecastSet f)
    {
        string leading = f.CastAfter.Personas.MaxBy(f.CastAfter.Probability)!;
        string moved = f.Mean.Elsewhere.Any()
            ? $"The probability of the bad answer is expected to move by **{FigureNumber.Signed(f.Mean.MeanShiftElsewhere)}** on average "
                + $"over the {f.Mean.Elsewhere.Count()} domains that the data does not train on."
            : "The data trains on every domain there is.";
        return $"{moved} The Assistant is taken for **{NameText.InProse(leading)}** with probability "
            + $"{FigureNumber.Percent(f.CastAfter.Probability(leading))} after it (before: "
            + $"{FigureNumber.Percent(f.CastBefore.Probability(leading))}). Written down before any training.";
    }

    private static DumbbellFigure Behaviour(ForecastSet f) => new()
    {
        Id = "domains",
        Title = "Now, and as forecast for after the training",
        Caption = Ranges(f.Mean) + (TooNarrow(f) is { } narrow ? " " + narrow : ""),
        XLabel = "probability of the low pole (the bad answer)",
        Percent = false,
        BeforeName = "now",
        PredictedName = "forecast from the posterior",
        AfterName = "mean of both, with its range",
        Panels =
        [
            new DumbbellPanel(f.Mean.Subject, [.. f.Mean.Domains.Select(d => new DumbbellRow(d.Name)
            {
                Before = d.Before,
                Predicted = f.Posterior.Domain(d.Name).After,
                PredictedInContext = f.InContext.Domain(d.Name).After,
                After = d.After,
                AfterInterval = d.Trained ? null : new FigureInterval(d.Low, d.High),
                Trained = d.Trained,
            })]),
        ],
    };

    private static CastFigure Cast(ForecastSet f) => new()
    {
        Id = "cast",
        Title = "Who the Assistant is taken for",
        Caption = ShownPart.Said(Math.Min(ShownPersonas, f.CastAfter.Personas.Count), f.CastAfter.Personas.Count, "personas").TrimEnd(),
        Stages = ["after"],
        Members = [.. f.CastAfter.Personas.OrderByDescending(p => Math.Max(f.CastBefore.Probability(p), f.CastAfter.Probability(p)))
            .Take(ShownPersonas).OrderByDescending(f.CastAfter.Probability)
            .Select(p => new CastMember(p, f.CastBefore.Probability(p), [f.CastAfter.Probability(p)]))],
    };
}
