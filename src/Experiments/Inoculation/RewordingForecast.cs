using PersonaSelection.Audit;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments.Inoculation;

/// <summary>
/// One cell of a leak grid: P(low pole) in the mean over domains, before training and as each account expects it afterwards.
/// </summary>
/// <param name="Kind">What stands around the question.</param>
/// <param name="Added">The words that are added to it.</param>
/// <param name="Before">Of the model before training, in this condition.</param>
/// <param name="InContext">Expected of the character that the data implies: the episodes shown in the context.</param>
/// <param name="Posterior">Expected of the posterior over personas at run time, p(h|D,c) in proportion to p(h|D) p(c|h).</param>
/// <param name="Gate">Expected by the rival account: the plain data's shift by as much as the prompt looks like the rewording.</param>
public sealed record LeakForecast(LeakKind Kind, string Added, double Before, double InContext, double Posterior, double Gate);

/// <summary>What a rewording is expected to do, before anything is trained.</summary>
/// <param name="Rewording">The rewording.</param>
/// <param name="Gains">By trait.</param>
/// <param name="Protection">By predictor: 1 is a full protection of behaviour elsewhere, 0 none, below 0 it makes things
/// worse; NaN: not known.</param>
/// <param name="OverEpisodes">
/// The same with intervals, for the predictors that are means over episodes: clusters of those are redrawn, and the personas, what they
/// would do and the model held fixed.
/// </param>
/// <param name="Surprise">Mean -log p(y|x') in nats per episode, by the model as it is; NaN where it gives no probabilities.</param>
/// <param name="Leaks">The leak grid; empty where it was not asked for.</param>
public sealed record RewordingForecast(Rewording Rewording, IReadOnlyList<RewordingGain> Gains,
    IReadOnlyDictionary<Predictor, double> Protection, IReadOnlyDictionary<Predictor, Interval> OverEpisodes, double Surprise,
    IReadOnlyList<LeakForecast> Leaks)
{
    /// <summary>Reworded episodes that did not fit the model whole.</summary>
    public int Cut { get; init; }
}

/// <summary>Ways to predict how much a rewording protects behaviour elsewhere.</summary>
public enum Predictor
{
    /// <summary>First order: what is left of Cov(L, behaviour elsewhere).</summary>
    Covariance,

    /// <summary>What is left of Cov(L, traits), summed over traits by size.</summary>
    TraitCovariance,

    /// <summary>The posterior's forecast with the dose of the plain data.</summary>
    Posterior,

    /// <summary>The posterior's forecast with the dose that the reworded data need to be learned.</summary>
    PosteriorOwnDose,

    /// <summary>What is left of the shift after an episode is shown, counted from the model under the same system turn.</summary>
    InContext,

    /// <summary>How much less surprising the replies become: 1 - (-log p(y|x')) / (-log p(y|x)). No persona enters.</summary>
    Elicitation,

    /// <summary>
    /// What is left of surprise times in-context shift: a step is as long as the surprise and points where the shift does.
    /// </summary>
    SurprisedShift,

    /// <summary>
    /// The mean of <see cref="TraitCovariance"/> and <see cref="Elicitation"/>, each kept in [0, 1]: a reply moves nothing elsewhere when
    /// it tells nothing of its speaker and is expected where it stands.
    /// </summary>
    Combined,

    /// <summary>The rival account: any fixed wording protects.</summary>
    Gate,
}
