using PersonaSelection.Audit;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Report;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary>How a ranking of rewordings is told on stdout.</summary>
internal static class InoculateScreen
{
    public static void Print(InoculationResult r, string folder)
    {
        Console.Out.WriteLine($"\nAs it is, {NameText.Plain(r.Subject)} is expected to move P(low pole), the probability of the bad "
            + $"answer, in the domains not trained on from {Fixed(r.Plain.Before)} by {Signed(r.Plain.PosteriorShift)} (posterior) or "
            + $"{Signed(r.Plain.InContextShift)} (one episode shown in the context).\n");
        PrintRanking(r);
        if (InoculationReport.Faint(r) is { } faint) Console.Out.WriteLine("\n" + faint);
        Console.Out.WriteLine($"\nShares of the plain effect that a rewording takes away: 1 all, 0 nothing, below 0 it makes things worse. "
            + $"protection ranks ({InoculationReport.Name(r.RankedBy)}; from, to: 95 % intervals over the episodes, which hold personas "
            + "and model fixed); traits: of what the replies tell of their speaker; elicitation: "
            + "of how surprising they are; gate: the rival account, by which any fixed wording protects. gain: in nats, negative where the "
            + "pull to the low pole goes away."
            + (InoculationReport.TooNarrow(r) is { } narrow ? " " + narrow : ""));
        if (r.Asked is { } asked)
        {
            Console.Out.WriteLine("\n" + InoculationReport.Unknown(asked));
            Console.Out.WriteLine(JudgeText.Of(asked.Judge, asked.Judgements, NameText.Plain));
        }
        else
        {
            Console.Out.WriteLine("\n" + EvidenceCheck.Sentence(r.Check));
        }
        if (r.LeftOut.Count > 0)
            Console.Out.WriteLine("\nLeft out, as the model does not know all of their words: "
                + $"{string.Join(", ", r.LeftOut.Select(NameText.Plain))}");
        foreach (RewordingForecast f in r.Rewordings.Where(f => f.Leaks.Count > 0)) PrintLeaks(r.Subject, f);
        if (r.Evidence.Rows.Count(e => e.Cut) is > 0 and var cut)
            Console.Out.WriteLine("\n" + CutEpisodes.Count(cut, r.Evidence.Rows.Count(e => e.Unread is not null)));
        Console.Out.WriteLine($"\nWritten to {folder}: report.html, report.json, inoculation.json.");
    }

    private static void PrintRanking(InoculationResult r)
    {
        string[] traits = [.. r.Influence.OrderByDescending(t => Math.Abs(t.Value)).Take(2).Select(t => t.Key)];
        // What is read first comes first: a narrow terminal has room for it.
        var table = new TextTable(["rewording", "protection", "from", "to", "words", "traits", "elicitation", "gate",
            .. traits.Select(t => $"gain {t}"), "kind"]);
        foreach (RewordingForecast f in r.Rewordings)
            table.Add([f.Rewording.Name, Fixed(f.Protection[r.RankedBy]), Fixed(f.OverEpisodes[r.RankedBy].Low),
                Fixed(f.OverEpisodes[r.RankedBy].High), f.Rewording.Wordings[0],
                Fixed(f.Protection[Predictor.TraitCovariance]), Fixed(f.Protection[Predictor.Elicitation]),
                Fixed(f.Protection[Predictor.Gate]),
                .. traits.Select(t => Signed(f.Gains.First(g => g.Quantity == t).Gain)), f.Rewording.Kind]);
        table.Print();
    }

    private static void PrintLeaks(string subject, RewordingForecast f)
    {
        Console.Out.WriteLine($"\nAfter training on {NameText.Plain(subject)} reworded by {NameText.Plain(f.Rewording.Name)}, "
            + "P(low pole) when asked with:\n");
        var grid = new TextTable("asked with", "before", "in context", "posterior", "gate", "words");
        foreach (LeakForecast l in f.Leaks)
            grid.Add(InoculationReport.Name(l.Kind), Fixed(l.Before), Fixed(l.InContext),
                Fixed(l.Posterior), Fixed(l.Gate), l.Added);
        grid.Print();
    }
}
