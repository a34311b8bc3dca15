using System.Text.Json.Serialization;
using PersonaSelection.Numerics;
using PersonaSelection.Report;

namespace PersonaSelection.Experiments.Demo;

/// <summary>Everything the demo measured: the object that <c>psm demo --json</c> prints and <c>result.json</c> keeps.</summary>
public sealed record DemoResult
{
    /// <summary>The version of this form.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The seed of everything random.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Wall-clock seconds of the whole demo.</summary>
    public double Seconds { get; init; }

    /// <summary>Threads that computed.</summary>
    public int Threads { get; init; }

    /// <summary>The pre-trained model.</summary>
    public required BaseResult Base { get; init; }

    /// <summary>The post-trainings, each with what was forecast and what was measured.</summary>
    public IReadOnlyList<TuningResult> Tunings { get; init; } = [];

    /// <summary>The character the base model takes the Assistant for, and what each set makes of it.</summary>
    public IReadOnlyList<CastResult> Cast { get; init; } = [];

    /// <summary>What the Assistant says to a few questions, before and after.</summary>
    public IReadOnlyList<SampleResult> Samples { get; init; } = [];

    /// <summary>How good the forecasts were over the domains never trained on.</summary>
    public ForecastResult? Forecast { get; init; }

    /// <summary>The claims with their verdicts.</summary>
    public IReadOnlyList<ClaimResult> Claims { get; init; } = [];

    /// <summary>With several seeds: each run in brief. The rest of the object is the first run; the claims are over all of them.</summary>
    public IReadOnlyList<SeedResult>? Seeds { get; init; }

    /// <summary>With <c>--full</c>: every domain as the training domain, one entry per seed.</summary>
    public IReadOnlyList<MatrixResult>? Matrix { get; init; }

    /// <summary>With <c>--full</c>: the same training in this world and in worlds without one cause or another.</summary>
    public IReadOnlyList<WorldControl>? Controls { get; init; }
}

/// <summary>The pre-trained model.</summary>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="Tokens">Tokens it was trained on.</param>
/// <param name="Loss">Training loss of the last steps, nats per token.</param>
/// <param name="Floor">Exact entropy of the world, nats per token: no model can go below.</param>
/// <param name="Inference">How well it infers who is speaking in chats.</param>
public sealed record BaseResult(long Parameters, long Tokens, double Loss, double Floor, InferenceResult Inference)
{
    /// <summary>The same inference in stories about one character.</summary>
    public InferenceResult? StoryInference { get; init; }

    /// <summary>The content id of the checkpoint.</summary>
    public string? Id { get; init; }

    /// <summary>Loss and inference along the training.</summary>
    public IReadOnlyList<CurvePoint> Curve { get; init; } = [];
}

/// <summary>A reading during pre-training.</summary>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="Loss">Training loss, nats per token.</param>
/// <param name="ChatR2">Inference in chats against exact Bayes; absent where it was not measured.</param>
/// <param name="StoryR2">The same in stories about one character.</param>
public sealed record CurvePoint(long Tokens, double Loss, double? ChatR2, double? StoryR2);

/// <summary>The likeliest reply to a question, by who is asked.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Question">What the user says.</param>
/// <param name="Replies">By model: <c>before</c>, then the sets in order.</param>
public sealed record SampleResult(string Domain, string Question, IReadOnlyDictionary<string, string> Replies);

/// <summary>One persona's share of the Assistant.</summary>
/// <param name="Persona">The persona.</param>
/// <param name="Prior">Its share in the base model.</param>
/// <param name="Posterior">Its share after each set, in the order of the tunings.</param>
public sealed record CastResult(string Persona, double Prior, IReadOnlyList<double> Posterior);

/// <summary>The model's inference beside the exact Bayes predictor.</summary>
/// <param name="R2">1 - SSE/variance of the model's P(low pole) against the exact one.</param>
/// <param name="R2PriorOnly">The same for a predictor that knows the world but ignores what the character has done.</param>
/// <param name="Kl">Mean KL(exact || model) of the next act, nats.</param>
/// <param name="KlPriorOnly">The same for the prior-only predictor.</param>
public sealed record InferenceResult(double R2, double R2PriorOnly, double Kl, double KlPriorOnly)
{
    /// <summary>95 % interval of <see cref="R2"/> over the probes.</summary>
    public double[]? R2Interval { get; init; }

    /// <summary>95 % interval of R2 less that of the prior-only predictor.</summary>
    public double[]? GainInterval { get; init; }
}

/// <summary>One post-training.</summary>
public sealed record TuningResult
{
    /// <summary>The name of the set.</summary>
    public required string Name { get; init; }

    /// <summary>Number of episodes in the set.</summary>
    public required int Episodes { get; init; }

    /// <summary>Optimiser steps.</summary>
    public required int Steps { get; init; }

    /// <summary>P(low pole) in the trained domain, as asked there without any request.</summary>
    public required BeforeAfter Trained { get; init; }

    /// <summary>Mean P(low pole) over the domains never trained on.</summary>
    public required Elsewhere Elsewhere { get; init; }

    /// <summary>Each domain, the trained one first.</summary>
    public required IReadOnlyList<DomainResult> Domains { get; init; }

    /// <summary>How strongly the set counts: beta * sum of |weights|, fitted on the trained situation alone.</summary>
    public double Dose { get; init; }

    /// <summary>How many showings of an episode the set is worth in the forecast in context, fitted in the same way.</summary>
    public double DoseInContext { get; init; }

    /// <summary>Content ids of the forecasts, saved before the training started, by kind.</summary>
    public IReadOnlyDictionary<string, string> Forecasts { get; init; } = new Dictionary<string, string>();
}

/// <summary>A probability before and after the training.</summary>
public sealed record BeforeAfter(double Before, double After);

/// <summary>Mean P(low pole) over the domains never trained on.</summary>
/// <param name="Before">Measured in the base model.</param>
/// <param name="After">Measured in the tuned model.</param>
/// <param name="Predicted">The posterior's forecast of the latter.</param>
public sealed record Elsewhere(double Before, double After, double Predicted)
{
    /// <summary>The in-context forecast of the same.</summary>
    public double PredictedInContext { get; init; }
}

/// <summary>P(low pole) in one domain.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Before">Measured in the base model.</param>
/// <param name="Predicted">Forecast from the posterior.</param>
/// <param name="PredictedInContext">Forecast from the in-context shift.</param>
/// <param name="After">Measured in the tuned model.</param>
public sealed record DomainResult(string Domain, double Before, double Predicted, double PredictedInContext, double After)
{
    /// <summary>Whether the set trains on this very domain.</summary>
    public bool Trained { get; init; }

    /// <summary>Whether pre-training never showed this domain.</summary>
    public bool HeldOut { get; init; }

    /// <summary>The null for the posterior: the one shift that all domains get, saved with it.</summary>
    public double UniformShift { get; init; }

    /// <summary>The same for the in-context forecast.</summary>
    public double UniformShiftInContext { get; init; }

    /// <summary>95 % interval of <see cref="Predicted"/>.</summary>
    public double[]? PredictedInterval { get; init; }

    /// <summary>95 % interval of <see cref="After"/> over the probes of the domain.</summary>
    public double[]? AfterInterval { get; init; }
}

/// <summary>Scores of the two forecasts, and of the mean of both.</summary>
public sealed record ForecastResult(ForecastNumbers Posterior, ForecastNumbers InContext, ForecastNumbers Mean);

/// <summary>How good a forecast of shifts was.</summary>
/// <param name="R">Correlation of predicted and observed shifts.</param>
/// <param name="R2">1 - SSE/variance of the observed shifts.</param>
/// <param name="SkillVsNoChange">1 - SSE/sum of squared shifts: 0 is the forecast that nothing moves.</param>
/// <param name="SkillVsUniformShift">1 - SSE/SSE of the forecast that all domains move alike.</param>
public sealed record ForecastNumbers(double R, double R2, double SkillVsNoChange, double SkillVsUniformShift);

/// <summary>A claim as it is written to JSON.</summary>
public sealed record ClaimResult(string Id, string Statement, string Prediction, double Measured, double[] Interval, Verdict Verdict)
{
    /// <summary>What a measurement makes of a claim.</summary>
    public static ClaimResult Of(Claim claim, Interval measured) =>
        new(claim.Id, claim.Statement, claim.Prediction, measured.Estimate, measured.Ends, claim.Judge(measured));

    /// <summary>What qualifies the verdict, such as that the claim also holds where the theory says it should not.</summary>
    public string? Note { get; init; }
}

/// <summary>One run of several.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Inference">Inference in chats.</param>
/// <param name="StoryInference">Inference in stories.</param>
/// <param name="Shifts">Mean measured shift elsewhere by set.</param>
/// <param name="Forecast">Scores of its forecasts.</param>
public sealed record SeedResult(ulong Seed, InferenceResult Inference, InferenceResult? StoryInference,
    IReadOnlyDictionary<string, double> Shifts, ForecastResult? Forecast)
{
    /// <summary>A run in brief.</summary>
    public static SeedResult Of(DemoResult run) => new(run.Seed, run.Base.Inference, run.Base.StoryInference,
        run.Tunings.ToDictionary(t => t.Name, t => t.Elsewhere.After - t.Elsewhere.Before), run.Forecast);
}
