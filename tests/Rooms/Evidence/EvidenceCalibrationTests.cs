using PersonaSelection.Evidence;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public class EvidenceCalibrationTests
{
    private static (double[][] Nats, int[] Truth) Draw(ulong seed, int count, int personas, double scale, double offset = 0)
    {
        RngStream rng = RngStream.Root(seed);
        var honest = new SoftmaxCalibration([scale], [.. Enumerable.Range(0, personas).Select(h => h == 0 ? offset : 0)]);
        double[][] nats =
            [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, personas).Select(_ => 4 * rng.NextGaussian()).ToArray())];
        return (nats, [.. nats.Select(n => rng.NextIndex(honest.Probabilities(n)))]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(13)]
    public void Overconfident_evidence_is_reported_before_and_after(int personas)
    {
        (double[][] nats, int[] truth) = Draw(1, 1200, personas, 0.2);
        EvidenceCalibration fit = EvidenceCalibration.Fit([.. Enumerable.Range(0, personas).Select(h => $"p{h}")], nats, truth);
        Assert.True(fit.Before.Error > 0.15);
        Assert.True(fit.After.Error < 0.05, $"{fit.After.Error}");
        Assert.True(fit.LossAfter < fit.LossBefore);
        Assert.Equal(5, fit.Softmax.Temperature, 1.0);
    }

    [Fact]
    public void Offsets_come_only_where_they_help_cases_they_were_not_fitted_to()
    {
        string[] names = ["a", "b", "c"];
        (double[][] nats, int[] truth) = Draw(2, 900, 3, 1, 1.5);
        // Every persona counts the same, whatever its number of examples: the draw's preference for one is kept by showing it as logits.
        double[][] moved = [.. nats.Select(n => new[] { n[0] + 4, n[1], n[2] })];
        EvidenceCalibration fit = EvidenceCalibration.Fit(names, moved, truth);
        Assert.True(fit.Softmax.Offsets[0] < -1);
        // None in truth: of 20 draws at most 8 may find some, as a gain of one standard error comes by chance in at most one of six
        // (the chance of 9 or more of 20 is 0.3 %).
        int found = Enumerable.Range(0, 20).Count(s =>
        {
            (double[][] even, int[] y) = Draw(10 + (ulong)s, 300, 3, 1);
            return EvidenceCalibration.Fit(names, even, y).Softmax.Offsets.Any(o => o != 0);
        });
        Assert.InRange(found, 0, 8);
    }

    [Fact]
    public void Model_and_word_counts_together_are_worth_more_than_either()
    {
        RngStream rng = RngStream.Root(6);
        var honest = new SoftmaxCalibration([0.5, 0.2], [0, 0, 0]);
        double[][] Draw(double spread) =>
            [.. Enumerable.Range(0, 400).Select(_ => Enumerable.Range(0, 3).Select(_ => spread * rng.NextGaussian()).ToArray())];
        double[][] nats = Draw(3), counts = Draw(8);
        int[] truth = [.. nats.Zip(counts, (n, c) => rng.NextIndex(honest.Probabilities(n, c)))];
        string[] names = ["a", "b", "c"];
        EvidenceCalibration model = EvidenceCalibration.Fit(names, nats, truth),
            words = EvidenceCalibration.FitCounts(names, counts, truth), both = EvidenceCalibration.Fit(names, nats, counts, truth);
        Assert.True(both.LossAfter < Math.Min(model.LossAfter, words.LossAfter));
        Assert.True(both.After.Accuracy > Math.Max(model.After.Accuracy, words.After.Accuracy));
        Assert.Equal([1, 2], [model.Softmax.Scales.Count, both.Softmax.Scales.Count]);
        Assert.Equal(both.Softmax.Of(1, 2, 3), both.Of(1, 2, 3));
        Assert.NotEqual(model.Id, both.Id);
    }

    [Fact]
    public void Word_counts_that_lean_to_one_persona_are_set_upright_whether_a_model_stands_beside_them_or_not()
    {
        RngStream rng = RngStream.Root(8);
        // 200 replies of each: counts lean to the first by half a nat after scaling, too little to be sure of from half of them.
        int[] truth = [.. Enumerable.Range(0, 400).Select(i => i % 2)];
        double[][] counts = [.. truth.Select(t => new[] { 5 + (20 * rng.NextGaussian()) + (t == 0 ? 20 : -20), 0 })];
        double[][] nats = [.. truth.Select(t => new[] { rng.NextGaussian() + (t == 0 ? 1 : -1), 0 })];
        EvidenceCalibration alone = EvidenceCalibration.FitCounts(["a", "b"], counts, truth),
            both = EvidenceCalibration.Fit(["a", "b"], nats, counts, truth);
        foreach (EvidenceCalibration c in (EvidenceCalibration[])[alone, both])
        {
            Assert.True(c.Softmax.Offsets[0] < 0);
            Assert.Equal(0, c.Softmax.Offsets.Sum(), 1e-9);
        }
        // What is said on average is how often it is so: the condition that the offset is fitted by.
        Assert.Equal(0.5, counts.Average(c => alone.Softmax.Probabilities(c)[0]), 0.01);
        Assert.Equal(0.5, nats.Zip(counts, (n, c) => both.Softmax.Probabilities(n, c)[0]).Average(), 0.01);
    }
}
