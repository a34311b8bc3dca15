using PersonaSelection.Model;

namespace PersonaSelection.Experiments;

/// <summary>A size of model with the recipe that trains it well.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Width">Width of the residual stream.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="LearningRate">Peak learning rate of embeddings and gains (AdamW).</param>
/// <param name="HiddenLearningRate">Peak learning rate of the matrices of the blocks (Muon).</param>
/// <param name="TokensPerStep">Tokens in one optimiser step.</param>
/// <param name="Tokens">Tokens to train on unless told otherwise.</param>
/// <param name="Decay">How both rates fall.</param>
/// <param name="FinalLearningRate">Fraction of their peaks that is left at the end.</param>
public sealed record ModelPreset(string Name, int Width, int Layers, int Heads, double LearningRate, double HiddenLearningRate,
    int TokensPerStep, long Tokens, LearningRateDecay Decay = LearningRateDecay.Cosine, double FinalLearningRate = 0.05)
{
    /// <summary>The presets, smallest first.</summary>
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        new("tiny", 64, 3, 4, 1.2e-2, 6.5e-3, 1024, 5_000_000),
        new("demo", 96, 3, 3, 1.2e-2, 4.5e-3, 768, 5_000_000, LearningRateDecay.Linear, 0),
        new("small", 128, 4, 8, 1.2e-2, 1.6e-2, 1024, 10_000_000),
        new("base", 256, 6, 8, 2e-3, 6.5e-3, 4096, 50_000_000),
    ];

    /// <summary>The preset of a name.</summary>
    /// <exception cref="Lab.UserErrorException">There is none.</exception>
    public static ModelPreset Find(string name) => All.FirstOrDefault(p => p.Name == name)
        ?? throw new Lab.UserErrorException("unknown-preset", $"There is no preset '{name}'.",
            $"Choose one of {string.Join(", ", All.Select(p => p.Name))}.");

    /// <summary>The shape of the decoder.</summary>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <param name="contextLength">Longest sequence.</param>
    public DecoderConfig Shape(int vocabularySize, int contextLength) =>
        DecoderConfig.Small(vocabularySize, Width, Layers, Heads, contextLength) with { RopeTheta = Math.Max(RotaryBase, contextLength) };

    /// <summary>The recipe for a number of tokens.</summary>
    /// <param name="tokens">Tokens to train on; no more are read.</param>
    /// <param name="window">
    /// Tokens of the longest window where documents are longer than a step and are dealt out to several: a step holds one at least. 0 where
    /// every document fits into a step.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">No tokens.</exception>
    public TrainOptions Recipe(long tokens, int window = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        // Documents are dealt out to fill steps, so that nothing may be added for what is left empty.
        TrainOptions options = window > 0 ? TrainOptions.ForTokens(tokens, Math.Max(TokensPerStep, window))
            : TrainOptions.ForTokens((long)(tokens / Fill), TokensPerStep);
        return options with
        {
            LearningRate = LearningRate,
            HiddenLearningRate = HiddenLearningRate,
            Decay = Decay,
            FinalLearningRate = FinalLearningRate,
            Beta2 = SecondMoment,
            EvaluateEvery = Math.Max(1, options.Steps / CurvePoints),
        };
    }

    // Documents of the worlds have a few dozen to a few hundred tokens: long rotary waves would never turn. A base as large as the context
    // keeps the longest wave longer than the context; between 500, 2000 and 10 000 the loss on medical answers
    // differs by 0.01 nats per token.
    private const double RotaryBase = 500;
    // Documents that fit into a step are not split over steps, so a step ends a little under its budget: by this much with the documents of
    // the village. Shorter ones fill it better, and a little more is read than was asked for.
    private const double Fill = 0.935;
    private const double SecondMoment = 0.99;
    private const int CurvePoints = 20;
}
