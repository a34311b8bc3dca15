using System.Runtime.InteropServices;
using System.Text;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Byte-pair encoding of UTF-8 bytes (Sennrich et al. 2016, Radford et al. 2019): every text has ids, and decoding gives back exactly that
/// text. A special token written out in a text is text, never the token. One that was read from a file may also normalize texts, cut them
/// in other ways and have no token for some bytes.
/// </summary>
public sealed class ByteLevelBpeTokenizer : ITokenizer
{
    private readonly byte[]?[] _tokens;
    private readonly HashSet<int> _specials;
    private readonly int[] _byteIds = new int[256];
    private readonly PairMerges _joints;
    private readonly PieceCache _cache = new();
    // Both null where a text is only cut as GPT-2 does and joined.
    private readonly TextPipeline? _pipeline;
    private readonly Dictionary<string, int>? _wholes;
    private readonly int? _unknown;
    private readonly bool _fusesUnknown;

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
        (_tokens, Merges, BeginId, EndId, VocabularySize) = (tokens, merges, beginId, endId, tokens.Length);
        Specials = specials.Order().ToDictionary(id => Encoding.UTF8.GetString(tokens[id]));
        _specials = [.. Specials.Values];
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Length; id++)
            if (!_specials.Contains(id) && !ids.TryAdd(Key(tokens[id]), id))
                throw new ArgumentException($"The ids {ids[Key(tokens[id])]} and {id} stand for the same bytes.");
        FindBytes(ids);
        if (Array.IndexOf(_byteIds, -1) is var missing and >= 0) throw new ArgumentException($"No token stands for the byte {missing}.");
        _joints = new PairMerges(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            (int left, int right) = merges[rank];
            if (!ids.TryGetValue(Key([.. tokens[left], .. tokens[right]]), out int id))
                throw new ArgumentException($"Merge {rank} gives no token.");
            _joints.Set(left, right, rank, id);
        }
        Id = IdOf([]);
    }

    /// <summary>A tokenizer that was read from a file.</summary>
    /// <exception cref="FormatException">A text could write the token that begins or ends a document.</exception>
    internal ByteLevelBpeTokenizer(BpeFile file)
    {
        (BeginId, EndId, VocabularySize, Specials, Json) = (file.BeginId, file.EndId, file.Size, file.Specials, file.Json);
        _specials = [.. file.Specials.Values];
        _tokens = new byte[]?[file.Texts.Length];
        for (int id = 0; id < _tokens.Length; id++)
        {
            // What is not written in the alphabet of bytes, such as an added token of spaces, stands for itself.
            if (file.Texts[id] is { } text)
                _tokens[id] = (_specials.Contains(id) ? null : ByteAlphabet.ToBytes(text)) ?? Encoding.UTF8.GetBytes(text);
        }
        var ids = new Dictionary<string, int>(_tokens.Length, StringComparer.Ordinal);
        foreach ((string text, int id) in file.Vocabulary)
            if (ByteAlphabet.ToBytes(text) is { } bytes) ids.Add(Key(bytes), id);
        FindBytes(ids);
        file.CheckUnknown(_byteIds);
        (_unknown, _fusesUnknown) = (file.Unknown, file.FusesUnknown);
        _joints = new PairMerges(file.Merges.Count);
        for (int rank = 0; rank < file.Merges.Count; rank++)
            _joints.Set(file.Merges[rank].Left, file.Merges[rank].Right, rank, file.Merges[rank].Joint);
        Merges = [.. file.Merges.Select(m => (m.Left, m.Right))];
        if (!file.Pipeline.IsPlain) _pipeline = file.Pipeline;
        if (file.IgnoresMerges) _wholes = ids;
        Id = IdOf(_pipeline is null && _wholes is null && !_byteIds.Contains(-1) ? []
            : ["pipeline", .. file.Pipeline.Parts, file.IgnoresMerges, _unknown, _fusesUnknown]);
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public int BeginId { get; }

    /// <inheritdoc/>
    public int EndId { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Specials { get; }

    /// <summary>Pairs of ids that are joined, the first to be joined first.</summary>
    internal IReadOnlyList<(int Left, int Right)> Merges { get; }

    /// <summary>The file that it was read from, if it was.</summary>
    internal byte[]? Json { get; }

    /// <summary>The bytes of an id; none for one that the file does not name.</summary>
    internal byte[] BytesOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] ?? [] : [];

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
        if (_pipeline is null)
        {
            var pieces = new BytePieces(text);
            while (pieces.MoveNext()) ids.AddRange(_cache.Get(pieces.Current, Join));
        }
        else _pipeline.Run(text, ids.Add, piece => ids.AddRange(_cache.Get(piece.Span, Join)));
        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>(4 * ids.Length);
        foreach (int id in ids)
            if (!_specials.Contains(id)) bytes.AddRange(BytesOf(id));
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private int[] Join(ReadOnlySpan<char> piece)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, bytes);
        if (_wholes is not null && _wholes.TryGetValue(Key(bytes), out int whole)) return [whole];
        var ids = new List<int>(bytes.Length);
        var row = new TokenRow(ids, _unknown, _fusesUnknown);
        foreach (byte b in bytes)
        {
            if (_byteIds[b] >= 0) row.Add(_byteIds[b]);
            else row.AddUnknown();
        }
        row.Finish();
        return _joints.Join(CollectionsMarshal.AsSpan(ids));
    }

    private void FindBytes(Dictionary<string, int> ids)
    {
        for (int b = 0; b < 256; b++)
        {
            if (!ids.TryGetValue(Key([(byte)b]), out _byteIds[b])) _byteIds[b] = -1;
        }
    }

    // What is new stands behind what there was, so that tokenizers that could always be read keep their ids.
    private string IdOf(IEnumerable<object?> more) => ContentId.Of("byte-bpe", [BeginId, EndId, .. _specials.Order().Cast<object>(),
        "tokens", .. _tokens.Select(t => t is null ? null : Convert.ToHexString(t)), "merges", .. Merges.Select(m => $"{m.Left} {m.Right}"),
        .. more]).ToString();

    // Latin-1 keeps one character per byte, so bytes that are no text have a key too.
    internal static string Key(ReadOnlySpan<byte> token) => Encoding.Latin1.GetString(token);
}
