using System.Text;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Byte-pair encoding of UTF-8 bytes (Sennrich et al. 2016, Radford et al. 2019): every text has ids, and decoding gives back exactly that
/// text. A special token written out in a text is text, never the token.
/// </summary>
public sealed class ByteLevelBpeTokenizer : ITokenizer
{
    private const int MostCached = 1 << 16;
    private const int LongestCached = 64;
    private readonly byte[][] _tokens;
    private readonly HashSet<int> _specials;
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges;
    private readonly Dictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly Lock _cacheLock = new();

    /// <summary>A tokenizer from its parts: for the trainer and for readers of files.</summary>
    /// <param name="tokens">The bytes of every id; the text of the special ones.</param>
    /// <param name="specials">The ids that stand for no text.</param>
    /// <param name="merges">Pairs of ids that are joined, the first to be joined first.</param>
    /// <param name="beginId">Opens a document.</param>
    /// <param name="endId">Closes a document.</param>
    /// <exception cref="ArgumentException">A byte has no token, or a merge gives none.</exception>
    internal ByteLevelBpeTokenizer(byte[][] tokens, IEnumerable<int> specials, IReadOnlyList<(int Left, int Right)> merges, int beginId,
        int endId)
    {
        (_tokens, _specials, Merges, BeginId, EndId) = (tokens, [.. specials], merges, beginId, endId);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
            if (!_specials.Contains(id) && !ids.TryAdd(Key(tokens[id]), id))
                throw new ArgumentException($"The ids {ids[Key(tokens[id])]} and {id} stand for the same bytes.");
        for (int b = 0; b < 256; b++)
        {
            if (!ids.TryGetValue(Key([(byte)b]), out _byteIds[b])) throw new ArgumentException($"No token stands for the byte {b}.");
        }
        _merges = new Dictionary<(int, int), (int, int)>(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (int left, int right) = merges[rank];
            if (!ids.TryGetValue(Key([.. tokens[left], .. tokens[right]]), out int id))
                throw new ArgumentException($"Merge {rank} gives no token.");
            _merges.TryAdd((left, right), (rank, id));
        }
        Id = ContentId.Of("byte-bpe", [beginId, endId, .. _specials.Order().Cast<object>(), "tokens", .. tokens.Select(Convert.ToHexString),
            "merges", .. merges.Select(m => $"{m.Left} {m.Right}")]).ToString();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public int BeginId { get; }

    /// <inheritdoc/>
    public int EndId { get; }

    /// <summary>Pairs of ids that are joined, the first to be joined first.</summary>
    internal IReadOnlyList<(int Left, int Right)> Merges { get; }

    internal IEnumerable<int> Specials => _specials.Order();

    internal byte[] BytesOf(int id) => _tokens[id];

    /// <summary>Learns a tokenizer from texts; see <see cref="ByteLevelBpeTrainer"/>.</summary>
    /// <param name="texts">What to learn from.</param>
    /// <param name="vocabularySize">The most ids, at least 259: three specials and the bytes.</param>
    /// <param name="cancellation">Stops between merges.</param>
    public static ByteLevelBpeTokenizer Train(IEnumerable<string> texts, int vocabularySize, CancellationToken cancellation = default) =>
        ByteLevelBpeTrainer.Train(texts, vocabularySize, cancellation);

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 3 + 4);
        var pieces = new BytePieces(text);
        while (pieces.MoveNext()) ids.AddRange(EncodePiece(pieces.Current));
        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>(4 * ids.Length);
        foreach (int id in ids)
            if (!_specials.Contains(id)) bytes.AddRange(_tokens[id]);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private int[] EncodePiece(ReadOnlySpan<char> piece)
    {
        if (piece.Length > LongestCached) return Join(piece);
        lock (_cacheLock)
        {
            if (_cache.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out int[]? known)) return known;
        }
        int[] ids = Join(piece);
        lock (_cacheLock)
        {
            if (_cache.Count < MostCached) _cache.TryAdd(piece.ToString(), ids);
        }
        return ids;
    }

    // A queue of neighbours by rank, then place: n log n, so a long run without spaces costs no more per byte than a word.
    private int[] Join(ReadOnlySpan<char> piece)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, bytes);
        int n = bytes.Length;
        int[] ids = new int[n], previous = new int[n], next = new int[n];
        var queue = new PriorityQueue<(int At, int Left, int Right, int Joint), (int Rank, int At)>();
        void Offer(int at)
        {
            if (at >= 0 && next[at] < n && _merges.TryGetValue((ids[at], ids[next[at]]), out (int Rank, int Id) merge))
                queue.Enqueue((at, ids[at], ids[next[at]], merge.Id), (merge.Rank, at));
        }
        for (int i = 0; i < n; i++) (ids[i], previous[i], next[i]) = (_byteIds[bytes[i]], i - 1, i + 1);
        for (int i = 0; i < n; i++) Offer(i);
        while (queue.TryDequeue(out (int At, int Left, int Right, int Joint) pair, out _))
        {
            int at = pair.At;
            // An offer is stale once either side has been joined to something else.
            if (ids[at] != pair.Left || next[at] >= n || ids[next[at]] != pair.Right) continue;
            int gone = next[at];
            ids[at] = pair.Joint;
            ids[gone] = -1;
            next[at] = next[gone];
            if (next[at] < n) previous[next[at]] = at;
            Offer(at);
            Offer(previous[at]);
        }
        return [.. ids.Where(id => id >= 0)];
    }

    // Latin-1 keeps one character per byte, so bytes that are no text have a key too.
    internal static string Key(ReadOnlySpan<byte> token) => Encoding.Latin1.GetString(token);
}
