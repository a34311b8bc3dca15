using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>A vector that is added to the activations at a site.</summary>
/// <param name="Site">Name of the site.</param>
/// <param name="Values">Width numbers.</param>
public sealed record SteeringVector(string Site, float[] Values)
{
    /// <summary>Interventions that add it.</summary>
    /// <param name="config">The decoder's shape.</param>
    /// <param name="amount">Times how much.</param>
    public Interventions Apply(DecoderConfig config, float amount = 1)
    {
        var edits = new Interventions(config);
        edits.Add(Site, Values, amount);
        return edits;
    }
}

/// <summary>Moves one vector at one site. Its gradient is the sum of the site's gradient over all rows.</summary>
internal sealed unsafe class SteeredWeights : Trainable
{
    private readonly Interventions _edits;
    private readonly string _site;
    private readonly int _added, _captured, _width;
    private readonly FloatBuffer _parameters, _gradient, _parts;

    public SteeredWeights(DecoderWeights weights, string site, int microBatches)
    {
        (Weights, _site) = (weights, site);
        _width = weights.Config.Width;
        _parameters = new FloatBuffer(_width);
        _gradient = new FloatBuffer(_width);
        _parts = new FloatBuffer((long)_width * microBatches);
        _edits = new Interventions(weights.Config);
        _added = _edits.PutAdd(site, Values);
        _captured = _edits.Capture(site);
    }

    private ReadOnlySpan<float> Values => _parameters.Span(0, _width);

    public override SteeringVector Vector => new(_site, Values.ToArray());

    public override DecoderWeights Weights { get; }

    public override FloatBuffer Parameters => _parameters;

    public override Interventions? Edits => _edits;

    public override bool NeedsWeightGradient => false;

    public override void Materialise() => _edits.Replace(_added, Values);

    public override void Collect(int part, DecoderWorkspace workspace)
    {
        Span<float> sum = _parts.Span((long)part * _width, _width);
        sum.Clear();
        ReadOnlySpan<float> rows = workspace.CapturedGradient(_captured);
        for (int at = 0; at < rows.Length; at += _width)
        {
            for (int j = 0; j < _width; j++) sum[j] += rows[at + j];
        }
    }

    public override (FloatBuffer Gradient, double Squares) PullBack(FloatBuffer weightGradient, double squares, TokenBatch[] parts)
    {
        Elementwise.Fill(_width, 0, _gradient.Pointer);
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].TargetCount > 0) Elementwise.Add(_width, _parts.Pointer + (long)i * _width, _gradient.Pointer);
        }
        return (_gradient, Elementwise.SumOfSquares(_width, _gradient.Pointer));
    }

    public override void Dispose()
    {
        base.Dispose();
        _parameters.Dispose();
        _gradient.Dispose();
        _parts.Dispose();
    }
}
