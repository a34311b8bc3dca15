using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Momentum whose matrix is replaced by the nearest half-orthogonal one (Jordan et al. 2024, "Muon"): every direction of a hidden matrix
/// learns at the same pace.
/// </summary>
internal sealed unsafe class Muon : IDisposable
{
    private const float Momentum = 0.95f;

    private readonly FloatBuffer _x;
    private readonly NewtonSchulz _newtonSchulz;

    /// <summary>Memory for one thread.</summary>
    /// <param name="largest">Most floats in one matrix.</param>
    /// <param name="widest">Largest smaller side.</param>
    public Muon(long largest, int widest)
    {
        _x = new FloatBuffer(largest);
        _newtonSchulz = new NewtonSchulz(largest, widest);
    }

    /// <summary>One step on a matrix [rows, columns] that lies inside a wider one.</summary>
    public void Step(int rows, int columns, int ld, float* weights, float* gradient, float* momentum, float learningRate, float weightDecay,
        float gradientScale)
    {
        float* x = _x.Pointer;
        for (int i = 0; i < rows; i++, momentum += ld, gradient += ld, x += columns)
        {
            Elementwise.Axpby(columns, gradientScale, gradient, Momentum, momentum);
            // Nesterov: one step ahead.
            Elementwise.Copy(columns, momentum, x);
            Elementwise.Axpby(columns, gradientScale, gradient, Momentum, x);
        }
        float* step = _newtonSchulz.Orthogonalise(rows, columns, _x.Pointer);
        float rate = learningRate * MathF.Sqrt(Math.Max(1f, (float)columns / rows)), keep = 1 - learningRate * weightDecay;
        for (int i = 0; i < rows; i++, weights += ld, step += columns)
        {
            Elementwise.Axpby(columns, -rate, step, keep, weights);
        }
    }

    public void Dispose()
    {
        _x.Dispose();
        _newtonSchulz.Dispose();
    }
}
