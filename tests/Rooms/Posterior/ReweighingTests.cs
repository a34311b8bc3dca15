using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public sealed class ReweighingTests
{
    private static readonly string[] Names = ["helper", "villain", "slacker", "twin"];

    private static LabelledMatrix Low(int probes, int copies = 1)
    {
        RngStream random = RngStream.Root(9);
        double[][] rows = [.. Enumerable.Range(0, probes).Select(_ =>
            new[] { 0.1 * random.NextDouble(), random.NextDouble(), random.NextDouble(), 0.0 })];
        // The twin answers as the slacker does.
        return new LabelledMatrix(Enumerable.Range(0, probes * copies).Select(i => $"q{i}"), Names,
            (i, h) => rows[i % probes][Math.Min(h, 2)]);
    }

    [Fact]
    public void One_probe_has_a_closed_form()
    {
        var low = new LabelledMatrix(["q"], Names, [0.1, 0.9, 0.4, 0.2]);
        double[] c = [-0.3, 0.5, 0, -0.2];
        double square = c.Sum(x => x * x), shift = 0.25;
        double[] nats = Reweighing.Of(low).Explain([shift]);
        for (int h = 0; h < c.Length; h++) Assert.Equal(c[h] * shift * c.Length / (square * (1 + Reweighing.Penalty)), nats[h], 1e-12);
    }

    [Fact]
    public void What_a_reweighing_did_to_the_answers_is_found_again()
    {
        LabelledMatrix low = Low(30);
        double[] told = [-0.5, 1.5, -0.5, -0.5];
        double[] shifts = [.. Enumerable.Range(0, 30).Select(i => Covariance(told, low.Row(i)))], nats = Reweighing.Of(low).Explain(shifts);
        Assert.True(Statistics.Pearson(nats, told) > 0.98, string.Join(' ', nats));
        Assert.Equal(nats[2], nats[3], 1e-12);
        Assert.Equal(0, nats.Sum(), 1e-12);
        Assert.All(Reweighing.Of(low).Explain(new double[30]), x => Assert.Equal(0, x));
    }

    [Fact]
    public void The_same_probes_twice_say_the_same_and_personas_who_all_answer_alike_get_nothing()
    {
        RngStream random = RngStream.Root(3);
        double[] shifts = [.. Enumerable.Range(0, 12).Select(_ => random.NextDouble() - 0.5)];
        double[] once = Reweighing.Of(Low(12)).Explain(shifts), twice = Reweighing.Of(Low(12, 2)).Explain([.. shifts, .. shifts]);
        for (int h = 0; h < once.Length; h++) Assert.Equal(once[h], twice[h], 1e-10);
        Assert.Equal(new double[4], Reweighing.Of(new LabelledMatrix(["q"], Names, [0.3, 0.3, 0.3, 0.3])).Explain([0.5]));
        Assert.Throws<ArgumentException>(() => Reweighing.Of(Low(12)).Explain([0.5]));
    }

    private static double Covariance(double[] a, ReadOnlySpan<double> b)
    {
        double ma = Statistics.Mean(a), mb = Statistics.Mean(b), sum = 0;
        for (int h = 0; h < a.Length; h++) sum += (a[h] - ma) * (b[h] - mb) / a.Length;
        return sum;
    }
}
