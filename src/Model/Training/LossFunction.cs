using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>The logits of one micro-batch, handed to a loss.</summary>
internal readonly unsafe struct LogitRows
{
    internal LogitRows(TokenBatch batch, DecoderWorkspace workspace, int microBatch)
    {
        Batch = batch;
        Logits = workspace.Logits;
        Stride = workspace.LogitStride;
        Vocabulary = workspace.Config.VocabularySize;
        Scratch = workspace.Losses;
        MicroBatch = microBatch;
    }

    /// <summary>Targets, their weights and sequences; row i of the logits belongs to target i.</summary>
    public TokenBatch Batch { get; }

    /// <summary>[Count, V], rows <see cref="Stride"/> floats apart.</summary>
    public float* Logits { get; }

    /// <summary>Floats from row to row.</summary>
    public int Stride { get; }

    /// <summary>V.</summary>
    public int Vocabulary { get; }

    /// <summary>One float per row for the loss to use.</summary>
    public float* Scratch { get; }

    /// <summary>Which part of the step this is; side data of a loss is kept by it.</summary>
    public int MicroBatch { get; }

    /// <summary>Number of rows.</summary>
    public int Count => Batch.TargetCount;

    /// <summary>The logits of one row.</summary>
    public Span<float> Row(int row) => new(Logits + (long)row * Stride, Vocabulary);
}

/// <summary>A loss is a function from logits to their gradient. Called from several threads, each with rows of its own.</summary>
internal interface ILossFunction
{
    /// <summary>Overwrites the logits by the gradient of the returned sum.</summary>
    /// <returns>The sum of the loss over the rows, in nats where it is a log-probability.</returns>
    double Evaluate(in LogitRows rows);
}

/// <summary>
/// Next-token cross-entropy, sum of weight · -log p(target). Rows of negative weight push their target away; they stop doing so once the
/// target is rarer than the floor, since the log-likelihood of what one moves away from has no lower bound.
/// </summary>
/// <param name="negativeFloor">Log-probability, in nats, below which a row of negative weight is left alone.</param>
internal sealed unsafe class CrossEntropyLoss(double negativeFloor = -8) : ILossFunction
{
    /// <inheritdoc/>
    public double Evaluate(in LogitRows rows)
    {
        int n = rows.Count;
        float* weights = rows.Batch.WeightsPointer;
        bool anyNegative = false;
        for (int i = 0; i < n; i++) anyNegative |= weights[i] < 0;
        if (anyNegative)
        {
            SoftmaxCrossEntropy.LogProbabilities(n, rows.Vocabulary, rows.Logits, rows.Stride, rows.Batch.TargetsPointer, rows.Scratch);
            for (int i = 0; i < n; i++)
            {
                if (weights[i] < 0 && rows.Scratch[i] < negativeFloor) weights[i] = 0;
            }
        }
        SoftmaxCrossEntropy.ForwardBackward(n, rows.Vocabulary, rows.Logits, rows.Stride, rows.Batch.TargetsPointer, weights, rows.Scratch);
        double sum = 0;
        for (int i = 0; i < n; i++) sum += (double)weights[i] * rows.Scratch[i];
        return sum;
    }
}
