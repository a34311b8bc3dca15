using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments;

/// <summary>What is read off a model along its pre-training, beside the loss: the names of the readings, and what gives them.</summary>
public static class TrainingReadings
{
    /// <summary>The R2 of inference in chats.</summary>
    public const string Chat = "chatR2";

    /// <summary>The R2 of inference in stories about one character.</summary>
    public const string Story = "storyR2";

    /// <summary>The loss on held-out documents, nats per token.</summary>
    public const string HeldOut = "heldOutLoss";

    private const int Probes = 160;

    /// <summary>The reading <see cref="HeldOut"/>; null where the corpus keeps no document out of training.</summary>
    /// <param name="corpus">The corpus.</param>
    /// <param name="tokens">About how many held-out tokens are read.</param>
    /// <param name="threads">Threads that compute.</param>
    public static Func<DecoderWeights, IReadOnlyDictionary<string, double>>? HeldOutLoss(CorpusFolder corpus, long tokens, int threads)
    {
        ScoreRequest[] requests = [.. corpus.HeldOutDocuments(tokens).Where(d => d.Length > 1)
            .Select(d => new ScoreRequest([d[0]], [d[1..]]))];
        if (requests.Length == 0) return null;
        long targets = requests.Sum(r => (long)r.Continuations[0].Length);
        return weights =>
        {
            using var model = new Transformer(weights, corpus.Tokenizer, ChatTemplate.Plain, threads);
            ScoreTable scores = model.Score(requests);
            return new Dictionary<string, double>
            {
                [HeldOut] = -Enumerable.Range(0, requests.Length).Sum(r => scores.LogProbability(r, 0)) / targets,
            };
        };
    }

    /// <summary>The readings <see cref="Chat"/> and <see cref="Story"/>, of a world that has such documents with two acts.</summary>
    /// <param name="world">The world.</param>
    /// <param name="root">Draws the documents that are read.</param>
    /// <param name="threads">Threads that compute.</param>
    internal static Func<DecoderWeights, IReadOnlyDictionary<string, double>> Inference(World world, RngStream root, int threads)
    {
        var probes = new Dictionary<string, IReadOnlyList<InferenceProbe>>();
        foreach ((string reading, string genre) in new[] { (Chat, BaseModel.ChatGenre(world)), (Story, BaseModel.StoryGenre) })
            if (world.Genres.Contains(genre) && world.HasInferenceProbes(genre))
                probes[reading] = world.InferenceProbes(genre, Probes, root.Child("curve"));
        return weights =>
        {
            using var model = new Transformer(weights, world.Tokenizer, ChatTemplate.Plain, threads);
            return probes.ToDictionary(p => p.Key, p => InferenceScore.Measure(model, p.Value).R2);
        };
    }
}
