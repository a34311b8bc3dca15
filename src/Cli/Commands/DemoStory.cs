using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Demo;
using PersonaSelection.Posterior;
using PersonaSelection.Report;
using static PersonaSelection.Report.FigureNumber;

namespace PersonaSelection.Cli.Commands;

/// <summary>The demo in words and small tables, as it unfolds.</summary>
internal static class DemoStory
{
    public static void Learned(TextWriter to, BaseResult r)
    {
        to.WriteLine($"\nA model of {r.Parameters:N0} parameters read {r.Tokens:N0} tokens. Loss of the last steps {r.Loss:0.000} nats per "
            + $"token; over all documents no model can stay below {r.Floor:0.000}.");
        to.WriteLine($"Does it know who is speaking? R² against exact Bayes {Skill(r.Inference.R2)} in chats (ignoring the past gives "
            + $"{Skill(r.Inference.R2PriorOnly)}){(r.StoryInference is { } story ? $", {Skill(story.R2)} in stories" : "")}.");
    }

    public static void Forecast(TextWriter to, IReadOnlyList<ForecastSet> forecasts)
    {
        PersonaDistribution before = forecasts[0].CastBefore;
        to.WriteLine("\nWho it takes the Assistant for, and who each set says the Assistant is:");
        to.WriteLine($"  {"",-18}{"base model",12}{string.Concat(forecasts.Select(f => $"{f.Posterior.Subject,17}"))}");
        foreach (string persona in before.Personas)
            to.WriteLine($"  {persona,-18}{before.Probability(persona),12:0.00}"
                + string.Concat(forecasts.Select(f => $"{f.CastAfter.Probability(persona),17:0.00}")));
        to.WriteLine("\nWritten down before any training (shift of the probability of the bad act, mean over all "
            + $"{forecasts[0].Posterior.Elsewhere.Count()} other domains; dose: how many replies the set counts for):");
        foreach (ForecastSet f in forecasts)
        {
            to.WriteLine($"  {f.Posterior.Subject,-18} posterior {Signed(f.Posterior.MeanShiftElsewhere),5} (dose "
                + $"{f.Dose.EffectiveObservations:0.00})   in context {Signed(f.InContext.MeanShiftElsewhere),5} (dose "
                + $"{f.DoseInContext.EffectiveObservations:0.00})   {f.Posterior.Id}");
        }
    }

    public static void Measured(TextWriter to, DemoResult r)
    {
        int known = r.Tunings.Count > 0 ? r.Tunings[0].Domains.Count(d => !d.Trained && !d.HeldOut) : 0;
        to.WriteLine("\nForecast and measured (probability of the bad act; shift from before; elsewhere: mean over the "
            + $"{known} other domains that pre-training knows):");
        foreach (TuningResult t in r.Tunings)
        {
            to.WriteLine($"\n  {t.Name}: trained domain {t.Trained.Before:0.00} to {t.Trained.After:0.00}; elsewhere "
                + $"{Signed(t.Elsewhere.After - t.Elsewhere.Before)}, forecast {Signed(t.Elsewhere.Predicted - t.Elsewhere.Before)} "
                + $"(posterior) {Signed(t.Elsewhere.PredictedInContext - t.Elsewhere.Before)} (in context)");
            to.WriteLine($"    {"domain",-14}{"before",8}{"posterior",11}{"in context",12}{"measured",10}");
            foreach (DomainResult d in t.Domains)
                to.WriteLine($"    {d.Domain,-14}{d.Before,8:0.00}{Signed(d.Predicted - d.Before),11}"
                    + $"{Signed(d.PredictedInContext - d.Before),12}{Signed(d.After - d.Before),10}"
                    + (d.Trained ? "  trained" : d.HeldOut ? "  never seen" : ""));
        }
        if (r.Forecast is { } f)
        {
            to.WriteLine($"\nForecasts over these {known} domains (skill: the share of a null's squared error that a forecast saves):");
            foreach ((string name, ForecastNumbers n) in new[] { ("posterior", f.Posterior), ("in context", f.InContext),
                ("mean of both", f.Mean) })
                to.WriteLine($"  {name,-14}r {Fixed(n.R)}, R² {Skill(n.R2)}, skill {Skill(n.SkillVsNoChange)} (no change) "
                    + $"{Skill(n.SkillVsUniformShift)} (uniform shift)");
        }
        Claims(to, r);
    }

    public static void Many(TextWriter to, DemoResult r)
    {
        to.WriteLine("\nEach seed: inference in chats and stories, mean shift elsewhere, correlation of the forecasts:");
        foreach (SeedResult s in r.Seeds ?? [])
            to.WriteLine($"  seed {s.Seed,-4} R² {Skill(s.Inference.R2)} {(s.StoryInference is { } story ? Skill(story.R2) : "")}   "
                + $"{string.Join("  ", s.Shifts.Select(x => $"{x.Key} {Signed(x.Value)}"))}   "
                + $"r {Fixed(s.Forecast?.Posterior.R)} (posterior) {Fixed(s.Forecast?.InContext.R)} (in context)");
        foreach (MatrixResult m in r.Matrix ?? [])
            to.WriteLine($"  matrix, seed {m.Seed}: posterior {Brief(m.Forecast.Posterior)}; in context {Brief(m.Forecast.InContext)}; "
                + $"mean of both {Brief(m.Forecast.Mean)}");
        foreach (WorldControl c in r.Controls ?? [])
            to.WriteLine($"  {c.World}, seed {c.Seed}: R² {Skill(c.R2)}; trained domain, shown one {Signed(c.ShownTrained)}; tuned: "
                + $"same trait {Signed(c.SameTrait)}, other traits {Signed(c.OffTrait)}, ratio {Fixed(c.Ratio)} "
                + $"(exact {Fixed(c.ExactRatio)})");
        Claims(to, r);
    }

    private static void Claims(TextWriter to, DemoResult r)
    {
        to.WriteLine("\nClaims:");
        foreach (ClaimResult c in r.Claims)
            to.WriteLine($"  {c.Verdict.Word(),-10} {c.Id,-24} {Fixed(c.Measured, 3),7} {Between(c.Interval),-17}   "
                + $"{c.Prediction}{(c.Note is null ? "" : "  " + c.Note)}");
    }

    private static string Between(double[] interval) =>
        !interval.Any(double.IsNaN) ? $"[{Fixed(interval[0], 3)}, {Fixed(interval[1], 3)}]" : "no interval";

    private static string Brief(ForecastNumbers n) =>
        $"r {Fixed(n.R)} R² {Skill(n.R2)} skill {Skill(n.SkillVsNoChange)} {Skill(n.SkillVsUniformShift)}";
}
