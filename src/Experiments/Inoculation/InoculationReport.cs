using System.Globalization;
using System.Text.Json;
using PersonaSelection.Audit;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Report;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>A ranking of rewordings as a page and as JSON.</summary>
public static class InoculationReport
{
    private const int TraitsShown = 3;

    /// <summary>A shift of a probability below which shares of it say nothing: it is smaller than what is printed of it.</summary>
    private const double LeastShift = 0.01;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        NewLine = "\n",
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes <c>inoculation.json</c>, <c>report.json</c> and <c>report.html</c>.</summary>
    /// <param name="result">The ranking.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="command">The command that makes it again.</param>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Write(InoculationResult result, string folder, string command)
    {
        AtomicFile.WriteText(Path.Combine(folder, "inoculation.json"), JsonSerializer.Serialize(Json(result), Options) + "\n");
        ReportDocument document = Of(result, command);
        document.Save(Path.Combine(folder, "report.json"));
        HtmlReport.Write(document, Path.Combine(folder, "report.html"));
    }

    /// <summary>The ranking as it is written and printed; a number that is not known is null.</summary>
    public static object Json(InoculationResult r) => new
    {
        r.Schema,
        r.Subject,
        r.Model,
        r.Data,
        r.Episodes,
        r.BadLines,
        Cut = r.Evidence.Rows.Count(e => e.Cut),
        Unread = r.Evidence.Rows.Count(e => e.Unread is not null),
        r.Trained,
        RankedBy = Name(r.RankedBy),
        r.Check,
        Asked = r.Asked is not { } a ? null : new
        {
            a.Samples,
            a.Judged,
            a.Different,
            a.Answers,
            a.Unreadable,
            Judge = new { a.Judge.Episodes, a.Judge.Scale, a.Judge.Offsets, Accuracy = Known(a.Judge.Accuracy) },
            Judgements = new
            {
                a.Judgements.Questions,
                a.Judgements.CannotTell,
                a.Judgements.Unreadable,
                SwapDisagreement = Known(a.Judgements.SwapDisagreement),
            },
        },
        Plain = new
        {
            r.Plain.Before,
            Posterior = r.Plain.PosteriorShift,
            InContext = r.Plain.InContextShift,
            Surprise = Known(r.Plain.Surprise),
            Dose = r.Plain.Dose.EffectiveObservations,
        },
        Traits = r.Influence.Select(t => new { Name = t.Key, Influence = t.Value }),
        Rewordings = r.Rewordings.Select(f => new
        {
            f.Rewording.Name,
            f.Rewording.Kind,
            Place = f.Rewording.Place.ToString().ToLowerInvariant(),
            f.Rewording.Wordings,
            Protection = f.Protection.OrderBy(p => p.Key).ToDictionary(p => Name(p.Key), p => Known(p.Value)),
            ProtectionInterval = f.OverEpisodes.OrderBy(p => p.Key).Where(p => double.IsFinite(p.Value.Estimate))
                .ToDictionary(p => Name(p.Key), p => (double[])[p.Value.Low, p.Value.High]),
            Surprise = Known(f.Surprise),
            f.Cut,
            Gain = f.Gains.ToDictionary(g => g.Quantity, g => g.Gain),
            GainInterval = f.Gains.ToDictionary(g => g.Quantity, g => (double[])[g.Interval.Low, g.Interval.High]),
            Leaks = f.Leaks.Select(l => new { AskedWith = Name(l.Kind), Words = l.Added, l.Before, l.InContext, l.Posterior, l.Gate }),
        }),
        r.LeftOut,
    };

    /// <summary>A column of the leak grid as people read it.</summary>
    public static string Name(LeakKind kind) => kind switch
    {
        LeakKind.NoPrompt => "no prompt",
        LeakKind.SamePrompt => "the same prompt",
        LeakKind.Negated => "negated",
        LeakKind.Keyword => "keywords alone",
        LeakKind.NearMiss => "near miss",
        _ => "training format",
    };

    /// <summary>What a ranking by a chat model that gives no probabilities leaves open.</summary>
    public static string Unknown(AskedForecast asked) =>
        string.Create(CultureInfo.InvariantCulture,
            $"Asked of a chat model that gives no log-probabilities: evidence is a judgement of {asked.Judged:N0} of ")
        + string.Create(CultureInfo.InvariantCulture, $"{asked.Different:N0} different episodes in each wording, and answers to probes are "
            + $"{asked.Samples} sampled choices after each ")
        + "episode. How surprising a reply is stays unknown, and with it elicitation, surprised-shift, combined and posterior-own-dose; "
        + "in-context is known of the rewordings with a leak grid only.";

    /// <summary>Said where there is next to nothing to protect from; null elsewhere.</summary>
    public static string? Faint(InoculationResult r) => r.Evidence.RedrawnClusters == 0
        ? "Every weight is 0: the data train on nothing, so that there is no effect to take away."
        : new[] { r.Plain.PosteriorShift, r.Plain.InContextShift }.Any(x => Math.Abs(x) >= LeastShift) ? null
            : "As it is, the data is expected to move next to nothing elsewhere (by less than 0.01): there is hardly an effect to take "
                + "away, and shares of it say little.";

    /// <summary>That intervals over contexts are too narrow; null where they are not.</summary>
    public static string? TooNarrow(InoculationResult r) => r.Evidence.RedrawnClusters == 0 ? null
        : FewClusters.Said(r.Evidence.RedrawnClusters, "different contexts");

    /// <summary>A predictor in kebab case.</summary>
    public static string Name(Predictor predictor) => JsonNamingPolicy.KebabCaseLower.ConvertName(predictor.ToString());

    private static string Title(InoculationResult r) => $"What rewording keeps {NameText.Plain(r.Subject)} from spreading?";

    private static string Best(InoculationResult r) => r.Rewordings.Count == 0 || Faint(r) is not null
        || !(r.Rewordings[0].Protection[r.RankedBy] > 0) ? ""
        : $"Of {r.Rewordings.Count} tried, **{NameText.InProse(r.Rewordings[0].Rewording.Name)}** is expected to keep back most: "
            + $"**{Fixed(r.Rewordings[0].Protection[r.RankedBy])}** of what the data would do elsewhere. ";

    /// <summary>The page.</summary>
    public static ReportDocument Of(InoculationResult r, string command) => new(Title(r))
    {
        Subtitle = Best(r) + "Every number is a forecast from the model **before** any training. Protection is the share of the "
            + "expected effect on behaviour elsewhere that a rewording takes away; the rival account, that a rewording is only a gate on "
            + "how a prompt looks, stands beside the account by persona.",
        Facts = [new("model", r.Model), new("data", r.Data), new("episodes", Whole(r.Episodes)),
            .. r.BadLines > 0 ? [new ReportFact("bad lines left out", Whole(r.BadLines))] : (ReportFact[])[],
            .. r.Evidence.Rows.Count(e => e.Cut) is > 0 and var cut
            ? [new ReportFact("episodes cut to fit", Whole(cut))] : (ReportFact[])[],
            new("ranked by", Name(r.RankedBy))],
        Blocks =
        [
            .. Ranking(r), .. Grids(r),
            ReproduceFigure.Of(command, new Dictionary<string, string>(r.Evidence.Provenance) { ["model"] = r.Model, ["data"] = r.Data }),
        ],
    };

    private static IEnumerable<ReportBlock> Ranking(InoculationResult r)
    {
        string[] traits = [.. r.Influence.OrderByDescending(t => Math.Abs(t.Value)).Take(TraitsShown).Select(t => t.Key)];
        Predictor[] parts = [.. PredictorText.Leading(r.RankedBy).Skip(1)], others = PredictorText.Others(r.RankedBy);
        yield return new Heading("Rewordings, best first");
        yield return new Prose("As it stands the data is expected to move P(low pole), the probability of the bad answer, in the domains "
            + $"not trained on from **{Fixed(r.Plain.Before)}** by **{Signed(r.Plain.PosteriorShift)}** (posterior over personas) or "
            + $"**{Signed(r.Plain.InContextShift)}** (one episode shown in the context).");
        if (Faint(r) is { } faint) yield return new Prose(faint);
        yield return new Prose(r.Asked is { } asked
            ? $"{Unknown(asked)} {JudgeText.Of(asked.Judge, asked.Judgements, NameText.InProse)}" : EvidenceCheck.Sentence(r.Check));
        yield return new TableFigure
        {
            Id = "ranking",
            Title = "Predicted protection",
            Caption = $"What share of the plain effect goes away: 1 all, 0 nothing, below 0 it grows. {PredictorText.OfLeading} Intervals "
                + "of 95 % redraw contexts of the data, the same for every rewording; they hold the personas and the model fixed."
                + (TooNarrow(r) is { } narrow ? " " + narrow : ""),
            Columns = [new("rewording"), new(Name(r.RankedBy), true), new("words"), .. parts.Select(p => new TableColumn(Name(p), true)),
                new("kind")],
            Rows = [.. r.Rewordings.Select(f => (string[])[f.Rewording.Name, Ranked(f.OverEpisodes[r.RankedBy]),
                string.Join(" / ", f.Rewording.Wordings), .. parts.Select(p => Fixed(f.Protection[p])), f.Rewording.Kind])],
        };
        yield return new TableFigure
        {
            Id = "predictors",
            Title = "Protection by every other predictor",
            Caption = $"Shares as above. {PredictorText.OfOthers}",
            Columns = [new("rewording"), .. others.Select(p => new TableColumn(Name(p), true))],
            Rows = [.. r.Rewordings.Select(f => (string[])[f.Rewording.Name, .. others.Select(p => Fixed(f.Protection[p]))])],
        };
        if (traits.Length > 0)
            yield return new TableFigure
            {
                Id = "gains",
                Title = "Predicted gain per trait",
                Caption = ShownPart.Said(traits.Length, r.Influence.Count, "traits")
                    + "What an episode tells of the trait (the covariance of trait and evidence over personas, in nats), less what it "
                    + "tells when reworded, in the mean over episodes: negative where the rewording takes a pull to the low pole away. "
                    + "Intervals of 95 % redraw contexts of the data, plain and reworded together; they hold the personas fixed.",
                Columns = [new("rewording"), .. traits.Select(t => new TableColumn(t, true))],
                Rows = [.. r.Rewordings.Select(f =>
                    (string[])[f.Rewording.Name, .. traits.Select(t => Gain(f.Gains.First(g => g.Quantity == t)))])],
            };
        if (r.LeftOut.Count > 0)
            yield return new Prose("Left out, as the model does not know all of their words: "
                + $"{string.Join(", ", r.LeftOut.Select(NameText.InProse))}.");
    }

    private static IEnumerable<ReportBlock> Grids(InoculationResult r)
    {
        RewordingForecast[] shown = [.. r.Rewordings.Where(f => f.Leaks.Count > 0)];
        if (shown.Length == 0) yield break;
        yield return new Heading("What would leak");
        yield return new Prose("Training on reworded data can leave the behaviour behind a prompt. Each row asks the reworded model "
            + "in another way. Where the accounts differ, measure before you rely on either: in trials, the persona account was nearer "
            + "without a prompt and the gate nearer behind the prompt itself.");
        foreach (RewordingForecast f in shown)
        {
            yield return new TableFigure
            {
                Id = $"leaks-{f.Rewording.Name}",
                Title = $"P(low pole) after training on data reworded by {NameText.Plain(f.Rewording.Name)}",
                Columns = [new("asked with"), new("words"), new("before", true), new("in context", true), new("posterior", true),
                    new("gate (rival)", true)],
                Rows = [.. f.Leaks.Select(l =>
                    (string[])[Name(l.Kind), l.Added, Fixed(l.Before), Fixed(l.InContext), Fixed(l.Posterior), Fixed(l.Gate)])],
            };
        }
    }

    private static string Ranked(Interval share) => share.Low < share.High
        ? $"{Fixed(share.Estimate)} ({Fixed(share.Low)} to {Fixed(share.High)})" : Fixed(share.Estimate);

    private static string Gain(RewordingGain g) => g.Interval.Low < g.Interval.High
        ? $"{Signed(g.Gain)} ({Signed(g.Interval.Low)} to {Signed(g.Interval.High)})" : Signed(g.Gain);

    private static double? Known(double x) => double.IsFinite(x) ? x : null;

    private static string Whole(long n) => n.ToString("N0", CultureInfo.InvariantCulture);
}
