using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>What a view of a model does, and where it may not be taken for the model.</summary>
public sealed class SteeredViewTests
{
    private const string First = "blocks.0.resid_post", Second = "blocks.1.resid_mid";
    private static readonly ScoreRequest[] Requests = [new([1, 7, 9], [[3, 4], [5]]), new([1, 8], [[2, 6, 11]])];

    private static float[] Vector(ulong seed)
    {
        RngStream rng = RngStream.Root(seed);
        return [.. Enumerable.Range(0, Tiny.Grouped.Width).Select(_ => (float)rng.NextGaussian())];
    }

    private static Interventions Adding(string site, float[] vector)
    {
        var edits = new Interventions(Tiny.Grouped);
        edits.Add(site, vector);
        return edits;
    }

    [Theory]
    [InlineData(Second)]
    [InlineData(First)]
    public void A_view_of_a_view_does_what_both_do(string second)
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        Interventions both = Adding(First, Vector(1));
        both.Cap(second, Vector(2), 0.1f);
        var cap = new Interventions(Tiny.Grouped);
        cap.Cap(second, Vector(2), 0.1f);
        Transformer once = model.With(both), twice = model.With(Adding(First, Vector(1))).With(cap);
        Assert.Equal(once.Score(Requests).TokenLogProbabilities, twice.Score(Requests).TokenLogProbabilities);
        Assert.NotEqual(model.With(cap).Score(Requests).TokenLogProbabilities, twice.Score(Requests).TokenLogProbabilities);
        Assert.NotEqual(model.With(cap).Id, twice.Id);
    }

    [Fact]
    public void What_is_added_to_interventions_later_does_not_reach_a_view()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        Interventions edits = Adding(First, Vector(1));
        Transformer view = model.With(edits);
        float[][][] before = view.Score(Requests).TokenLogProbabilities;
        edits.Add(Second, Vector(2), 3);
        Assert.Equal(before, view.Score(Requests).TokenLogProbabilities);
        Assert.NotEqual(before, model.With(edits).Score(Requests).TokenLogProbabilities);
    }

    [Fact]
    public void A_view_is_neither_saved_as_weights_nor_tuned_from()
    {
        using Transformer model = Tiny.Model(Tiny.Grouped);
        Transformer view = model.With(Adding(First, Vector(1)));
        using var folder = new TemporaryFolder();
        string saved = folder["saved"];
        Assert.Throws<ArgumentException>(() => CheckpointFolder.Save(saved, view, new ModelProvenance("steered")));
        Assert.False(Directory.Exists(saved));
        using var pool = new WorkerPool(1);
        var training = new PostTraining(view, [], new TuneOptions { Steps = 1 }, RngStream.Root(1), pool);
        var set = new EpisodeSet("one", [new Episode("1", [new Turn("user", "w001")], "w002")]);
        Assert.Throws<InvalidOperationException>(() => training.Measure(set));
    }
}
