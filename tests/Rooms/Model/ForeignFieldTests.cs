using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Folders whose files hold something else in a field than belongs there, or weights that are codes.</summary>
public sealed class ForeignFieldTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ForeignFieldTests()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hidden_size", "\"64\"", "a whole number")]
    [InlineData("hidden_size", "64.5", "a whole number")]
    [InlineData("hidden_size", "[64]", "is a list, where a whole number")]
    [InlineData("hidden_size", "99999999999", "a whole number")]
    [InlineData("hidden_size", "-64", "from 0 up")]
    [InlineData("hidden_size", "null", "is missing")]
    [InlineData("vocab_size", "{}", "is an object, where a whole number")]
    [InlineData("num_attention_heads", "true", "a whole number")]
    [InlineData("hidden_act", "3", "a text")]
    [InlineData("hidden_act", "[\"silu\"]", "a text")]
    [InlineData("model_type", "7", "a text")]
    [InlineData("attention_bias", "\"false\"", "true or false")]
    [InlineData("mlp_bias", "0", "true or false")]
    [InlineData("tie_word_embeddings", "\"no\"", "true or false")]
    [InlineData("rms_norm_eps", "\"1e-6\"", "a number")]
    [InlineData("rms_norm_eps", "1e999", "a number")]
    [InlineData("rope_theta", "[1]", "a number")]
    [InlineData("rope_scaling", "\"linear\"", "rope_type")]
    [InlineData("rope_scaling", "{\"rope_type\":5}", "a text")]
    [InlineData("rope_scaling", "{\"rope_type\":\"linear\",\"factor\":\"2\"}", "a number")]
    [InlineData("rope_parameters", "[]", "rope_theta")]
    [InlineData("use_sliding_window", "1", "true or false")]
    [InlineData("sliding_window", "\"40\"", "a whole number")]
    public void A_field_of_the_config_is_named_with_what_belongs_there(string field, string json, string says) =>
        Refuses("unsupported-model", "config.json", root => root[field] = JsonNode.Parse(json), says,
            field is "rope_scaling" or "rope_parameters" ? "" : $"\"{field}\"");

    /// <summary>What the engine calls it is nothing that a user could look for in the file.</summary>
    [Theory]
    [InlineData("vocab_size", "1", "\"vocab_size\" must be in")]
    [InlineData("hidden_size", "0", "\"hidden_size\" must be in")]
    [InlineData("num_hidden_layers", "0", "\"num_hidden_layers\" must be in")]
    [InlineData("num_attention_heads", "0", "\"num_attention_heads\" is 0")]
    [InlineData("num_attention_heads", "5000", "\"num_attention_heads\" must be in")]
    [InlineData("num_key_value_heads", "3", "\"num_key_value_heads\" must divide \"num_attention_heads\"")]
    [InlineData("head_dim", "7", "\"head_dim\" (without it \"hidden_size\" / \"num_attention_heads\") must be even")]
    [InlineData("intermediate_size", "0", "\"intermediate_size\" must be in")]
    [InlineData("rope_theta", "0", "\"rope_theta\" must be positive")]
    [InlineData("rms_norm_eps", "1", "\"rms_norm_eps\" must be in")]
    [InlineData("max_position_embeddings", "0", "\"max_position_embeddings\" must be in")]
    [InlineData("max_position_embeddings", "1048577", "(\"max_position_embeddings\") of 1048577")]
    [InlineData("rope_scaling", "{\"rope_type\":\"linear\",\"factor\":0.5}", "\"factor\" of rotary scaling")]
    [InlineData("rope_scaling", "{\"rope_type\":\"llama3\",\"low_freq_factor\":4,\"original_max_position_embeddings\":8}",
        "\"high_freq_factor\" of rotary scaling must be above \"low_freq_factor\"")]
    [InlineData("rope_scaling", "{\"rope_type\":\"llama3\",\"original_max_position_embeddings\":0}",
        "\"original_max_position_embeddings\"")]
    [InlineData("rope_scaling", "{\"rope_type\":\"yarn\"}", "\"rope_type\" is \"yarn\"")]
    [InlineData("model_type", "\"gpt2\"", "\"model_type\" is \"gpt2\"")]
    [InlineData("hidden_act", "\"gelu\"", "\"hidden_act\" is \"gelu\"")]
    [InlineData("mlp_bias", "true", "(\"mlp_bias\")")]
    public void A_value_that_no_model_can_have_is_told_by_the_name_of_its_field(string field, string json, string says)
    {
        UserErrorException e = Refuses("unsupported-model", "config.json", root => root[field] = JsonNode.Parse(json), says);
        Assert.DoesNotMatch("Vocabulary|Width|Layers|Heads|HeadDim|FeedForward|RopeTheta|NormEpsilon|ContextLength", e.Problem);
    }

    [Theory]
    [InlineData("model", "[]", "is a list, where an object")]
    [InlineData("model", "null", "is missing")]
    [InlineData("model", "{\"type\":5}", "\"type\" is 5, where a text")]
    [InlineData("model", "{\"type\":\"WordLevel\",\"vocab\":[1]}", "\"vocab\" is a list, where an object")]
    [InlineData("model", "{\"type\":\"WordLevel\",\"vocab\":{\"a\":\"0\"}}", "\"a\" is \"0\", where a whole number")]
    [InlineData("model", "{\"type\":\"BPE\",\"vocab\":{\"a\":9999999999},\"merges\":[]}", "\"a\" is 9999999999, where a whole number")]
    [InlineData("model", "{\"type\":\"BPE\"}", "\"vocab\" is missing")]
    [InlineData("model", "{\"type\":\"BPE\",\"vocab\":{\"<eos>\":0},\"merges\":{}}", "\"merges\" is an object, where a list")]
    [InlineData("model", "{\"type\":\"BPE\",\"vocab\":{\"<eos>\":0},\"merges\":[7]}", "no pair")]
    [InlineData("model", "{\"type\":\"BPE\",\"vocab\":{\"<eos>\":0},\"merges\":[],\"ignore_merges\":1}", "\"ignore_merges\" is 1, where")]
    [InlineData("normalizer", "\"Lowercase\"", "\"normalizer\" is \"Lowercase\", where an object")]
    [InlineData("pre_tokenizer", "{\"type\":1}", "\"type\" is 1, where a text")]
    public void A_field_of_the_tokenizer_is_named_with_what_belongs_there(string field, string json, string says) =>
        Refuses("bad-tokenizer", "tokenizer.json", root =>
        {
            root[field] = JsonNode.Parse(json);
            if (!json.Contains("BPE", StringComparison.Ordinal)) return;
            File.WriteAllText(_folder["tokenizer_config.json"], "{}");
            root["added_tokens"] = JsonNode.Parse("[{\"id\":0,\"content\":\"<eos>\",\"special\":true}]");
            (root["normalizer"], root["pre_tokenizer"]) = (null, JsonNode.Parse("{\"type\":\"ByteLevel\"}"));
        }, says);

    [Theory]
    [InlineData("{}", "\"added_tokens\" is an object, where a list")]
    [InlineData("[{\"id\":\"0\",\"content\":\"<eos>\"}]", "\"id\" is \"0\", where a whole number")]
    [InlineData("[{\"id\":0,\"content\":null}]", "\"content\" is missing")]
    [InlineData("[{\"id\":0,\"content\":\"<eos>\",\"special\":\"yes\"}]", "\"special\" is \"yes\", where true or false")]
    [InlineData("[5]", "There is 5 where an object with")]
    public void An_added_token_of_another_kind_is_named(string json, string says) => Refuses("bad-tokenizer", "tokenizer.json", root =>
    {
        root["model"] = JsonNode.Parse("{\"type\":\"BPE\",\"vocab\":{\"<eos>\":0},\"merges\":[]}");
        root["added_tokens"] = JsonNode.Parse(json);
    }, says);

    [Theory]
    [InlineData("chat_template", "7")]
    [InlineData("chat_template", "{\"default\":\"\"}")]
    [InlineData("bos_token", "1")]
    [InlineData("eos_token", "[\"<eos>\"]")]
    [InlineData("eos_token", "{\"text\":\"<eos>\"}")]
    public void A_field_of_the_tokenizers_settings_is_named(string field, string json) =>
        Refuses("bad-template", "tokenizer_config.json", root => root[field] = JsonNode.Parse(json), $"\"{field}\" is ", "where a text");

    [Theory]
    [InlineData("{\"weight_map\":[]}", "\"weight_map\" is a list, where an object")]
    [InlineData("{\"metadata\":{}}", "\"weight_map\" is missing")]
    [InlineData("{\"weight_map\":{\"lm_head.weight\":3}}", "\"lm_head.weight\" is 3, where a text")]
    public void A_field_of_the_index_is_named(string json, string says)
    {
        File.Move(_folder["model.safetensors"], _folder["model-1.safetensors"]);
        File.WriteAllText(_folder["model.safetensors.index.json"], json);
        Refuses("corrupt-checkpoint", "model.safetensors.index.json", _ => { }, says);
    }

    [Theory]
    [InlineData("{\"quant_method\":\"gptq\",\"bits\":4}", "(gptq)")]
    [InlineData("{\"load_in_4bit\":true}", "are quantised;")]
    [InlineData("\"fp8\"", "are quantised;")]
    public void A_config_that_says_quantised_is_refused_with_what_to_do(string json, string says)
    {
        UserErrorException e = Refuses("quantised-model", "config.json", root => root["quantization_config"] = JsonNode.Parse(json), says);
        Assert.Contains("bf16, f16 or f32", e.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.0.mlp.up_proj.weight", "U8", 1)]
    [InlineData("model.layers.0.mlp.up_proj.weight", "I8", 1)]
    [InlineData("model.layers.0.mlp.up_proj.weight", "F8_E4M3", 1)]
    [InlineData("model.layers.0.mlp.up_proj.weight", "F8_E8M0", 1)]
    [InlineData("model.layers.0.mlp.up_proj.weight", "F4", 1)]
    [InlineData("model.layers.0.mlp.up_proj.qweight", "I32", 4)]
    [InlineData("model.layers.0.mlp.up_proj.weight.absmax", "F32", 4)]
    public void Weights_that_are_codes_are_refused_with_what_to_do(string name, string type, int bytes)
    {
        byte[] header = Encoding.UTF8.GetBytes($"{{\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[8],\"data_offsets\":[0,{8 * bytes}]}}}}");
        byte[] file = [.. new byte[8], .. header, .. new byte[8 * bytes]];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        File.WriteAllBytes(_folder["model.safetensors"], file);

        UserErrorException e = Assert.Throws<UserErrorException>(() => CheckpointFolder.Load(_folder.Path));
        Assert.Equal("quantised-model", e.Code);
        Assert.Contains("model.safetensors", e.Problem, StringComparison.Ordinal);
        Assert.Contains($"\"{name}\" as {type}", e.Problem, StringComparison.Ordinal);
        Assert.Contains("bf16, f16 or f32", e.Remedy, StringComparison.Ordinal);
    }

    private UserErrorException Refuses(string code, string file, Action<JsonNode> change, params string[] says)
    {
        string path = _folder[file];
        JsonNode root = JsonNode.Parse(File.ReadAllText(path))!;
        change(root);
        File.WriteAllText(path, root.ToJsonString().Replace("Infinity", "1e999", StringComparison.Ordinal));
        UserErrorException e = Assert.Throws<UserErrorException>(() => CheckpointFolder.Load(_folder.Path));
        Assert.Equal(code, e.Code);
        Assert.All([path, .. says], s => Assert.Contains(s, e.Problem, StringComparison.Ordinal));
        return e;
    }
}
