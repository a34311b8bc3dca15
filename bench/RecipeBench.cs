using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// What the recipe of a preset is worth, as it is or changed, with the processor time of one thread: on the village R² against exact
/// Bayes on 600 probes in chats and in stories, on an imported corpus the loss on its held-out documents; on both the mean loss of the
/// training.
/// `heads=6 embedding=3e-3 blocks=8e-3 decay=cosine final=0.05 step=768` changes it.
/// </summary>
internal static class RecipeBench
{
    private const int Probes = 600;

    /// <summary>Trains one model for each seed from 1.</summary>
    /// <param name="preset">The name of the preset.</param>
    /// <param name="changes">What is changed, as name=value.</param>
    /// <param name="corpus">The folder of an imported corpus; the village when absent.</param>
    /// <param name="seeds">How many seeds.</param>
    /// <param name="tokens">Tokens of each training.</param>
    public static void Run(string preset, IReadOnlyList<string> changes, string? corpus, int seeds, long tokens)
    {
        ModelPreset changed = changes.Aggregate(ModelPreset.Find(preset), Changed);
        using CorpusFolder? folder = corpus is null ? null : CorpusFolder.Open(corpus);
        for (ulong seed = 1; seed <= (ulong)seeds; seed++)
        {
            (TrainingPoint end, string found, double used) =
                folder is null ? OnVillage(changed, seed, tokens) : OnCorpus(folder, changed, seed, tokens);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"recipe      {preset}  seed {seed}  "
                + $"{end.Tokens / 1e6:0.00} M tokens  {found}  loss {end.Loss:0.000}  {used:0} CPU s"));
        }
    }

    private static (TrainingPoint End, string Found, double Used) OnVillage(ModelPreset preset, ulong seed, long tokens)
    {
        World world = World.Village;
        RngStream root = RngStream.Root(seed);
        DecoderConfig shape = preset.Shape(world.Tokenizer.VocabularySize, BaseModel.ContextFor(world));
        var documents = new GeneratedDocuments("bench", world.DocumentSource(root.Child("corpus")));
        return Train(shape, documents, preset.Recipe(tokens), root, weights =>
        {
            using var model = new Transformer(weights, world.Tokenizer, ChatTemplate.Plain, 1);
            double Inference(string genre) =>
                InferenceScore.Measure(model, world.InferenceProbes(genre, Probes, root.Child("inference").Child(genre))).R2;
            return string.Create(CultureInfo.InvariantCulture,
                $"chat R² {Inference(BaseModel.ChatGenre(world)):0.000}  story R² {Inference(BaseModel.StoryGenre):0.000}");
        });
    }

    private static (TrainingPoint End, string Found, double Used) OnCorpus(CorpusFolder corpus, ModelPreset preset, ulong seed, long tokens)
    {
        RngStream root = RngStream.Root(seed);
        DecoderConfig shape = preset.Shape(corpus.Tokenizer.VocabularySize, corpus.ContextLength);
        var reading = TrainingReadings.HeldOutLoss(corpus, long.MaxValue, 1)
            ?? throw new ArgumentException("The corpus keeps no document out of training.");
        return Train(shape, corpus.Source(root.Child("order")), preset.Recipe(tokens), root,
            weights => string.Create(CultureInfo.InvariantCulture, $"held-out loss {reading(weights)[TrainingReadings.HeldOut]:0.0000}"));
    }

    private static (TrainingPoint End, string Found, double Used) Train(DecoderConfig shape, IDocumentSource documents, TrainOptions recipe,
        RngStream root, Func<DecoderWeights, string> look)
    {
        using var pool = new WorkerPool(1);
        using DecoderWeights weights = DecoderWeights.Initialise(shape, root.Child("weights"));
        using var trainer = new Trainer(weights, documents, recipe with { EvaluateEvery = 0 }, pool);
        double start = ThreadClock.Seconds;
        TrainingPoint end = trainer.Run().Points[^1];
        double used = ThreadClock.Seconds - start;
        return (end, look(weights), used);
    }

    private static ModelPreset Changed(ModelPreset preset, string change)
    {
        string[] parts = change.Split('=', 2);
        double Number() => double.Parse(parts[1], CultureInfo.InvariantCulture);
        return parts[0] switch
        {
            "heads" => preset with { Heads = (int)Number() },
            "embedding" => preset with { LearningRate = Number() },
            "blocks" => preset with { HiddenLearningRate = Number() },
            "decay" => preset with { Decay = Enum.Parse<LearningRateDecay>(parts[1], true) },
            "final" => preset with { FinalLearningRate = Number() },
            "step" => preset with { TokensPerStep = (int)Number() },
            _ => throw new ArgumentException($"A recipe has no '{parts[0]}'; it has heads, embedding, blocks, decay, final and step."),
        };
    }
}
