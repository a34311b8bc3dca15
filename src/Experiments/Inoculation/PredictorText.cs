namespace PersonaSelection.Experiments.Inoculation;

/// <summary>The predictors of protection on a page: those that speak of the ranking, then all others, with what each is of.</summary>
internal static class PredictorText
{
    public const string OfLeading = "**Trait-covariance** is of what a reply tells of traits, **elicitation** of how surprising the "
        + "replies are; **combined** is the mean of both, each kept in [0, 1]; **gate** is the rival account, by which any fixed "
        + "wording protects.";

    public const string OfOthers = "**Covariance** is of what a reply tells of behaviour elsewhere; **posterior** and **in-context** are "
        + "of the two forecasts (**own-dose**: with the dose that the reworded data need); **surprised-shift** is of surprise times "
        + "the shift in context.";

    /// <summary>What a ranking is by, what that is made of, and the rival.</summary>
    public static Predictor[] Leading(Predictor rankedBy) =>
        [.. new[] { rankedBy, Predictor.TraitCovariance, Predictor.Elicitation, Predictor.Gate }.Distinct()];

    /// <summary>All others.</summary>
    public static Predictor[] Others(Predictor rankedBy) => [.. Enum.GetValues<Predictor>().Except(Leading(rankedBy))];
}
