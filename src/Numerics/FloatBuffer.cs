using System.Runtime.InteropServices;

namespace PersonaSelection.Numerics;

/// <summary>
/// A block of floats outside the garbage collector's heap: 64-byte aligned, zero at first, freed by Dispose or the finaliser.
/// </summary>
public sealed unsafe class FloatBuffer : IDisposable
{
    private void* _block;
    private float* _pointer;

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public FloatBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        nuint bytes = (nuint)Math.Max(length, 1) * sizeof(float);
        // Zeros from the system: the pages of a large block are cleared where and when they are first written, by any thread.
        nuint alignment = bytes >= Memory.HugePage ? Memory.HugePage : 64;
        _block = NativeMemory.AllocZeroed(checked(bytes + alignment));
        _pointer = (float*)(((nuint)_block + alignment - 1) / alignment * alignment);
        if (alignment == Memory.HugePage) Memory.PreferHugePages(_pointer, bytes);
        Length = length;
    }

    /// <summary>Frees the block if nobody disposed of it.</summary>
    ~FloatBuffer() => Free();

    /// <summary>The number of floats.</summary>
    public long Length { get; }

    /// <summary>The first float. The caller keeps this object alive while the pointer is in use.</summary>
    /// <exception cref="ObjectDisposedException">The buffer is disposed.</exception>
    public float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer == null, this);
            return _pointer;
        }
    }

    /// <summary>A checked view of <paramref name="length"/> floats from <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view does not lie inside the buffer.</exception>
    public Span<float> Span(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset < 0 || offset > Length - length) throw new ArgumentOutOfRangeException(nameof(offset));
        return new Span<float>(Pointer + offset, length);
    }

    /// <summary>
    /// Gives the memory of <paramref name="length"/> floats from <paramref name="offset"/> back to the system, where it can; they may be
    /// written again, and until then hold nothing in particular.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The floats do not lie inside the buffer.</exception>
    public void Forget(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset < 0 || offset > Length - length) throw new ArgumentOutOfRangeException(nameof(offset));
        Memory.GiveBack(Pointer + offset, (nuint)length * sizeof(float));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_block);
        _block = _pointer = null;
    }
}
