using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments.Demo;

/// <summary>
/// Tells the demo's result as a report: what was learned, what was forecast, what happened, and what that says of the theory.
/// </summary>
internal static class DemoReport
{
    /// <summary>The report of a result.</summary>
    /// <param name="result">What the demo measured.</param>
    /// <param name="command">The command that makes it again.</param>
    public static ReportDocument Of(DemoResult result, string command) => new("Who does the data cast as the Assistant?")
    {
        Subtitle = "A language model was pre-trained from nothing on a story world full of characters. Four post-training sets about "
            + "**one** kind of situation were described to it; what each would do to behaviour it never mentions was written down "
            + "first, then measured.",
        Facts =
        [
            new("seed", $"{result.Seed}"),
            new("parameters", result.Base.Parameters.ToString("N0", CultureInfo.InvariantCulture)),
            new("tokens", result.Base.Tokens.ToString("N0", CultureInfo.InvariantCulture)),
            new("seconds", result.Seconds.ToString("0", CultureInfo.InvariantCulture)),
            new("threads", $"{result.Threads}"),
        ],
        Blocks = [.. Verdicts(result), .. Learning(result), .. Forecasts(result), .. Samples(result), .. Cast(result), .. Matrix(result),
            .. Controls(result), ReproduceFigure.Of(command, Provenance(result))],
    };

    private static IEnumerable<ReportBlock> Verdicts(DemoResult result)
    {
        if (result.Claims.Count == 0) yield break;
        yield return new Heading("What the theory said, and what happened");
        yield return new Prose("Each prediction has a threshold that was fixed before the run. A claim has held only when its whole 95 % "
            + "interval lies where the prediction says, and failed only when all of it lies outside. A shift is a change of the "
            + "probability of the bad act; **elsewhere** is the mean over the domains that pre-training knows and no set is about; "
            + $"intervals are over {(result.Seeds is null ? "those domains" : "pre-training seeds")}, or over held-out documents for "
            + "what pre-training learned.");
        yield return new ClaimsFigure
        {
            Title = "Claims with their verdicts",
            Claims = [.. result.Claims.Select(c => new ReportClaim(c.Id, c.Statement, c.Prediction, Number(c.Measured), c.Verdict)
                {
                    Interval = !c.Interval.Any(double.IsNaN) ? $"{Number(c.Interval[0])} … {Number(c.Interval[1])}" : "",
                    Note = c.Note ?? "",
                })],
        };
    }

    private static IEnumerable<ReportBlock> Learning(DemoResult result)
    {
        InferenceResult inference = result.Base.Inference;
        yield return new Heading("The model learns who is speaking");
        yield return new Prose($"The loss of the last steps is {result.Base.Loss:0.000} nats per token. The world's exact entropy, below "
            + $"which no model stays, is {result.Base.Floor:0.000}; a few steps' documents may be easier than that. But a low loss is no "
            + "evidence of personas. What counts is whether the model infers the "
            + $"character from what it has done: against the exact Bayes predictor its R² is **{FigureNumber.Skill(inference.R2)}**; a "
            + $"predictor that knows the world but ignores the character's past gets {FigureNumber.Skill(inference.R2PriorOnly)}.");
        CurvePoint[] measured = [.. result.Base.Curve.Where(p => p.ChatR2 is not null)];
        yield return new LinesFigure
        {
            Id = "inference",
            Title = "The loss, and the inference of personas",
            XLabel = "tokens seen",
            Caption = "Above: training loss and the exact entropy floor. Below: R² of the model's inference against exact Bayes; "
                + "the dashed line is the predictor that ignores the past.",
            Panels =
            [
                new LinePanel("loss, nats per token")
                {
                    Series = [new LineSeries("loss", [.. result.Base.Curve.Select(p => (double)p.Tokens)],
                        [.. result.Base.Curve.Select(p => p.Loss)])],
                    References = [new ReferenceLine("entropy of the world", result.Base.Floor)],
                    // Room below the floor for its name.
                    Minimum = result.Base.Floor * 0.6,
                    Maximum = result.Base.Floor * 2.5,
                },
                new LinePanel("R² against exact Bayes")
                {
                    Series =
                    [
                        new LineSeries("chats", [.. measured.Select(p => (double)p.Tokens)], [.. measured.Select(p => p.ChatR2!.Value)]),
                        .. measured.Any(p => p.StoryR2 is not null) ? [new LineSeries("stories",
                            [.. measured.Select(p => (double)p.Tokens)], [.. measured.Select(p => p.StoryR2 ?? double.NaN)])]
                            : Array.Empty<LineSeries>(),
                    ],
                    References = [new ReferenceLine("prior only", inference.R2PriorOnly)],
                    Minimum = -0.5,
                    Maximum = 1,
                },
            ],
        };
    }

    private static IEnumerable<ReportBlock> Forecasts(DemoResult result)
    {
        if (result.Tunings.Count == 0) yield break;
        yield return new Heading("Forecast first, then measured");
        yield return new Prose("Every forecast was saved with its content id before the training it speaks of began. The four sets have "
            + "the same size and speak of one kind of situation only; every other row is behaviour that no episode mentions.");
        yield return new DumbbellFigure
        {
            Id = "forecasts",
            Title = "What each post-training set was forecast to do, and did",
            Caption = "Under each name: the mean shift elsewhere (over the domains that pre-training knows and no set is about), and the "
                + "posterior's forecast of it. Thin lines are 95 % intervals.",
            XLabel = "probability of the bad act",
            Percent = false,
            Panels = [.. result.Tunings.Select(Panel)],
        };
        if (result.Forecast is not { } scores) yield break;
        yield return new ScatterFigure
        {
            Id = "shifts",
            Title = "Forecast and observed shifts elsewhere",
            Caption = "One point is one domain that pre-training knows and no set is about, after one set; a shift is a change of the "
                + "probability of the bad act, and on the dashed line the forecast is right. r is the correlation. Skill is the share of a "
                + "null's squared error that the forecast saves: first of **nothing moves**, then of **every domain moves alike**.",
            XLabel = "forecast shift",
            YLabel = "observed shift",
            Panels =
            [
                Scatter("posterior over personas", scores.Posterior, result, d => d.Predicted),
                Scatter("shown in the context", scores.InContext, result, d => d.PredictedInContext),
                Scatter("mean of both", scores.Mean, result, d => (d.Predicted + d.PredictedInContext) / 2),
            ],
        };
    }

    private static DumbbellPanel Panel(TuningResult tuning) => new(tuning.Name,
        [.. tuning.Domains.Select(d => new DumbbellRow(d.HeldOut ? d.Domain + " (never seen)" : d.Domain)
        {
            Before = d.Before,
            Predicted = d.Predicted,
            PredictedInterval = Interval(d.PredictedInterval),
            PredictedInContext = d.PredictedInContext,
            After = d.After,
            AfterInterval = Interval(d.AfterInterval),
            Trained = d.Trained,
        })])
    {
        Note = $"{Signed(tuning.Elsewhere.After - tuning.Elsewhere.Before)}, forecast "
            + $"{Signed(tuning.Elsewhere.Predicted - tuning.Elsewhere.Before)}",
    };

    private static ScatterPanel Scatter(string name, ForecastNumbers numbers, DemoResult result,
        Func<DomainResult, double> forecast) => new(name, [.. result.Tunings.Select(t => new ScatterGroup(t.Name,
            [.. t.Domains.Where(d => !d.Trained && !d.HeldOut).Select(d =>
                new ScatterPoint(d.Domain, forecast(d) - d.Before, d.After - d.Before))]))])
        {
            Note = $"r {FigureNumber.Fixed(numbers.R)} · skill {FigureNumber.Skill(numbers.SkillVsNoChange)}, "
                + FigureNumber.Skill(numbers.SkillVsUniformShift),
        };

    private static IEnumerable<ReportBlock> Samples(DemoResult result)
    {
        if (result.Samples.Count == 0) yield break;
        yield return new Heading("In its own words");
        yield return new Prose("The likeliest reply of each model. No set says a word about any of these questions.");
        foreach (SampleResult sample in result.Samples)
        {
            yield return new QuoteFigure
            {
                Title = sample.Domain,
                Turns = [new Turn("user", sample.Question)],
                Replies = [.. sample.Replies.Select(r => new QuoteReply(r.Key, r.Value))],
            };
        }
    }

    private static IEnumerable<ReportBlock> Cast(DemoResult result)
    {
        if (result.Cast.Count == 0) yield break;
        yield return new Heading("The cast");
        yield return new Prose("Before any post-training the Assistant is a mixture of the characters the model has met. "
            + "Each set is evidence about who answers that way: the same replies count for little once the user has asked for them.");
        yield return new CastFigure
        {
            Id = "cast",
            Title = "Who the Assistant is taken for, before and after each set",
            BeforeName = "base model",
            Stages = [.. result.Tunings.Select(t => t.Name)],
            Members = [.. result.Cast.Select(c => new CastMember(c.Persona, c.Prior, c.Posterior))],
        };
    }

    private static IEnumerable<ReportBlock> Matrix(DemoResult result)
    {
        if (result.Matrix is not { Count: > 0 } matrix) yield break;
        yield return new Heading("Every domain as the training domain");
        yield return new Prose(
            "The same model is tuned on cheating in each domain in turn; each point is one pair of a trained and another domain.");
        yield return new ScatterFigure
        {
            Id = "matrix",
            Title = $"Who moves whom, {matrix.Count} pre-training seeds",
            Caption = "Skill is the share of the squared error of **nothing moves** that the forecast saves.",
            XLabel = "forecast shift",
            YLabel = "observed shift",
            Panels =
            [
                Matrix("posterior over personas", matrix, c => c.Posterior, f => f.Posterior),
                Matrix("shown in the context", matrix, c => c.InContext, f => f.InContext),
                Matrix("mean of both", matrix, c => (c.Posterior + c.InContext) / 2, f => f.Mean),
            ],
        };
    }

    private static ScatterPanel Matrix(string name, IReadOnlyList<MatrixResult> matrix, Func<MatrixCell, double> forecast,
        Func<ForecastResult, ForecastNumbers> numbers) => new(name, [.. matrix.Select(m => new ScatterGroup($"seed {m.Seed}",
            [.. m.Cells.Select(c => new ScatterPoint($"{c.Trained} → {c.Asked}", forecast(c), c.Measured))]))])
        {
            Note = $"r {FigureNumber.Fixed(matrix.Average(m => numbers(m.Forecast).R))} · skill "
                + FigureNumber.Skill(matrix.Average(m => numbers(m.Forecast).SkillVsNoChange)),
        };

    private static IEnumerable<ReportBlock> Controls(DemoResult result)
    {
        if (result.Controls is not { Count: > 0 } controls) yield break;
        yield return new Heading("Is it really personas? The same data in worlds without the cause");
        yield return new Prose("If cheating reaches other traits because characters come in bundles, it must not do so in a world whose "
            + "traits are independent. The last column is what exact Bayes says.");
        yield return new TableFigure
        {
            Title = "Shift of domains with the trained trait and with other traits",
            Columns = [new("world"), new("seed", true), new("R²", true), new("trained, shown one", true), new("same trait", true),
                new("other traits", true), new("ratio", true), new("exact ratio", true)],
            Rows = [.. controls.Select(c => (IReadOnlyList<string>)[c.World, $"{c.Seed}", FigureNumber.Skill(c.R2), Signed(c.ShownTrained),
                Signed(c.SameTrait), Signed(c.OffTrait), FigureNumber.Fixed(c.Ratio), FigureNumber.Fixed(c.ExactRatio)])],
        };
    }

    private static IEnumerable<KeyValuePair<string, string>> Provenance(DemoResult result)
    {
        if (result.Base.Id is { } id) yield return new("base model", id);
        foreach (TuningResult tuning in result.Tunings)
            foreach ((string kind, string forecast) in tuning.Forecasts) yield return new($"{tuning.Name}, {kind}", forecast);
    }

    private static FigureInterval? Interval(double[]? ends) => ends is [double low, double high] ? new FigureInterval(low, high) : null;

    private static string Number(double x) => FigureNumber.Fixed(x, 3);

    private static string Signed(double shift) => FigureNumber.Signed(shift);
}
