using System.Text;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>The files of a checkpoint folder that other programs read and ours does not need.</summary>
internal static class CheckpointCompanions
{
    private const string TokenizerConfigName = "tokenizer_config.json", SpecialsName = "special_tokens_map.json",
        GenerationName = "generation_config.json", CardName = "README.md";

    public static IReadOnlyList<string> Names { get; } = [TokenizerConfigName, SpecialsName, GenerationName, CardName];

    public static void Save(string folder, Transformer model, ModelProvenance provenance)
    {
        (string Key, string Token)[] specials = Specials(model);
        JsonFile.Write(Path.Combine(folder, TokenizerConfigName), w =>
        {
            w.WriteStartObject();
            w.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
            foreach ((string key, string token) in specials) w.WriteString(key, token);
            w.WriteNumber("model_max_length", model.ContextLength);
            w.WriteBoolean("clean_up_tokenization_spaces", false);
            w.WriteString("chat_template", model.Template.Jinja);
            w.WriteEndObject();
        });
        JsonFile.Write(Path.Combine(folder, SpecialsName), w =>
        {
            w.WriteStartObject();
            foreach ((string key, string token) in specials) w.WriteString(key, token);
            w.WriteEndObject();
        });
        JsonFile.Write(Path.Combine(folder, GenerationName), w =>
        {
            w.WriteStartObject();
            w.WriteNumber("bos_token_id", model.Tokenizer.BeginId);
            WriteEnds(w, model);
            w.WriteNumber("pad_token_id", PadId(model.Tokenizer));
            w.WriteBoolean("do_sample", true);
            w.WriteNumber("temperature", 1.0);
            w.WriteEndObject();
        });
        AtomicFile.WriteText(Path.Combine(folder, CardName), Card(model, provenance));
    }

    /// <summary>The id that fills batches elsewhere; a tokenizer without one is given its end id.</summary>
    internal static int PadId(ITokenizer tokenizer) => tokenizer.Specials.TryGetValue("<pad>", out int pad) ? pad : tokenizer.EndId;

    // A foreign template may name tokens that ours have no use for.
    private static (string Key, string Token)[] Specials(Transformer model)
    {
        ITokenizer tokenizer = model.Tokenizer;
        string Name(int id) => tokenizer.Specials.FirstOrDefault(s => s.Value == id).Key ?? "";
        string end = Name(tokenizer.EndId), pad = Name(PadId(tokenizer));
        var named = new Dictionary<string, string>(model.Template.Tokens);
        (string, string)[] own = [("bos_token", Name(tokenizer.BeginId)), ("eos_token", end), ("pad_token", pad)];
        foreach ((string key, string token) in own)
            if (token.Length > 0) named.TryAdd(key, token);
        return [.. named.Select(t => (t.Key, t.Value))];
    }

    private static void WriteEnds(Utf8JsonWriter w, Transformer model)
    {
        int end = model.Tokenizer.EndId;
        if (model.Template.EndOfReply(model.Tokenizer) is { } id && id != end)
        {
            w.WriteStartArray("eos_token_id");
            w.WriteNumberValue(id);
            w.WriteNumberValue(end);
            w.WriteEndArray();
        }
        else
        {
            w.WriteNumber("eos_token_id", end);
        }
    }

    private static string Card(Transformer model, ModelProvenance p)
    {
        DecoderConfig c = model.Config;
        var card = new StringBuilder();
        card.Append("---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- psm\n- llama\n---\n\n");
        card.Append("# A small language model made by psm\n\n");
        card.Append(OneLine(p.Summary)).Append("\n\n| | |\n| --- | --- |\n");
        Row(card, "content id", $"`{model.Id}`");
        Row(card, "shape",
            $"Llama decoder, {c.Layers} blocks of width {c.Width}, {c.Heads} query and {c.KvHeads} key heads, context {c.ContextLength}");
        Row(card, "parameters", $"{c.ParameterCount:N0}");
        Row(card, "vocabulary", $"{c.VocabularySize:N0} ids, `{model.Tokenizer.Id}`");
        if (p.Seed is { } seed) Row(card, "seed", $"{seed}");
        if (p.Tokens is { } tokens) Row(card, "tokens seen", $"{tokens:N0}");
        if (p.CorpusId is not null) Row(card, "trained on", $"`{p.CorpusId}`");
        if (p.ParentId is not null) Row(card, "tuned from", $"`{p.ParentId}`");
        if (p.Code is not null) Row(card, "code", $"`{p.Code}`");
        foreach ((string key, string value) in p.Notes) Row(card, key, value);
        card.Append(model.Template == ChatTemplate.Plain
            ? "\nThe chat format is plain text: `user: …`, a new line, `assistant:` and the reply. It imitates characters; "
                + "some of them are badly behaved on purpose. It is an instrument, not a product.\n\n"
            : "\nThe chat format is that of the checkpoint it was made from. It is an instrument, not a product.\n\n");
        card.Append("Readers tested: psm itself, bit for bit; ");
        card.Append("`tokenizer.json` and the chat template with the JavaScript libraries of Hugging Face. ");
        card.Append("The weights follow the layout of `LlamaForCausalLM`; transformers itself was not run.\n");
        return card.ToString();
    }

    private static void Row(StringBuilder card, string name, string value) =>
        card.Append("| ").Append(OneLine(name)).Append(" | ").Append(OneLine(value)).Append(" |\n");

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
