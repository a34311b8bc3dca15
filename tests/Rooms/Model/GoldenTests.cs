using System.Text.Json;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Our decoder against PyTorch's automatic differentiation: <c>tests/Goldens/decoder.py</c> made the numbers.</summary>
public sealed class GoldenTests
{
    private static readonly DecoderConfig Config = new()
    {
        VocabularySize = 11,
        Width = 8,
        Layers = 2,
        Heads = 2,
        KvHeads = 1,
        HeadDim = 4,
        FeedForward = 12,
        RopeTheta = 100,
        NormEpsilon = 1e-5,
        ContextLength = 8,
    };

    [Theory]
    [InlineData(0, "Llama", true)]
    [InlineData(1, "Llama", false)]
    [InlineData(2, "Qwen2", true)]
    [InlineData(3, "Qwen3", false)]
    public void Logits_loss_and_gradients_are_those_of_PyTorch(int index, string family, bool tied)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "decoder.json")));
        JsonElement expected = golden.RootElement.GetProperty("cases")[index];
        Assert.Equal(tied, expected.GetProperty("tied").GetBoolean());
        Assert.Equal(family, expected.GetProperty("family").GetString());
        DecoderConfig config = Config with { TieEmbeddings = tied, Family = Enum.Parse<DecoderFamily>(family) };
        using var weights = new DecoderWeights(config);
        int k = 0;
        foreach (JsonProperty tensor in expected.GetProperty("gradients").EnumerateObject())
        {
            Span<float> values = weights[tensor.Name];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(0.4 * Math.Sin(0.7 * i + 1.3 * k + 0.2) + (tensor.Name.EndsWith("norm") ? 1 : 0));
            k++;
        }
        Assert.Equal(weights.Layout.Tensors.Count, k);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        using var gradient = new FloatBuffer(weights.Layout.Length);
        var batch = new TokenBatch();
        batch.AddDocument([1, 5, 3, 3, 9, 2]);
        batch.AddDocument([4, 0, 10, 7], 0.5f);
        decoder.Forward(weights, batch, workspace);
        double[] logits = Numbers(expected.GetProperty("logits"));
        for (int i = 0; i < logits.Length; i++) Assert.Equal(logits[i], workspace.LogitRow(i / 11)[i % 11], 2e-5);
        Assert.Equal(expected.GetProperty("loss").GetDouble(), new CrossEntropyLoss().Evaluate(new LogitRows(batch, workspace, 0)), 5e-5);
        decoder.Backward(weights, batch, workspace, gradient);
        foreach (JsonProperty tensor in expected.GetProperty("gradients").EnumerateObject())
        {
            ParameterTensor at = weights.Layout[tensor.Name];
            double[] right = Numbers(tensor.Value);
            float[] ours = gradient.Span(at.Offset, (int)at.Length).ToArray();
            double error = Math.Sqrt(right.Zip(ours, (a, b) => (a - b) * (a - b)).Sum() / right.Sum(a => a * a));
            Assert.True(error < 2e-5, $"{tensor.Name}: relative error {error:g3}");
        }
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetDouble())];
}
