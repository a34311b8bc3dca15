using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>AdamW over a flat array, in slices shared out to the workers. Only [0, decayLength) decays.</summary>
internal sealed unsafe class Optimiser : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly (long Start, long Length)[] _slices;
    private readonly long _decayLength;
    private readonly Action<int, int> _job;
    private float* _parameters, _gradient;
    private float _rate, _scale;
    private readonly float _beta1, _beta2, _epsilon, _decay;

    public Optimiser(long length, long decayLength, double beta1, double beta2, double epsilon, double weightDecay, WorkerPool pool)
    {
        _pool = pool;
        _decayLength = decayLength;
        _slices = GradientEngine.Slices(decayLength, length);
        (_beta1, _beta2, _epsilon, _decay) = ((float)beta1, (float)beta2, (float)epsilon, (float)weightDecay);
        First = new FloatBuffer(length);
        Second = new FloatBuffer(length);
        _job = StepSlice;
    }

    /// <summary>Moments.</summary>
    public FloatBuffer First { get; }

    public FloatBuffer Second { get; }

    /// <summary>Steps taken.</summary>
    public int Step { get; set; }

    /// <summary>The factor that brings a gradient of this norm down to <paramref name="clipNorm"/>; 1 when it is below or clipping is off.</summary>
    public static double ClipFactor(double norm, double clipNorm) => clipNorm > 0 && norm > clipNorm ? clipNorm / norm : 1;

    /// <summary>One update with the gradient times <paramref name="gradientScale"/>.</summary>
    public void Update(float* parameters, float* gradient, double learningRate, double gradientScale)
    {
        _parameters = parameters;
        _gradient = gradient;
        (_rate, _scale) = ((float)learningRate, (float)gradientScale);
        Step++;
        _pool.Run(_slices.Length, _job);
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }

    private void StepSlice(int slice, int worker)
    {
        (long at, long length) = _slices[slice];
        AdamW.Step(length, _parameters + at, _gradient + at, First.Pointer + at, Second.Pointer + at, _rate, _beta1, _beta2, _epsilon,
            at < _decayLength ? _decay : 0, Step, _scale);
    }
}
