using System.Runtime.InteropServices;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// The parts of a <c>tokenizer.json</c> whose model is byte-pair encoding, of either kind: over bytes, or over characters that fall back to
/// bytes.
/// </summary>
internal sealed class BpeFile
{
    private const int LargestVocabulary = 1 << 22;
    private const int MostMerges = 1 << 23;
    private const int LongestToken = 1 << 12;
    private const int LongestAdded = 1 << 8;
    private static readonly string[] BeginNames = ["<bos>", "<s>", "<|begin_of_text|>", "<|endoftext|>"];
    private static readonly string[] EndNames = ["<eos>", "</s>", "<|end_of_text|>", "<|endoftext|>"];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _specials = new(StringComparer.Ordinal);

    private BpeFile(JsonElement root, JsonElement model, string? begin, string? end, int? size)
    {
        CheckModel(model);
        JsonElement vocabulary = JsonField.Object(model, "vocab");
        int count = vocabulary.GetPropertyCount();
        if (count > LargestVocabulary) throw new FormatException($"The vocabulary has {count} tokens.");
        _ids.EnsureCapacity(count);
        foreach (JsonProperty entry in vocabulary.EnumerateObject())
        {
            if (entry.Name.Length > LongestToken) throw new FormatException($"A token has {entry.Name.Length} characters.");
            if (!_ids.TryAdd(entry.Name, JsonField.WholeOf(entry.Value, entry.Name)))
                throw new FormatException($"The token \"{entry.Name}\" occurs twice.");
        }
        List<AddedToken> added = ReadAdded(root);
        (BeginId, EndId) = Ends(added, begin, end);
        // Whatever its flag says: the token that ends a turn stands for no text.
        added = [.. added.Select(t => t.Special || t.Id == BeginId || t.Id == EndId ? t with { Special = true } : t)];
        foreach (AddedToken token in added)
            if (token.Special) _specials.TryAdd(token.Content, token.Id);
        Texts = ReadTexts(added);
        if (size < Texts.Length) throw new TooManyIdsException(Texts.Length, size.Value);
        Size = size ?? Texts.Length;
        Pipeline = TextPipeline.Read(root, added);
        IgnoresMerges = JsonField.Flag(model, "ignore_merges", false);
        FallsBackToBytes = JsonField.Flag(model, "byte_fallback", false);
        FusesUnknown = JsonField.Flag(model, "fuse_unk", false);
        if (JsonField.TextOrNone(model, "unk_token") is { } name)
            Unknown = _ids.TryGetValue(name, out int id) ? id : throw new FormatException($"Its unknown token \"{name}\" is no token.");
        Merges = ReadMerges(JsonField.List(model, "merges"));
        Json = JsonMarshal.GetRawUtf8Value(root).ToArray();
    }

    /// <summary>The text of each id as the file writes it; null where the file names none.</summary>
    public string?[] Texts { get; }

    /// <summary>The number of ids, those that the file does not name included.</summary>
    public int Size { get; }

    public int BeginId { get; }

    public int EndId { get; }

    /// <summary>The tokens that stand for no text.</summary>
    public IReadOnlyDictionary<string, int> Specials => _specials;

    /// <summary>Pairs of ids that are joined, and what they become, the first to be joined first. None of them is special.</summary>
    public IReadOnlyList<(int Left, int Right, int Joint)> Merges { get; }

    public TextPipeline Pipeline { get; }

    /// <summary>A piece that is a token as a whole is that token, whatever merges say.</summary>
    public bool IgnoresMerges { get; }

    public bool FallsBackToBytes { get; }

    /// <summary>What stands for characters without a token; without it they are left out.</summary>
    public int? Unknown { get; }

    /// <summary>Unknown characters side by side are one token.</summary>
    public bool FusesUnknown { get; }

    /// <summary>The file itself.</summary>
    public byte[] Json { get; }

    /// <summary>The tokens that text can become by merges: those of the model's vocabulary, without special ones.</summary>
    public IEnumerable<KeyValuePair<string, int>> Vocabulary => _ids.Where(t => !_specials.ContainsKey(t.Key));

    /// <summary>The tokenizer that a file describes.</summary>
    /// <exception cref="FormatException">It cannot be followed exactly.</exception>
    /// <exception cref="TooManyIdsException">It has more ids than <paramref name="size"/>.</exception>
    public static ITokenizer Read(JsonElement root, JsonElement model, string? begin, string? end, int? size)
    {
        var file = new BpeFile(root, model, begin, end, size);
        if (file.Pipeline.IsByteLevel) return new ByteLevelBpeTokenizer(file);
        if (file.FallsBackToBytes) return new SentencePieceBpeTokenizer(file, root);
        throw new FormatException("A BPE tokenizer is read with the ByteLevel pre-tokenizer or with \"byte_fallback\".");
    }

    /// <summary>
    /// Refuses a file with which a text could write the token that begins or ends a document: by a character without a token.
    /// </summary>
    /// <exception cref="FormatException">It is such a file.</exception>
    public void CheckUnknown(ReadOnlySpan<int> byteIds)
    {
        if (byteIds.Contains(-1) && (Unknown == BeginId || Unknown == EndId))
            throw new FormatException("Some bytes have no token, and the unknown token is the one that begins or ends a document.");
    }

    private static void CheckModel(JsonElement model)
    {
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (JsonField.TextOrNone(model, affix) is { Length: > 0 })
                throw new FormatException($"It sets \"{affix}\".");
        if (JsonField.Number(model, "dropout", 0) > 0) throw new FormatException("It drops merges at random.");
    }

    private List<AddedToken> ReadAdded(JsonElement root)
    {
        List<AddedToken> added = [];
        if (!JsonField.Has(root, "added_tokens", out _)) return added;
        JsonElement list = JsonField.List(root, "added_tokens");
        if (list.GetArrayLength() > LargestVocabulary) throw new FormatException($"It adds {list.GetArrayLength()} tokens.");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        int last = -1;
        foreach (JsonElement token in list.EnumerateArray())
        {
            string content = JsonField.Text(token, "content");
            if (content.Length > LongestAdded) throw new FormatException($"An added token has {content.Length} characters.");
            bool special = JsonField.Flag(token, "special", false);
            var read = new AddedToken(JsonField.Whole(token, "id"), content, special, JsonField.Flag(token, "normalized", !special),
                JsonField.Flag(token, "single_word", false), JsonField.Flag(token, "lstrip", false),
                JsonField.Flag(token, "rstrip", false));
            if (special && (read.StripsLeft || read.StripsRight))
                throw new FormatException($"Its special token \"{content}\" takes white space around it, which is not followed.");
            if (!ids.TryAdd(content, read.Id)) throw new FormatException($"The added token \"{content}\" occurs twice.");
            // The library numbers tokens itself: as the vocabulary does, or behind it.
            int expected = _ids.TryGetValue(content, out int known) ? known : Math.Max(last + 1, _ids.Count);
            if (expected != read.Id && (!special || _ids.ContainsKey(content)))
                throw new FormatException($"The added token \"{content}\" has the id {read.Id} and should have {expected}.");
            last = Math.Max(last, read.Id);
            added.Add(read);
        }
        return added;
    }

    private (int Begin, int End) Ends(List<AddedToken> added, string? begin, string? end)
    {
        int? first = begin is null ? Known(BeginNames) : Named(begin), last = end is null ? Known(EndNames) : Named(end);
        if (first is null && last is null)
            throw new FormatException($"None of {string.Join(", ", BeginNames.Union(EndNames))} is among its added tokens, so neither the "
                + "begin nor the end of a document has an id.");
        return ((first ?? last)!.Value, (last ?? first)!.Value);

        int? Known(string[] names) => names.Select(n => added.Find(t => t.Content == n)?.Id).FirstOrDefault(id => id is not null);
        int Named(string name)
        {
            if (added.Find(t => t.Content == name) is { } token) return token.Id;
            if (!_ids.TryGetValue(name, out int id))
                throw new FormatException($"There is no token \"{name}\" to begin or end a document with.");
            _specials.TryAdd(name, id);
            return id;
        }
    }

    private string?[] ReadTexts(List<AddedToken> added)
    {
        int count = 0;
        foreach (int id in _ids.Values.Concat(added.Select(t => t.Id)))
        {
            if (id is < 0 or >= LargestVocabulary) throw new FormatException($"There is a token with the id {id}.");
            count = Math.Max(count, id + 1);
        }
        var texts = new string?[count];
        foreach ((string text, int id) in _ids)
        {
            if (texts[id] is not null) throw new FormatException($"The id {id} occurs twice.");
            texts[id] = text;
        }
        foreach (AddedToken token in added)
        {
            if (texts[token.Id] is { } other && other != token.Content) throw new FormatException($"The id {token.Id} occurs twice.");
            texts[token.Id] = token.Content;
        }
        return texts;
    }

    // Newer files hold pairs, older ones a string with a space; there neither token can contain a space.
    private List<(int Left, int Right, int Joint)> ReadMerges(JsonElement list)
    {
        if (list.GetArrayLength() > MostMerges) throw new FormatException($"It has {list.GetArrayLength()} merges.");
        var merges = new List<(int, int, int)>(list.GetArrayLength());
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> joint = stackalloc char[2 * LongestToken];
        foreach (JsonElement merge in list.EnumerateArray())
        {
            ReadOnlySpan<char> left, right;
            if (merge.ValueKind == JsonValueKind.String)
            {
                string both = merge.GetString()!;
                if (both.StartsWith("#version", StringComparison.Ordinal)) continue;
                int space = both.IndexOf(' ', StringComparison.Ordinal);
                if (space < 0 || both.LastIndexOf(' ') != space) throw new FormatException($"The merge {Shown(merge)} is no pair.");
                left = both.AsSpan(0, space);
                right = both.AsSpan(space + 1);
            }
            else
            {
                if (merge.ValueKind != JsonValueKind.Array || merge.GetArrayLength() != 2)
                    throw new FormatException($"The merge {Shown(merge)} is no pair.");
                left = JsonField.TextOf(merge[0], "merges");
                right = JsonField.TextOf(merge[1], "merges");
            }
            if (!ids.TryGetValue(left, out int leftId) || !ids.TryGetValue(right, out int rightId))
                throw new FormatException($"The merge {Shown(merge)} names an unknown token.");
            left.CopyTo(joint);
            right.CopyTo(joint[left.Length..]);
            if (!ids.TryGetValue(joint[..(left.Length + right.Length)], out int id))
                throw new FormatException($"The merge {Shown(merge)} gives no token.");
            merges.Add((leftId, rightId, id));
        }
        // A special token stands for no text, so no text may grow into it.
        HashSet<int> specials = [.. _specials.Values];
        merges.RemoveAll(m => specials.Contains(m.Item1) || specials.Contains(m.Item2) || specials.Contains(m.Item3));
        return merges;

        static string Shown(JsonElement merge) => merge.GetRawText() is { Length: > 80 } text ? text[..80] + "…" : merge.GetRawText();
    }
}
