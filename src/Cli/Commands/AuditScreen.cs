using System.Globalization;
using PersonaSelection.Audit;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Posterior;
using PersonaSelection.Report;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary>How an audit is told on stdout.</summary>
internal static class AuditScreen
{
    private const int ShownPersonas = 10, ShownTraits = 10, ShownEpisodes = 5, ExcerptLength = 70;

    public static void PrintJson(AuditOutcome o)
    {
        CastVerdict v = o.Audit.Verdict;
        Screen.Data(new
        {
            v.Schema,
            v.Data,
            v.Episodes,
            v.Rejected,
            v.Evidence,
            v.Personas,
            v.Traits,
            v.EffectivePersonas,
            v.Dose,
            v.DoseFit,
            v.Ledger,
            v.BadLines,
            v.Cut,
            v.Unread,
            v.Clusters,
            v.Redrawn,
            v.Provenance,
            Scored = new
            {
                Now = o.Audit.Evidence.Scored,
                FromLog = o.Audit.Evidence.Resumed,
                Equal = o.Audit.Evidence.Repeated,
                Cells = o.CellsNow,
            },
            v.Adaptive,
            o.Check,
            o.Judge,
            o.Judged,
            o.AmongExamples,
            o.Report,
            Comparison = o.Comparison is { } c ? new { c.Second, c.Traits } : null,
            o.Kept,
        });
    }

    public static void Print(AuditOutcome o)
    {
        CastVerdict v = o.Audit.Verdict;
        Console.Out.WriteLine($"\n{Sentence(v)}\n");
        var cast = new TextTable("persona", "prior", "posterior", "from", "to", "share", "from", "to");
        foreach (PersonaVerdict p in v.Personas.Take(ShownPersonas))
            cast.Add(p.Name, Fixed(p.Prior), Fixed(p.Posterior), Fixed(p.Low), Fixed(p.High), Fixed(p.Share), Fixed(p.ShareLow),
                Fixed(p.ShareHigh));
        cast.Print();
        if (v.Personas.Count > ShownPersonas) Console.Out.WriteLine($"… and {v.Personas.Count - ShownPersonas} more");
        Console.Out.WriteLine((VerdictText.WithoutIntervals(v) ?? "from, to: 95 % intervals.") + " "
            + (VerdictText.TooNarrow(v) is { } narrow ? narrow + " " : "")
            + "share: the part of the episodes that each would have spoken.");
        if (v.Traits.Count > 0)
        {
            Console.Out.WriteLine("\nTraining on them is expected to move traits (−1 the low pole, 1 the high one)\n");
            var traits = new TextTable("trait", "before", "after", "from", "to");
            foreach (TraitVerdict t in v.Traits.OrderByDescending(t => Math.Abs(t.After - t.Before)).Take(ShownTraits))
                traits.Add(t.Name, Signed(t.Before), Signed(t.After), Signed(t.Low), Signed(t.High));
            traits.Print();
        }
        Episodes(o.Audit, "\nWhat moved the cast most, and who would say so (nats above what the prior expects)",
            t => t.Influence.Pull > 0);
        Episodes(o.Audit, "\nWhat held it back most", t => t.Influence.Pull < 0);
        if (o.Comparison is { } c) Compare(c);
        if (o.Kept is { } kept) Keep(kept);
        Console.Out.WriteLine(FormattableString.Invariant(
            $"\nDose: all data count as {Observations(v.DoseFit.EffectiveObservations)} ({How(v)}). ")
            + FormattableString.Invariant($"The cast is as open as {v.EffectivePersonas:0.0} equally likely personas."));
        if (v.Adaptive is { } a) Console.Out.WriteLine(Cells(a));
        if (o.Judge is { } judge) Console.Out.WriteLine(JudgeText.Of(judge, o.Judged, NameText.Plain));
        else Console.Out.WriteLine(EvidenceCheck.Sentence(o.Check));
        if (v.Rejected > 0) Console.Out.WriteLine(RejectedEpisodes.Count(v.Rejected, v.Episodes));
        if (o.LabelledLikeAVerdict > 0) Console.Out.WriteLine(RejectedEpisodes.Unsaid(o.LabelledLikeAVerdict));
        if (v.Cut + v.Unread > 0) Console.Out.WriteLine(CutEpisodes.Count(v.Cut, v.Unread));
        if (o.AmongExamples > 0) Console.Out.WriteLine(Flattered(o.AmongExamples));
        Console.Out.WriteLine($"Ledger: {v.Ledger}\nReport: {o.Report}");
    }

    /// <summary>The verdict in one sentence.</summary>
    private static string Sentence(CastVerdict v)
    {
        bool one = v.Episodes == 1;
        string these = one ? "This episode" : string.Create(CultureInfo.InvariantCulture, $"These {v.Episodes:N0} episodes");
        if (VerdictText.IsWeightless(v))
            return $"{these} {(one ? "does" : "do")} not tell who the Assistant is: {(one ? "its weight" : "every weight")} is 0.";
        if (v.DoseFit.How == GainOutcome.NoGain)
            return $"{these} {(one ? "does" : "do")} not tell who the Assistant is: no change of character makes "
                + $"{(one ? "it" : "them")} more probable.";
        return VerdictText.LeavesOpen(v)
            ? $"{these} {(one ? "leaves" : "leave")} open who the Assistant is: the likeliest of {v.Personas.Count} personas is "
                + $"{Probable(v.Leading)}."
            : $"{these} {(one ? "casts" : "cast")} the Assistant as {VerdictText.Names(v, Probable)}.";
    }

    private static string Probable(PersonaVerdict p) => $"{NameText.Plain(p.Name)} ({Fixed(p.Posterior)})";

    /// <summary>What to make of episodes that personas were made from.</summary>
    public static string Flattered(long episodes) =>
        $"{episodes:N0} episodes are among the examples of the personas: on those, evidence flatters who learnt them.";

    private static void Episodes(AuditResult audit, string title, Func<TellingEpisode, bool> which)
    {
        TellingEpisode[] some = [.. audit.Telling.Where(which).Take(ShownEpisodes)];
        if (some.Length == 0) return;
        Console.Out.WriteLine(title + "\n");
        foreach (TellingEpisode t in some)
        {
            Console.Out.WriteLine($"  {TellingText.Where(t, NameText.Plain)}  "
                + string.Join(", ", TellingText.Explanations(audit, t, NameText.Plain)));
            Console.Out.WriteLine($"    {TellingText.Replied(t, ExcerptLength)}");
        }
    }

    private static void Compare(CastComparison c)
    {
        Console.Out.WriteLine(
            $"\nBeside {NameText.Plain(c.Second.Data)}. {Sentence(c.Second)}\n");
        var table = new TextTable("trait", "these", "those", "difference", "from", "to");
        foreach (TraitDifference t in c.Traits.Take(ShownTraits))
            table.Add(t.Name, Signed(t.First), Signed(t.Second), Signed(t.Difference), Signed(t.Low), Signed(t.High));
        table.Print();
        if (VerdictText.TooNarrow(c.First, c.Second) is { } narrow) Console.Out.WriteLine(narrow);
    }

    private static void Keep(KeptVerdict kept)
    {
        Console.Out.WriteLine($"\nKept {kept.Episodes:N0} episodes as they are, in {kept.Lines:N0} lines of {kept.File}; {kept.Changed:N0} "
            + "left out or weighted down.");
        if (kept.Cast is { } cast)
            Console.Out.WriteLine("They would leave the Assistant as "
                + $"{string.Join(", ", cast.Personas.Take(3).Select(Probable))}."
                + (cast.Cut + cast.Unread > 0 ? " Of what is kept " + CutEpisodes.Count(cast.Cut, cast.Unread) : ""));
    }

    private static string Cells(AdaptiveVerdict a) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{100 * a.Exact:0.0} % of {a.Cells:N0} cells are exact, the others estimated: every probability is within {a.Bound:0.0###} "
            + $"(total variation) of the full table's, with {100 * a.Confidence:0} % confidence; aimed at was {a.Target:0.0###}")
        + (a.Met ? "." : ", which was not reached: a larger --cells asks for more, --evidence likelihood for all.");

    private static string Observations(double n) =>
        n == 1 ? "one observation" : string.Create(CultureInfo.InvariantCulture, $"{n:0.##} observations");

    private static string How(CastVerdict v) => VerdictText.IsWeightless(v) ? "every weight is 0" : v.DoseFit.How switch
    {
        GainOutcome.Attained => "fitted to what the replies gain",
        GainOutcome.InformationBound => "fitted, bounded by what the replies gain",
        GainOutcome.NoGain => "nominal: no change of character makes the replies more probable",
        _ => "not fitted",
    };
}
