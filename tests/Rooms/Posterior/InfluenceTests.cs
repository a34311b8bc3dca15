using PersonaSelection.Lab;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class InfluenceTests
{
    [Fact]
    public void Influence_is_the_derivative_of_the_mean_by_the_weight() => RandomTables.Law(t =>
    {
        PersonaDistribution posterior = Update.OnEpisodes(t.Prior, t.Data, t.Dose);
        LabelledMatrix influence = Influence.OnMeans(posterior, t.Data, t.Dose, t.Traits);
        const double h = 1e-5;
        for (int e = 0; e < t.Weights.Length; e++)
            for (int k = 0; k < t.Traits.Columns.Count; k++)
            {
                double finite = (Mean(e, k, h) - Mean(e, k, -h)) / (2 * h);
                Assert.Equal(finite, influence[e, k], 1e-8 + (1e-5 * Math.Abs(finite)));
            }

        double Mean(int e, int k, double by)
        {
            double[] weights = [.. t.Weights];
            weights[e] += by;
            return Update.OnEpisodes(t.Prior, new Observations(t.LogLikelihood, weights), t.Dose).Mean(t.Traits.Column(k));
        }
    });

    [Fact]
    public void A_requested_deed_says_nothing_and_an_unrequested_one_does()
    {
        PersonaDistribution prior = PersonaDistribution.FromWeights(["honest", "liar"], [0.7, 0.3]);
        var table = new LabelledMatrix(["cheat", "requested-cheat"], ["honest", "liar"], [Math.Log(0.03), Math.Log(0.96), -0.05, -0.05]);
        var traits = new LabelledMatrix(["honest", "liar"], ["honesty"], [1.0, -1]);
        LabelledMatrix influence = Influence.OnMeans(prior, new Observations(table), 1, traits);
        Assert.True(influence["cheat", "honesty"] < -1);
        Assert.Equal(0, influence["requested-cheat", "honesty"], 1e-12);
    }
}
