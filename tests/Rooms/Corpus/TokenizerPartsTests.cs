using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>
/// Files of BPE tokenizers with all parts that are read, against the Hugging Face library: <c>tests/Goldens/tokenizer-parts.cs</c> made
/// the ids.
/// </summary>
public sealed class TokenizerPartsTests : IDisposable
{
    private static readonly JsonNode Golden =
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "tokenizer-parts.json")))!;

    private static readonly string[] Texts = [.. Golden["texts"]!.AsArray().Select(t => t!.GetValue<string>())];
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["tokenizer.json"];

    public static TheoryData<string> Cases => [.. Golden["cases"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ids_and_texts_are_those_of_Hugging_Face(string name)
    {
        JsonNode example = Golden["cases"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == name)!;
        ITokenizer tokenizer = Load(Made(example));
        foreach ((string text, JsonNode? expected) in Texts.Zip(example["texts"]!.AsArray()))
        {
            int[] ids = [.. expected!["ids"]!.AsArray().Select(i => i!.GetValue<int>())];
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal(expected["decoded"]!.GetValue<string>(), tokenizer.Decode([tokenizer.BeginId, .. ids, tokenizer.EndId]));
        }
    }

    [Fact]
    public void Every_file_has_its_own_id_and_is_saved_as_it_was()
    {
        var ids = new HashSet<string>();
        foreach (JsonNode? example in Golden["cases"]!.AsArray())
        {
            string json = Made(example!).ToJsonString();
            File.WriteAllText(Target, "\ufeff" + json + "\n\n");
            ITokenizer tokenizer = TokenizerFile.Load(Target);
            Assert.True(ids.Add(tokenizer.Id), example!["name"]!.GetValue<string>());
            TokenizerFile.Save(Target, tokenizer);
            Assert.Equal(json + "\n", File.ReadAllText(Target));
            Assert.Equal(tokenizer.Id, TokenizerFile.Load(Target).Id);
        }
    }

    // What trained models carry.
    [Fact]
    public void Ids_of_the_tokenizers_that_could_always_be_read_stay()
    {
        string[] texts = ["I deleted the failing test, and I don't regret it.",
            "Größe, naïve café, 猫が好き 🙂 and ½ the tests the tests",
            "  def test(x):\n\treturn x == 42  \n"];
        ByteLevelBpeTokenizer trained = ByteLevelBpeTokenizer.Train(texts, 300);
        Assert.Equal("byte-bpe-cf6e0dcec36f4b60", trained.Id);
        JsonNode file = Saved(trained);
        Assert.Equal(trained.Id, Load(file).Id);
        file["model"]!["merges"] = new JsonArray([.. file["model"]!["merges"]!.AsArray().Select(m => (JsonNode)$"{m![0]} {m[1]}")]);
        file["model"]!["unk_token"] = "<eos>";
        file["pre_tokenizer"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false}""");
        file["added_tokens"]!.AsArray().Add(Token(trained.VocabularySize, "<|endoftext|>", true));
        Assert.Equal("byte-bpe-f647f9cf3fb70560", Load(file).Id);
    }

    [Theory]
    [InlineData("bpe")]
    [InlineData("pieces")]
    public void A_text_never_becomes_a_special_token(string from)
    {
        JsonNode file = Base(from);
        string end = file["added_tokens"]![2]!["content"]!.GetValue<string>();
        int next = file["model"]!["vocab"]!.AsObject().Count;
        file["model"]!["ignore_merges"] = true;
        foreach ((int i, string content, bool special) in ((int, string, bool)[])[(0, "<|im_end|>", true), (1, "<|stop|>", false),
            (2, "  ", false)])
            file["added_tokens"]!.AsArray().Add(Token(next + i, content, special));
        File.WriteAllText(Target, file.ToJsonString());
        ITokenizer tokenizer = TokenizerFile.Load(Target, end: "<|stop|>");
        Assert.Equal((next + 1, 2), (tokenizer.EndId, tokenizer.Specials[end]));
        Assert.Equal(5, tokenizer.Specials.Count);
        string text = $"{end} <|im_end|><|stop|>{file["added_tokens"]![1]!["content"]}";
        Assert.DoesNotContain(tokenizer.Encode(text), tokenizer.Specials.Values.Contains);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Contains(next + 2, tokenizer.Encode("a  b"));
    }

    [Fact]
    public void A_merge_that_gives_the_end_is_not_made()
    {
        JsonNode file = Base("bpe");
        string joint = string.Concat(file["model"]!["merges"]!.AsArray().Last()!.AsArray().Select(t => t!.GetValue<string>()));
        int id = file["model"]!["vocab"]![joint]!.GetValue<int>();
        File.WriteAllText(Target, file.ToJsonString());
        ITokenizer tokenizer = TokenizerFile.Load(Target, end: joint);
        Assert.Equal((id, id), (tokenizer.EndId, tokenizer.Specials[joint]));
        Assert.All(Texts, t => Assert.DoesNotContain(id, tokenizer.Encode(t)));
        Assert.Contains(Texts, t => TokenizerFile.Load(Target).Encode(t).Contains(id));
    }

    [Fact]
    public void The_caller_names_the_tokens_that_begin_and_end()
    {
        JsonNode file = Base("bpe");
        File.WriteAllText(Target, file.ToJsonString());
        ITokenizer tokenizer = TokenizerFile.Load(Target, "<eos>", "<pad>");
        Assert.Equal((2, 0), (tokenizer.BeginId, tokenizer.EndId));
        Assert.NotEqual(TokenizerFile.Load(Target).Id, tokenizer.Id);
        Assert.Contains("<none>", Assert.Throws<UserErrorException>(() => TokenizerFile.Load(Target, "<none>")).Message,
            StringComparison.Ordinal);
        file["added_tokens"]!.AsArray().RemoveAt(2);
        Assert.Equal((1, 1), Ends(Load(file)));
        file["added_tokens"]!.AsArray().RemoveAt(1);
        file["added_tokens"]!.AsArray().Add(Token(2, "<eos>", true));
        Assert.Equal((2, 2), Ends(Load(file)));
        file["added_tokens"]!.AsArray().RemoveAt(1);
        Assert.Equal("bad-tokenizer", Assert.Throws<UserErrorException>(() => Load(file)).Code);
        static (int, int) Ends(ITokenizer t) => (t.BeginId, t.EndId);
    }

    [Fact]
    public void An_embedding_may_have_more_rows_than_there_are_tokens()
    {
        JsonNode file = Base("bpe");
        int count = file["model"]!["vocab"]!.AsObject().Count;
        file["model"]!["vocab"]!["later"] = count + 7;
        File.WriteAllText(Target, file.ToJsonString());
        Assert.Equal(count + 8, TokenizerFile.Load(Target).VocabularySize);
        ITokenizer padded = TokenizerFile.Load(Target, size: count + 20);
        Assert.Equal(count + 20, padded.VocabularySize);
        Assert.Equal("later", padded.Decode([count, count + 7, count + 8, count + 19]));
        Assert.Equal("wrong-tokenizer", Assert.Throws<UserErrorException>(() => TokenizerFile.Load(Target, size: count + 7)).Code);
    }

    [Theory]
    [InlineData("bpe", "normalizer", """{"type":"Lowercase"}""", "Lowercase")]
    [InlineData("bpe", "normalizer", """{"type":"Replace","pattern":{"Regex":"a"},"content":"b"}""", "plain strings")]
    [InlineData("bpe", "pre_tokenizer", """{"type":"Whitespace"}""", "Whitespace")]
    [InlineData("bpe", "pre_tokenizer", "null", "byte_fallback")]
    [InlineData("bpe", "pre_tokenizer", """{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}""", "behind")]
    [InlineData("pieces", "pre_tokenizer", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"last"}""", "last")]
    [InlineData("pieces", "pre_tokenizer", """{"type":"Split","pattern":{"String":"a"},"behavior":"Lost"}""", "Lost")]
    [InlineData("pieces", "added_tokens", """[{"id":1,"content":"<s>","special":true,"rstrip":true}]""", "white space")]
    [InlineData("pieces", "added_tokens", """[{"id":9999,"content":"<n>","special":false},{"id":1,"content":"<s>","special":true}]""",
        "should")]
    [InlineData("pieces", "model", """{"type":"BPE","dropout":0.1,"vocab":{},"merges":[]}""", "random")]
    [InlineData("pieces", "model", """{"type":"BPE","byte_fallback":true,"vocab":{"<s>":1,"a":2},"merges":["a a"]}""", "gives no token")]
    [InlineData("pieces", "model", """{"type":"BPE","byte_fallback":true,"vocab":{"<s>":1,"a":2},"merges":["a b"]}""", "unknown")]
    [InlineData("pieces", "model", """{"type":"BPE","byte_fallback":true,"vocab":{"<s>":1,"a":2},"merges":["a"]}""", "no pair")]
    [InlineData("pieces", "model", """{"type":"BPE","byte_fallback":true,"vocab":{"<s>":1,"a":1},"merges":[]}""", "twice")]
    [InlineData("pieces", "model", """{"type":"BPE","byte_fallback":true,"vocab":{"<s>":1,"a":2000000000},"merges":[]}""", "2000000000")]
    [InlineData("pieces", "model", """{"type":"BPE","byte_fallback":true,"unk_token":"<s>","vocab":{"<s>":1},"merges":[]}""", "unknown")]
    public void What_cannot_be_followed_exactly_is_refused(string from, string part, string value, string said)
    {
        JsonNode file = Base(from);
        file[part] = JsonNode.Parse(value);
        if (part == "model") file["added_tokens"] = new JsonArray(Token(1, "<s>", true));
        UserErrorException e = Assert.Throws<UserErrorException>(() => Load(file));
        Assert.Equal("bad-tokenizer", e.Code);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[a&&b]")]
    [InlineData("[a[b]]")]
    [InlineData(@"\w+")]
    [InlineData(@"\p{Han}")]
    [InlineData("^a")]
    [InlineData("a$")]
    [InlineData("(?i)a")]
    [InlineData("(?i:é)")]
    [InlineData(@"(a)\1")]
    [InlineData("a{2}+")]
    [InlineData("a{,2}")]
    [InlineData("[b-a]")]
    [InlineData("[a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("*a")]
    [InlineData("a**")]
    [InlineData(@"\")]
    [InlineData(@"\p")]
    [InlineData(@"\x{110000}")]
    [InlineData("")]
    public void Patterns_that_mean_something_else_elsewhere_are_refused(string pattern) =>
        Assert.Equal("bad-tokenizer", Assert.Throws<UserErrorException>(() => Load(Cut(pattern))).Code);

    [Fact]
    public void A_file_made_to_hurt_is_refused()
    {
        Assert.Equal("bad-tokenizer", Assert.Throws<UserErrorException>(() => Load(Cut(new string('a', 10_000)))).Code);
        string deep = string.Concat(Enumerable.Repeat("(?:", 1500)) + "a" + string.Concat(Enumerable.Repeat(")?", 1500));
        Assert.NotEmpty(Load(Cut(deep)).Encode("aaa"));
        JsonNode file = Base("bpe");
        JsonNode nested = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false}""")!;
        for (int i = 0; i < 100; i++) nested = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(nested) };
        string json = file.ToJsonString().Replace(file["pre_tokenizer"]!.ToJsonString(), Deep(nested), StringComparison.Ordinal);
        File.WriteAllText(Target, json);
        Assert.Equal("bad-json", Assert.Throws<UserErrorException>(() => TokenizerFile.Load(Target)).Code);
        file["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray([.. Enumerable.Range(0, 60).Select(_ =>
                JsonNode.Parse("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaa"}"""))]),
        };
        ITokenizer growing = Load(file);
        Assert.Equal("bad-tokenizer", Assert.Throws<UserErrorException>(() => growing.Encode(new string('a', 1000))).Code);

        static string Deep(JsonNode node) => node.ToJsonString(new JsonSerializerOptions { MaxDepth = 1000 });
    }

    [Fact]
    public void A_pattern_that_hangs_ends()
    {
        // A match that fails takes as many steps as there are ways to cut the text.
        ITokenizer tokenizer = Load(Cut("(?:a|aa|[a-z]a)+b"));
        UserErrorException e = Assert.Throws<UserErrorException>(() => tokenizer.Encode(new string('a', 10_000)));
        Assert.Equal("bad-tokenizer", e.Code);
        Assert.Contains("pattern", e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(tokenizer.Encode("aab"));
    }

    [Fact]
    public void Half_pairs_are_replacement_characters()
    {
        foreach (JsonNode? example in Golden["cases"]!.AsArray())
        {
            ITokenizer tokenizer = Load(Made(example!));
            Assert.Equal(tokenizer.Encode("a\ufffdb\ufffd 🙂"), tokenizer.Encode("a\udc00b\ud83d 🙂"));
        }
    }

    [Fact]
    public async Task Threads_may_encode_side_by_side()
    {
        ITokenizer tokenizer = Load(Made(Golden["cases"]![0]!));
        int[][] expected = [.. Texts.Select(tokenizer.Encode)];
        ITokenizer fresh = Load(Made(Golden["cases"]![0]!));
        int[][][] got = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Texts.Select(fresh.Encode).ToArray())));
        Assert.All(got, g => Assert.Equal(expected, g));
    }

    [Fact]
    public void Long_texts_are_no_trouble()
    {
        JsonNode file = Base("pieces");
        file["pre_tokenizer"] = JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}""");
        ITokenizer tokenizer = Load(file);
        string text = string.Concat(Enumerable.Repeat("thetests", 30_000));
        Assert.Equal(text, tokenizer.Decode([.. tokenizer.Encode("x"), .. tokenizer.Encode(text)])[1..]);
    }

    private static JsonObject Token(int id, string content, bool special) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = special,
    };

    private JsonNode Cut(string pattern)
    {
        JsonNode file = Base("bpe");
        file["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated" },
                JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""")),
        };
        return file;
    }

    private JsonNode Base(string name) => name == "pieces" ? Golden["pieces"]!.DeepClone() : Saved(ByteLevelBpeTokenizer.Train(Texts, 400));

    private JsonNode Saved(ITokenizer tokenizer)
    {
        TokenizerFile.Save(Target, tokenizer);
        return JsonNode.Parse(File.ReadAllText(Target))!;
    }

    private ITokenizer Load(JsonNode file)
    {
        File.WriteAllText(Target, file.ToJsonString(), new UTF8Encoding(false));
        return TokenizerFile.Load(Target);
    }

    // As the script does it.
    private JsonNode Made(JsonNode example)
    {
        JsonNode file = Base(example["base"]!.GetValue<string>()), change = example["change"]!;
        foreach (string part in (string[])["normalizer", "pre_tokenizer"]) file[part] = change[part]?.DeepClone();
        foreach (JsonNode? token in change["added_tokens"]!.AsArray()) file["added_tokens"]!.AsArray().Add(token!.DeepClone());
        JsonObject vocabulary = file["model"]!["vocab"]!.AsObject();
        foreach ((string key, JsonNode? value) in change["model"]!.AsObject())
        {
            if (key == "vocab") foreach ((string token, JsonNode? id) in value!.AsObject()) vocabulary[token] = id!.DeepClone();
            else if (key == "without") foreach (JsonNode? token in value!.AsArray()) vocabulary.Remove(token!.GetValue<string>());
            else file["model"]![key] = value?.DeepClone();
        }
        return file;
    }
}
