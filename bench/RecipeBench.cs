using System.Globalization;
using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// What the recipe of the `demo` preset is worth, as it is or changed: R² against exact Bayes on 600 probes in chats and in stories, loss,
/// and processor time of one thread. `heads=6 embedding=3e-3 blocks=8e-3 decay=cosine final=0.05 step=768` changes it.
/// </summary>
internal static class RecipeBench
{
    private const int Probes = 600;

    /// <summary>Trains one model for each seed from 1.</summary>
    /// <param name="changes">What is changed, as name=value.</param>
    /// <param name="seeds">How many seeds.</param>
    /// <param name="tokens">Tokens of each training.</param>
    public static void Run(IReadOnlyList<string> changes, int seeds, long tokens)
    {
        ModelPreset preset = changes.Aggregate(ModelPreset.Find("demo"), Changed);
        World world = World.Village;
        DecoderConfig shape = preset.Shape(world.Tokenizer.VocabularySize, BaseModel.ContextFor(world));
        using var pool = new WorkerPool(1);
        for (ulong seed = 1; seed <= (ulong)seeds; seed++)
        {
            RngStream root = RngStream.Root(seed);
            var documents = new GeneratedDocuments("bench", world.DocumentSource(root.Child("corpus")));
            using DecoderWeights weights = DecoderWeights.Initialise(shape, root.Child("weights"));
            using var trainer = new Trainer(weights, documents, preset.Recipe(tokens) with { EvaluateEvery = 0 }, pool);
            double start = ThreadClock.Seconds;
            TrainingPoint end = trainer.Run().Points[^1];
            double used = ThreadClock.Seconds - start;
            using var model = new Transformer(weights, world.Tokenizer, ChatTemplate.Plain, 1);
            double Inference(string genre) =>
                InferenceScore.Measure(model, world.InferenceProbes(genre, Probes, root.Child("inference").Child(genre))).R2;
            (double chat, double story) = (Inference(BaseModel.ChatGenre(world)), Inference(BaseModel.StoryGenre));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"recipe      seed {seed}  {end.Tokens / 1e6:0.00} M tokens"
                + $"  chat R² {chat:0.000}  story R² {story:0.000}  loss {end.Loss:0.000}  {used:0} CPU s"));
        }
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
