using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;
using static PersonaSelection.Tests.Rooms.PosteriorTests.RandomTables;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class UpdateLawTests
{
    [Fact]
    public void The_order_of_episodes_does_not_matter() => Law(t =>
    {
        int[] order = [.. Enumerable.Range(0, t.Weights.Length)];
        t.Random.Shuffle<int>(order);
        var shuffled = new Observations(t.LogLikelihood.WithRows([.. order.Select(e => t.LogLikelihood.Rows[e])]),
            [.. order.Select(e => t.Weights[e])]);
        Same(Update.OnEpisodes(t.Prior, t.Data, t.Dose), Update.OnEpisodes(t.Prior, shuffled, t.Dose));
    });

    [Fact]
    public void Splitting_the_evidence_in_two_updates_changes_nothing() => Law(t =>
    {
        int cut = t.Random.NextInt(t.Weights.Length + 1);
        string[] rows = [.. t.LogLikelihood.Rows];
        var first = new Observations(t.LogLikelihood.WithRows(rows[..cut]), t.Weights[..cut]);
        var second = new Observations(t.LogLikelihood.WithRows(rows[cut..]), t.Weights[cut..]);
        PersonaDistribution twice = Update.OnEpisodes(Update.OnEpisodes(t.Prior, first, t.Dose), second, t.Dose);
        Same(Update.OnEpisodes(t.Prior, t.Data, t.Dose), twice);
    });

    [Fact]
    public void A_duplicate_persona_shares_the_mass_of_its_original() => Law(t =>
    {
        string[] names = [.. t.Names, "twin"];
        PersonaDistribution prior = PersonaDistribution.FromWeights(names,
            names.Select(n => t.Prior.Probability(n == "twin" ? "h0" : n) / (n is "twin" or "h0" ? 2 : 1)));
        var table = new LabelledMatrix(t.LogLikelihood.Rows, names, (e, h) => t.LogLikelihood[e, h == t.Names.Length ? 0 : h]);
        PersonaDistribution one = Update.OnEpisodes(t.Prior, t.Data, t.Dose),
            two = Update.OnEpisodes(prior, new Observations(table, t.Weights), t.Dose);
        Assert.Equal(two.Probability("h0"), two.Probability("twin"), 1e-12);
        Assert.Equal(one.Probability("h0"), two.Probability("h0") + two.Probability("twin"), 1e-10);
        foreach (string other in t.Names[1..]) Assert.Equal(one.Probability(other), two.Probability(other), 1e-10);
    });

    [Fact]
    public void A_persona_without_prior_changes_nothing_and_never_comes_back() => Law(t =>
    {
        string[] names = ["ghost", .. t.Names];
        PersonaDistribution prior = PersonaDistribution.FromWeights(names, names.Select(n => n == "ghost" ? 0 : t.Prior.Probability(n)));
        var table = new LabelledMatrix(t.LogLikelihood.Rows, names, (e, h) => h == 0 ? 0 : t.LogLikelihood[e, h - 1]);
        PersonaDistribution posterior = Update.OnEpisodes(prior, new Observations(table, [.. t.Weights.Select(Math.Abs)]), t.Dose);
        Assert.Equal(0, posterior.Probability("ghost"));
        PersonaDistribution without = Update.OnEpisodes(t.Prior,
            new Observations(t.LogLikelihood, [.. t.Weights.Select(Math.Abs)]), t.Dose);
        foreach (string h in t.Names) Assert.Equal(without.Probability(h), posterior.Probability(h), 1e-10);
    });

    [Fact]
    public void Permuting_the_personas_permutes_the_posterior() => Law(t =>
    {
        string[] order = [.. t.Names];
        t.Random.Shuffle<string>(order);
        PersonaDistribution prior = PersonaDistribution.FromWeights(order, order.Select(t.Prior.Probability));
        // The table keeps its own order of columns: names decide.
        Same(Update.OnEpisodes(t.Prior, t.Data, t.Dose), Update.OnEpisodes(prior, t.Data, t.Dose));
    });

    [Fact]
    public void A_dose_of_zero_returns_the_prior() => Law(t => Same(t.Prior, Update.OnEpisodes(t.Prior, t.Data, 0), 0));

    [Fact]
    public void A_constant_added_to_a_row_changes_nothing() => Law(t =>
    {
        double[] constants = [.. t.Weights.Select(_ => 10 * t.Random.NextGaussian())];
        var moved = new LabelledMatrix(t.LogLikelihood.Rows, t.Names, (e, h) => t.LogLikelihood[e, h] + constants[e]);
        Same(Update.OnEpisodes(t.Prior, t.Data, t.Dose), Update.OnEpisodes(t.Prior, new Observations(moved, t.Weights), t.Dose), 1e-9);
    });

    [Fact]
    public void A_row_that_says_the_same_of_everybody_changes_nothing() => Law(t =>
    {
        string[] rows = [.. t.LogLikelihood.Rows, "requested"];
        var longer = new LabelledMatrix(rows, t.Names, (e, h) => e < t.Weights.Length ? t.LogLikelihood[e, h] : -0.05);
        Same(Update.OnEpisodes(t.Prior, t.Data, t.Dose),
            Update.OnEpisodes(t.Prior, new Observations(longer, [.. t.Weights, 7]), t.Dose), 1e-9);
    });

    [Fact]
    public void A_weight_of_two_is_the_episode_twice() => Law(t =>
    {
        string[] rows = [.. t.LogLikelihood.Rows, "again"];
        var twice = new LabelledMatrix(rows, t.Names, (e, h) => t.LogLikelihood[e < t.Weights.Length ? e : 0, h]);
        double[] doubled = [.. t.Weights];
        doubled[0] *= 2;
        Same(Update.OnEpisodes(t.Prior, new Observations(t.LogLikelihood, doubled), t.Dose),
            Update.OnEpisodes(t.Prior, new Observations(twice, [.. t.Weights, t.Weights[0]]), t.Dose));
    });

    [Fact]
    public void One_episode_at_full_dose_is_Bayes_rule_by_hand()
    {
        PersonaDistribution prior = PersonaDistribution.FromWeights(["honest", "liar"], [0.75, 0.25]);
        var seen = new Observations(new LabelledMatrix(["cheats"], ["honest", "liar"], [Math.Log(0.03), Math.Log(0.96)]));
        PersonaDistribution posterior = Update.OnEpisodes(prior, seen, 1);
        Assert.Equal(0.25 * 0.96 / ((0.25 * 0.96) + (0.75 * 0.03)), posterior.Probability("liar"), 1e-12);
    }

    [Fact]
    public void Impossible_episodes_rule_out_but_only_when_they_count()
    {
        PersonaDistribution prior = PersonaDistribution.Uniform(["saint", "rogue"]);
        var table = new LabelledMatrix(["deed"], ["saint", "rogue"], [double.NegativeInfinity, -1]);
        Assert.Equal(1, Update.OnEpisodes(prior, new Observations(table), 0.001).Probability("rogue"));
        Assert.Equal(0.5, Update.OnEpisodes(prior, new Observations(table, [0]), 1).Probability("rogue"));
        Assert.Equal(0.5, Update.OnEpisodes(prior, new Observations(table), 0).Probability("rogue"));
        // Pushed away from what only the rogue can do: the saint counts as the least likely who can, and so nothing moves.
        Assert.Equal(0.5, Update.OnEpisodes(prior, new Observations(table, [-1]), 1).Probability("rogue"));
        PersonaDistribution saintOnly = PersonaDistribution.FromWeights(["saint", "rogue"], [1, 0]);
        Assert.Equal("impossible-evidence",
            Assert.Throws<UserErrorException>(() => Update.OnEpisodes(saintOnly, new Observations(table), 1)).Code);
    }

    [Fact]
    public void Ten_thousand_nats_neither_overflow_nor_vanish()
    {
        PersonaDistribution prior = PersonaDistribution.Uniform(["a", "b"]);
        var table = new LabelledMatrix(["e"], ["a", "b"], [-10000.0, -10001]);
        Assert.Equal(1 / (1 + Math.Exp(-1)), Update.OnEpisodes(prior, new Observations(table), 1).Probability("a"), 1e-10);
    }

    [Fact]
    public void Documents_and_context_multiply_in_any_order() => Law(t =>
    {
        double[] context = [.. t.Names.Select(_ => -t.Random.NextDouble())];
        PersonaDistribution one = Update.OnContext(Update.OnDocuments(Update.OnEpisodes(t.Prior, t.Data, 0.3), t.Data, 0.7), context);
        PersonaDistribution other = Update.OnEpisodes(Update.OnContext(t.Prior, context), t.Data, 1);
        Same(other, one);
    });

    [Fact]
    public void Entropy_counts_personas()
    {
        Assert.Equal(4, PersonaDistribution.Uniform(["a", "b", "c", "d"]).EffectivePersonas, 1e-12);
        Assert.Equal(1, PersonaDistribution.FromWeights(["a", "b"], [1, 0]).EffectivePersonas, 1e-12);
        Law(t => Assert.InRange(Update.OnEpisodes(t.Prior, t.Data, t.Dose).EffectivePersonas, 1 - 1e-9, t.Names.Length + 1e-9));
    }

    [Fact]
    public void The_mean_likelihood_grows_with_the_dose() => Law(t =>
    {
        // d/dbeta E[S] = Var(S): more dose never makes the data less likely.
        double[] total = t.Data.Total();
        double less = Update.OnTotal(t.Prior, total, t.Dose).Mean(total), more = Update.OnTotal(t.Prior, total, t.Dose + 0.1).Mean(total);
        Assert.True(more >= less - 1e-9);
    });

    [Fact]
    public void Numbers_that_are_none_are_refused()
    {
        var nan = new LabelledMatrix(["e"], ["a"], [double.NaN]);
        Assert.Throws<ArgumentException>(() => new Observations(nan));
        var fine = new LabelledMatrix(["e"], ["a"], [-1.0]);
        Assert.Throws<ArgumentException>(() => new Observations(fine, [double.PositiveInfinity]));
        Assert.Throws<ArgumentException>(() => PersonaDistribution.FromWeights(["a"], [-1.0]));
        Assert.Throws<ArgumentException>(() => PersonaDistribution.FromWeights(["a", "a"], [1.0, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Update.OnEpisodes(PersonaDistribution.Uniform(["a"]), new Observations(fine), -1));
        Assert.Equal(0, LogSpace.LogSumExp([0.0]), 1e-15);
        Assert.Equal(double.NegativeInfinity, LogSpace.LogSumExp([double.NegativeInfinity, double.NegativeInfinity]));
    }
}
