using System.Text;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// One id per word or run of punctuation, in lower case: "I deleted the test." is <c>i deleted the test .</c> The vocabulary is closed;
/// a word outside it is an error, never a silent "unknown". Ids 0, 1, 2 are <c>&lt;pad&gt;</c>, <c>&lt;bos&gt;</c>, <c>&lt;eos&gt;</c>.
/// </summary>
public sealed class WordLevelTokenizer : ITokenizer
{
    /// <summary>The words that open the vocabulary, in the order of their ids.</summary>
    public static readonly IReadOnlyList<string> SpecialWords = ["<pad>", "<bos>", "<eos>"];

    private const string NoSpaceBefore = ".,?!:;'’";
    private const string NoSpaceAfter = "'’";
    private readonly string[] _words;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    private WordLevelTokenizer(string[] words)
    {
        _words = words;
        _ids = new Dictionary<string, int>(words.Length, StringComparer.Ordinal);
        for (int i = 0; i < words.Length; i++) _ids.Add(words[i], i);
        _lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        Id = ContentId.Of("word-level", [.. words]).ToString();
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public int VocabularySize => _words.Length;

    /// <inheritdoc/>
    public int BeginId => 1;

    /// <inheritdoc/>
    public int EndId => 2;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Specials { get; } =
        SpecialWords.Select((word, id) => (word, id)).ToDictionary(s => s.word, s => s.id, StringComparer.Ordinal);

    /// <summary>Every word by its id, the specials first.</summary>
    public IReadOnlyList<string> Words => _words;

    /// <summary>The tokenizer whose vocabulary is the given words: cut, lower-cased, sorted by character code, each once.</summary>
    public static WordLevelTokenizer FromWords(IEnumerable<string> words) => FromTexts(words);

    /// <summary>The tokenizer whose vocabulary is every word of the given texts.</summary>
    public static WordLevelTokenizer FromTexts(IEnumerable<string> texts)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> seen = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
        {
            var pieces = new WordPieces(text.ToLowerInvariant());
            while (pieces.MoveNext()) seen.Add(pieces.Current);
        }
        return new WordLevelTokenizer([.. SpecialWords, .. words.Order(StringComparer.Ordinal)]);
    }

    /// <summary>The tokenizer with this vocabulary, in this order: for readers of saved vocabularies.</summary>
    /// <exception cref="ArgumentException">The specials do not come first, or a word occurs twice.</exception>
    public static WordLevelTokenizer FromVocabulary(IReadOnlyList<string> words)
    {
        if (words.Count < SpecialWords.Count || !words.Take(SpecialWords.Count).SequenceEqual(SpecialWords, StringComparer.Ordinal))
            throw new ArgumentException($"A vocabulary starts with {string.Join(' ', SpecialWords)}.", nameof(words));
        return new WordLevelTokenizer([.. words]);
    }

    /// <summary>The id of one word in lower case, or null when the vocabulary does not have it.</summary>
    public int? Find(string word) => _ids.TryGetValue(word, out int id) ? id : null;

    /// <inheritdoc/>
    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length / 4 + 4);
        Span<char> lower = text.Length <= 1024 ? stackalloc char[text.Length] : new char[text.Length];
        text.AsSpan().ToLowerInvariant(lower);
        var pieces = new WordPieces(lower);
        while (pieces.MoveNext())
        {
            if (!_lookup.TryGetValue(pieces.Current, out int id)) throw UnknownWord(text, pieces.Start, pieces.Current);
            ids.Add(id);
        }
        return [.. ids];
    }

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            if (id < SpecialWords.Count) continue;
            string word = _words[id];
            if (text.Length > 0 && !NoSpaceBefore.Contains(word[0]) && !NoSpaceAfter.Contains(text[^1])) text.Append(' ');
            text.Append(word);
        }
        return text.ToString();
    }

    private UserErrorException UnknownWord(string text, int start, ReadOnlySpan<char> word)
    {
        string unknown = word.ToString();
        string nearest = string.Join(", ", _words.Skip(SpecialWords.Count)
            .Select(w => (Word: w, Distance: EditDistance(unknown, w)))
            .OrderBy(w => w.Distance).ThenBy(w => w.Word, StringComparer.Ordinal).Take(3).Select(w => $"\"{w.Word}\""));
        int from = Math.Max(0, start - 20);
        string around = text[from..Math.Min(text.Length, start + unknown.Length + 20)].ReplaceLineEndings(" ");
        return new UserErrorException("unknown-word",
            $"The word \"{unknown}\" (in \"{around}\") is not in the model's vocabulary of {VocabularySize - SpecialWords.Count} words.",
            nearest.Length == 0
                ? "The vocabulary is empty: check the texts it was made from."
                : $"Write it with words the model knows (nearest: {nearest}), or train a model whose corpus holds it.");
    }

    /// <summary>Levenshtein distance: insertions, deletions and substitutions, one each.</summary>
    internal static int EditDistance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
