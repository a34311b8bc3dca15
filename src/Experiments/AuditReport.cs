using System.Globalization;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>Tells an audit as a report: who the data say the Assistant is, because of which episodes, and what that would change.</summary>
public static class AuditReport
{
    private const int ShownPersonas = 12, ShownTraits = 16;

    /// <summary>The report of an audit.</summary>
    /// <param name="audit">The audit.</param>
    /// <param name="personas">Who competed.</param>
    /// <param name="comparison">Beside other data, if any.</param>
    /// <param name="kept">What was written back, if anything.</param>
    /// <param name="evidence">Where the evidence came from.</param>
    /// <param name="known">Episodes that are among the examples of the personas.</param>
    /// <param name="command">The command that makes it again.</param>
    public static ReportDocument Of(AuditResult audit, PersonaSet personas, CastComparison? comparison, KeptVerdict? kept,
        EvidenceSession evidence, long known, string command)
    {
        CastVerdict v = audit.Verdict;
        bool silent = VerdictText.IsWeightless(v) || v.DoseFit.How == GainOutcome.NoGain;
        return new ReportDocument(silent ? "This data does not tell who the Assistant is"
            : VerdictText.LeavesOpen(v) ? "This data leaves open who the Assistant is"
            : $"This data casts the Assistant as {VerdictText.Names(v, p => NameText.Plain(p.Name))}")
        {
            Subtitle = $"**{NameText.InProse(v.Data)}**: {Count(v.Episodes)} training {(v.Episodes == 1 ? "episode" : "episodes")}, "
                + $"each taken as evidence about who would answer that way. {VerdictText.Headline(v)}{Beside(comparison)}",
            Facts =
            [
                new("episodes", Count(v.Episodes)), new("personas", $"{v.Personas.Count}"), new("evidence", v.Evidence),
                new("effective personas", Number(v.EffectivePersonas)),
                new("effective observations", Number(v.DoseFit.EffectiveObservations)),
                .. v.Adaptive is { } a
                    ? (ReportFact[])[new("exact cells", Percent(a.Exact)), new("total variation, at most", Bound(a.Bound))] : [],
                new("checked on examples of known source", evidence.Check is { } check
                    ? $"{Count(check.Examples)}, {Percent(check.Accuracy)} found" : "none"),
                .. Trouble(v, known),
            ],
            Blocks =
            [
                .. Cast(v, Checked(evidence, audit.Evidence.Judged)), .. TraitChanges(v, personas), .. Episodes(audit),
                .. Comparison(comparison), .. Kept(kept, v), .. Dose(v), .. Cells(v), .. Given(evidence),
                ReproduceFigure.Of(command, v.Provenance),
            ],
        };
    }

    private static string Ends(double? low, double? high, Func<double, string> text) =>
        low is { } from && high is { } to ? $"{text(from)} to {text(to)}" : FigureNumber.Missing;

    private static IEnumerable<ReportFact> Trouble(CastVerdict v, long known)
    {
        if (v.Rejected > 0) yield return new("rejected answers among the episodes", Count(v.Rejected));
        if (v.BadLines > 0) yield return new("bad lines left out", Count(v.BadLines));
        if (v.Cut > 0) yield return new("episodes cut to fit", Count(v.Cut));
        if (known > 0) yield return new("episodes among the personas' examples", Count(known));
        if (v.Unread > 0) yield return new("episodes not readable", Count(v.Unread));
    }

    private static IEnumerable<ReportBlock> Cast(CastVerdict v, Prose check)
    {
        // The likeliest are there, however many others have a larger share.
        PersonaVerdict[] shown = [.. v.Personas.Take(ShownPersonas / 2)
            .Concat(v.Personas.OrderByDescending(p => Math.Max(p.Posterior, Math.Max(p.Prior, p.Share ?? 0)))).Distinct()
            .Take(ShownPersonas).OrderByDescending(p => p.Posterior)];
        bool shares = v.Personas.Any(p => p.Share is not null), inContext = v.Evidence == "in-context";
        yield return new Heading("The cast");
        yield return new Prose(
            "The explanations compete: whoever would have given these replies gains, and nobody gains alone. **Posterior** is who the "
            + "Assistant is taken for after the data"
            + (shares ? "; **share** is the estimated fraction of episodes that each persona spoke. " : ". ")
            + $"The cast is as open as {Number(v.EffectivePersonas)} equally likely personas would leave it: these are the effective "
            + "personas.");
        yield return check;
        if (inContext)
            yield return new Prose("The evidence is **in context**: each episode was shown, and what that did to the model's answers to "
                + "other questions is explained by a reweighing of the personas. It tells what an episode does, not how probable it is; "
                + "compare its size with other kinds of evidence only roughly. Training moves a model about as far as showing one of its "
                + "episodes, so all of the data count as one observation where `--dose` says nothing else.");
        if (v.Evidence == "gradient")
            yield return new Prose("The evidence is **by gradients**: an estimate for all personas at once, fitted to exact evidence of "
                + "some of the episodes. `--evidence likelihood` is exact.");
        string part = ShownPart.Said(shown.Length, v.Personas.Count, "personas");
        yield return new CastFigure
        {
            Id = "cast",
            Title = "Who the Assistant is taken for",
            Caption = part.TrimEnd(),
            Stages = ["after"],
            Members = [.. shown.Select(p => new CastMember(p.Name, p.Prior, [p.Posterior]))],
        };
        yield return new TableFigure
        {
            Id = "explanations",
            Title = "Competing explanations",
            Caption = part + (VerdictText.WithoutIntervals(v) is { } why ? why + " "
                    : $"Intervals of 95 % redraw {Count(v.Clusters)} different {(v.Redrawn == "lines" ? "lines" : "contexts")} "
                        + (v.DoseFit.How == GainOutcome.Given ? "at the dose that is set" : "and fit the dose again")
                        + ", with the prior as it is. "
                        + (VerdictText.TooNarrow(v) is { } narrow ? narrow + " " : "")
                        + (shares ? "Between personas that would say the same, episodes cannot be told apart: their shares have wide "
                            + "intervals. " : ""))
                + (inContext ? "Nats per episode: how far an episode moves the model to this persona, less the mean over the prior's."
                    : "Nats per episode: how much more probable the replies are under this persona than under the prior's average one, by "
                        + "the mean of logarithms (0.69 nats: twice as probable)."),
            Columns = [new("persona"), new("kind"), new("prior", true), new("posterior", true), new("interval", true),
                .. shares ? [new("share", true), new("interval", true)] : (TableColumn[])[], new("nats per episode", true)],
            Rows = [.. shown.Select(p => (IReadOnlyList<string>)[p.Name, p.Kind, Percent(p.Prior), Percent(p.Posterior),
                Ends(p.Low, p.High, Percent),
                .. shares ? [FigureNumber.Percent(p.Share), Ends(p.ShareLow, p.ShareHigh, Percent)] : (string[])[],
                p.Evidence is { } nats ? Signed(nats) : FigureNumber.Missing])],
        };
    }

    private static IEnumerable<ReportBlock> TraitChanges(CastVerdict v, PersonaSet personas)
    {
        if (v.Traits.Count == 0) yield break;
        TraitVerdict[] shown = [.. v.Traits.OrderByDescending(t => Math.Abs(t.After - t.Before)).Take(ShownTraits)];
        yield return new Heading("What training on it is expected to change");
        yield return new DumbbellFigure
        {
            Id = "traits",
            Title = "Traits of the Assistant before and after",
            Caption = ShownPart.Said(shown.Length, v.Traits.Count, "traits")
                + "Means over personas, from −1 (the low pole) to 1 (the high pole); thin lines are 95 % intervals. "
                + string.Join("; ", shown
                .Select(t => personas.Traits.First(x => x.Name == t.Name)).Where(t => t.Low != "not-" + t.Name)
                .Select(t => $"{NameText.InProse(t.Name)}: {NameText.InProse(t.Low)} … {NameText.InProse(t.High)}")),
            XLabel = "mean over personas",
            RowName = "trait",
            Percent = false,
            Minimum = -1,
            Maximum = 1,
            AfterName = "after",
            Panels =
            [
                new DumbbellPanel(v.Data, [.. shown.Select(t => new DumbbellRow(t.Name)
                {
                    Before = t.Before,
                    After = t.After,
                    AfterInterval = t is { Low: { } low, High: { } high } ? new FigureInterval(low, high) : null,
                })]),
            ],
        };
    }

    private static IEnumerable<ReportBlock> Episodes(AuditResult audit)
    {
        if (audit.Telling.Count == 0) yield break;
        string leading = NameText.InProse(audit.Verdict.Leading.Name);
        yield return new Heading("Because of these episodes");
        yield return new Prose("First those that moved the cast most from where it was to where it is, then those that held it back; "
            + "equal episodes once. The personas beside an episode are its best explanations, in nats above the prior's mixture of all "
            + "personas (a higher zero than that of the nats per episode above). **Pull** is its part of the move, in nats: over all "
            + $"episodes the pulls add up. **If removed** is what the probability of {leading} would change by without that one episode, "
            + "at the same dose. Both are computed, not sampled. A choice between two answers is one episode here.");
        yield return new TableFigure
        {
            Id = "episodes",
            Title = audit.Telling.Count == 1 ? "The most telling episode" : $"The {audit.Telling.Count} most telling episodes",
            Caption = ShownPart.Said(audit.Telling.Count, audit.Evidence.Different, "different episodes").TrimEnd(),
            Columns = [new("where"), new("asked"), new("replied"), new("who would say so"), new("pull", true), new("if removed", true)],
            Rows = [.. audit.Telling.Select(t => (IReadOnlyList<string>)[TellingText.Where(t, NameText.Plain),
                TellingText.Excerpt(Asked(t.Episode)), TellingText.Replied(t),
                string.Join(", ", TellingText.Explanations(audit, t, NameText.Plain)),
                Small(t.Influence.Pull), Small(t.Influence.LeadingChange)])],
        };
    }

    private static string Asked(Episode episode) => episode.Context.LastOrDefault(t => t.Role == "user")?.Text
        ?? (episode.Context.Count > 0 ? episode.Context[^1].Text : "");

    private static (string First, string Second) Compared(CastComparison c) => c.First.Data == c.Second.Data
        ? (c.First.Data + " (1)", c.Second.Data + " (2)") : (c.First.Data, c.Second.Data);

    private static string Beside(CastComparison? comparison) => comparison is not { } c ? ""
        : $" Beside it stands **{NameText.InProse(Compared(c).Second)}**, {Count(c.Second.Episodes)} "
            + $"{(c.Second.Episodes == 1 ? "episode" : "episodes")}. {VerdictText.Headline(c.Second)}";

    private static IEnumerable<ReportBlock> Comparison(CastComparison? comparison)
    {
        if (comparison is not { } c) yield break;
        (string first, string second) = Compared(c);
        yield return new Heading($"Beside {second}");
        string[] shown = [.. c.First.Personas.Concat(c.Second.Personas).OrderByDescending(p => Math.Max(p.Posterior, p.Prior))
            .Select(p => p.Name).Distinct().Take(ShownPersonas)];
        double Of(CastVerdict v, string name) => v.Personas.First(p => p.Name == name).Posterior;
        yield return new CastFigure
        {
            Id = "casts",
            Title = "Who the Assistant is taken for after each",
            Caption = ShownPart.Said(shown.Length, c.First.Personas.Count, "personas").TrimEnd(),
            Stages = [first, second],
            Members = [.. shown.OrderByDescending(n => Of(c.First, n)).Select(n =>
                new CastMember(n, c.First.Personas.First(p => p.Name == n).Prior, [Of(c.First, n), Of(c.Second, n)]))],
        };
        if (c.Traits.Count == 0) yield break;
        yield return new TableFigure
        {
            Id = "differences",
            Title = "Traits that differ",
            Caption = ShownPart.Said(Math.Min(ShownTraits, c.Traits.Count), c.Traits.Count, "traits")
                + ((VerdictText.WithoutIntervals(c.First) ?? VerdictText.WithoutIntervals(c.Second)) is { } why
                    ? $"The first less the second. {why}" : "The first less the second, with 95 % intervals; both data sets are redrawn.")
                + (VerdictText.TooNarrow(c.First, c.Second) is { } narrow ? " " + narrow : ""),
            Columns = [new("trait"), new(first, true), new(second, true), new("difference", true), new("interval", true)],
            Rows = [.. c.Traits.Take(ShownTraits).Select(t => (IReadOnlyList<string>)[t.Name, Signed(t.First), Signed(t.Second),
                Signed(t.Difference), Ends(t.Low, t.High, Signed)])],
        };
    }

    private static IEnumerable<ReportBlock> Kept(KeptVerdict? kept, CastVerdict before)
    {
        if (kept is not { } k) yield break;
        yield return new Heading("What is kept");
        yield return new Prose($"{Count(k.Episodes)} of {Count(before.Episodes)} episodes stay as they are, in {Count(k.Lines)} lines of "
            + $"**{NameText.InProse(Path.GetFileName(k.File))}**."
            + (k.Cast is { Cut: > 0 } c
                ? $" Of what is left {Count(c.Cut)} were cut to fit the model, {Count(c.Unread)} could not be read at all." : "")
            + (k.Cast is null ? " Nothing is left to cast anybody." : " The cast that the kept data predict:"));
        if (k.Cast is not { } cast) yield break;
        string[] shown = [.. cast.Personas.Concat(before.Personas).OrderByDescending(p => p.Posterior).Select(p => p.Name)
            .Distinct().Take(ShownPersonas)];
        yield return new CastFigure
        {
            Id = "kept",
            Title = "Who the Assistant is taken for after all data, and after those kept",
            Caption = ShownPart.Said(shown.Length, before.Personas.Count, "personas").TrimEnd(),
            Stages = ["all", "kept"],
            Members = [.. shown.Select(n => new CastMember(n, before.Personas.First(p => p.Name == n).Prior,
                [before.Personas.First(p => p.Name == n).Posterior, cast.Personas.First(p => p.Name == n).Posterior]))],
        };
    }

    private static IEnumerable<ReportBlock> Dose(CastVerdict v)
    {
        yield return new Heading("How much the data count");
        DoseVerdict d = v.DoseFit;
        string how = VerdictText.IsWeightless(v) ? "Every weight is 0." : d.How switch
        {
            GainOutcome.Attained => "It is the smallest dose that gives 95 % of what a change of character can gain.",
            GainOutcome.InformationBound =>
                "More would spend more information on who speaks than the replies gain by it, so it stops there.",
            GainOutcome.NoGain => "No change of character makes the replies more probable, so the prior all but stays; what is left of the "
                + "dose only ranks the episodes.",
            _ => "It is set, not fitted.",
        };
        yield return new Prose($"Every unit of weight counts as **{Dose(v.Dose)}** of an observation, all of the data as "
            + $"**{Number(d.EffectiveObservations)}**, the effective observations. {how} The replies gain {Number(d.Gain)} nats each "
            + $"of {Number(d.Attainable)} that could be had; the cast departs from the prior by {Number(d.Information)} nats.");
    }

    private static IEnumerable<ReportBlock> Cells(CastVerdict v)
    {
        if (v.Adaptive is not { } a) yield break;
        yield return new Heading("What was asked and what was estimated");
        yield return new Prose($"Of {Count(a.Cells)} cells (different episodes times personas) **{Percent(a.Exact)}** are exact; "
            + "the others are estimated from these"
            + (a.Guide ? " and from gradients" : "") + $". At the dose of {Dose(a.Dose)} "
            + $"every probability is within **{Bound(a.Bound)}** (total variation) of that of the full table, with "
            + $"{Percent(a.Confidence)} confidence; "
            + (a.Met ? $"aimed at was {Bound(a.Target)}." : $"aimed at was {Bound(a.Target)}, which the cells that may be asked for **did "
                + "not reach**: a larger `--cells` asks for more, likelihood evidence for all.")
            + " Single episodes under personas that nobody asked about are estimates: read their influence as such.");
    }

    // What the cast is worth, beside it: nothing else tells evidence that knows the personas from evidence that does not.
    private static Prose Checked(EvidenceSession evidence, JudgementReliability? judged)
    {
        if (evidence.Judge is { } judge) return new Prose("**Judged**, not measured. " + JudgeText.Of(judge, judged, NameText.InProse));
        return new Prose(evidence.Calibration is not { } c ? "**Not checked**: the evidence is as the model gives it. "
                + char.ToUpperInvariant(EvidenceCheck.Unchecked[0]) + EvidenceCheck.Unchecked[1..]
            : $"**Checked** on {Count(c.Episodes)} held-out examples, on which the evidence was calibrated: of {Percent(c.After.Accuracy)} "
                + $"it finds who spoke (expected calibration error {Number(c.Before.Error)} before, {Number(c.After.Error)} after).");
    }

    private static IEnumerable<ReportBlock> Given(EvidenceSession evidence)
    {
        string ways = string.Join(", ", evidence.Ways.GroupBy(w => w.Value).OrderBy(g => g.Key)
            .Select(g => $"{Count(g.Count())} {g.Key.ToString().ToLowerInvariant()}"));
        if (ways.Length == 0) yield break;
        string directed = evidence.Directions.Count == 0
            ? "" : $" Directions: {string.Join("; ", evidence.Directions.Select(Directed))}.";
        yield return new Prose($"How the personas were put before the model: {ways}.{directed}");
    }

    private static string Directed(KeyValuePair<string, string> by) => $"{NameText.InProse(by.Key)} is {NameText.InProse(by.Value)}";

    private static string Count(long n) => n.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double x) => FigureNumber.Percent(x);

    private static string Dose(double x) =>
        FigureNumber.Sign(x.ToString(x is 0 or >= 0.001 ? "0.####" : "0.##e+0", CultureInfo.InvariantCulture));

    private static string Number(double x) =>
        FigureNumber.Sign(x.ToString(Math.Abs(x) >= 100 ? "0" : Math.Abs(x) >= 0.1 ? "0.##" : "0.####", CultureInfo.InvariantCulture));

    private static string Bound(double x) => x.ToString("0.0###", CultureInfo.InvariantCulture);

    private static string Signed(double x) => FigureNumber.Signed(x);

    /// <summary>A number of any size with three digits.</summary>
    public static string Small(double x) => x == 0 ? "0"
        : Math.Abs(x) >= 0.001 ? FigureNumber.Signed(x, 4)
        : FigureNumber.Sign(x.ToString("+0.00e+0;-0.00e+0", CultureInfo.InvariantCulture));
}
