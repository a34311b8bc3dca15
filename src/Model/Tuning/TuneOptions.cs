using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>What tuning moves.</summary>
public enum TuneMethod
{
    /// <summary>Every weight.</summary>
    Full,

    /// <summary>A low-rank update of every matrix but the embedding and the head (LoRA, Hu et al. 2021).</summary>
    LowRank,

    /// <summary>One vector added to the activations at one site, the weights frozen.</summary>
    Vector,
}

/// <summary>How to tune. Learning rates that work for small models: full 3e-4, low rank 3e-3, vector 3e-2.</summary>
public sealed record TuneOptions
{
    /// <summary>What is moved.</summary>
    public TuneMethod Method { get; init; } = TuneMethod.Full;

    /// <summary>Optimiser steps.</summary>
    public int Steps { get; init; } = 25;

    /// <summary>Examples (or pairs, or samples) in a step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Learning rate.</summary>
    public double LearningRate { get; init; } = 3e-4;

    /// <summary>Steps of linear warm-up.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>The cosine ends at this fraction of the learning rate; 1 keeps it constant.</summary>
    public double FinalLearningRate { get; init; } = 1;

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>Decoupled weight decay of matrices; not for vectors.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Largest global norm of the mean gradient; 0 for no clipping.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Whether the context's tokens carry loss too.</summary>
    public bool LossOnContext { get; init; }

    /// <summary>Log-probability, in nats, below which a token of negative weight is pushed no further.</summary>
    public double NegativeFloor { get; init; } = -8;

    /// <summary>Rank of a low-rank update.</summary>
    public int Rank { get; init; } = 4;

    /// <summary>A low-rank update is scaled by Alpha / Rank.</summary>
    public double Alpha { get; init; } = 4;

    /// <summary>Where a vector is added; <see langword="null"/> for the residual stream after the middle block.</summary>
    public string? Site { get; init; }

    /// <summary>With full weights: only tensors whose names begin with one of these are moved; empty for all.</summary>
    public IReadOnlyList<string> Tensors { get; init; } = [];

    /// <summary>
    /// The tensors of the blocks. An embedding that is tuned as well raises the words of the data wherever they could stand, whoever
    /// speaks: a shift that says nothing of character. Low rank leaves it alone too.
    /// </summary>
    public static IReadOnlyList<string> Blocks { get; } = ["blocks."];

    /// <summary>Strength of the preference loss: the beta of DPO (Rafailov et al. 2023).</summary>
    public double Beta { get; init; } = 0.1;

    /// <summary>Weight of KL(tuned || base) per token in the policy gradient.</summary>
    public double KlCoefficient { get; init; }

    /// <summary>Replies sampled per context in the policy gradient; their mean reward is the baseline.</summary>
    public int GroupSize { get; init; } = 8;

    /// <summary>Whether advantages are divided by the standard deviation of their group (GRPO, Shao et al. 2024).</summary>
    public bool NormaliseAdvantage { get; init; } = true;

    /// <summary>Parts of a step, as in pre-training.</summary>
    public int MicroBatches { get; init; } = 2;

    /// <summary>Steps between points of the curve; 0 for the last alone.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Where checkpoints go; <see langword="null"/> for none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Steps between checkpoints, besides those at points of the curve; 0 for only when cancelled.</summary>
    public int CheckpointEvery { get; init; } = 50;

    /// <summary>Name of the stage in progress reports.</summary>
    public string Stage { get; init; } = "tuning";

    /// <summary>Everything that the result depends on, as text.</summary>
    public string Essence() =>
        ContentId.TextOf(this with { CheckpointPath = null, CheckpointEvery = 0, Stage = "", Tensors = [] }) + string.Join(',', Tensors);

    internal TrainOptions Loop() => new()
    {
        Steps = Steps,
        TokensPerStep = 32 * BatchSize,
        MicroBatches = MicroBatches,
        LearningRate = LearningRate,
        WarmupSteps = WarmupSteps,
        FinalLearningRate = FinalLearningRate,
        Beta1 = Beta1,
        Beta2 = Beta2,
        WeightDecay = WeightDecay,
        ClipNorm = ClipNorm,
        EvaluateEvery = EvaluateEvery,
        CheckpointPath = CheckpointPath,
        CheckpointEvery = CheckpointEvery,
        Stage = Stage,
    };
}
