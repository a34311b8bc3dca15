using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Tiny.ShapeNames), MemberType = typeof(Tiny))]
    public void A_saved_model_comes_back_bit_for_bit(string shape)
    {
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        var provenance = new ModelProvenance("A test.")
        {
            Seed = ulong.MaxValue,
            CorpusId = "corpus-1",
            ParentId = "model-2",
            Tokens = 12,
            Code = "abc",
            Notes = new Dictionary<string,
                string>
            { ["loss"] = "0.5" },
        };
        CheckpointFolder.Save(_folder.Path, model, provenance);
        using Transformer back = CheckpointFolder.Load(_folder.Path);
        Assert.Equal(model.Config, back.Config);
        Assert.Equal(model.Id, back.Id);
        foreach (ParameterTensor tensor in model.Weights.Layout.Tensors)
            Assert.True(MemoryMarshal.AsBytes(model.Weights[tensor.Name]).SequenceEqual(MemoryMarshal.AsBytes(back.Weights[tensor.Name])),
                tensor.Name);
        ModelProvenance read = CheckpointFolder.ReadProvenance(_folder.Path);
        Assert.Equal(provenance with { Notes = read.Notes }, read);
        Assert.Equal(provenance.Notes, read.Notes);
        Assert.Equal(["README.md", "config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Scaled_rotary_positions_come_back_and_count()
    {
        using Transformer plain = Tiny.Model(Tiny.Grouped),
            scaled = Tiny.Model(Tiny.Grouped with { RopeScaling = new RotaryScaling(8, 1, 4, 16) });
        CheckpointFolder.Save(_folder.Path, scaled, new ModelProvenance("A test."));
        using Transformer back = CheckpointFolder.Load(_folder.Path);
        Assert.Equal(scaled.Config, back.Config);
        Assert.Equal(scaled.Id, back.Id);
        Assert.NotEqual(plain.Id, back.Id);
        ScoreRequest[] request = [new([1, 5, 6, 7, 8, 9, 10], [[11, 12, 13]])];
        Assert.Equal(scaled.Score(request).LogProbability(0, 0), back.Score(request).LogProbability(0, 0));
        Assert.NotEqual(plain.Score(request).LogProbability(0, 0), back.Score(request).LogProbability(0, 0));
    }

    [Theory]
    [InlineData("biased", "qwen2", "self_attn.k_proj.bias")]
    [InlineData("normed", "qwen3", "self_attn.k_norm.weight")]
    public void What_a_family_adds_is_named_as_elsewhere_and_counts(string shape, string type, string tensor)
    {
        using Transformer model = Tiny.Model(Tiny.Shapes[shape]);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
        Assert.Equal(type, (string?)Json("config.json")["model_type"]);
        Assert.Equal($"{char.ToUpperInvariant(type[0])}{type[1..]}ForCausalLM", (string?)Json("config.json")["architectures"]![0]);
        DecoderConfig c = model.Config;
        float[] stored;
        using (SafetensorsFile file = SafetensorsFile.Open(_folder["model.safetensors"]))
            stored = Read(file, "model.layers.1." + tensor, shape == "biased" ? c.KvHeads * c.HeadDim : c.HeadDim);
        Assert.Equal(shape == "biased" ? model.Weights["blocks.1.qkv_bias"].Slice(c.HeadsWidth, c.KvHeads * c.HeadDim).ToArray()
            : model.Weights["blocks.1.k_norm"].ToArray(), stored);
        Assert.Equal(model.Weights.Layout.Tensors.Sum(t => t.Length), c.ParameterCount);
        ScoreRequest[] request = [new([1, 5, 6, 7, 8, 9, 10], [[11, 12, 13]])];
        double before = model.Score(request).LogProbability(0, 0);
        using (Transformer back = CheckpointFolder.Load(_folder.Path)) Assert.Equal(before, back.Score(request).LogProbability(0, 0));
        using DecoderWeights changed = model.Weights.Clone();
        changed[shape == "biased" ? "blocks.1.qkv_bias" : "blocks.1.k_norm"][0] += 0.5f;
        using var other = new Transformer(changed, model.Tokenizer, null, 1);
        Assert.NotEqual(before, other.Score(request).LogProbability(0, 0));
        // As a Llama, the same tensors would be numbers that nobody asked for.
        Change(_folder["config.json"], "model_type", "llama");
        Assert.Equal("unsupported-model", Refused(_folder.Path).Code);
    }

    [Fact]
    public void A_window_that_is_not_in_use_shortens_nothing()
    {
        using Transformer model = Tiny.Model(Tiny.Shapes["biased"]);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
        string config = _folder["config.json"];
        Change(config, "sliding_window", 40);
        Assert.Equal(Tiny.Grouped.ContextLength, LlamaConfigFile.Load(config).ContextLength);
        Change(config, "use_sliding_window", false);
        Assert.Equal(Tiny.Grouped.ContextLength, LlamaConfigFile.Load(config).ContextLength);
        Change(config, "use_sliding_window", true);
        Assert.Equal(40, LlamaConfigFile.Load(config).ContextLength);
    }

    [Fact]
    public void A_sliding_window_is_read_as_a_shorter_context()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
        foreach ((int window, int context) in ((int, int)[])[(40, 40), (4096, Tiny.Grouped.ContextLength)])
        {
            Change(_folder["config.json"], "sliding_window", window);
            Assert.Equal(context, LlamaConfigFile.Load(_folder["config.json"]).ContextLength);
        }
    }

    [Fact]
    public void A_chat_template_of_its_own_goes_with_a_model()
    {
        const string Jinja = "{{ bos_token }}{% for m in messages %}{{ m.role + ' : ' + m.content + eos_token }}{% endfor %}";
        var tokens = new Dictionary<string, string> { ["bos_token"] = "<bos>", ["eos_token"] = "<eos>", ["unk_token"] = "<what>" };
        using Transformer model = new(Tiny.Weights(Tiny.Grouped), Tiny.Tokenizer(), ChatTemplate.FromJinja(Jinja, tokens), 1);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
        using (Transformer back = CheckpointFolder.Load(_folder.Path)) Assert.Equal(model.Id, back.Id);
        Assert.Equal(Jinja, (string?)Json("tokenizer_config.json")["chat_template"]);
        Assert.Equal("<what>", (string?)Json("tokenizer_config.json")["unk_token"]);
        // Newer folders keep it in a file, and several may stand under names.
        File.WriteAllText(_folder["chat_template.jinja"], Jinja + "{# newer #}");
        using (Transformer newer = CheckpointFolder.Load(_folder.Path)) Assert.Equal(Jinja + "{# newer #}", newer.Template.Jinja);
        File.Delete(_folder["chat_template.jinja"]);
        string settings = _folder["tokenizer_config.json"];
        Change(settings, "chat_template", new JsonArray(new JsonObject { ["name"] = "tool_use", ["template"] = "" },
            new JsonObject { ["name"] = "default", ["template"] = Jinja }));
        using (Transformer named = CheckpointFolder.Load(_folder.Path)) Assert.Equal(model.Id, named.Id);
        foreach (string broken in (string[])["{% if %}", "{{ messages }}"])
        {
            Change(settings, "chat_template", broken);
            UserErrorException refused = Refused(_folder.Path);
            Assert.Equal("bad-template", refused.Code);
            Assert.Contains(settings, refused.Problem, StringComparison.Ordinal);
        }
        Change(settings, "chat_template", null!);
        using (Transformer plain = CheckpointFolder.Load(_folder.Path)) Assert.Same(ChatTemplate.Plain, plain.Template);
    }

    [Fact]
    public void The_matrices_on_disk_are_those_of_a_llama()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
        using SafetensorsFile file = SafetensorsFile.Open(_folder["model.safetensors"]);
        DecoderConfig c = model.Config;
        int kv = c.KvHeads * c.HeadDim;
        float[] k = Read(file, "model.layers.1.self_attn.k_proj.weight", kv, c.Width);
        float[] up = Read(file, "model.layers.2.mlp.up_proj.weight", c.FeedForward, c.Width);
        float[] head = Read(file, "lm_head.weight", c.VocabularySize, c.Width);
        for (int i = 0; i < c.Width; i++)
        {
            for (int o = 0; o < kv; o++) Assert.Equal(model.Weights["blocks.1.qkv"][i * c.QkvWidth + c.HeadsWidth + o], k[o * c.Width + i]);
            for (int o = 0; o < c.FeedForward; o++)
                Assert.Equal(model.Weights["blocks.2.gate_up"][i * 2 * c.FeedForward + c.FeedForward + o], up[o * c.Width + i]);
            Assert.Equal(model.Weights["lm_head"][i * c.VocabularySize + 3], head[3 * c.Width + i]);
        }
    }

    [Fact]
    public void The_companions_say_what_other_readers_ask()
    {
        using Transformer model = Tiny.Model(Tiny.Tied);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test.") { Seed = 5 });
        JsonNode config = Json("config.json"), tokenizer = Json("tokenizer.json"), settings = Json("tokenizer_config.json");
        Assert.Equal("LlamaForCausalLM", (string?)config["architectures"]![0]);
        Assert.Equal(model.Config.KvHeads, (int)config["num_key_value_heads"]!);
        Assert.Equal(1, (int)config["bos_token_id"]!);
        Assert.Equal("WordLevel", (string?)tokenizer["model"]!["type"]);
        Assert.Equal(Tiny.Vocabulary, tokenizer["model"]!["vocab"]!.AsObject().Count);
        Assert.Equal(ChatTemplate.Plain.Jinja, (string?)settings["chat_template"]);
        Assert.StartsWith("---\n", File.ReadAllText(_folder["README.md"]), StringComparison.Ordinal);
        Assert.Contains(model.Id, File.ReadAllText(_folder["README.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_are_read_and_kept_inside_the_folder()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
        string whole = _folder["model.safetensors"];
        var map = new JsonObject();
        using (SafetensorsFile file = SafetensorsFile.Open(whole))
        {
            int i = 0;
            foreach (var group in file.Tensors.Values.GroupBy(_ => i++ % 2))
            {
                string name = $"model-0000{group.Key + 1}-of-00002.safetensors";
                var parts = group.Select(t => (t.Name, Shape: t.Shape.Select(s => (int)s).ToArray(), Data: Read(file, t.Name))).ToList();
                SafetensorsWriter.Write(_folder[name],
                    [.. parts.Select(p => new TensorToStore(p.Name, p.Shape, t => p.Data.CopyTo(t)))], new Dictionary<string, string>());
                foreach (var part in parts) map[part.Name] = name;
            }
        }
        File.Delete(whole);
        File.WriteAllText(_folder["model.safetensors.index.json"], new JsonObject { ["weight_map"] = map }.ToJsonString());
        using (Transformer back = CheckpointFolder.Load(_folder.Path)) Assert.Equal(model.Id, back.Id);
        map["lm_head.weight"] = "../model-00001-of-00002.safetensors";
        File.WriteAllText(_folder["model.safetensors.index.json"], map.Parent!.ToJsonString());
        Assert.Equal("corrupt-checkpoint", Assert.Throws<UserErrorException>(() => CheckpointFolder.Load(_folder.Path)).Code);
    }

    [Fact]
    public void Every_broken_folder_is_the_users_to_mend()
    {
        Assert.Equal("no-model", Refused(_folder["nowhere"]).Code);
        using Transformer model = Tiny.Model(Tiny.Grouped);
        void Damaged(string code, string file, Action<string> damage)
        {
            CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
            damage(_folder[file]);
            UserErrorException error = Refused(_folder.Path);
            Assert.Equal(code, error.Code);
            Assert.Contains(_folder.Path, error.Problem, StringComparison.Ordinal);
            Assert.NotEmpty(error.Remedy);
        }
        foreach (string file in (string[])["config.json", "tokenizer.json", "model.safetensors"])
        {
            Damaged("cannot-read", file, File.Delete);
            Damaged(file == "model.safetensors" ? "corrupt-checkpoint" : "bad-json", file, p =>
                File.WriteAllBytes(p, File.ReadAllBytes(p)[..^200]));
            Damaged(file == "model.safetensors" ? "corrupt-checkpoint" : "bad-json", file, p => File.WriteAllText(p, ""));
        }
        Damaged("corrupt-checkpoint", "model.safetensors", p =>
        {
            byte[] bytes = File.ReadAllBytes(p);
            bytes[^3] ^= 1; // one bit of one weight
            File.WriteAllBytes(p, bytes);
        });
        Damaged("corrupt-checkpoint", "config.json", p => Change(p, "num_hidden_layers", 4));
        Damaged("corrupt-checkpoint", "config.json", p => Change(p, "hidden_size", 60000));
        Damaged("corrupt-checkpoint", "config.json", p => Change(p, "intermediate_size", 41));
        Damaged("unsupported-model", "config.json", p => Change(p, "num_hidden_layers", 2));
        Damaged("unsupported-model", "config.json", p => Change(p, "model_type", "gpt2"));
        Damaged("unsupported-model", "config.json", p => Change(p, "num_key_value_heads", 3));
        Damaged("unsupported-model", "config.json", p => Change(p, "max_position_embeddings", int.MaxValue));
        Damaged("unsupported-model", "config.json", p => Change(p, "hidden_size", -24));
        Damaged("unsupported-model", "config.json", p => Change(p, "rope_scaling", new JsonObject { ["rope_type"] = "llama3" }));
        Damaged("wrong-tokenizer", "config.json", p => Change(p, "vocab_size", 44));
        Damaged("wrong-tokenizer", "tokenizer.json", p => TokenizerFile.Save(p, Tiny.Tokenizer(44)));
        Damaged("wrong-tokenizer", "tokenizer.json", p => TokenizerFile.Save(p,
            WordLevelTokenizer.FromWords(Enumerable.Range(0, Tiny.Vocabulary - 3).Select(i => $"v{i}"))));
        Damaged("bad-tokenizer", "tokenizer.json", p => File.WriteAllText(p, "{\"model\":{\"type\":\"Unigram\"}}"));
        Damaged("bad-tokenizer", "tokenizer.json", p => File.WriteAllText(p, "{}"));
    }

    private static UserErrorException Refused(string folder) => Assert.Throws<UserErrorException>(() => CheckpointFolder.Load(folder));

    private static void Change(string path, string key, JsonNode value)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(path))!;
        root[key] = value;
        File.WriteAllText(path, root.ToJsonString());
    }

    private static float[] Read(SafetensorsFile file, string name, params int[] shape)
    {
        var numbers = new float[file.Tensors[name].Length];
        if (shape.Length > 0) Assert.Equal(shape.Select(s => (long)s), file.Tensors[name].Shape);
        file.Read(name, numbers);
        return numbers;
    }

    private JsonNode Json(string file) => JsonNode.Parse(File.ReadAllText(_folder[file]))!;
}
