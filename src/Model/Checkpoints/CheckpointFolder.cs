using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>
/// A model on disk: a Hugging Face Llama folder (<c>config.json</c>, <c>model.safetensors</c>, <c>tokenizer.json</c>,
/// <c>tokenizer_config.json</c>,
/// <c>special_tokens_map.json</c>, <c>generation_config.json</c>, <c>README.md</c>) that transformers, vLLM and llama.cpp know how to read.
/// </summary>
public static class CheckpointFolder
{
    private const string WeightsKey = "psm.weights";
    private const string TokenizerKey = "psm.tokenizer";
    private const string Remedy = "Save the model again, or copy the whole folder from where it was made.";

    /// <summary>The names of the files that <see cref="Save"/> writes, the weights last.</summary>
    public static IReadOnlyList<string> Names { get; } = ["config.json", "tokenizer.json", .. CheckpointCompanions.Names,
        LlamaWeightsFile.FileName];

    /// <summary>
    /// Saves a model. Every file is whole or absent; the weights come last, so a folder that was cut off is noticed when it is loaded.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The model; not a steered view, whose interventions such a folder has no place for.</param>
    /// <param name="provenance">Where it comes from.</param>
    /// <exception cref="ArgumentException">A steered view.</exception>
    /// <exception cref="UserErrorException">The folder cannot be written.</exception>
    public static void Save(string folder, Transformer model, ModelProvenance provenance)
    {
        if (model.Interventions is not null)
            throw new ArgumentException("A folder holds weights alone: what is done to the activations would be lost.", nameof(model));
        LlamaConfigFile.Save(Path.Combine(folder, "config.json"), model.Config, model.Tokenizer);
        TokenizerFile.Save(Path.Combine(folder, "tokenizer.json"), model.Tokenizer);
        CheckpointCompanions.Save(folder, model, provenance);
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            ["psm.id"] = model.Id,
            [WeightsKey] = model.Weights.Id().ToString(),
            [TokenizerKey] = model.Tokenizer.Id,
        };
        foreach ((string key, string value) in provenance.ToMetadata()) metadata[key] = value;
        LlamaWeightsFile.Save(folder, model.Weights, metadata);
    }

    /// <summary>
    /// Loads a model, ours or another Llama checkpoint (F64, F32, F16 or BF16, whole or sharded): the weights alone. The steering vector
    /// that a tuning by vector leaves beside them is added by <c>ModelFolder</c> of the room Experiments, which every command opens models
    /// with.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="threads">As for <see cref="Transformer"/>.</param>
    /// <exception cref="UserErrorException">A file is missing, broken, of an unknown architecture, or does not belong to the
    /// others.</exception>
    public static Transformer Load(string folder, int threads = 0)
    {
        if (!Directory.Exists(folder))
            throw new UserErrorException("no-model", $"There is no model folder {folder}.",
                "Check the path, or train a model with psm model train.");
        DecoderConfig config = LlamaConfigFile.Load(Path.Combine(folder, "config.json"));
        string tokenizerPath = Path.Combine(folder, "tokenizer.json");
        (ChatTemplate template, IReadOnlyDictionary<string, string> tokens) = ChatTemplateFile.Load(folder);
        ITokenizer tokenizer = TokenizerFile.Load(tokenizerPath, tokens.GetValueOrDefault("bos_token"),
            tokens.GetValueOrDefault("eos_token"), config.VocabularySize);
        if (tokenizer.VocabularySize != config.VocabularySize)
        {
            throw new UserErrorException("wrong-tokenizer",
                $"{tokenizerPath} has {tokenizer.VocabularySize} ids, but the model in {folder} was made for {config.VocabularySize}.",
                    Remedy);
        }
        if (threads == 0) threads = Environment.ProcessorCount;
        DecoderWeights weights = LlamaWeightsFile.Load(folder, config, threads, out IReadOnlyDictionary<string, string> metadata);
        var held = new HeldWeights(weights, into => LlamaWeightsFile.Read(folder, config, threads, () => into));
        try
        {
            if (metadata.TryGetValue(TokenizerKey, out string? id) && id != tokenizer.Id)
                throw new UserErrorException("wrong-tokenizer", $"{tokenizerPath} is not the tokenizer that the model was trained with.",
                    Remedy);
            if (metadata.TryGetValue(WeightsKey, out id) && id != held.Id.ToString())
            {
                throw new UserErrorException("corrupt-checkpoint",
                    $"The weights in {Path.Combine(folder, LlamaWeightsFile.FileName)} are not those that were saved.", Remedy);
            }
            return new Transformer(held, tokenizer, template, threads) { OwnsWeights = true };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Where a saved model comes from.</summary>
    /// <exception cref="UserErrorException">There is no readable weights file.</exception>
    public static ModelProvenance ReadProvenance(string folder)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, LlamaWeightsFile.FileName));
        return ModelProvenance.FromMetadata(file.Metadata);
    }
}
