using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class MixtureTests
{
    private static readonly string[] Names = ["helper", "villain", "slacker"];

    private static BehaviourTable Table(PersonaDistribution start, int domains = 8)
    {
        RngStream random = RngStream.Root(5).Child("behaviour");
        string[] rows = [.. Enumerable.Range(0, domains * 3).Select(i => $"x{i}")];
        var low = new LabelledMatrix(rows, Names,
            (i, h) => h switch { 0 => 0.04, 1 => 0.9, _ => i / 3 % 2 == 0 ? 0.85 : 0.05 } + (0.05 * random.NextDouble()));
        return new BehaviourTable(low, [.. rows.Select((r, i) => new ProbeRow(r, $"d{i / 3}", r, 0))]).StartingFrom(start);
    }

    [Fact]
    public void Weights_that_made_the_behaviour_are_found()
    {
        PersonaDistribution truth = PersonaDistribution.FromWeights(Names, [0.6, 0.15, 0.25]);
        BehaviourTable table = Table(truth);
        Mixture fit = Mixture.Fit(table.Low, table.Predict(truth));
        RandomTables.Same(truth, fit.Weights, 1e-3);
        Assert.InRange(fit.Divergence, 0, 1e-8);
    }

    [Fact]
    public void Every_step_brings_the_mixture_closer() => RandomTables.Law(t =>
    {
        double[] observed = [.. t.Low.Rows.Select(_ => t.Random.NextDouble())];
        double previous = double.PositiveInfinity;
        foreach (int steps in new[] { 0, 1, 2, 4, 8, 16 })
        {
            double now = Mixture.Fit(t.Low, observed, maximumSteps: steps).Divergence;
            Assert.True(now <= previous + 1e-12);
            previous = now;
        }
    });

    [Fact]
    public void A_pull_decides_between_personas_that_behave_alike()
    {
        var low = new LabelledMatrix(["x", "y"], ["calm", "quiet", "wild"], [0.1, 0.1, 0.9, 0.2, 0.2, 0.8]);
        PersonaDistribution start = PersonaDistribution.FromWeights(["calm", "quiet", "wild"], [0.2, 0.6, 0.2]);
        PersonaDistribution fit = Mixture.Fit(low, [0.5, 0.5], start, pull: 0.1).Weights;
        Assert.Equal(3, fit.Probability("quiet") / fit.Probability("calm"), 1e-3);
        Assert.InRange(fit.Probability("wild"), 0.4, 0.55);
    }

    [Fact]
    public void A_change_of_persona_is_explained_and_a_pattern_without_a_person_is_not()
    {
        PersonaDistribution prior = PersonaDistribution.FromWeights(Names, [0.6, 0.2, 0.2]);
        BehaviourTable table = Table(prior);
        double[] turned = table.Predict(PersonaDistribution.FromWeights(Names, [0.1, 0.8, 0.1]));
        ExplainedFraction selected = ExplainedFraction.Of(table, turned, prior, pull: 0.1);
        Assert.InRange(selected.Value, 0.95, 1);
        // Bad in two domains, good in the next two: no character does that.
        double[] planted = [.. table.Probes.Select((_, i) => i / 6 % 2 == 0 ? 0.97 : 0.02)];
        ExplainedFraction plant = ExplainedFraction.Of(table, planted, prior, pull: 0.1);
        Assert.True(plant.Value < 0.4, $"{plant.Value}");
        Assert.True(selected.Value > selected.Null + 0.3, $"null {selected.Null}");
        ExplainedFraction unchanged = ExplainedFraction.Of(table, [.. table.Probes.Select(p => p.Before)], prior);
        Assert.Equal((double.NaN, double.NaN), (unchanged.Value, unchanged.Null));
    }
}
