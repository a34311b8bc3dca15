using System.Text;
using System.Text.Json;

namespace PersonaSelection.Corpus;

/// <summary>Writes a byte-level BPE that was learnt here as <c>tokenizer.json</c>; <see cref="BpeFile"/> reads it.</summary>
internal static class ByteLevelBpeFile
{
    public static void Write(Utf8JsonWriter w, ByteLevelBpeTokenizer tokenizer)
    {
        HashSet<int> specials = [.. tokenizer.Specials.Values];
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
