using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// Cached keys and values: for each layer, rows of <c>[k | v]</c>, a layer's rows <c>stride</c> floats after the last layer's.
/// </summary>
internal readonly unsafe struct CachedRows(float* rows, int length, long stride)
{
    /// <summary>The first row in layer 0; null when there are none.</summary>
    public readonly float* Rows = rows;

    /// <summary>Number of rows.</summary>
    public readonly int Length = length;

    public float* At(int layer) => Rows + layer * stride;

    /// <summary>Some of the rows, each <paramref name="width"/> floats.</summary>
    public CachedRows Slice(int first, int count, int width) => new(Rows + (long)first * width, count, stride);
}

/// <summary>
/// New rows for an inference pass, sequences laid end to end. Each sequence attends to a shared prefix, then to rows of its own, then to
/// its new rows, whose keys and values are stored where the sequence says. Grows on first use; refilling allocates nothing.
/// </summary>
internal sealed unsafe class InferenceBatch
{
    // Pinned arrays: their addresses hold for as long as the batch lives.
    private int[] _tokens = [], _positions = [], _headRows = [], _starts = GC.AllocateArray<int>(1, pinned: true);
    private int[] _prefixLengths = [], _ownLengths = [], _firstQueries = [];
    private nint[] _prefixPointers = [], _ownPointers = [];
    private CachedRows[] _prefixes = [], _own = [], _sinks = [];

    public int Rows { get; private set; }

    public int Sequences { get; private set; }

    public int HeadRows { get; private set; }

    public int* TokensPointer => (int*)Address(_tokens);

    public int* PositionsPointer => (int*)Address(_positions);

    public int* StartsPointer => (int*)Address(_starts);

    public int* HeadRowsPointer => (int*)Address(_headRows);

    public int* PrefixLengths => (int*)Address(_prefixLengths);

    public int* OwnLengths => (int*)Address(_ownLengths);

    /// <summary>For each sequence, the first of its rows that was asked for; their number when none was.</summary>
    public int* FirstQueries => (int*)Address(_firstQueries);

    public float** PrefixPointers => (float**)Address(_prefixPointers);

    public float** OwnPointers => (float**)Address(_ownPointers);

    public void Clear() => Rows = Sequences = HeadRows = 0;

    /// <summary>Adds new tokens after the rows of both caches; their positions follow on.</summary>
    /// <param name="tokens">At least one.</param>
    /// <param name="prefix">Rows seen first.</param>
    /// <param name="own">Rows seen next.</param>
    /// <param name="sink">Where the new keys and values go; a null pointer when nobody needs them.</param>
    /// <returns>The row of the first token.</returns>
    public int Add(ReadOnlySpan<int> tokens, CachedRows prefix, CachedRows own, CachedRows sink)
    {
        int first = Rows, s = Sequences;
        if (first + tokens.Length > _tokens.Length)
        {
            Grow(ref _tokens, first + tokens.Length, true);
            Grow(ref _positions, _tokens.Length, true);
            Grow(ref _headRows, _tokens.Length, true);
        }
        if (s + 1 > _prefixes.Length)
        {
            Grow(ref _prefixes, s + 1, false);
            Grow(ref _own, s + 1, false);
            Grow(ref _sinks, s + 1, false);
            Grow(ref _starts, s + 2, true);
            Grow(ref _prefixLengths, s + 1, true);
            Grow(ref _ownLengths, s + 1, true);
            Grow(ref _firstQueries, s + 1, true);
            Grow(ref _prefixPointers, s + 1, true);
            Grow(ref _ownPointers, s + 1, true);
        }
        tokens.CopyTo(_tokens.AsSpan(first));
        for (int i = 0; i < tokens.Length; i++) _positions[first + i] = prefix.Length + own.Length + i;
        (_prefixes[s], _own[s], _sinks[s]) = (prefix, own, sink);
        (_prefixLengths[s], _ownLengths[s], _firstQueries[s]) = (prefix.Length, own.Length, tokens.Length);
        Rows = first + tokens.Length;
        _starts[s + 1] = Rows;
        Sequences = s + 1;
        return first;
    }

    /// <summary>Asks for the logits of a row of the sequence added last.</summary>
    /// <returns>Its place among the head rows.</returns>
    public int AddHeadRow(int row)
    {
        ref int firstQuery = ref _firstQueries[Sequences - 1];
        firstQuery = Math.Min(firstQuery, row - _starts[Sequences - 1]);
        _headRows[HeadRows] = row;
        return HeadRows++;
    }

    /// <summary>Points the kernels' arguments at the caches of a layer.</summary>
    public void PointAtLayer(int layer)
    {
        for (int s = 0; s < Sequences; s++)
        {
            _prefixPointers[s] = (nint)_prefixes[s].At(layer);
            _ownPointers[s] = (nint)_own[s].At(layer);
        }
    }

    /// <summary>Copies the new rows' keys and values of a layer to the sinks.</summary>
    public void Store(int layer, float* keyValues, int stride, int width)
    {
        for (int s = 0; s < Sequences; s++)
        {
            if (_sinks[s].Rows == null) continue;
            float* to = _sinks[s].At(layer);
            for (int row = _starts[s]; row < _starts[s + 1]; row++, to += width)
                Elementwise.Copy(width, keyValues + (long)row * stride, to);
        }
    }

    private static void Grow<T>(ref T[] array, int length, bool pinned)
    {
        int size = Math.Max(length, 2 * array.Length);
        T[] grown = pinned ? GC.AllocateArray<T>(size, pinned: true) : new T[size];
        array.CopyTo(grown, 0);
        array = grown;
    }

    private static void* Address<T>(T[] array) => Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
}
