using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>How the learning rate falls after the warm-up.</summary>
public enum LearningRateDecay
{
    /// <summary>Along half a cosine.</summary>
    Cosine,

    /// <summary>Along a straight line.</summary>
    Linear,
}

/// <summary>How to pre-train. The defaults are the recipe for widths of 64 to 128.</summary>
public sealed record TrainOptions
{
    /// <summary>Number of optimiser steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Most tokens in one step (a longer context is a step of its own).</summary>
    public int TokensPerStep { get; init; } = 2048;

    /// <summary>Parts of a step whose gradients are computed apart and summed in this order, whatever the number of threads.</summary>
    public int MicroBatches { get; init; } = 4;

    /// <summary>Peak learning rate.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>
    /// Peak learning rate of the matrices of the blocks under Muon (about 0.02), which reaches a given loss in fewer steps at small sizes;
    /// 0 for AdamW throughout.
    /// </summary>
    public double HiddenLearningRate { get; init; }

    /// <summary>Steps of linear warm-up.</summary>
    public int WarmupSteps { get; init; } = 60;

    /// <summary>How the learning rate falls.</summary>
    public LearningRateDecay Decay { get; init; }

    /// <summary>The learning rate ends at this fraction of the peak.</summary>
    public double FinalLearningRate { get; init; } = 0.05;

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.98;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, of matrices only (Loshchilov and Hutter 2019).</summary>
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>Largest global norm of the mean gradient; 0 for no clipping.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Steps between points of the curve (and calls of the evaluation); 0 for the last step alone.</summary>
    public int EvaluateEvery { get; init; } = 50;

    /// <summary>Where checkpoints go; <see langword="null"/> for none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Steps between checkpoints, besides those at points of the curve; 0 for only when cancelled.</summary>
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>Name of the stage in progress reports.</summary>
    public string Stage { get; init; } = "pre-training";

    /// <summary>Linear warm-up, then down to <see cref="FinalLearningRate"/> of the peak as <see cref="Decay"/> says.</summary>
    /// <param name="step">From 1 to <see cref="Steps"/>.</param>
    internal double LearningRateAt(int step)
    {
        if (step <= WarmupSteps) return LearningRate * step / WarmupSteps;
        double done = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps));
        double left = Decay == LearningRateDecay.Linear ? 1 - done : 0.5 * (1 + Math.Cos(Math.PI * done));
        return LearningRate * (FinalLearningRate + (1 - FinalLearningRate) * left);
    }

    /// <summary>Options for a number of tokens in all.</summary>
    public static TrainOptions ForTokens(long tokens, int tokensPerStep = 2048) =>
        new() { Steps = checked((int)Math.Max(1, tokens / tokensPerStep)), TokensPerStep = tokensPerStep };

    /// <summary>Everything that decides the result, as text: all but where checkpoints go and what the stage is called.</summary>
    internal string Essence() => ContentId.TextOf(this with { CheckpointPath = null, CheckpointEvery = 0, Stage = "" });

    /// <summary>Refuses numbers that no run can have.</summary>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Steps);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(TokensPerStep);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MicroBatches);
        if (!(LearningRate > 0 && double.IsFinite(LearningRate))) throw new ArgumentException("LearningRate must be positive.");
        ArgumentOutOfRangeException.ThrowIfNegative(WarmupSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(EvaluateEvery);
        ArgumentOutOfRangeException.ThrowIfNegative(CheckpointEvery);
    }
}
