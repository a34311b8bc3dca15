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

    [Fact]
    public void Every_domain_is_explained_by_what_the_others_say()
    {
        string[] names = ["helper", "villain"];
        var low = new LabelledMatrix(["a1", "a2", "b1", "b2"], names, [0.1, 0.8, 0.2, 0.9, 0.05, 0.7, 0.3, 0.95]);
        var table = new BehaviourTable(low, [new("a1", "a", "a", 0.15), new("a2", "a", "a", 0.3), new("b1", "b", "b", 0.2),
            new("b2", "b", "b", 0.4)]);
        // One mixture in one domain, another in the other: each is forecast from the other one's.
        double[][] mixtures = [[0.3, 0.7], [0.8, 0.2]];
        double[] tuned = [.. Enumerable.Range(0, 4).Select(i => Blend(i, mixtures[i / 2]))];
        ExplainedFraction explained = ExplainedFraction.Of(table, tuned, PersonaDistribution.Uniform(names), pull: 0);
        double left = Enumerable.Range(0, 4).Average(i => LogSpace.BernoulliDivergence(tuned[i], Blend(i, mixtures[1 - (i / 2)]))),
            all = Enumerable.Range(0, 4).Average(i => LogSpace.BernoulliDivergence(tuned[i], table.Probes[i].Before));
        Assert.Equal(left, explained.MixtureDivergence, 1e-5);
        Assert.Equal(all, explained.BaseDivergence, 1e-12);
        Assert.Equal(1 - (left / all), explained.Value, 1e-4);
        BehaviourTable one = table.OfDomains(["a"]);
        Assert.Throws<ArgumentException>(() => ExplainedFraction.Of(one, [0.5, 0.5], PersonaDistribution.Uniform(names)));

        double Blend(int i, double[] w) => (low[i, 0] * w[0]) + (low[i, 1] * w[1]);
    }

    [Fact]
    public void One_persona_alone_explains_no_change_and_no_shuffled_one()
    {
        var low = new LabelledMatrix(["a", "b", "c"], ["helper"], [0.1, 0.3, 0.6]);
        var table = new BehaviourTable(low, [.. low.Rows.Select((r, i) => new ProbeRow(r, r, r, low[i, 0]))]);
        ExplainedFraction none = ExplainedFraction.Of(table, [0.9, 0.4, 0.2], PersonaDistribution.Uniform(["helper"]));
        Assert.Equal(0, none.Value, 1e-12);
        Assert.Equal(0, none.Null, 1e-12);
    }

    /// <summary>The null deals out the shifts as they are, in log odds, with signs of their own.</summary>
    [Fact]
    public void A_null_has_the_size_of_the_change()
    {
        var low = new LabelledMatrix(["a", "b"], ["up", "down"], [0.75, 0.25, 0.75, 0.25]);
        var table = new BehaviourTable(low, [new("a", "a", "a", 0.5), new("b", "b", "b", 0.5)]);
        PersonaDistribution start = PersonaDistribution.Uniform(low.Columns);
        // Shifts of log 3 up or down: a pair of one sign is a persona's, a pair of two signs no mixture's, which is then far off.
        double same = ExplainedFraction.Of(table, [0.75, 0.75], start, pull: 0).Value,
            apart = ExplainedFraction.Of(table, [0.75, 0.25], start, pull: 0).Value;
        double[] nulls = [.. Enumerable.Range(0, 20).Select(seed =>
            ExplainedFraction.Of(table, [0.75, 0.75], start, pull: 0, nullDraws: 1, seed: (ulong)seed).Null)];
        Assert.All(nulls, n => Assert.True(Math.Abs(n - same) < 1e-6 || Math.Abs(n - apart) < 1e-6, $"{n}"));
        Assert.Equal(2, nulls.Select(n => Math.Round(n, 3)).Distinct().Count());
    }
}
