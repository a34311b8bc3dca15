using System.Text;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// What comes before byte pairs in a <c>tokenizer.json</c>: added tokens are taken out of a text, the rest is normalized and cut into
/// pieces.
/// </summary>
internal sealed class TextPipeline
{
    private const int MostCuts = 64;
    private readonly AddedTokens? _raw;
    private readonly AddedTokens? _normalized;
    private readonly TextNormalizer _normalizer;
    private readonly List<TextCut> _cuts = [];
    private readonly IReadOnlyList<AddedToken> _added;
    private readonly string _source;

    private TextPipeline(JsonElement root, IReadOnlyList<AddedToken> added)
    {
        _normalizer = TextNormalizer.Read(root);
        _added = added;
        _raw = Finder(added.Where(t => !t.Normalized), t => t.Content);
        _normalized = Finder(added.Where(t => t.Normalized), t => _normalizer.Apply(t.Content));
        _source = Compact(root, "normalizer") + Compact(root, "pre_tokenizer");
        if (JsonField.Has(root, "pre_tokenizer", out JsonElement first)) Add(first);
    }

    /// <summary>The pieces are to be written in the alphabet of bytes.</summary>
    public bool IsByteLevel => _cuts is [.., ByteLevelCut];

    /// <summary>A text is only cut as GPT-2 does: what <see cref="BytePieces"/> does alone.</summary>
    public bool IsPlain => _raw is null && _normalized is null && _normalizer.IsEmpty && _cuts is [ByteLevelCut { IsPlain: true }];

    /// <summary>What tells it from others, as parts of a content id.</summary>
    public IEnumerable<object> Parts => [_source, .. _added.Where(t => !t.Special)];

    /// <summary>Reads the parts of a tokenizer.</summary>
    /// <exception cref="FormatException">Something that is not followed here.</exception>
    public static TextPipeline Read(JsonElement root, IReadOnlyList<AddedToken> added) => new(root, added);

    /// <summary>Tells the added tokens and the pieces of a text in their order. Halves of surrogate pairs become U+FFFD.</summary>
    public void Run(string text, Action<int> onToken, Action<TextPiece> onPiece)
    {
        if (HasHalfPairs(text)) text = string.Concat(text.EnumerateRunes());
        if (_raw is null) Normalize(text, 0, text.Length);
        else _raw.Cut(text, onToken, (start, end) => Normalize(text, start, end));

        void Normalize(string from, int start, int end)
        {
            string part = _normalizer.Apply(from[start..end]);
            if (_normalized is null) Pieces(part, 0, part.Length);
            else _normalized.Cut(part, onToken, (s, e) => Pieces(part, s, e));
        }
        void Pieces(string part, int start, int end)
        {
            if (start == end) return;
            List<TextPiece> pieces = [new(part, start, end)];
            foreach (TextCut cut in _cuts)
            {
                var smaller = new List<TextPiece>(pieces.Count);
                foreach (TextPiece piece in pieces) cut.Cut(piece, smaller);
                pieces = smaller;
            }
            foreach (TextPiece piece in pieces) onPiece(piece);
        }
    }

    // Nested no deeper than a JSON file may be.
    private void Add(JsonElement step)
    {
        if (JsonField.Text(step, "type") == "Sequence")
        {
            foreach (JsonElement inner in JsonField.List(step, "pretokenizers").EnumerateArray()) Add(inner);
            return;
        }
        if (IsByteLevel) throw new FormatException("Its pre-tokenizer goes on behind ByteLevel, where letters are bytes.");
        _cuts.Add(TextCut.Read(step));
        if (_cuts.Count > MostCuts) throw new FormatException($"Its pre-tokenizer has more than {MostCuts} steps.");
    }

    private static AddedTokens? Finder(IEnumerable<AddedToken> tokens, Func<AddedToken, string> textOf)
    {
        List<AddedToken> list = [.. tokens];
        return list.Exists(t => !t.Special) ? new AddedTokens(list, textOf) : null;
    }

    private static string Compact(JsonElement root, string part) =>
        root.TryGetProperty(part, out JsonElement element) ? JsonSerializer.Serialize(element) : "null";

    private static bool HasHalfPairs(string text)
    {
        for (int i = text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return true;
            i++;
        }
        return false;
    }
}
