using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Momentum whose matrix is replaced by the nearest half-orthogonal one (Jordan et al. 2024, "Muon"): every direction of a hidden matrix
/// learns at the same pace. Newton-Schulz with the quintic 3.4445 x - 4.7750 x³ + 2.0315 x⁵, five rounds.
/// </summary>
internal sealed unsafe class Muon : IDisposable
{
    private const int Rounds = 5;
    private const float Momentum = 0.95f;

    private readonly FloatBuffer _x, _next, _gram, _square;
    private readonly GemmScratch _scratch = new();

    /// <summary>Memory for one thread.</summary>
    /// <param name="largest">Most floats in one matrix.</param>
    /// <param name="widest">Largest smaller side.</param>
    public Muon(long largest, int widest)
    {
        _x = new FloatBuffer(largest);
        _next = new FloatBuffer(largest);
        _gram = new FloatBuffer((long)widest * widest);
        _square = new FloatBuffer((long)widest * widest);
    }

    /// <summary>One step on a matrix [rows, columns] that lies inside a wider one.</summary>
    public void Step(int rows, int columns, int ld, float* weights, float* gradient, float* momentum, float learningRate, float weightDecay,
        float gradientScale)
    {
        bool flip = rows > columns;
        int r = Math.Min(rows, columns), c = Math.Max(rows, columns);
        float* x = _x.Pointer;
        for (int i = 0; i < rows; i++)
        {
            long at = (long)i * ld;
            for (int j = 0; j < columns; j++)
            {
                float g = gradient[at + j] * gradientScale;
                float m = momentum[at + j] = Momentum * momentum[at + j] + g;
                x[flip ? (long)j * c + i : (long)i * c + j] = g + Momentum * m;
            }
        }
        long length = (long)rows * columns;
        double norm = Math.Sqrt(Elementwise.SumOfSquares(length, x));
        if (norm > 0) Elementwise.Scale(length, (float)(1 / norm), x);
        x = Orthogonalise(r, c);
        float step = learningRate * MathF.Sqrt(Math.Max(1f, (float)columns / rows));
        float keep = 1 - learningRate * weightDecay;
        for (int i = 0; i < rows; i++)
        {
            float* w = weights + (long)i * ld;
            for (int j = 0; j < columns; j++) w[j] = keep * w[j] - step * x[flip ? (long)j * c + i : (long)i * c + j];
        }
    }

    public void Dispose()
    {
        _x.Dispose();
        _next.Dispose();
        _gram.Dispose();
        _square.Dispose();
        _scratch.Dispose();
    }

    /// <summary>x [r, c], r at most c: x becomes a x + (b A + c A²) x with A = x xᵀ, a few times.</summary>
    private float* Orthogonalise(int r, int c)
    {
        float* x = _x.Pointer, next = _next.Pointer, gram = _gram.Pointer, square = _square.Pointer;
        for (int round = 0; round < Rounds; round++)
        {
            Gemm.NT(r, r, c, x, c, x, c, gram, r, false, _scratch);
            Gemm.NN(r, r, r, gram, r, gram, r, square, r, false, _scratch);
            Elementwise.Scale((long)r * r, 2.0315f, square);
            Elementwise.Axpy((long)r * r, -4.7750f, gram, square);
            for (int i = 0; i < r; i++) square[(long)i * r + i] += 3.4445f;
            Gemm.NN(r, c, r, square, r, x, c, next, c, false, _scratch);
            float* other = x;
            x = next;
            next = other;
        }
        return x;
    }
}
