namespace PersonaSelection.Numerics;

/// <summary>
/// The nearest half-orthogonal matrix, about: three rounds of odd quintics on the singular values, which bring those from a hundredth of
/// the norm upwards to between 0.73 and 1.27. Working memory for one thread. Scalar twin: <c>ScalarNewtonSchulz</c>.
/// </summary>
/// <remarks>
/// With A = X Xᵀ a round is X' = P X and A' = P A P, P = a + b A + c A². All of them are polynomials of the first A: they commute and
/// are symmetric, so that rounds are taken on the small side alone, half of each product is computed, and X is multiplied once, by the
/// product of the P.
/// </remarks>
public sealed unsafe class NewtonSchulz : IDisposable
{
    /// <summary>
    /// Of a x + b x³ + c x⁵, one round after the other. Each comes nearest to 1, in the largest distance, over what the rounds before make
    /// of [0.01, 1] (Amsel et al. 2025, "Polar Express"). Five equal rounds (Jordan et al. 2024) take nearly twice the
    /// products for as good an end.
    /// </summary>
    internal static readonly (float Linear, float Cubic, float Quintic)[] Rounds =
        [(8.0934f, -23.6204f, 17.4462f), (3.6366f, -2.7219f, 0.5365f), (2.6613f, -1.9772f, 0.4526f)];

    /// <summary>Where the rounds were fitted, in parts of the norm.</summary>
    internal const double Least = 0.01;

    private readonly FloatBuffer _result, _gram, _polynomial, _factor, _spare;
    private readonly GemmScratch _scratch = new();

    /// <summary>Memory for matrices up to a size.</summary>
    /// <param name="largest">Most floats in one matrix.</param>
    /// <param name="widest">Largest smaller side.</param>
    public NewtonSchulz(long largest, int widest)
    {
        FloatBuffer Square() => new((long)widest * widest);
        _result = new FloatBuffer(largest);
        (_gram, _polynomial, _factor, _spare) = (Square(), Square(), Square(), Square());
    }

    /// <summary>Of x [rows, columns] without gaps, which is scaled to norm 1 on the way; zero stays zero.</summary>
    /// <returns>[rows, columns], valid until the next call.</returns>
    public float* Orthogonalise(int rows, int columns, float* x)
    {
        long length = (long)rows * columns;
        int r = Math.Min(rows, columns);
        double norm = Math.Sqrt(Elementwise.SumOfSquares(length, x));
        if (norm > 0) Elementwise.Scale(length, (float)(1 / norm), x);
        Gram(rows, columns, x);
        float* factor = Factor(r);
        if (rows <= columns) Gemm.NN(r, columns, r, factor, r, x, columns, _result.Pointer, columns, false, _scratch);
        else Gemm.NN(rows, r, r, x, r, factor, r, _result.Pointer, r, false, _scratch);
        return _result.Pointer;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FloatBuffer buffer in (FloatBuffer[])[_result, _gram, _polynomial, _factor, _spare]) buffer.Dispose();
        _scratch.Dispose();
    }

    /// <summary>X Xᵀ or Xᵀ X, whichever is smaller.</summary>
    private void Gram(int rows, int columns, float* x)
    {
        bool wide = rows <= columns;
        (int r, int k) = wide ? (rows, columns) : (columns, rows);
        float* panels = Pack(k, r, x, columns, wide);
        KernelSet.Current.SymmetricProduct(r, k, x, wide ? columns : 1, wide ? 1 : columns, panels, _gram.Pointer, r);
    }

    /// <summary>The product of the rounds' polynomials.</summary>
    private float* Factor(int r)
    {
        float* gram = _gram.Pointer, polynomial = _polynomial.Pointer, factor = _factor.Pointer, spare = _spare.Pointer;
        for (int round = 1; ; round++)
        {
            Times(r, gram, Pack(r, r, gram, r, false), polynomial);
            (float linear, float cubic, float quintic) = Rounds[round - 1];
            Elementwise.Axpby((long)r * r, cubic, gram, quintic, polynomial);
            for (int i = 0; i < r; i++) polynomial[(long)i * r + i] += linear;
            float* panels = Pack(r, r, polynomial, r, false);
            if (round == 1)
            {
                Elementwise.Copy((long)r * r, polynomial, factor);
            }
            else
            {
                Times(r, factor, panels, spare);
                float* other = factor;
                factor = spare;
                spare = other;
            }
            if (round == Rounds.Length) return factor;
            Times(r, gram, panels, spare);
            Times(r, spare, panels, gram);
        }
    }

    private float* Pack(int k, int n, float* x, int ld, bool byColumns)
    {
        int width = KernelSet.Current.PanelWidth;
        float* panels = _scratch.B((n + width - 1) / width * (long)width * k);
        KernelSet.Current.Pack(k, n, x, ld, byColumns, panels);
        return panels;
    }

    private static void Times(int r, float* a, float* panels, float* c) => KernelSet.Current.SymmetricProduct(r, r, a, r, 1, panels, c, r);
}
