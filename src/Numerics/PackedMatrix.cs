namespace PersonaSelection.Numerics;

/// <summary>
/// A right-hand matrix [K, N] stored in the panels that the GEMM kernels read. Any number of threads may read it between two packings.
/// </summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    private readonly FloatBuffer _panels;

    /// <summary>Room for a matrix [k, n], zero at first.</summary>
    public PackedMatrix(int k, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        (K, N) = (k, n);
        int width = KernelSet.Current.PanelWidth;
        _panels = new FloatBuffer((n + width - 1) / width * (long)width * k);
    }

    /// <summary>The rows: inputs of the layer.</summary>
    public int K { get; }

    /// <summary>The columns: outputs of the layer.</summary>
    public int N { get; }

    internal float* Panels => _panels.Pointer;

    /// <summary>Packs a matrix stored [k, n].</summary>
    public static PackedMatrix FromRows(int k, int n, float* b, int ldb) => new PackedMatrix(k, n).Pack(b, ldb, false);

    /// <summary>Packs the transpose of a matrix stored [n, k].</summary>
    public static PackedMatrix FromColumns(int k, int n, float* bT, int ldb) => new PackedMatrix(k, n).Pack(bT, ldb, true);

    /// <summary>Packs a matrix stored [K, N] with row stride <paramref name="ldb"/>, or [N, K] where it is given by columns.</summary>
    public PackedMatrix Pack(float* b, int ldb, bool byColumns)
    {
        KernelSet.Current.Pack(K, N, b, ldb, byColumns, _panels.Pointer);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose() => _panels.Dispose();
}
