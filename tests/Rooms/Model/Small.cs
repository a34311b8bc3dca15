using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Decoders small enough to differentiate by hand.</summary>
internal static class Small
{
    public static DecoderConfig Config(bool tied = true, int kvHeads = 2, int layers = 2) => new()
    {
        VocabularySize = 19,
        Width = 24,
        Layers = layers,
        Heads = 4,
        KvHeads = kvHeads,
        HeadDim = 6,
        FeedForward = 20,
        TieEmbeddings = tied,
        ContextLength = 32,
        RopeTheta = 100,
    };

    /// <summary>Weights large enough that every path carries signal.</summary>
    public static DecoderWeights Weights(DecoderConfig config, ulong seed = 1)
    {
        RngStream rng = RngStream.Root(seed);
        DecoderWeights weights = DecoderWeights.Initialise(config, rng);
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            RngStream noise = rng.Child("noise/" + tensor.Name);
            foreach (ref float x in weights[tensor.Name]) x += (float)(0.2 * noise.NextGaussian());
        }
        return weights;
    }

    public static int[] Document(int length, ulong seed, int vocabulary = 19)
    {
        RngStream rng = RngStream.Root(seed).Child("document");
        int[] tokens = new int[length];
        for (int i = 0; i < length; i++) tokens[i] = rng.NextInt(vocabulary);
        return tokens;
    }

    /// <summary>Sequences of 7, 1, 12 and 4 rows; some rows without a target, one of negative weight.</summary>
    public static TokenBatch Batch()
    {
        var batch = new TokenBatch(1, 1);
        batch.AddDocument(Document(8, 1));
        batch.AddSequence(Document(2, 2), 1, 0.5f);
        batch.AddSequence(Document(13, 3), 7, 2);
        batch.AddSequence(Document(5, 4), 4, -0.25f);
        return batch;
    }

    public static double Loss(Decoder decoder, DecoderWeights weights, TokenBatch batch, DecoderWorkspace workspace, ILossFunction loss,
        Interventions? edits = null)
    {
        decoder.Forward(weights, batch, workspace, edits);
        return loss.Evaluate(new LogitRows(batch, workspace, 0));
    }
}
