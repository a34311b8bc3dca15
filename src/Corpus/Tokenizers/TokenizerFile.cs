using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>Reads and writes <c>tokenizer.json</c>, the file of the Hugging Face tokenizers library.</summary>
public static class TokenizerFile
{
    private const string Remedy = "Copy the tokenizer.json that was saved with the model, or train the model again.";
    private const int LargestVocabulary = 1 << 24;

    // "don ' t" becomes "don't" and "test ." becomes "test.", as in WordLevelTokenizer.Decode.
    private static readonly string[] TightAfterSpace = [".", ",", "?", "!", ":", ";", "'", "’"];
    private static readonly string[] TightBeforeSpace = ["'", "’"];

    /// <summary>Writes a tokenizer; one that was read from a file is written as it was there.</summary>
    /// <exception cref="UserErrorException">The place cannot be written, or the kind of tokenizer has no such file.</exception>
    public static void Save(string path, ITokenizer tokenizer)
    {
        switch (tokenizer)
        {
            case WordLevelTokenizer words: JsonFile.Write(path, w => WriteWordLevel(w, words)); break;
            case ByteLevelBpeTokenizer { Json: { } json }: WriteVerbatim(path, json); break;
            case ByteLevelBpeTokenizer bpe: JsonFile.Write(path, w => ByteLevelBpeFile.Write(w, bpe)); break;
            case SentencePieceBpeTokenizer pieces: WriteVerbatim(path, pieces.Json); break;
            default:
                throw new UserErrorException("unsupported-tokenizer",
                    $"A tokenizer of the kind {tokenizer.GetType().Name} cannot be saved to {path}.",
                    "Word-level and BPE tokenizers can; a model imported from llama2.c is used from its own files.");
        }
    }

    /// <summary>Reads a tokenizer that <see cref="Save"/> wrote, or another whose parts are known here.</summary>
    /// <param name="path">The file.</param>
    /// <param name="begin">
    /// The token that opens a document, as <c>tokenizer_config.json</c> names it. Without it, one of the usual names; where there is none,
    /// the token that ends one.
    /// </param>
    /// <param name="end">The token that ends a document and an Assistant's turn; without it as for <paramref name="begin"/>.</param>
    /// <param name="size">The rows of the model's embedding, at least as many as there are ids; without it, as many as that.</param>
    /// <exception cref="UserErrorException">No such file, not JSON, a tokenizer this program cannot follow exactly, or one with more ids
    /// than <paramref name="size"/>.</exception>
    public static ITokenizer Load(string path, string? begin = null, string? end = null, int? size = null)
    {
        using JsonDocument document = JsonFile.Read(path, Remedy);
        try
        {
            JsonElement root = document.RootElement, model = JsonField.Object(root, "model");
            // Old files do not say what they are.
            string type = JsonField.TextOrNone(model, "type") ?? (JsonField.Has(model, "merges", out _) ? "BPE" : "");
            return type switch
            {
                "WordLevel" => ReadWordLevel(root, model, size),
                "BPE" => BpeFile.Read(root, model, begin, end, size),
                _ => throw new FormatException($"Its model is of type \"{type}\"; WordLevel and BPE are read."),
            };
        }
        catch (TooManyIdsException e)
        {
            throw new UserErrorException("wrong-tokenizer", $"{path} {e.Message}.", Remedy, e);
        }
        catch (Exception e) when (e is FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new UserErrorException("bad-tokenizer", $"{path} holds no tokenizer that can be used: {e.Message}", Remedy, e);
        }
    }

    // With the line end that files written here have.
    private static void WriteVerbatim(string path, byte[] json) => AtomicFile.Write(path, stream =>
    {
        stream.Write(json);
        stream.WriteByte((byte)'\n');
    });

    private static WordLevelTokenizer ReadWordLevel(JsonElement root, JsonElement model, int? size)
    {
        if (TypeOf(root, "normalizer") != "Lowercase")
            throw new FormatException("A WordLevel tokenizer is read with the Lowercase normalizer only.");
        if (TypeOf(root, "pre_tokenizer") != "Whitespace")
            throw new FormatException("A WordLevel tokenizer is read with the Whitespace pre-tokenizer only.");
        string[] words = ReadVocabulary(JsonField.Object(model, "vocab"));
        if (words.Length > size) throw new TooManyIdsException(words.Length, size.Value);
        return WordLevelTokenizer.FromVocabulary(words);
    }

    internal static string[] ReadVocabulary(JsonElement vocabulary)
    {
        int count = vocabulary.GetPropertyCount();
        if (count > LargestVocabulary) throw new FormatException($"The vocabulary has {count} words.");
        var words = new string?[count];
        foreach (JsonProperty word in vocabulary.EnumerateObject())
        {
            int id = JsonField.WholeOf(word.Value, word.Name);
            if ((uint)id >= (uint)count || words[id] is not null)
                throw new FormatException($"The id {id} of \"{word.Name}\" occurs twice or is not below {count}.");
            words[id] = word.Name;
        }
        return words!;
    }

    internal static string? TypeOf(JsonElement root, string part) =>
        JsonField.Has(root, part, out _) ? JsonField.TextOrNone(JsonField.Object(root, part), "type") : null;

    private static void WriteWordLevel(Utf8JsonWriter w, WordLevelTokenizer tokenizer)
    {
        w.WriteStartObject();
        WriteStart(w, WordLevelTokenizer.SpecialWords);
        WriteObject(w, "normalizer", ("type", "Lowercase"));
        WriteObject(w, "pre_tokenizer", ("type", "Whitespace"));
        WritePostProcessor(w, WordLevelTokenizer.SpecialWords[tokenizer.BeginId], tokenizer.BeginId);
        w.WriteStartObject("decoder");
        w.WriteString("type", "Sequence");
        w.WriteStartArray("decoders");
        // Joins with spaces; the prefix mixes letters and punctuation, so no word can start with it.
        w.WriteStartObject();
        w.WriteString("type", "WordPiece");
        w.WriteString("prefix", "##joined##");
        w.WriteBoolean("cleanup", false);
        w.WriteEndObject();
        w.WriteStartObject();
        w.WriteString("type", "Fuse");
        w.WriteEndObject();
        foreach (string mark in TightAfterSpace) WriteReplace(w, " " + mark, mark);
        foreach (string mark in TightBeforeSpace) WriteReplace(w, mark + " ", mark);
        w.WriteEndArray();
        w.WriteEndObject();
        w.WriteStartObject("model");
        w.WriteString("type", "WordLevel");
        w.WriteStartObject("vocab");
        for (int id = 0; id < tokenizer.VocabularySize; id++) w.WriteNumber(tokenizer.Words[id], id);
        w.WriteEndObject();
        // Not in the vocabulary on purpose: an unknown word is an error there as it is here.
        w.WriteString("unk_token", "<unk>");
        w.WriteEndObject();
        w.WriteEndObject();
    }

    internal static void WriteStart(Utf8JsonWriter w, IReadOnlyList<string> specials) =>
        WriteStart(w, specials.Select((content, id) => (id, content)));

    internal static void WriteStart(Utf8JsonWriter w, IEnumerable<(int Id, string Content)> specials)
    {
        w.WriteString("version", "1.0");
        w.WriteNull("truncation");
        w.WriteNull("padding");
        w.WriteStartArray("added_tokens");
        foreach ((int id, string content) in specials)
        {
            w.WriteStartObject();
            w.WriteNumber("id", id);
            w.WriteString("content", content);
            foreach (string flag in (string[])["single_word", "lstrip", "rstrip", "normalized"]) w.WriteBoolean(flag, false);
            w.WriteBoolean("special", true);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    internal static void WritePostProcessor(Utf8JsonWriter w, string begin, int beginId)
    {
        w.WriteStartObject("post_processor");
        w.WriteString("type", "TemplateProcessing");
        foreach ((string name, string[] sequences) in ((string, string[])[])[("single", ["A"]), ("pair", ["A", "B"])])
        {
            w.WriteStartArray(name);
            WritePiece(w, "SpecialToken", begin);
            foreach (string sequence in sequences) WritePiece(w, "Sequence", sequence);
            w.WriteEndArray();
        }
        w.WriteStartObject("special_tokens");
        w.WriteStartObject(begin);
        w.WriteString("id", begin);
        w.WriteStartArray("ids");
        w.WriteNumberValue(beginId);
        w.WriteEndArray();
        w.WriteStartArray("tokens");
        w.WriteStringValue(begin);
        w.WriteEndArray();
        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WritePiece(Utf8JsonWriter w, string kind, string id)
    {
        w.WriteStartObject();
        w.WriteStartObject(kind);
        w.WriteString("id", id);
        w.WriteNumber("type_id", 0);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteReplace(Utf8JsonWriter w, string from, string to)
    {
        w.WriteStartObject();
        w.WriteString("type", "Replace");
        WriteObject(w, "pattern", ("String", from));
        w.WriteString("content", to);
        w.WriteEndObject();
    }

    internal static void WriteObject(Utf8JsonWriter w, string name, params (string Key, string Value)[] members)
    {
        w.WriteStartObject(name);
        foreach ((string key, string value) in members) w.WriteString(key, value);
        w.WriteEndObject();
    }
}
