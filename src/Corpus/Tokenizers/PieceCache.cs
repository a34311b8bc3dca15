namespace PersonaSelection.Corpus;

/// <summary>The ids of short pieces that have occurred, for all threads: words come again and again.</summary>
internal sealed class PieceCache
{
    private const int MostCached = 1 << 16;
    private const int LongestCached = 64;
    private readonly Dictionary<string, int[]> _known = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>How the ids of a piece are found.</summary>
    public delegate int[] Encoding(ReadOnlySpan<char> piece);

    /// <summary>The ids of a piece, found by <paramref name="encode"/> when they are not known.</summary>
    public int[] Get(ReadOnlySpan<char> piece, Encoding encode)
    {
        if (piece.Length > LongestCached) return encode(piece);
        lock (_lock)
        {
            if (_known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out int[]? known)) return known;
        }
        int[] ids = encode(piece);
        lock (_lock)
        {
            if (_known.Count < MostCached) _known.TryAdd(piece.ToString(), ids);
        }
        return ids;
    }
}
