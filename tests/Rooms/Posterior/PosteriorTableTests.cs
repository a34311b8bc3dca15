using PersonaSelection.Lab;
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
}
