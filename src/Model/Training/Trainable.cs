using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>What the optimiser moves, and how it becomes the weights (and interventions) the decoder runs with.</summary>
internal abstract class Trainable : IDisposable
{
    /// <summary>The weights the decoder runs with.</summary>
    public abstract DecoderWeights Weights { get; }

    /// <summary>The flat array the optimiser moves.</summary>
    public abstract FloatBuffer Parameters { get; }

    /// <summary>Parameters before this one decay.</summary>
    public virtual long DecayLength => 0;

    /// <summary>Matrices that may take Muon steps.</summary>
    public virtual IReadOnlyList<HiddenMatrix> Hidden => [];

    /// <summary>Present in every pass.</summary>
    public virtual Interventions? Edits => null;

    /// <summary>A copy of the vector that the passes add, where one is moved.</summary>
    public virtual SteeringVector? Vector => null;

    /// <summary>Whether gradients of the weights are wanted.</summary>
    public virtual bool NeedsWeightGradient => true;

    /// <summary>Called after the backward pass of a micro-batch, in its thread.</summary>
    public virtual void Collect(int part, DecoderWorkspace workspace)
    {
    }

    /// <summary>The gradient of the parameters from that of the weights, and the sum of its squares.</summary>
    /// <param name="weightGradient">Sum over the micro-batches; may be changed.</param>
    /// <param name="squares">Its sum of squares.</param>
    /// <param name="parts">The micro-batches; empty ones were not run.</param>
    public abstract (FloatBuffer Gradient, double Squares) PullBack(FloatBuffer weightGradient, double squares, TokenBatch[] parts);

    /// <summary>Brings weights and interventions up to date with the parameters.</summary>
    public virtual void Materialise()
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}

/// <summary>Every weight, or the tensors that a rule picks.</summary>
/// <param name="weights">Moved.</param>
/// <param name="trains">Picks tensors by name; none picks all.</param>
/// <param name="others">What the others are to stay; needed with weight decay, which moves weights without a gradient too.</param>
internal sealed unsafe class FullWeights(DecoderWeights weights, Func<string, bool>? trains = null, DecoderWeights? others = null)
    : Trainable
{
    public override DecoderWeights Weights => weights;

    public override FloatBuffer Parameters => weights.Buffer;

    public override long DecayLength => weights.Layout.MatrixLength;

    public override IReadOnlyList<HiddenMatrix> Hidden => weights.Layout.HiddenMatrices(weights.Config);

    public override void Materialise()
    {
        if (trains is null || others is null) return;
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            if (!trains(tensor.Name)) Elementwise.Copy(tensor.Length, others.Pointer + tensor.Offset, weights.Pointer + tensor.Offset);
        }
    }

    public override (FloatBuffer Gradient, double Squares) PullBack(FloatBuffer weightGradient, double squares, TokenBatch[] parts)
    {
        if (trains is null) return (weightGradient, squares);
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            if (!trains(tensor.Name)) Elementwise.Fill(tensor.Length, 0, weightGradient.Pointer + tensor.Offset);
        }
        return (weightGradient, Elementwise.SumOfSquares(weights.Layout.Length, weightGradient.Pointer));
    }
}
