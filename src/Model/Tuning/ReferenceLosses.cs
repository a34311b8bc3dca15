using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>The log-probabilities of a frozen model at the rows of a micro-batch; each micro-batch has memory of its own.</summary>
internal sealed unsafe class ReferenceModel : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly Decoder _decoder;
    private readonly DecoderWorkspace[] _workspaces;
    private readonly FloatBuffer?[] _current;

    public ReferenceModel(DecoderWeights weights, int microBatches)
    {
        _weights = weights;
        _decoder = new Decoder(weights.Config);
        _workspaces = [.. Enumerable.Range(0, microBatches).Select(_ => new DecoderWorkspace(weights.Config, forBackward: false))];
        _current = new FloatBuffer?[microBatches];
    }

    /// <summary>
    /// log q under the reference; <paramref name="current"/> is log p of the logits given; both [rows, V] with the stride of the logits.
    /// </summary>
    public float* LogProbabilities(in LogitRows rows, out float* current)
    {
        DecoderWorkspace workspace = _workspaces[rows.MicroBatch];
        _decoder.Forward(_weights, rows.Batch, workspace);
        SoftmaxCrossEntropy.LogSoftmax(rows.Count, rows.Vocabulary, workspace.Logits, workspace.LogitStride);
        long length = (long)rows.Count * rows.Stride;
        if (_current[rows.MicroBatch] is not { } buffer || buffer.Length < length)
        {
            _current[rows.MicroBatch]?.Dispose();
            _current[rows.MicroBatch] = buffer = new FloatBuffer(length);
        }
        current = buffer.Pointer;
        Elementwise.Copy(length, rows.Logits, current);
        SoftmaxCrossEntropy.LogSoftmax(rows.Count, rows.Vocabulary, current, rows.Stride);
        return workspace.Logits;
    }

    public void Dispose()
    {
        foreach (DecoderWorkspace workspace in _workspaces) workspace.Dispose();
        foreach (FloatBuffer? buffer in _current) buffer?.Dispose();
        _decoder.Dispose();
    }
}

/// <summary>
/// Another loss plus coefficient · KL(p || q) at every row, p the model being trained and q a frozen reference, summed over the whole
/// vocabulary: d KL / d logit_j = p_j (log p_j - log q_j - KL).
/// </summary>
internal sealed unsafe class ReferenceKlLoss : ILossFunction, IDisposable
{
    private readonly ILossFunction _inner;
    private readonly double _coefficient;
    private readonly ReferenceModel _reference;

    /// <summary>Wraps a loss.</summary>
    /// <param name="inner">The other loss.</param>
    /// <param name="coefficient">Weight of the KL of each row.</param>
    /// <param name="reference">The frozen weights.</param>
    /// <param name="microBatches">Micro-batches in a step.</param>
    public ReferenceKlLoss(ILossFunction inner, double coefficient, DecoderWeights reference, int microBatches)
    {
        (_inner, _coefficient) = (inner, coefficient);
        _reference = new ReferenceModel(reference, microBatches);
    }

    /// <inheritdoc/>
    public double Evaluate(in LogitRows rows)
    {
        float* reference = _reference.LogProbabilities(rows, out float* current);
        double sum = _inner.Evaluate(rows);
        for (int i = 0; i < rows.Count; i++)
        {
            float* p = current + (long)i * rows.Stride;
            float* q = reference + (long)i * rows.Stride;
            float* gradient = rows.Logits + (long)i * rows.Stride;
            double kl = 0;
            for (int j = 0; j < rows.Vocabulary; j++) kl += Math.Exp(p[j]) * (p[j] - q[j]);
            for (int j = 0; j < rows.Vocabulary; j++) gradient[j] += (float)(_coefficient * Math.Exp(p[j]) * (p[j] - q[j] - kl));
            sum += _coefficient * kl;
        }
        return sum;
    }

    /// <inheritdoc/>
    public void Dispose() => _reference.Dispose();
}

/// <summary>
/// Distillation: the sum of weight · KL(q || p) over the rows, q the teacher and p the model being trained; the gradient is p - q.
/// </summary>
internal sealed unsafe class DistillationLoss : ILossFunction, IDisposable
{
    private readonly ReferenceModel _teacher;

    /// <summary>Learns from a teacher of the same vocabulary.</summary>
    /// <param name="teacher">The frozen weights.</param>
    /// <param name="microBatches">Micro-batches in a step.</param>
    public DistillationLoss(DecoderWeights teacher, int microBatches) => _teacher = new ReferenceModel(teacher, microBatches);

    /// <inheritdoc/>
    public double Evaluate(in LogitRows rows)
    {
        float* teacher = _teacher.LogProbabilities(rows, out float* current);
        double sum = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            float* p = current + (long)i * rows.Stride;
            float* q = teacher + (long)i * rows.Stride;
            double weight = rows.Batch.Weights[i];
            Span<float> gradient = rows.Row(i);
            for (int j = 0; j < gradient.Length; j++)
            {
                double chance = Math.Exp(q[j]);
                sum += weight * chance * (q[j] - p[j]);
                gradient[j] = (float)(weight * (Math.Exp(p[j]) - chance));
            }
        }
        return sum;
    }

    /// <inheritdoc/>
    public void Dispose() => _teacher.Dispose();
}
