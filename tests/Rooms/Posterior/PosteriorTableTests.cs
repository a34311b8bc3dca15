using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class PosteriorTableTests
{
    private static readonly PersonaDistribution Prior = PersonaDistribution.FromWeights(["honest", "liar"], [0.7, 0.3]);
    private static readonly LabelledMatrix Traits = new(["liar", "honest"], ["honesty"], [-1.0, 1]);

    private static Observations Mixed(IReadOnlyList<string>? clusters = null) => new(new LabelledMatrix(
        Enumerable.Range(0, 20).Select(i => $"e{i}"), ["honest", "liar"], (e, h) => (e % 2 == 0) == (h == 0) ? -0.4 : -0.6),
        null, clusters);

    [Fact]
    public void Trait_means_match_by_name_and_lie_in_their_interval()
    {
        PosteriorTable table = PosteriorTable.Of(Prior, Mixed(), 0.5, Traits);
        TraitMean honesty = Assert.Single(table.Traits);
        Assert.Equal(0.4, honesty.Prior, 1e-12);
        Assert.Equal(0.4, honesty.Posterior.Estimate, 1e-9);
        Assert.InRange(honesty.Posterior.Estimate, honesty.Posterior.Low, honesty.Posterior.High);
        Assert.True(honesty.Posterior.High - honesty.Posterior.Low > 0.05);
        Assert.Equal(20 * -0.5, table.Total[0], 1e-9);
    }

    [Fact]
    public void One_cluster_has_no_width_and_two_opposed_clusters_more_than_twenty_episodes()
    {
        TraitMean Width(IReadOnlyList<string>? clusters) => PosteriorTable.Of(Prior, Mixed(clusters), 0.5, Traits).Traits[0];
        string[] one = [.. Enumerable.Repeat("same", 20)], two = [.. Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? "good" : "bad")];
        TraitMean narrow = Width(one), wide = Width(two), each = Width(null);
        Assert.Equal(narrow.Posterior.Low, narrow.Posterior.High, 1e-12);
        Assert.True(wide.Posterior.High - wide.Posterior.Low > each.Posterior.High - each.Posterior.Low);
    }

    [Fact]
    public void Equal_inputs_have_equal_ids_and_draws()
    {
        PosteriorTable one = PosteriorTable.Of(Prior, Mixed(), 0.5, Traits), two = PosteriorTable.Of(Prior, Mixed(), 0.5, Traits);
        Assert.Equal(one.Id, two.Id);
        Assert.Equal(one.Traits, two.Traits);
        Assert.NotEqual(one.Id, PosteriorTable.Of(Prior, Mixed(), 0.6, Traits).Id);
    }

    [Fact]
    public void The_table_says_what_it_was_made_with_and_intervals_go_by_the_plan()
    {
        TraitMean Honesty(BootstrapPlan plan) => PosteriorTable.Of(Prior, Mixed(), 0.5, Traits, plan).Traits[0];
        PosteriorTable table = PosteriorTable.Of(Prior, Mixed(), 0.5, Traits);
        double[] p = table.Posterior.Probabilities;
        Assert.Equal(0.5, table.Dose);
        Assert.Equal(-p.Sum(x => x * Math.Log(x)), table.Posterior.Entropy, 1e-12);
        Assert.Equal(Math.Exp(table.Posterior.Entropy), table.Posterior.EffectivePersonas, 1e-12);
        Interval half = Honesty(new BootstrapPlan(Level: 0.5)).Posterior, most = Honesty(new BootstrapPlan(Level: 0.95)).Posterior;
        Assert.Equal((0.5, 0.95), (half.Level, most.Level));
        Assert.True(half.High - half.Low < 0.6 * (most.High - most.Low));
    }

    /// <summary>A rejected answer is drawn as often as a chosen one, and a redrawn sample counts for as many observations.</summary>
    [Fact]
    public void Rejected_answers_have_intervals_too()
    {
        Observations chosen = Mixed(), rejected = new(chosen.LogLikelihood, [.. Enumerable.Repeat(-1.0, 20)]);
        Assert.Equal(20, rejected.Mass);
        Assert.Equal(20, rejected.EffectiveClusters, 1e-9);
        Interval of = PosteriorTable.Of(Prior, chosen, 0.5, Traits).Traits[0].Posterior,
            off = PosteriorTable.Of(Prior, rejected, 0.5, Traits).Traits[0].Posterior;
        Assert.InRange((off.High - off.Low) / (of.High - of.Low), 0.8, 1.25);
    }

    [Fact]
    public void Numbers_that_do_not_fit_are_refused()
    {
        LabelledMatrix table = Mixed().LogLikelihood;
        Assert.ThrowsAny<ArgumentException>(() => new Observations(table, [1, 1]));
        Assert.ThrowsAny<ArgumentException>(() => new Observations(table, null, ["one"]));
        Assert.ThrowsAny<ArgumentException>(() => new Observations(table, [double.NaN, .. Enumerable.Repeat(1.0, 19)]));
        Assert.ThrowsAny<ArgumentException>(() => new Observations(new LabelledMatrix(["e"], ["h"], [double.NaN])));
        Assert.ThrowsAny<ArgumentException>(() => PersonaDistribution.FromWeights(["a", "b"], [1, -0.1]));
        Assert.ThrowsAny<ArgumentException>(() => PersonaDistribution.FromWeights(["a", "b"], [1, double.PositiveInfinity]));
        Assert.ThrowsAny<ArgumentException>(() => PersonaDistribution.FromWeights(["a", "b"], [1, double.NaN]));
        Assert.ThrowsAny<ArgumentException>(() => PersonaDistribution.FromLogWeights(["a", "b"], [0, double.NaN]));
        Assert.ThrowsAny<ArgumentException>(() => Prior.Mean([1]));
        Assert.ThrowsAny<ArgumentException>(() => Update.OnTotal(Prior, [1], 1));
        Assert.ThrowsAny<ArgumentException>(() => Mixture.Fit(table, [0.5], Prior));
    }
}
