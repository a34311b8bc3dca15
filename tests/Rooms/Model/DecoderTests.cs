using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class DecoderTests
{
    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    [InlineData(true, 4)]
    [InlineData(false, 1)]
    [InlineData(true, 2, nameof(DecoderFamily.Qwen2))]
    [InlineData(true, 2, nameof(DecoderFamily.Qwen3))]
    [InlineData(false, 4, nameof(DecoderFamily.Qwen3))]
    public void Gradient_of_every_tensor_agrees_with_differences(bool tied, int kvHeads, string family = nameof(DecoderFamily.Llama))
    {
        DecoderConfig config = Small.Config(tied, kvHeads) with { Family = Enum.Parse<DecoderFamily>(family) };
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        using var gradient = new FloatBuffer(weights.Layout.Length);
        gradient.Span(0, (int)gradient.Length).Fill(7); // what was there before must not matter
        TokenBatch batch = Small.Batch();
        var loss = new CrossEntropyLoss(-1000);
        Small.Loss(decoder, weights, batch, workspace, loss);
        decoder.Backward(weights, batch, workspace, gradient);
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            float[] g = gradient.Span(tensor.Offset, (int)tensor.Length).ToArray();
            GradientCheck.Agrees(tensor.Name, weights[tensor.Name], g,
                () => Small.Loss(decoder, weights, batch, workspace, loss));
        }
    }

    [Fact]
    public void Gradients_of_gaps_are_zero_and_of_all_rows_as_targets_are_right()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        using var gradient = new FloatBuffer(weights.Layout.Length);
        var batch = new TokenBatch();
        batch.AddDocument(Small.Document(9, 5));
        batch.AddDocument(Small.Document(4, 6));
        var loss = new CrossEntropyLoss();
        Small.Loss(decoder, weights, batch, workspace, loss);
        decoder.Backward(weights, batch, workspace, gradient);
        var covered = new bool[gradient.Length];
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            covered.AsSpan((int)tensor.Offset, (int)tensor.Length).Fill(true);
            GradientCheck.Agrees(tensor.Name, weights[tensor.Name], gradient.Span(tensor.Offset, (int)tensor.Length).ToArray(),
                () => Small.Loss(decoder, weights, batch, workspace, loss));
        }
        Span<float> all = gradient.Span(0, (int)gradient.Length);
        for (int i = 0; i < covered.Length; i++)
        {
            if (!covered[i]) Assert.Equal(0f, all[i]);
        }
    }

    [Fact]
    public void A_sequence_has_the_same_logits_alone_as_among_others()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var together = new DecoderWorkspace(config);
        TokenBatch batch = Small.Batch();
        decoder.Forward(weights, batch, together);
        var alone = new TokenBatch();
        alone.AddSequence(Small.Document(13, 3), 7, 2);
        // Forward-only memory aliases the blocks: the result must not notice.
        using var single = new DecoderWorkspace(config, forBackward: false);
        decoder.Forward(weights, alone, single);
        int first = batch.TargetSequences.IndexOf(2);
        for (int i = 0; i < alone.TargetCount; i++)
        {
            for (int v = 0; v < config.VocabularySize; v++) Assert.Equal(single.LogitRow(i)[v], together.LogitRow(first + i)[v], 1e-4f);
        }
    }

    [Fact]
    public void Later_tokens_do_not_change_earlier_logits()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        int[] document = Small.Document(10, 8);
        var batch = new TokenBatch();
        batch.AddDocument(document);
        decoder.Forward(weights, batch, workspace);
        float[] before = workspace.LogitRow(4).ToArray();
        document[6] = (document[6] + 1) % 19;
        batch.Clear();
        batch.AddDocument(document);
        decoder.Forward(weights, batch, workspace);
        Assert.Equal(before, workspace.LogitRow(4).ToArray());
        Assert.NotEqual(before, workspace.LogitRow(6).ToArray());
    }

    [Fact]
    public void Sequences_longer_than_the_context_and_strange_tokens_are_refused()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        var batch = new TokenBatch();
        batch.AddDocument(Small.Document(34, 1));
        Assert.Throws<ArgumentException>(() => decoder.Forward(weights, batch, workspace));
        batch.Clear();
        batch.AddDocument([3, 19, 3]);
        Assert.Throws<ArgumentException>(() => decoder.Forward(weights, batch, workspace));
    }

    [Fact]
    public void Second_pass_allocates_nothing()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        using var gradient = new FloatBuffer(weights.Layout.Length);
        TokenBatch batch = Small.Batch();
        var loss = new CrossEntropyLoss();
        void Pass()
        {
            Small.Loss(decoder, weights, batch, workspace, loss);
            decoder.Backward(weights, batch, workspace, gradient);
        }
        for (int i = 0; i < 3; i++) Pass();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) Pass();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}

internal static class GradientCheck
{
    /// <summary>Central differences along the gradient and along random directions, against the gradient's own projection.</summary>
    public static void Agrees(string name, Span<float> values, float[] gradient, Func<double> loss,
        double tolerance = 2e-3, double step = 4e-3)
    {
        double norm = Math.Sqrt(gradient.Sum(x => (double)x * x));
        Assert.True(norm > 1e-4, $"{name}: the gradient is zero, so nothing is tested.");
        for (int trial = 0; trial < 3; trial++)
        {
            RngStream rng = RngStream.Root(99).Child(name, trial);
            double[] u = [.. gradient.Select(g => trial == 0 ? g : rng.NextGaussian())];
            double length = Math.Sqrt(u.Sum(x => x * x));
            double analytic = 0;
            for (int i = 0; i < u.Length; i++)
            {
                u[i] /= length;
                analytic += u[i] * gradient[i];
            }
            double numeric = Difference(values, u, loss, step);
            double error = Math.Abs(numeric - analytic) / norm;
            Assert.True(error < tolerance, $"{name}, direction {trial}: {numeric} by differences, {analytic} by hand ({error:g3} of |g|).");
        }
    }

    /// <summary>Fourth-order central difference.</summary>
    private static double Difference(Span<float> values, double[] u, Func<double> loss, double step)
    {
        float[] kept = values.ToArray();
        double At(Span<float> target, double distance)
        {
            for (int i = 0; i < u.Length; i++) target[i] = (float)(kept[i] + distance * u[i]);
            double value = loss();
            kept.CopyTo(target);
            return value;
        }
        return (8 * (At(values, step) - At(values, -step)) - (At(values, 2 * step) - At(values, -2 * step))) / (12 * step);
    }
}
