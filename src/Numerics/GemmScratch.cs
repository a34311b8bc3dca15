namespace PersonaSelection.Numerics;

/// <summary>The buffers a matrix product packs its operands into: one per worker, grown on first use and kept.</summary>
public sealed unsafe class GemmScratch : IDisposable
{
    private FloatBuffer? _a, _b;

    internal float* A(long length) => Reserve(ref _a, length);

    internal float* B(long length) => Reserve(ref _b, length);

    /// <inheritdoc/>
    public void Dispose()
    {
        _a?.Dispose();
        _b?.Dispose();
    }

    internal static float* Reserve(ref FloatBuffer? buffer, long length)
    {
        if (buffer is null || buffer.Length < length)
        {
            buffer?.Dispose();
            buffer = new FloatBuffer(length);
        }
        return buffer.Pointer;
    }
}
