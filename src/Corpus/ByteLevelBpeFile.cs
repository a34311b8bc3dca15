using System.Text;
using System.Text.Json;

namespace PersonaSelection.Corpus;

/// <summary>The part of <c>tokenizer.json</c> that is byte-level BPE.</summary>
internal static class ByteLevelBpeFile
{
    private static readonly string[] BeginNames = ["<bos>", "<s>", "<|begin_of_text|>", "<|endoftext|>"];
    private static readonly string[] EndNames = ["<eos>", "</s>", "<|end_of_text|>", "<|endoftext|>"];

    public static void Write(Utf8JsonWriter w, ByteLevelBpeTokenizer tokenizer)
    {
        HashSet<int> specials = [.. tokenizer.Specials];
        string TextOf(int id) =>
            specials.Contains(id) ? Encoding.UTF8.GetString(tokenizer.BytesOf(id)) : ByteAlphabet.ToText(tokenizer.BytesOf(id));
        w.WriteStartObject();
        TokenizerFile.WriteStart(w, specials.Order().Select(id => (id, TextOf(id))));
        w.WriteNull("normalizer");
        WriteByteLevel(w, "pre_tokenizer");
        TokenizerFile.WritePostProcessor(w, TextOf(tokenizer.BeginId), tokenizer.BeginId);
        WriteByteLevel(w, "decoder");
        w.WriteStartObject("model");
        w.WriteString("type", "BPE");
        foreach (string none in (string[])["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"]) w.WriteNull(none);
        foreach (string no in (string[])["fuse_unk", "byte_fallback", "ignore_merges"]) w.WriteBoolean(no, false);
        w.WriteStartObject("vocab");
        for (int id = 0; id < tokenizer.VocabularySize; id++) w.WriteNumber(TextOf(id), id);
        w.WriteEndObject();
        w.WriteStartArray("merges");
        foreach ((int left, int right) in tokenizer.Merges)
        {
            w.WriteStartArray();
            w.WriteStringValue(TextOf(left));
            w.WriteStringValue(TextOf(right));
            w.WriteEndArray();
        }
        w.WriteEndArray();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    public static ByteLevelBpeTokenizer Read(JsonElement root, JsonElement model)
    {
        CheckParts(root, model);
        Dictionary<int, string> added = [];
        if (root.TryGetProperty("added_tokens", out JsonElement list))
        {
            foreach (JsonElement token in list.EnumerateArray())
                added[token.GetProperty("id").GetInt32()] = token.GetProperty("content").GetString() ?? "";
        }
        var texts = new Dictionary<int, string>(added);
        foreach (JsonProperty entry in model.GetProperty("vocab").EnumerateObject())
        {
            int id = entry.Value.GetInt32();
            if (!texts.TryAdd(id, entry.Name) && texts[id] != entry.Name) throw new FormatException($"The id {id} occurs twice.");
        }
        var tokens = new byte[texts.Count][];
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((int id, string text) in texts)
        {
            if ((uint)id >= (uint)tokens.Length)
                throw new FormatException($"The ids do not run from 0 to {tokens.Length - 1}: there is a {id}.");
            bool special = added.ContainsKey(id);
            tokens[id] = special ? Encoding.UTF8.GetBytes(text) : ByteAlphabet.ToBytes(text)
                ?? throw new FormatException($"The token \"{text}\" is not byte-level.");
            if (!special) ids[text] = id;
        }
        List<(int, int)> merges = [.. model.GetProperty("merges").EnumerateArray().Select(m => ReadMerge(m, ids))];
        return new ByteLevelBpeTokenizer(tokens, added.Keys, merges, Named(added, BeginNames, "begin"), Named(added, EndNames, "end"));
    }

    private static void CheckParts(JsonElement root, JsonElement model)
    {
        if (TokenizerFile.TypeOf(root, "normalizer") is { } normalizer)
            throw new FormatException($"A BPE tokenizer with a normalizer ({normalizer}) is not read.");
        if (TokenizerFile.TypeOf(root, "pre_tokenizer") != "ByteLevel")
            throw new FormatException("A BPE tokenizer is read with the ByteLevel pre-tokenizer only.");
        JsonElement pre = root.GetProperty("pre_tokenizer");
        if (IsTrue(pre, "add_prefix_space") || pre.TryGetProperty("use_regex", out JsonElement regex)
            && regex.ValueKind == JsonValueKind.False)
            throw new FormatException("Its pre-tokenizer adds a space or cuts in another way.");
        foreach (string flag in (string[])["byte_fallback", "ignore_merges"])
            if (IsTrue(model, flag)) throw new FormatException($"It sets \"{flag}\".");
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (model.TryGetProperty(affix, out JsonElement a) && a.ValueKind == JsonValueKind.String && a.GetString() != "")
                throw new FormatException($"It sets \"{affix}\".");
    }

    private static bool IsTrue(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    // Newer files hold pairs, older ones a string with a space; neither token can contain a space.
    private static (int, int) ReadMerge(JsonElement merge, Dictionary<string, int> ids)
    {
        string[] parts = merge.ValueKind == JsonValueKind.String
            ? merge.GetString()!.Split(' ') : [.. merge.EnumerateArray().Select(p => p.GetString() ?? "")];
        return parts.Length == 2 && ids.TryGetValue(parts[0], out int left) && ids.TryGetValue(parts[1], out int right)
            ? (left, right) : throw new FormatException($"The merge {merge.GetRawText()} names an unknown token.");
    }

    private static int Named(Dictionary<int, string> added, string[] names, string what)
    {
        foreach (string name in names)
        {
            foreach ((int id, string content) in added)
                if (content == name) return id;
        }
        throw new FormatException($"None of {string.Join(", ", names)} is among its added tokens, so the {what} of a document has no id.");
    }

    private static void WriteByteLevel(Utf8JsonWriter w, string name)
    {
        w.WriteStartObject(name);
        w.WriteString("type", "ByteLevel");
        w.WriteBoolean("add_prefix_space", false);
        w.WriteBoolean("trim_offsets", true);
        w.WriteBoolean("use_regex", true);
        w.WriteEndObject();
    }
}
