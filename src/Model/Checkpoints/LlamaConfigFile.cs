using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>Reads and writes the <c>config.json</c> of a Hugging Face checkpoint of the Llama kind.</summary>
internal static class LlamaConfigFile
{
    private const int LongestContext = 1 << 20;
    private const string Remedy = "Use a Llama, Mistral, Qwen 2 or Qwen 3 checkpoint with its config.json as it was published; rotary "
        + "scaling may be linear or that of Llama 3.";

    public static void Save(string path, DecoderConfig c, ITokenizer tokenizer) => JsonFile.Write(path, w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("architectures");
        w.WriteStringValue(c.Family + "ForCausalLM");
        w.WriteEndArray();
        w.WriteString("model_type", c.FamilyName());
        w.WriteNumber("vocab_size", c.VocabularySize);
        w.WriteNumber("hidden_size", c.Width);
        w.WriteNumber("intermediate_size", c.FeedForward);
        w.WriteNumber("num_hidden_layers", c.Layers);
        w.WriteNumber("num_attention_heads", c.Heads);
        w.WriteNumber("num_key_value_heads", c.KvHeads);
        w.WriteNumber("head_dim", c.HeadDim);
        w.WriteNumber("max_position_embeddings", c.ContextLength);
        w.WriteNumber("rms_norm_eps", c.NormEpsilon);
        w.WriteNumber("rope_theta", c.RopeTheta);
        WriteScaling(w, c.RopeScaling);
        w.WriteString("hidden_act", "silu");
        if (c.Family != DecoderFamily.Qwen2) w.WriteBoolean("attention_bias", false);
        w.WriteBoolean("mlp_bias", false);
        w.WriteNumber("attention_dropout", 0);
        w.WriteBoolean("tie_word_embeddings", c.TieEmbeddings);
        w.WriteNumber("bos_token_id", tokenizer.BeginId);
        w.WriteNumber("eos_token_id", tokenizer.EndId);
        w.WriteNumber("pad_token_id", CheckpointCompanions.PadId(tokenizer));
        w.WriteNumber("initializer_range", 0.02);
        w.WriteString("torch_dtype", "float32");
        w.WriteBoolean("use_cache", true);
        w.WriteEndObject();
    });

    public static DecoderConfig Load(string path)
    {
        using JsonDocument document = JsonFile.Read(path, "Give the folder of a Hugging Face checkpoint.", 1 << 20);
        JsonElement root = document.RootElement;
        try
        {
            if (JsonField.Has(root, "quantization_config", out JsonElement way)) throw Quantised.Config(path, way);
            return Read(root);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            throw new UserErrorException("unsupported-model", $"{path} describes a model that cannot be run: {e.Message}", Remedy, e);
        }
    }

    private static DecoderConfig Read(JsonElement root)
    {
        string type = JsonField.TextOrNone(root, "model_type") ?? "";
        DecoderFamily family = type switch
        {
            "llama" or "mistral" => DecoderFamily.Llama,
            "qwen2" => DecoderFamily.Qwen2,
            "qwen3" => DecoderFamily.Qwen3,
            _ => throw new FormatException($"its \"model_type\" is \"{type}\"; llama, mistral, qwen2 and qwen3 are read."),
        };
        if (JsonField.TextOrNone(root, "hidden_act") is { } act && act != "silu")
            throw new FormatException($"its \"hidden_act\" is \"{act}\"; silu is computed.");
        foreach (string bias in (string[])["attention_bias", "mlp_bias"])
            if (JsonField.Flag(root, bias, false)) throw new FormatException($"it has biases (\"{bias}\").");
        RotaryScaling? scaling = JsonField.Has(root, "rope_scaling", out JsonElement scaled) ? Scaling(scaled) : null;
        double theta = JsonField.Number(root, "rope_theta", 10000);
        if (JsonField.Has(root, "rope_parameters", out JsonElement rope))
            (theta, scaling) = (JsonField.Number(rope, "rope_theta", theta), Scaling(rope));
        int context = Size(root, "max_position_embeddings", 2048);
        // Within one window, attention through a sliding one is full attention. Qwen's files name one that is not in use.
        bool slides = JsonField.Flag(root, "use_sliding_window", family == DecoderFamily.Llama);
        if (slides && JsonField.Has(root, "sliding_window", out _)) context = Math.Min(context, Size(root, "sliding_window"));
        int width = Size(root, "hidden_size"), heads = Size(root, "num_attention_heads");
        if (heads == 0) throw new FormatException("\"num_attention_heads\" is 0.");
        var config = new DecoderConfig
        {
            VocabularySize = Size(root, "vocab_size"),
            Family = family,
            Width = width,
            Layers = Size(root, "num_hidden_layers"),
            Heads = heads,
            KvHeads = Size(root, "num_key_value_heads", heads),
            HeadDim = Size(root, "head_dim", width / heads),
            FeedForward = Size(root, "intermediate_size"),
            RopeTheta = theta,
            RopeScaling = scaling,
            NormEpsilon = JsonField.Number(root, "rms_norm_eps", 1e-6),
            TieEmbeddings = JsonField.Flag(root, "tie_word_embeddings", false),
            ContextLength = context,
        };
        if (config.ContextLength > LongestContext)
            throw new FormatException($"its context (\"max_position_embeddings\") of {config.ContextLength} is beyond {LongestContext}.");
        config.Validate();
        return config;
    }

    private static RotaryScaling? Scaling(JsonElement rope)
    {
        string type = JsonField.TextOrNone(rope, "rope_type") ?? JsonField.TextOrNone(rope, "type") ?? "default";
        double factor = JsonField.Number(rope, "factor", 1);
        return type switch
        {
            "default" => null,
            "linear" => new RotaryScaling(factor),
            "llama3" => new RotaryScaling(factor, JsonField.Number(rope, "low_freq_factor", 1),
                JsonField.Number(rope, "high_freq_factor", 4), Size(rope, "original_max_position_embeddings")),
            _ => throw new FormatException($"its rotary positions are scaled in another way (\"rope_type\" is \"{type}\")."),
        };
    }

    private static void WriteScaling(Utf8JsonWriter w, RotaryScaling? scaling)
    {
        if (scaling is null)
        {
            w.WriteNull("rope_scaling");
            return;
        }
        w.WriteStartObject("rope_scaling");
        w.WriteString("rope_type", scaling.OriginalContext is null ? "linear" : "llama3");
        w.WriteNumber("factor", scaling.Factor);
        if (scaling.OriginalContext is { } context)
        {
            w.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
            w.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
            w.WriteNumber("original_max_position_embeddings", context);
        }
        w.WriteEndObject();
    }

    private static int Size(JsonElement root, string name, int? otherwise = null)
    {
        if (otherwise is { } usual && !JsonField.Has(root, name, out _)) return usual;
        int size = JsonField.Whole(root, name);
        return size >= 0 ? size : throw JsonField.Wrong(name, JsonField.Of(root, name), "a whole number from 0 up");
    }
}
