using PersonaSelection.Audit;
using PersonaSelection.Posterior;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments;

/// <summary>What a verdict says in words, on the page and on the screen.</summary>
public static class VerdictText
{
    /// <summary>The personas that matter, as a list: one when it is alone, else up to three.</summary>
    public static string Names(CastVerdict verdict, Func<PersonaVerdict, string> name)
    {
        string[] some = [.. Mattering(verdict).Select(name)];
        return some.Length == 1 ? some[0] : string.Join(", ", some[..^1]) + " or " + some[^1];
    }

    /// <summary>Whether those that matter are together less probable than all the others: then nobody is cast.</summary>
    public static bool LeavesOpen(CastVerdict verdict) => Mattering(verdict).Sum(p => p.Posterior) < 0.5;

    private static IEnumerable<PersonaVerdict> Mattering(CastVerdict verdict) =>
        verdict.Personas.Take(3).TakeWhile((p, i) => i == 0 || p.Posterior >= 0.1);

    /// <summary>Why there are no intervals; null where there are.</summary>
    public static string? WithoutIntervals(CastVerdict verdict) => verdict.Leading.Low is not null ? null
        : verdict.Clusters switch
        {
            0 => "Every weight is 0, so that there is nothing to draw again: no intervals.",
            1 => $"A single {verdict.Redrawn.TrimEnd('s')} that has a weight cannot be drawn again: no intervals.",
            _ => "Nothing was redrawn (--draws 0): no intervals.",
        };

    /// <summary>Whether no episode has a weight, so that the data say nothing, whatever they hold.</summary>
    public static bool IsWeightless(CastVerdict verdict) => verdict.Clusters == 0;

    /// <summary>That intervals are too narrow; null where they are not, or there are none.</summary>
    public static string? TooNarrow(params CastVerdict[] verdicts) => verdicts.Any(v => WithoutIntervals(v) is not null) ? null
        : verdicts.MinBy(v => v.Clusters) is { } fewest ? FewClusters.Said(fewest.Clusters, $"different {fewest.Redrawn}") : null;

    /// <summary>What the verdict says in one sentence.</summary>
    public static string Headline(CastVerdict v)
    {
        if (IsWeightless(v)) return "Every weight is 0: training on these replies would change nothing.";
        if (v.DoseFit.How == GainOutcome.NoGain)
            return "No change of character makes these replies more probable: whoever the Assistant was stays, as after replies that were "
                + "asked for or that anybody would give.";
        string cast = LeavesOpen(v)
            ? $"The likeliest of {v.Personas.Count} personas is **{NameText.InProse(v.Leading.Name)}**, with "
                + FigureNumber.Percent(v.Leading.Posterior)
            : "Cast as " + string.Join(", ", v.Personas.Take(3).TakeWhile((p, i) => i == 0 || p.Posterior >= 0.05)
                .Select(p => $"**{NameText.InProse(p.Name)}** {FigureNumber.Percent(p.Posterior)} "
                    + $"(before: {FigureNumber.Percent(p.Prior)})"));
        TraitVerdict? most = v.Traits.OrderByDescending(t => Math.Abs(t.After - t.Before)).FirstOrDefault();
        string change = most is null
            ? "" : $" Training on it is expected to move **{NameText.InProse(most.Name)}** most: {FigureNumber.Signed(most.Before)} to "
                + $"{FigureNumber.Signed(most.After)}.";
        return $"{cast}.{change}";
    }
}
