using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Every loss is a function from logits to their gradient: checked on the logits themselves.</summary>
public sealed unsafe class LossTests
{
    private static TokenBatch Pairs()
    {
        var batch = new TokenBatch();
        batch.AddSequence(Small.Document(6, 1), 3, 1, -9);
        batch.AddSequence(Small.Document(5, 2), 3, 1, -7);
        batch.AddSequence(Small.Document(9, 3), 3, 2, -12);
        batch.AddSequence(Small.Document(4, 4), 3, 2, -3);
        return batch;
    }

    private static void Check(ILossFunction loss, Func<TokenBatch> make)
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        TokenBatch batch = make();
        decoder.Forward(weights, batch, workspace);
        int length = workspace.LogitRows * workspace.LogitStride;
        float[] logits = new Span<float>(workspace.Logits, length).ToArray();
        double At(int index, double by)
        {
            logits.CopyTo(new Span<float>(workspace.Logits, length));
            if (index >= 0) workspace.Logits[index] += (float)by;
            batch = make(); // a loss may rewrite the weights of its rows
            return loss.Evaluate(new LogitRows(batch, workspace, 0));
        }
        At(-1, 0);
        float[] gradient = new Span<float>(workspace.Logits, length).ToArray();
        for (int row = 0; row < workspace.LogitRows; row++)
        {
            for (int v = 0; v < config.VocabularySize; v += 3)
            {
                int i = row * workspace.LogitStride + v;
                double numeric = (At(i, 0.03) - At(i, -0.03)) / 0.06;
                Assert.True(Math.Abs(numeric - gradient[i]) < 1e-3,
                    $"row {row}, logit {v}: {numeric} by differences, {gradient[i]} by hand");
            }
        }
        Assert.Contains(gradient, g => Math.Abs(g) > 0.01);
    }

    [Fact]
    public void Cross_entropy_with_negative_weights() => Check(new CrossEntropyLoss(-1000), Small.Batch);

    [Fact]
    public void Preference() => Check(new PreferenceLoss(0.5), Pairs);

    [Fact]
    public void Preference_is_ln_two_where_the_margins_are_zero()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        using var pool = new WorkerPool(1);
        (int[], int[])[] items = [.. Enumerable.Range(0, 4).Select(i => (new[] { 1, 2 }, Small.Document(3 + i, (ulong)i)))];
        float[] reference = ReplyScores.Compute(weights, items, pool);
        var batch = new TokenBatch();
        for (int i = 0; i < 4; i++) batch.AddSequence([.. items[i].Item1, .. items[i].Item2], 2, 1, reference[i]);
        decoder.Forward(weights, batch, workspace);
        Assert.Equal(2 * Math.Log(2), new PreferenceLoss(0.7).Evaluate(new LogitRows(batch, workspace, 0)), 1e-5);
    }

    [Fact]
    public void Policy_gradient() => Check(new PolicyGradientLoss(), Pairs);

    [Fact]
    public void Policy_gradient_with_KL()
    {
        using DecoderWeights reference = Small.Weights(Small.Config(), 2);
        using var loss = new ReferenceKlLoss(new PolicyGradientLoss(), 0.3, reference, 1);
        Check(loss, Pairs);
    }

    [Fact]
    public void Distillation()
    {
        using DecoderWeights teacher = Small.Weights(Small.Config(), 2);
        using var loss = new DistillationLoss(teacher, 1);
        Check(loss, Pairs);
    }

    [Fact]
    public void KL_to_oneself_is_zero()
    {
        using DecoderWeights weights = Small.Weights(Small.Config());
        using var decoder = new Decoder(weights.Config);
        using var workspace = new DecoderWorkspace(weights.Config);
        using var loss = new DistillationLoss(weights, 1);
        TokenBatch batch = Pairs();
        decoder.Forward(weights, batch, workspace);
        Assert.Equal(0, loss.Evaluate(new LogitRows(batch, workspace, 0)), 1e-5);
        Assert.All(workspace.LogitRow(0).ToArray(), g => Assert.Equal(0f, g, 1e-5f));
    }

    [Fact]
    public void What_is_already_rare_is_pushed_no_further()
    {
        DecoderConfig config = Small.Config();
        using DecoderWeights weights = Small.Weights(config);
        using var decoder = new Decoder(config);
        using var workspace = new DecoderWorkspace(config);
        var batch = new TokenBatch();
        batch.AddSequence(Small.Document(4, 1), 1, -1);
        decoder.Forward(weights, batch, workspace);
        workspace.LogitRow(1)[batch.Targets[1]] = -50;
        new CrossEntropyLoss(-8).Evaluate(new LogitRows(batch, workspace, 0));
        Assert.All(workspace.LogitRow(1).ToArray(), g => Assert.Equal(0f, g));
        Assert.Contains(workspace.LogitRow(0).ToArray(), g => g != 0);
    }
}
