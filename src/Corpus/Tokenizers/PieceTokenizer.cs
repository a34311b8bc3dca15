using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// The tokenizer of llama2.c: pieces with scores, as SentencePiece's BPE makes them. A text gets a space in front, falls into characters
/// (or bytes where a character has no piece), and the neighbours whose joint piece has the best score are joined until none are left.
/// </summary>
/// <remarks>File: the longest piece (4 bytes), then for each piece its score (float), length (4 bytes) and UTF-8 bytes. Karpathy,
/// llama2.c.</remarks>
public sealed class PieceTokenizer : ITokenizer
{
    // Every cut of every piece is looked up.
    private const int LongestPiece = 1 << 8;
    private const int ByteOffset = 3;
    private readonly byte[][] _pieces;
    private readonly PairMerges _merges;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    private PieceTokenizer(byte[][] pieces, float[] scores)
    {
        _pieces = pieces;
        for (int id = pieces.Length - 1; id >= 0; id--) _ids[Key(pieces[id])] = id;
        _merges = MergesOf(scores);
        Id = ContentId.Of("pieces", [.. pieces.Zip(scores, (p, s) => $"{Convert.ToHexString(p)}:{s:R}")]).ToString();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public int VocabularySize => _pieces.Length;

    /// <inheritdoc/>
    public int BeginId => 1;

    /// <inheritdoc/>
    public int EndId => 2;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Specials { get; } = new Dictionary<string, int> { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };

    /// <summary>Reads a tokenizer file of llama2.c.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabularySize">The number of pieces, which the file does not say.</param>
    /// <exception cref="UserErrorException">No such file, or not one with this many pieces.</exception>
    public static PieceTokenizer Load(string path, int vocabularySize)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Give the tokenizer file of llama2.c.", e);
        }
        ReadOnlySpan<byte> rest = file.AsSpan(Math.Min(4, file.Length));
        if (vocabularySize > rest.Length / 8 || vocabularySize < ByteOffset + 256) throw Broken(path, vocabularySize);
        var pieces = new byte[vocabularySize][];
        var scores = new float[vocabularySize];
        for (int id = 0; id < vocabularySize; id++)
        {
            if (rest.Length < 8) throw Broken(path, vocabularySize);
            scores[id] = BinaryPrimitives.ReadSingleLittleEndian(rest);
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
            if (length is < 0 or > LongestPiece || length > rest.Length - 8) throw Broken(path, vocabularySize);
            pieces[id] = rest.Slice(8, length).ToArray();
            rest = rest[(8 + length)..];
        }
        if (rest.Length > 0) throw Broken(path, vocabularySize);
        return new PieceTokenizer(pieces, scores);
    }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        var ids = new List<int>();
        if (text.Length == 0) return [];
        Span<byte> room = stackalloc byte[4];
        foreach (Rune rune in (" " + text).EnumerateRunes())
        {
            ReadOnlySpan<byte> utf8 = room[..rune.EncodeToUtf8(room)];
            if (_ids.TryGetValue(Key(utf8), out int id)) ids.Add(id);
            else foreach (byte b in utf8) ids.Add(b + ByteOffset);
        }
        return _merges.Join([.. ids]);
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>();
        foreach (int id in ids)
        {
            if (id < ByteOffset) continue;
            byte[] piece = _pieces[id];
            if (piece.Length == 6 && piece.AsSpan(0, 3).SequenceEqual("<0x"u8)) bytes.Add(byte.Parse(piece.AsSpan(3, 2),
                NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            else bytes.AddRange(piece);
        }
        string text = Encoding.UTF8.GetString([.. bytes]);
        return text.StartsWith(' ') ? text[1..] : text;
    }

    // Every way to make a piece out of two; equal scores are of equal rank, so that the first place in the text decides.
    private PairMerges MergesOf(float[] scores)
    {
        var merges = new PairMerges(4 * _pieces.Length);
        float[] ordered = [.. scores.Where(s => s > float.NegativeInfinity).Distinct().OrderDescending()];
        Dictionary<float, int> ranks = ordered.Select((score, rank) => (score, rank)).ToDictionary(s => s.score, s => s.rank);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach ((string key, int id) in _ids)
        {
            if (!ranks.TryGetValue(scores[id], out int rank)) continue;
            for (int cut = 1; cut < key.Length; cut++)
                if (ids.TryGetValue(key.AsSpan(0, cut), out int left) && ids.TryGetValue(key.AsSpan(cut), out int right))
                    merges.Set(left, right, rank, id);
        }
        return merges;
    }

    // Latin-1 keeps one character per byte, so bytes that are no text have a key too.
    private static string Key(ReadOnlySpan<byte> piece) => Encoding.Latin1.GetString(piece);

    private static UserErrorException Broken(string path, int size) => new("bad-tokenizer",
        $"{path} is not a llama2.c tokenizer with {size} pieces.", "Give the tokenizer file that belongs to the model.");
}
