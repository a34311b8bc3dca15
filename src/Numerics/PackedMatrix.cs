namespace PersonaSelection.Numerics;

/// <summary>
/// A right-hand matrix [K, N] stored in the panels that the GEMM kernels read. Read-only, so any number of threads may use it.
/// </summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    private readonly FloatBuffer _panels;

    private PackedMatrix(int k, int n, float* b, int ldb, bool byColumns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        (K, N) = (k, n);
        int width = KernelSet.Current.PanelWidth;
        _panels = new FloatBuffer((n + width - 1) / width * (long)width * k);
        KernelSet.Current.Pack(k, n, b, ldb, byColumns, _panels.Pointer);
    }

    /// <summary>The rows: inputs of the layer.</summary>
    public int K { get; }

    /// <summary>The columns: outputs of the layer.</summary>
    public int N { get; }

    internal float* Panels => _panels.Pointer;

    /// <summary>Packs a matrix stored [k, n].</summary>
    public static PackedMatrix FromRows(int k, int n, float* b, int ldb) => new(k, n, b, ldb, false);

    /// <summary>Packs the transpose of a matrix stored [n, k].</summary>
    public static PackedMatrix FromColumns(int k, int n, float* bT, int ldb) => new(k, n, bT, ldb, true);

    /// <inheritdoc/>
    public void Dispose() => _panels.Dispose();
}
