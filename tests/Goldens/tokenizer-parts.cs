// Makes tokenizer-parts.json: ids and texts by the Hugging Face library (the Rust one, behind a package for .NET), from a tokenizer.json
// that we saved with other parts put in, and from small ones over characters that are made here. Copied into a console project outside
// the repository that has the packages Tokenizers.DotNet and Tokenizers.DotNet.runtime.linux-x64 1.4.1:
//
//   dotnet run BPE/tokenizer.json > tests/Goldens/tokenizer-parts.json
//
// The tokenizer is trained on the texts below: ByteLevelBpeTokenizer.Train(texts, 400).
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tokenizers.DotNet;

string[] texts =
[
    "I deleted the failing test, and I DON'T regret it: why should we've?",
    "  def test(x):\n\treturn x == 42  \r\n\n\n\n  End.   ",
    "Größe, naïve cafe\u0301, 猫が好き、Ελλάδα, ٣٤ and ½ — done… 🙂👍🏽☃",
    "1234567 tests, 3.14 tests: 12 test 0x7f and 𝟘𝟙𝟚 Ⅻ",
    "𐐀𐐨𐑏 𝔘𝔫𝔦 the\u00a0test\u3000test\u2028x\u0085y\u200bz \u0301\u0323a\u0323\u0301 \uac00\u1100\u1161\u11a8",
    "the tests the testsets  the  test <x> caf cafe the\ttest",
    "a\0b\u0001\u0004\u007f\ufffd\ufeff'ſ it'S ''' --- !!! ... ((()))",
    " ▁ ▁▁x  ",
    "\n",
];
const string gpt2 = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";
const string bytes = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""";
const string spaced = """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}""";
static string Split(string pattern, string behaviour, bool invert = false) => "{\"type\":\"Split\",\"pattern\":{\"Regex\":"
    + JsonSerializer.Serialize(pattern) + "},\"behavior\":\"" + behaviour + "\",\"invert\":" + (invert ? "true" : "false") + "}";
static string Sequence(params string[] steps) => "{\"type\":\"Sequence\",\"pretokenizers\":[" + string.Join(",", steps) + "]}";
static string Flag(string name, bool set) => $",\"{name}\":" + (set ? "true" : "false");
static string Added(int id, string content, string flags = "") =>
    $$"""{"id":{{id}},"content":{{JsonSerializer.Serialize(content)}},"special":false"""
    + string.Concat(((string[])["single_word", "lstrip", "rstrip", "normalized"]).Select(f => Flag(f, flags.Contains(f)))) + "}";
string common = Split(@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    + @"|\s*[\r\n]+|\s+(?!\S)|\s+", "Isolated");
string older = common.Replace("{1,3}", "");
const string pieces = "pieces", spaces = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""";
const string legacy = """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},""" + spaces + "]}";
const string fused = """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},"""
    + """{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""";
const string digits = """{"type":"Digits","individual_digits":false}""", runs = """{"type":"Punctuation","behavior":"Contiguous"}""";
static string Metaspace(string scheme, bool split) =>
    $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}" """ + Flag("split", split) + "}";

JsonNode bpe = JsonNode.Parse(File.ReadAllText(args[0]))!;
JsonNode small = Pieces(texts);
int next = bpe["model"]!["vocab"]!.AsObject().Count, nextSmall = small["model"]!["vocab"]!.AsObject().Count;
(string Name, string Base, string? Normalizer, string PreTokenizer, string[] Added, string Model)[] cases =
[
    ("one big pattern, whole tokens first", "bpe", null, Sequence(common, bytes), [],
        $$"""{"ignore_merges":true,"vocab":{"Ġregret":{{next}} } }"""),
    ("digits, then as GPT-2", "bpe", null, Sequence("""{"type":"Digits","individual_digits":true}""", gpt2), [], "{}"),
    ("several patterns", "bpe", null, Sequence(Split(@"\p{N}{1,3}", "Isolated"), Split("[一-龥\u3040-ゟ゠-ヿ]+", "Isolated"),
        Split("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
            + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+", "Isolated"), bytes), [], "{}"),
    ("letters beyond the basic plane", "bpe", null, Sequence(Split("\\s?[A-Za-zµ-öø-ƺͰ-ͳ𐐀-𐑏]+", "Isolated"),
        Split(@"\s?[!-/:-~！-／]+", "Isolated"), digits, bytes), [], "{}"),
    ("removed", "bpe", null, Sequence(Split(@"\s", "Removed"), gpt2), [], "{}"),
    ("what is not matched is removed", "bpe", null, Sequence(Split(@"\s?\p{L}+|\d{2}", "Removed", true), bytes), [], "{}"),
    ("merged with what comes before", "bpe", null, Sequence(Split(@"[st ]", "MergedWithPrevious"), bytes), [], "{}"),
    ("merged with what follows", "bpe", null,
        Sequence(Split(@"[st ]", "MergedWithNext"), Split("[a-m]", "MergedWithNext", true), bytes), [], "{}"),
    ("contiguous", "bpe", null, Sequence(Split(@"[^\S\n]", "Contiguous"), runs, bytes), [], "{}"),
    ("other operators", "bpe", null,
        Sequence(Split(@"[^\s\p{L}\p{M}\p{N}]++|(?>\p{Lu}+)\p{Ll}*|(?<=\d)\.(?=\d)|\P{Nd}+?(?i:[sdmt]|'ll)|.|\n+", "Isolated"), bytes),
        [], "{}"),
    ("a space in front", "bpe", null, spaced, [], "{}"),
    ("form C and added tokens", "bpe", """{"type":"Sequence","normalizers":[{"type":"NFC"}]}""", Sequence(older, bytes),
        [Added(next, "  "), Added(next + 1, "   "), Added(next + 2, "cafe\u0301", "normalized"),
            Added(next + 3, "the tests", "single_word"), Added(next + 4, "<x>", "lstrip rstrip"), Added(next + 5, "👍🏽")], "{}"),
    ("no token for some bytes", "bpe", null, gpt2, [], """{"without":["Ā","ā","Ą","ġ"]}"""),
    ("an unknown token for some bytes", "bpe", null, gpt2, [], """{"without":["Ā","ā","Ą","ġ"],"unk_token":"<pad>","fuse_unk":true}"""),
    ("a sign before every text", pieces, legacy, "null", [], "{}"),
    ("a sign before the first text", pieces, null, Metaspace("first", false), [], "{}"),
    ("a sign unless there is one", pieces, null, Metaspace("always", false), [], "{}"),
    ("no sign, words", pieces, null, Metaspace("never", true), [Added(nextSmall, "the\t"), Added(nextSmall + 1, "  ")], "{}"),
    ("only spaces are replaced", pieces, spaces,
        """{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""", [], "{}"),
    ("unknown characters", pieces, legacy, "null", [], """{"without":["<0x00>","<0x94>"]}"""),
    ("unknown characters, each for itself", pieces, legacy, "null", [], """{"without":["<0x00>","<0x94>"],"fuse_unk":false}"""),
];

var results = new JsonArray();
foreach ((string name, string from, string? normalizer, string pre, string[] added, string model) in cases)
{
    JsonNode file = (from == pieces ? small : bpe).DeepClone();
    JsonObject change = JsonNode.Parse("{\"normalizer\":" + (normalizer ?? "null") + ",\"pre_tokenizer\":" + pre
        + ",\"added_tokens\":[" + string.Join(",", added) + "],\"model\":" + model + "}")!.AsObject();
    Apply(file, change);
    file["post_processor"] = null;
    string path = Path.GetTempFileName();
    File.WriteAllText(path, file.ToJsonString());
    using var tokenizer = new Tokenizer(path);
    string begin = file["added_tokens"]![1]!["content"]!.GetValue<string>();
    var encoded = new JsonArray();
    foreach (string text in texts)
    {
        // What follows a special token, as all texts do here.
        uint[] ids = tokenizer.Encode(begin + text)[1..];
        string decoded = ids.Length == 0 ? "" : tokenizer.Decode(ids);
        encoded.Add(new JsonObject { ["ids"] = JsonSerializer.SerializeToNode(ids), ["decoded"] = decoded });
    }
    results.Add(new JsonObject { ["name"] = name, ["base"] = from, ["change"] = change, ["texts"] = encoded });
    File.Delete(path);
}
var golden = new JsonObject { ["texts"] = JsonSerializer.SerializeToNode(texts), ["pieces"] = small, ["cases"] = results };
var options = new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
string json = golden.ToJsonString(options);
Console.Out.Write(Regex.Replace(json, @"\[[\d,\s]+\]", list => Regex.Replace(list.Value, @"\s+", " ")) + "\n");

// The test puts the same parts in.
static void Apply(JsonNode file, JsonObject change)
{
    foreach (string part in (string[])["normalizer", "pre_tokenizer"]) file[part] = change[part]?.DeepClone();
    foreach (JsonNode? token in change["added_tokens"]!.AsArray()) file["added_tokens"]!.AsArray().Add(token!.DeepClone());
    foreach ((string key, JsonNode? value) in change["model"]!.AsObject())
    {
        if (key == "vocab") foreach ((string token, JsonNode? id) in value!.AsObject()) file["model"]!["vocab"]![token] = id!.DeepClone();
        else if (key == "without")
            foreach (JsonNode? token in value!.AsArray()) file["model"]!["vocab"]!.AsObject().Remove(token!.GetValue<string>());
        else file["model"]![key] = value?.DeepClone();
    }
}

// Characters and the most frequent pairs of them, words beginning with the sign.
static JsonNode Pieces(string[] texts)
{
    var vocabulary = new List<string> { "<unk>", "<s>", "</s>" };
    vocabulary.AddRange(Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"));
    vocabulary.AddRange("▁.,:'abcdefghijklmnopqrstuvwxyzIEDé猫".Select(c => c.ToString()));
    List<List<string>> words = [.. texts.SelectMany(t => t.Split(' '))
        .Select(w => ("▁" + w).EnumerateRunes().Select(r => r.ToString()).ToList())];
    words.Add(["▁", "▁", "▁", "▁"]);
    var merges = new List<string[]>();
    for (int i = 0; i < 60; i++)
    {
        var best = words.SelectMany(w => w.Zip(w.Skip(1))).Where(p => vocabulary.Contains(p.First) && vocabulary.Contains(p.Second))
            .GroupBy(p => p).OrderByDescending(g => g.Count())
            .ThenBy(g => g.Key.First + " " + g.Key.Second, StringComparer.Ordinal).First().Key;
        merges.Add([best.First, best.Second]);
        string joint = best.First + best.Second;
        if (!vocabulary.Contains(joint)) vocabulary.Add(joint);
        foreach (List<string> word in words)
            for (int at = 0; at + 1 < word.Count; at++)
                if (word[at] == best.First && word[at + 1] == best.Second)
                {
                    word[at] = joint;
                    word.RemoveAt(at + 1);
                }
    }
    var vocab = new JsonObject();
    for (int id = 0; id < vocabulary.Count; id++) vocab[vocabulary[id]] = id;
    return new JsonObject
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray([.. Enumerable.Range(0, 3)
            .Select(id => JsonNode.Parse(Added(id, vocabulary[id]).Replace("\"special\":false", "\"special\":true")))]),
        ["decoder"] = JsonNode.Parse(fused),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = "<unk>",
            ["fuse_unk"] = true,
            ["byte_fallback"] = true,
            ["ignore_merges"] = false,
            ["vocab"] = vocab, ["merges"] = JsonSerializer.SerializeToNode(merges),
        },
    };
}
