using System.Globalization;
using System.Text;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Byte-pair encoding of characters, as SentencePiece makes it and the tokenizers of Llama 2, TinyLlama and Mistral hold it: spaces are a
/// sign of their own (▁), and a character without a token falls back to its UTF-8 bytes. A special token written out in a text is text,
/// never the token.
/// </summary>
/// <remarks>
/// Where the file puts a ▁ before every text (a normalizer <c>Prepend</c>, or <c>Metaspace</c> with <c>always</c>), so does
/// <see cref="Encode"/>: the library does it after every special token (what transformers calls legacy). Where it puts one only at the
/// very start of the input (<c>first</c>, what newer files have), <see cref="Encode"/> puts none: what is encoded here stands behind
/// special tokens, if only the one that begins a document, and that is what models see after them in a chat.
/// </remarks>
public sealed class SentencePieceBpeTokenizer : ITokenizer
{
    private const char Space = '▁';
    private readonly string?[] _texts;
    private readonly HashSet<int> _specials;
    private readonly TextPipeline _pipeline;
    private readonly PairMerges _merges;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly int[] _byteIds = new int[256];
    private readonly bool _ignoresMerges;
    private readonly int? _unknown;
    private readonly bool _fusesUnknown;
    private readonly int _leadingSpaces;
    // No token goes on behind a word with the next space, so words can be joined each for itself, which is many times as fast: the ids are
    // the same.
    private readonly bool _fallsIntoWords;
    private readonly PieceCache _cache = new();

    internal SentencePieceBpeTokenizer(BpeFile file, JsonElement root)
    {
        (_texts, _pipeline, _ignoresMerges) = (file.Texts, file.Pipeline, file.IgnoresMerges);
        (VocabularySize, BeginId, EndId, Specials, Json) = (file.Size, file.BeginId, file.EndId, file.Specials, file.Json);
        _specials = [.. file.Specials.Values];
        var ids = new Dictionary<string, int>(file.Vocabulary, StringComparer.Ordinal);
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int b = 0; b < 256; b++)
        {
            if (!ids.TryGetValue($"<0x{b:X2}>", out _byteIds[b])) _byteIds[b] = -1;
        }
        file.CheckUnknown(_byteIds);
        (_unknown, _fusesUnknown) = (file.Unknown, file.FusesUnknown);
        _merges = new PairMerges(file.Merges.Count);
        for (int rank = 0; rank < file.Merges.Count; rank++)
            _merges.Set(file.Merges[rank].Left, file.Merges[rank].Right, rank, file.Merges[rank].Joint);
        _leadingSpaces = LeadingSpaces(root);
        _fallsIntoWords = !_ignoresMerges && !_byteIds.Contains(-1)
            && file.Merges.All(m => _texts[m.Joint]!.AsSpan().TrimStart(Space).IndexOf(Space) < 0);
        Id = ContentId.Of("piece-bpe", [BeginId, EndId, .. _specials.Order().Cast<object>(), "tokens", .. _texts, "merges",
            .. file.Merges.Select(m => $"{m.Left} {m.Right}"), "pipeline", .. _pipeline.Parts, _ignoresMerges, _leadingSpaces,
            _unknown, _fusesUnknown]).ToString();
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

    /// <summary>The file that it was read from.</summary>
    internal byte[] Json { get; }

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 3 + 4);
        _pipeline.Run(text, ids.Add, piece => EncodePiece(piece.Span, ids));
        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder(4 * ids.Length);
        var bytes = new List<byte>();
        foreach (int id in ids)
        {
            if (_specials.Contains(id) || id >= _texts.Length || _texts[id] is not { } token) continue;
            if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
                && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b))
            {
                bytes.Add(b);
                continue;
            }
            Flush(bytes, text);
            text.Append(token.Replace(Space, ' '));
        }
        Flush(bytes, text);
        int spaces = 0;
        while (spaces < _leadingSpaces && spaces < text.Length && text[spaces] == ' ') spaces++;
        return text.ToString(spaces, text.Length - spaces);
    }

    // Bytes that are no text are one sign each, as the library writes them.
    private static void Flush(List<byte> bytes, StringBuilder text)
    {
        if (bytes.Count == 0) return;
        ReadOnlySpan<byte> run = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes);
        if (System.Text.Unicode.Utf8.IsValid(run)) text.Append(Encoding.UTF8.GetString(run));
        else text.Append('\ufffd', run.Length);
        bytes.Clear();
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        int start = 0;
        for (int at = 1; _fallsIntoWords && at < piece.Length; at++)
        {
            if (piece[at] != Space || piece[at - 1] == Space) continue;
            ids.AddRange(_cache.Get(piece[start..at], Join));
            start = at;
        }
        ids.AddRange(_cache.Get(piece[start..], Join));
    }

    private int[] Join(ReadOnlySpan<char> piece)
    {
        if (_ignoresMerges && _ids.TryGetValue(piece, out int whole)) return [whole];
        var ids = new List<int>(piece.Length);
        var row = new TokenRow(ids, _unknown, _fusesUnknown);
        Span<byte> utf8 = stackalloc byte[4];
        Span<int> bytes = stackalloc int[4];
        int length;
        for (int at = 0; at < piece.Length; at += length)
        {
            Rune.DecodeFromUtf16(piece[at..], out Rune rune, out length);
            if (_ids.TryGetValue(piece.Slice(at, length), out int id))
            {
                row.Add(id);
                continue;
            }
            int count = rune.EncodeToUtf8(utf8);
            for (int i = 0; i < count; i++) bytes[i] = _byteIds[utf8[i]];
            if (bytes[..count].Contains(-1)) row.AddUnknown();
            else row.AddBytes(bytes[..count]);
        }
        row.Finish();
        return _merges.Join(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ids));
    }

    // How many spaces the decoder takes off the front: those that the other direction put there.
    private static int LeadingSpaces(JsonElement root)
    {
        if (!JsonField.Has(root, "decoder", out _)) return 0;
        JsonElement decoder = JsonField.Object(root, "decoder");
        IEnumerable<JsonElement> steps =
            JsonField.Has(decoder, "decoders", out _) ? JsonField.List(decoder, "decoders").EnumerateArray() : [decoder];
        foreach (JsonElement step in steps)
        {
            switch (JsonField.Text(step, "type"))
            {
                case "Strip" when JsonField.Text(step, "content") == " ": return Math.Max(0, JsonField.Whole(step, "start"));
                case "Metaspace":
                    return JsonField.TextOrNone(step, "prepend_scheme") == "never" ? 0 : 1;
            }
        }
        return 0;
    }
}
