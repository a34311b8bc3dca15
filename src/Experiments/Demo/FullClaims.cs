using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments.Demo;

/// <summary>The claims that need the matrix and the control worlds.</summary>
internal static class FullClaims
{
    private const double LeastPosteriorR = 0.85;
    private const double LeastInContextR = 0.88;
    private const double LeastSkill = 0.9;
    private const double LargestControlShare = 0.5;

    public static IEnumerable<ClaimResult> Judge(IReadOnlyList<MatrixResult> matrices, IReadOnlyList<WorldControl> controls, double reach)
    {
        string here = controls[0].World;
        WorldControl[] mine = [.. controls.Where(c => c.World == here)];
        IGrouping<string, WorldControl>[] others = [.. controls.Where(c => c.World != here).GroupBy(c => c.World)];
        yield return Result(new("matrix-posterior", "With every domain as the training domain, the posterior forecasts who moves whom.",
            $"correlation at least {LeastPosteriorR}", Sense.AtLeast, LeastPosteriorR), matrices.Select(m => m.Forecast.Posterior.R));
        yield return Result(new("matrix-in-context", "So does showing one domain's episodes in the context.",
            $"correlation at least {LeastInContextR}", Sense.AtLeast, LeastInContextR), matrices.Select(m => m.Forecast.InContext.R));
        yield return Result(new("matrix-skill", "The mean of the two forecasts explains nearly all of the change.",
            $"skill against no change at least {LeastSkill}", Sense.AtLeast, LeastSkill),
            matrices.Select(m => m.Forecast.Mean.SkillVsNoChange));
        yield return Result(new("matrix-beats-uniform", "Both forecasts beat the null that all domains move alike.",
            "the smaller skill against the uniform shift above 0", Sense.Above, 0),
            matrices.Select(m => Math.Min(m.Forecast.Posterior.SkillVsUniformShift, m.Forecast.InContext.SkillVsUniformShift)));
        string[] same = [.. others.Where(g => g.Average(c => c.OffTrait) >= reach).Select(g => g.Key)];
        yield return Result(new("reaches-other-traits", "Cheating moves domains that hang on other traits, because traits come in bundles.",
            $"mean shift of other traits' domains at least +{reach}", Sense.AtLeast, reach), mine.Select(c => c.OffTrait)) with
        {
            Note = same.Length == 0
                ? null : $"Also holds in {string.Join(" and ", same)}, where exact Bayes denies it: not specific to PSM there.",
        };
        WorldControl[] bare = [.. others.Last()], telling = [.. bare.Where(c => c.HangsOnCharacter)];
        Claim needs = new("needs-correlation", "In a world without persona correlation the same data stays with the trained trait.",
            $"shift of other traits' domains at most {LargestControlShare} of the village's", Sense.AtMost, LargestControlShare);
        yield return ClaimResult.Of(needs, telling.Length == 0 ? new Interval(double.NaN, double.NaN, double.NaN)
            : Interval.Share([.. telling.Select(c => c.OffTrait)], [.. mine.Select(c => c.OffTrait)])) with
        {
            Note = telling.Length == bare.Length ? null
                : $"{telling.Length} of {bare.Length} control models count; in the rest the trained act does not hang on the character.",
        };
    }

    // One model has no interval over models, so it cannot decide.
    private static ClaimResult Result(Claim claim, IEnumerable<double> of) => ClaimResult.Of(claim, Interval.OverRuns([.. of]));
}
