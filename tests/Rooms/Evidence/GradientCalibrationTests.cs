using PersonaSelection.Evidence;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public class GradientCalibrationTests
{
    private const int Personas = 4, Features = 8;

    private static (GradientReading[] Readings, double[][] Exact) Draw(RngStream rng, int episodes)
    {
        double[] Normal(int count) => [.. Enumerable.Range(0, count).Select(_ => rng.NextGaussian())];
        return ([.. Enumerable.Range(0, episodes).Select(_ =>
            new GradientReading(Array.ConvertAll(Normal(Features), x => (float)x), Normal(Personas), 3))],
            [.. Enumerable.Range(0, episodes).Select(_ => Normal(Personas))]);
    }

    /// <summary>
    /// Each episode is judged by the scale that the others alone give: of gradients that tell nothing the mean agreement of 300 draws
    /// (standard error 0.02 at most) was 0.08 with the scale of all.
    /// </summary>
    [Fact]
    public void Gradients_that_tell_nothing_agree_with_nothing()
    {
        const int episodes = 8;
        double mean = Enumerable.Range(0, 300).Average(k =>
        {
            (GradientReading[] readings, double[][] exact) = Draw(RngStream.Root(2).Child($"{episodes}", k), episodes);
            return GradientCalibration.Fit(readings, exact).Agreement!.Value;
        });
        Assert.InRange(mean, -0.6, 0.05);
    }

    [Fact]
    public void Too_few_episodes_tell_no_agreement()
    {
        (GradientReading[] readings, double[][] exact) = Draw(RngStream.Root(3), 7);
        Assert.Null(GradientCalibration.Fit(readings, exact).Agreement);
    }

    [Fact]
    public void An_episode_left_out_is_told_by_a_fit_to_the_others()
    {
        // Features that tell nothing get the largest penalty, with any episode left out.
        (GradientReading[] readings, double[][] exact) = Draw(RngStream.Root(4), 8);
        GradientReading[] bare = [.. readings.Select(r => r with { Features = new float[Features] })];
        double[][] found = [.. bare.Select((r, e) => Statistics.Centred(
            GradientCalibration.Fit([.. bare.Where((_, i) => i != e)], [.. exact.Where((_, i) => i != e)]).Apply(r)))];
        Assert.Equal(Statistics.Pearson([.. exact.SelectMany(Statistics.Centred)], [.. found.SelectMany(x => x)]),
            GradientCalibration.Fit(bare, exact).Agreement!.Value, 1e-6);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(37)]
    public void A_product_is_the_sum_of_the_products_of_all_numbers(int length)
    {
        RngStream rng = RngStream.Root(9);
        float[] a = [.. Enumerable.Range(0, length).Select(_ => (float)rng.NextGaussian())],
            b = [.. Enumerable.Range(0, length).Select(_ => (float)rng.NextGaussian())];
        Assert.Equal(a.Zip(b, (x, y) => (double)x * y).Sum(), GradientReading.Dot(a, b), 1e-5);
    }
}
