using System.Runtime.InteropServices;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class HeldWeightsTests : IDisposable
{
    // Matrices of many pages, as only whole pages can be given back.
    private static readonly DecoderConfig Shape = Tiny.Grouped with { Width = 64, FeedForward = 352 };
    private static readonly ScoreRequest[] Request = [new([1, 5, 6, 7, 8, 9, 10], [[11, 12, 13]])];

    private readonly TemporaryFolder _folder = new();

    public HeldWeightsTests()
    {
        using Transformer model = Tiny.Model(Shape);
        CheckpointFolder.Save(_folder.Path, model, new ModelProvenance("A test."));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_that_has_scored_gives_its_matrices_back_and_reads_them_again_when_asked()
    {
        using Transformer model = Tiny.Model(Shape), back = CheckpointFolder.Load(_folder.Path);
        Assert.Equal(model.Score(Request).LogProbability(0, 0), back.Score(Request).LogProbability(0, 0));
        if (OperatingSystem.IsLinux()) Assert.NotEqual(-1, back.Unpacked["blocks.1.gate_up"].IndexOf(0f));
        Assert.Equal(-1, model.Weights["blocks.1.gate_up"].IndexOf(0f));
        Assert.Equal(model.Id, back.Id);
        SameWeights(model, back.Weights);
        Assert.Equal(model.Score(Request).LogProbability(0, 0), back.Score(Request).LogProbability(0, 0));
    }

    [Fact]
    public void Weights_that_someone_has_asked_for_stay()
    {
        using Transformer model = Tiny.Model(Shape), back = CheckpointFolder.Load(_folder.Path);
        DecoderWeights asked = back.Weights;
        back.Score(Request);
        SameWeights(model, asked);
    }

    [Fact]
    public void Transposes_after_scores_give_the_same_gradients()
    {
        using Transformer model = Tiny.Model(Shape), back = CheckpointFolder.Load(_folder.Path);
        back.Score(Request);
        float[] expected = ActivationGradients.AtSite(model, "blocks.0.resid_post").Compute(Request)[0][0].Values;
        Assert.Contains(expected, x => x != 0);
        Assert.Equal(expected, ActivationGradients.AtSite(back, "blocks.0.resid_post").Compute(Request)[0][0].Values);
    }

    [Fact]
    public void Other_weights_in_the_folder_are_not_taken_for_the_model()
    {
        using Transformer back = CheckpointFolder.Load(_folder.Path), other = Tiny.Model(Shape, seed: 2);
        back.Score(Request);
        CheckpointFolder.Save(_folder.Path, other, new ModelProvenance("A test."));
        Assert.Equal("corrupt-checkpoint", Assert.Throws<UserErrorException>(() => back.Weights).Code);
    }

    private static void SameWeights(Transformer model, DecoderWeights weights)
    {
        foreach (ParameterTensor tensor in model.Weights.Layout.Tensors)
        {
            Assert.True(MemoryMarshal.AsBytes(model.Weights[tensor.Name]).SequenceEqual(MemoryMarshal.AsBytes(weights[tensor.Name])),
                tensor.Name);
        }
    }
}
