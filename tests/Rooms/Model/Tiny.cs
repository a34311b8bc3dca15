using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Small models with random weights for the tests of inference and checkpoints.</summary>
internal static class Tiny
{
    public const int Vocabulary = 43;

    /// <summary>Grouped queries, untied head, odd sizes: nothing that only works for round numbers.</summary>
    public static readonly DecoderConfig Grouped = new()
    {
        VocabularySize = Vocabulary,
        Width = 24,
        Layers = 3,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 6,
        FeedForward = 40,
        TieEmbeddings = false,
        ContextLength = 64,
    };

    public static readonly DecoderConfig Tied = Grouped with { Heads = 3, KvHeads = 3, HeadDim = 8, TieEmbeddings = true, Layers = 2 };

    /// <summary>Every shape that goes another way through the decoder.</summary>
    public static readonly IReadOnlyDictionary<string, DecoderConfig> Shapes = new Dictionary<string, DecoderConfig>
    {
        ["grouped"] = Grouped,
        ["tied"] = Tied,
        ["biased"] = Grouped with { Family = DecoderFamily.Qwen2, TieEmbeddings = true },
        ["normed"] = Grouped with { Family = DecoderFamily.Qwen3, HeadDim = 10 },
    };

    public static IEnumerable<TheoryDataRow<string>> ShapeNames => Shapes.Keys.Select(name => new TheoryDataRow<string>(name));

    /// <summary>Weights large enough that attention and feed-forward parts matter.</summary>
    public static DecoderWeights Weights(DecoderConfig config, ulong seed = 1)
    {
        var weights = new DecoderWeights(config);
        RngStream rng = RngStream.Root(seed);
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            foreach (ref float x in weights[tensor.Name])
                x = (float)(tensor.IsMatrix ? rng.NextGaussian() * (tensor.Name == "embed.weight" ? 0.4 : 1.2 / Math.Sqrt(tensor.Rows))
                    : 0.7 + 0.6 * rng.NextDouble());
        }
        return weights;
    }

    public static WordLevelTokenizer Tokenizer(int vocabulary = Vocabulary) => WordLevelTokenizer.FromWords(
        Enumerable.Range(0, vocabulary - 5).Select(i => $"w{i:d3}").Append("assistant").Append(":"));

    public static Transformer Model(DecoderConfig config, ulong seed = 1, int threads = 1) =>
        new(Weights(config, seed), Tokenizer(config.VocabularySize), null, threads);

    public static int[] Tokens(RngStream rng, int count, int vocabulary = Vocabulary) =>
        [.. Enumerable.Range(0, count).Select(_ => rng.NextInt(vocabulary))];
}
