using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>A hidden matrix inside the flat array, or a part of a fused one.</summary>
internal readonly record struct HiddenMatrix(long Offset, int Rows, int Columns, int Stride);

/// <summary>
/// AdamW over a flat array, in slices shared out to the workers; only [0, decayLength) decays. Hidden matrices, where given, take Muon
/// steps instead, one job each.
/// </summary>
internal sealed unsafe class Optimiser : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly (long Start, long Length)[] _slices;
    private readonly HiddenMatrix[] _hidden;
    private readonly Muon[] _muon;
    private readonly long _decayLength;
    private readonly Action<int, int> _job;
    private readonly float _beta1, _beta2, _epsilon, _decay, _hiddenRate;
    private float* _parameters, _gradient;
    private float _rate, _scale;

    public Optimiser(long length, long decayLength, TrainOptions options, WorkerPool pool, IReadOnlyList<HiddenMatrix> hidden)
    {
        _pool = pool;
        _decayLength = decayLength;
        // The largest first: no worker should be left with one at the end.
        _hidden = options.HiddenLearningRate > 0 ? [.. hidden.OrderByDescending(h => (long)h.Rows * h.Columns)] : [];
        _slices = _hidden.Length == 0 ? GradientEngine.Slices(decayLength, length) : Between(decayLength, length);
        _muon = _hidden.Length == 0 ? [] : [.. Enumerable.Range(0, pool.Threads).Select(_ =>
            new Muon(_hidden.Max(h => (long)h.Rows * h.Columns), _hidden.Max(h => Math.Min(h.Rows, h.Columns))))];
        (_beta1, _beta2, _epsilon) = ((float)options.Beta1, (float)options.Beta2, (float)options.Epsilon);
        _decay = (float)options.WeightDecay;
        _hiddenRate = (float)(options.HiddenLearningRate / options.LearningRate);
        First = new FloatBuffer(length);
        Second = new FloatBuffer(length);
        _job = StepSlice;
    }

    /// <summary>Moments; Muon uses the first alone.</summary>
    public FloatBuffer First { get; }

    public FloatBuffer Second { get; }

    /// <summary>Steps taken.</summary>
    public int Step { get; set; }

    /// <summary>
    /// The factor that brings a gradient of this norm down to <paramref name="clipNorm"/>; 1 when it is below or clipping is off.
    /// </summary>
    public static double ClipFactor(double norm, double clipNorm) => clipNorm > 0 && norm > clipNorm ? clipNorm / norm : 1;

    /// <summary>One update with the gradient times <paramref name="gradientScale"/>.</summary>
    public void Update(float* parameters, float* gradient, double learningRate, double gradientScale)
    {
        _parameters = parameters;
        _gradient = gradient;
        (_rate, _scale) = ((float)learningRate, (float)gradientScale);
        Step++;
        _pool.Run(_hidden.Length + _slices.Length, _job);
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
        foreach (Muon muon in _muon) muon.Dispose();
    }

    private void StepSlice(int job, int worker)
    {
        if (job < _hidden.Length)
        {
            HiddenMatrix h = _hidden[job];
            _muon[worker].Step(h.Rows, h.Columns, h.Stride, _parameters + h.Offset, _gradient + h.Offset, First.Pointer + h.Offset,
                _rate * _hiddenRate, _decay, _scale);
            return;
        }
        (long at, long length) = _slices[job - _hidden.Length];
        AdamW.Step(length, _parameters + at, _gradient + at, First.Pointer + at, Second.Pointer + at, _rate, _beta1, _beta2, _epsilon,
            at < _decayLength ? _decay : 0, Step, _scale);
    }

    /// <summary>What no hidden matrix covers.</summary>
    private (long Start, long Length)[] Between(long decayLength, long length)
    {
        long first = _hidden.Min(h => h.Offset), end = _hidden.Max(h => h.Offset + (long)(h.Rows - 1) * h.Stride + h.Columns);
        return [.. GradientEngine.Slices(decayLength, length)
            .SelectMany(s => (IEnumerable<(long Start, long Length)>)[(s.Start, Math.Min(s.Start + s.Length, first) - s.Start),
                (Math.Max(s.Start, end), s.Start + s.Length - Math.Max(s.Start, end))])
            .Where(s => s.Length > 0)];
    }
}
