using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Posterior;
using PersonaSelection.Report;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary>How a forecast is told on stdout.</summary>
internal static class ForecastScreen
{
    public static void PrintJson(ForecastSet f, long badLines, string folder, string page) => Screen.Data(new
    {
        f.Posterior.Subject,
        Folder = folder,
        Report = page,
        BadLines = badLines,
        Cut = f.Evidence.Rows.Count(r => r.Cut),
        Unread = f.Evidence.Rows.Count(r => r.Unread is not null),
        ShownCut = f.Shown.Rows.Count(r => r.Cut),
        f.AmongExamples,
        f.Check,
        f.Asked,
        Dose = Dose(f.Dose),
        DoseInContext = Dose(f.DoseInContext),
        Cast = f.CastBefore.Personas.Select(p => new
        {
            Persona = p,
            Prior = f.CastBefore.Probability(p),
            Posterior = f.CastAfter.Probability(p),
        }),
        Traits = f.Cast.Traits.Select(t => new { t.Trait, t.Prior, Posterior = t.Posterior.Estimate, t.Posterior.Low, t.Posterior.High }),
        Elsewhere = new
        {
            Posterior = f.Posterior.MeanShiftElsewhere,
            InContext = f.InContext.MeanShiftElsewhere,
            Mean = f.Mean.MeanShiftElsewhere,
        },
        RangeLevel = MeanForecast.LevelOf(f.Mean),
        Domains = f.Posterior.Domains.Select(d => new
        {
            d.Domain,
            d.Trained,
            d.Before,
            Posterior = d.After,
            d.Low,
            d.High,
            InContext = f.InContext.Domain(d.Name).After,
            Mean = f.Mean.Domain(d.Name).After,
            RangeLow = d.Trained ? (double?)null : f.Mean.Domain(d.Name).Low,
            RangeHigh = d.Trained ? (double?)null : f.Mean.Domain(d.Name).High,
        }),
        Ids = new
        {
            Posterior = f.Posterior.Id,
            InContext = f.InContext.Id,
            Mean = f.Mean.Id,
            NoChange = f.NoChange.Id,
            UniformShift = f.UniformShift.Id,
        },
    });

    private static object Dose(DoseFit d) => new { d.EffectiveObservations, d.Outcome, d.Before, d.Target, d.Attained };

    public static void Print(ForecastSet f, string folder, string page)
    {
        Console.Out.WriteLine($"\nWho the Assistant is taken for, before and after {NameText.Plain(f.Posterior.Subject)}:\n");
        var cast = new TextTable("persona", "before", "after");
        foreach (string p in f.CastBefore.Personas)
            cast.Add(p, $"{f.CastBefore.Probability(p):0.00}", $"{f.CastAfter.Probability(p):0.00}");
        cast.Print();
        Console.Out.WriteLine("\nProbability of the low pole (the bad answer) now, and forecast for after training on "
            + $"{NameText.Plain(f.Mean.Subject)}:\n");
        var table = new TextTable("domain", "before", "posterior", "in context", "mean", "from", "to", "note");
        foreach (ForecastRow d in f.Mean.Domains)
        {
            table.Add(d.Name, $"{d.Before:0.00}", $"{f.Posterior.Domain(d.Name).After:0.00}", $"{f.InContext.Domain(d.Name).After:0.00}",
                $"{d.After:0.00}", d.Trained ? "" : $"{d.Low:0.00}", d.Trained ? "" : $"{d.High:0.00}", d.Trained ? "trained" : "");
        }
        table.Print();
        Console.Out.WriteLine("\n" + ForecastReport.Ranges(f.Mean) + " from, to: that range.");
        if (ForecastReport.TooNarrow(f) is { } narrow) Console.Out.WriteLine(narrow);
        string posterior = Signed(f.Posterior.MeanShiftElsewhere), inContext = Signed(f.InContext.MeanShiftElsewhere);
        Console.Out.WriteLine($"\nMean shift of the domains not trained on: posterior {posterior}, in context {inContext}, mean "
            + $"{Signed(f.Mean.MeanShiftElsewhere)}.");
        Console.Out.WriteLine(ForecastReport.Counted(f));
        int cut = f.Evidence.Rows.Count(r => r.Cut), shownCut = f.Shown.Rows.Count(r => r.Cut);
        if (cut > 0) Console.Out.WriteLine(CutEpisodes.Count(cut, f.Evidence.Rows.Count(r => r.Unread is not null)));
        if (shownCut > 0)
            Console.Out.WriteLine(
                $"{shownCut} of the {f.Shown.Rows.Count} episodes that were shown were cut so that the probes fit after them.");
        if (f.Asked is { } asked)
        {
            Console.Out.WriteLine(ForecastReport.Asked(f));
            Console.Out.WriteLine(JudgeText.Of(asked.Judge, asked.Judgements, NameText.Plain));
        }
        else
        {
            Console.Out.WriteLine(EvidenceCheck.Sentence(f.Check));
        }
        if (f.AmongExamples > 0) Console.Out.WriteLine(AuditScreen.Flattered(f.AmongExamples));
        Console.Out.WriteLine($"Written down in {folder}: {f.Posterior.Id}, {f.InContext.Id}, {f.Mean.Id}, {f.NoChange.Id}, "
            + $"{f.UniformShift.Id}");
        Console.Out.WriteLine($"Report: {page}");
    }
}
