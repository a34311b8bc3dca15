using System.Globalization;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary>How a forecast is told on stdout.</summary>
internal static class ForecastScreen
{
    public static void PrintJson(ForecastSet f, long badLines, string folder) => Screen.Data(new
    {
        f.Posterior.Subject,
        Folder = folder,
        BadLines = badLines,
        Cut = f.Evidence.Rows.Count(r => r.Cut),
        Unread = f.Evidence.Rows.Count(r => r.Unread is not null),
        ShownCut = f.Shown.Rows.Count(r => r.Cut),
        f.AmongExamples,
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
        Elsewhere = new { Posterior = f.Posterior.MeanShiftElsewhere, InContext = f.InContext.MeanShiftElsewhere },
        Domains = f.Posterior.Domains.Select(d => new
        {
            d.Domain,
            d.Trained,
            d.Before,
            Posterior = d.After,
            d.Low,
            d.High,
            InContext = f.InContext.Domain(d.Name).After,
        }),
        Ids = new { Posterior = f.Posterior.Id, InContext = f.InContext.Id, NoChange = f.NoChange.Id, UniformShift = f.UniformShift.Id },
    });

    private static object Dose(DoseFit d) => new { d.EffectiveObservations, d.Outcome, d.Before, d.Target, d.Attained };

    public static void Print(ForecastSet f, IReadOnlyList<Probe> probes, string folder)
    {
        Console.Out.WriteLine($"\nWho the Assistant is taken for, before and after {f.Posterior.Subject}:\n");
        var cast = new TextTable("persona", "before", "after");
        foreach (string p in f.CastBefore.Personas)
            cast.Add(p, $"{f.CastBefore.Probability(p):0.00}", $"{f.CastAfter.Probability(p):0.00}");
        cast.Print();
        Console.Out.WriteLine("\nProbability of the low pole (the bad answer) now, and forecast for after training on "
            + $"{f.Posterior.Subject}; from, to: the posterior's 95 % interval:\n");
        var table = new TextTable("domain", "before", "posterior", "from", "to", "in context", "note");
        foreach (ForecastRow d in f.Posterior.Domains)
        {
            table.Add(d.Name, $"{d.Before:0.00}", $"{d.After:0.00}", $"{d.Low:0.00}", $"{d.High:0.00}",
                $"{f.InContext.Domain(d.Name).After:0.00}", d.Trained ? "trained" : "");
        }
        table.Print();
        foreach (string narrow in TooNarrow(f, probes)) Console.Out.WriteLine("\n" + narrow);
        string posterior = Signed(f.Posterior.MeanShiftElsewhere), inContext = Signed(f.InContext.MeanShiftElsewhere);
        Console.Out.WriteLine($"\nMean shift of the domains not trained on: posterior {posterior}, in context {inContext}. The mean of "
            + "both has been the best forecast (docs/theory.md).");
        Console.Out.WriteLine(Counted(f.Dose));
        int cut = f.Evidence.Rows.Count(r => r.Cut), shownCut = f.Shown.Rows.Count(r => r.Cut);
        if (cut > 0) Console.Out.WriteLine(CutEpisodes.Count(cut, f.Evidence.Rows.Count(r => r.Unread is not null)));
        if (shownCut > 0)
            Console.Out.WriteLine(
                $"{shownCut} of the {f.Shown.Rows.Count} episodes that were shown were cut so that the probes fit after them.");
        if (f.Asked is { } asked)
        {
            Console.Out.WriteLine($"Evidence is a judgement of {asked.Judged:N0} of {asked.Different:N0} different episodes; "
                + $"answers to probes are choices, {asked.Samples} after each of {f.Shown.Rows.Count} episodes and "
                + $"{asked.Samples * SampledAnswers.OftenerBefore} before, {asked.Unreadable:N0} of {asked.Answers:N0} unreadable.");
            Console.Out.WriteLine(AuditScreen.Judged(asked.Judge, asked.Judgements));
        }
        if (f.AmongExamples > 0) Console.Out.WriteLine(AuditScreen.Flattered(f.AmongExamples));
        Console.Out.WriteLine($"Written down in {folder}: {f.Posterior.Id}, {f.InContext.Id}, {f.NoChange.Id}, {f.UniformShift.Id}");
    }

    private static IEnumerable<string> TooNarrow(ForecastSet f, IReadOnlyList<Probe> probes)
    {
        if (FewClusters.Said(f.Evidence.Clusters.Distinct().Count(), "different contexts of the data") is { } data) yield return data;
        int fewest = probes.GroupBy(p => p.Domain).Min(d => d.Select(p => p.Cluster ?? p.Id).Distinct().Count());
        if (FewClusters.Said(fewest, "different questions of a domain") is { } asked) yield return asked;
    }

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
}
