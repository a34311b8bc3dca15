using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class CastEstimateTests
{
    internal static readonly BootstrapPlan NoDraws = new(Draws: 0);

    [Fact]
    public void Totals_are_those_of_the_named_table() => RandomTables.Law(t =>
    {
        foreach (LabelledMatrix table in new[] { t.LogLikelihood, t.Impossible })
        {
            // Every other one weighs nothing, however impossible.
            double[] some = [.. t.Weights.Select((w, e) => e % 2 == 0 ? 0 : w)];
            foreach (double[] weights in new[] { t.Weights, some })
            {
                Observations named = new(table, weights);
                EvidenceRows rows = Rows(table, weights);
                for (int h = 0; h < t.Names.Length; h++) Assert.Equal(named.Total()[h], rows.Total()[h], 1e-9);
                Assert.Equal(named.Mass, rows.Mass, 1e-9);
                Assert.Equal(named.EffectiveClusters, rows.EffectiveClusters, 1e-9);
                Assert.Equal(Enumerable.Range(0, weights.Length).Where(e => weights[e] != 0), rows.WeightedClusters);
            }
        }
    });

    [Fact]
    public void Rows_that_are_none_are_refused()
    {
        var rows = new EvidenceRows(["careless", "sound"]);
        Assert.ThrowsAny<ArgumentException>(() => rows.Add([-1], 1, 0));
        Assert.ThrowsAny<ArgumentException>(() => rows.Add([-1, double.NaN], 1, 0));
        Assert.ThrowsAny<ArgumentException>(() => rows.Add([-1, double.PositiveInfinity], 1, 0));
        Assert.ThrowsAny<ArgumentException>(() => rows.Add([-1, -1], double.NaN, 0));
        Assert.ThrowsAny<ArgumentException>(() => rows.Add([-1, -1], 1, -1));
        Assert.Equal(0, rows.Count);
    }

    [Fact]
    public void One_impossible_reply_among_many_rules_nobody_out_and_its_absence_from_a_sample_shows()
    {
        EvidenceRows Rows(int episodes)
        {
            var rows = new EvidenceRows(["mostly", "other"]);
            for (int e = 0; e < episodes; e++) rows.Add(e == 0 ? [double.NegativeInfinity, -1] : [-0.1, -0.9], 1, e);
            return rows;
        }
        CastEstimate cast = Cast(PersonaDistribution.Uniform(["mostly", "other"]), Rows(50), new BootstrapPlan(60));
        Assert.Equal((GainOutcome.NoGain, 0, 0), (cast.Dose.Outcome, cast.Dose.Dose, cast.Dose.Information));
        Assert.Equal(0.5, cast.Probabilities[0].Estimate, 1e-9);
        Assert.True(cast.Probabilities[0].High > 0.9);
    }

    [Fact]
    public void Shares_are_the_likeliest_ones() => RandomTables.Law(t =>
    {
        EvidenceRows rows = Rows(t);
        double[] share = Cast(t.Prior, rows).Shares.Select(s => s.Estimate).ToArray();
        double mass = t.Weights.Where(w => w > 0).Sum();
        if (mass == 0)
        {
            Assert.All(share, s => Assert.Equal(double.NaN, s));
            return;
        }
        Assert.Equal(1, share.Sum(), 1e-6);
        // At the maximum of a concave function on the simplex the slopes of all shares are equal; a hundredth of the weight is the prior's.
        for (int h = 0; h < share.Length; h++)
        {
            double slope = 0;
            for (int e = 0; e < rows.Count; e++)
            {
                if (rows.Weight(e) <= 0) continue;
                double mixed = 0;
                for (int k = 0; k < share.Length; k++) mixed += share[k] * Math.Exp(rows.Row(e)[k]);
                slope += rows.Weight(e) / mass * Math.Exp(rows.Row(e)[h]) / mixed;
            }
            slope += 0.01 * t.Prior.Probabilities[h] / share[h];
            Assert.Equal(1.01, slope, 0.01);
        }
    });

    [Fact]
    public void A_constant_added_to_a_row_changes_nothing() => RandomTables.Law(t =>
    {
        var moved = new EvidenceRows(t.Names);
        for (int e = 0; e < t.LogLikelihood.Rows.Count; e++)
            moved.Add(t.LogLikelihood.Row(e).ToArray().Select(x => x - 40).ToArray(), t.Weights[e], e);
        CastEstimate one = Cast(t.Prior, Rows(t)), two = Cast(t.Prior, moved);
        RandomTables.Same(one.Posterior, two.Posterior, 1e-5);
        for (int h = 0; h < t.Names.Length; h++)
            if (!double.IsNaN(one.Shares[h].Estimate)) Assert.Equal(one.Shares[h].Estimate, two.Shares[h].Estimate, 1e-4);
    });

    /// <summary>The parts of the move add up to the whole of it.</summary>
    [Fact]
    public void Pulls_add_up() => RandomTables.Law(t =>
    {
        EvidenceRows rows = Rows(t);
        var influence = new EpisodeInfluence(t.Prior, rows, t.Dose, t.Traits);
        double[] before = t.Prior.Probabilities, after = Update.OnTotal(t.Prior, rows.Total(), t.Dose).Probabilities;
        double moved = before.Zip(after, (p, q) => (q - p) * Math.Log(q / p)).Sum();
        Assert.Equal(moved, Enumerable.Range(0, rows.Count).Sum(e => influence.Of(e).Pull), 1e-8);
    });

    [Fact]
    public void One_persona_alone_takes_nearly_all()
    {
        CastEstimate cast = Cast(PersonaDistribution.Uniform(["careless", "sound"]), Mixture(RngStream.Root(1), 400, 1, 4));
        Assert.Equal(GainOutcome.Attained, cast.Dose.Outcome);
        Assert.InRange(cast.Posterior.Probability("careless"), 0.9, 0.99);
        Assert.Equal(0.95 * cast.Dose.Attainable, cast.Dose.Gain, 1e-3);
        Assert.InRange(cast.Shares[0].Estimate, 0.98, 1);
    }

    [Fact]
    public void A_mixed_set_leaves_a_mixed_cast()
    {
        CastEstimate cast = Cast(PersonaDistribution.Uniform(["careless", "sound"]), Mixture(RngStream.Root(2), 2000, 0.2, 4));
        Assert.InRange(cast.Shares[0].Estimate, 0.17, 0.23);
        Assert.InRange(cast.Posterior.Probability("careless"), 0.17, 0.35);
        CastEstimate even = Cast(PersonaDistribution.Uniform(["careless", "sound"]), Mixture(RngStream.Root(2), 2000, 0.5, 4));
        Assert.Equal(0.5, even.Posterior.Probability("careless"), 0.1);
        Assert.True(even.Dose.Dose > 0);
    }

    /// <summary>
    /// What everybody would have answered is no evidence, however often it was answered: small accidents of a model do not add up.
    /// </summary>
    [Fact]
    public void Replies_that_tell_nobody_apart_leave_the_prior()
    {
        RngStream random = RngStream.Root(4);
        var rows = new EvidenceRows(["careless", "sound"]);
        for (int e = 0; e < 3000; e++)
        {
            double common = -3 * random.NextDouble();
            rows.Add([common + 0.02 + (0.05 * random.NextGaussian()), common], 1, e);
        }
        CastEstimate cast = Cast(PersonaDistribution.FromWeights(["careless", "sound"], [0.2, 0.8]), rows);
        Assert.True(cast.Dose.Outcome is GainOutcome.InformationBound or GainOutcome.NoGain, cast.Dose.ToString());
        Assert.InRange(cast.Posterior.Probability("careless"), 0.2, 0.3);
    }

    [Fact]
    public void Rejected_answers_push_away()
    {
        EvidenceRows rows = Mixture(RngStream.Root(5), 300, 1, 3).Regrouped(e => e, _ => -1);
        CastEstimate cast = Cast(PersonaDistribution.Uniform(["careless", "sound"]), rows);
        Assert.True(cast.Posterior.Probability("careless") < 0.5);
        Assert.All(cast.Shares, s => Assert.Equal(double.NaN, s.Estimate));
    }

    [Fact]
    public void A_persona_without_prior_stays_out()
    {
        CastEstimate cast = Cast(PersonaDistribution.FromWeights(["careless", "sound"], [0, 1]), Mixture(RngStream.Root(8), 50, 1, 2),
            new BootstrapPlan(20));
        Assert.Equal(0, cast.Posterior.Probability("careless"));
        Assert.Equal(0, cast.Shares[0].Estimate);
        Assert.Equal(1, cast.Shares[1].Low, 1e-9);
    }

    [Fact]
    public void Differences_of_two_sets_have_intervals()
    {
        var traits = new LabelledMatrix(["careless", "sound"], ["careful"], [-1.0, 1]);
        CastEstimate Of(ulong seed, double careless) => CastEstimate.Of(PersonaDistribution.Uniform(["careless", "sound"]),
            Mixture(RngStream.Root(seed), 400, careless, 3), traits, new CastPlan());
        TraitMean same = Of(11, 0.8).TraitDifferences(Of(12, 0.8))[0], other = Of(11, 0.8).TraitDifferences(Of(12, 0.1))[0];
        Assert.InRange(0, same.Posterior.Low, same.Posterior.High);
        Assert.True(other.Posterior.High < 0);
        Assert.InRange(other.Posterior.Estimate, other.Posterior.Low, other.Posterior.High);
    }

    [Fact]
    public void Differences_of_other_traits_are_refused()
    {
        CastEstimate Of(string trait) => CastEstimate.Of(PersonaDistribution.Uniform(["careless", "sound"]),
            Mixture(RngStream.Root(11), 20, 0.8, 3), new LabelledMatrix(["careless", "sound"], [trait], [-1.0, 1]),
            new CastPlan(1, NoDraws));
        Assert.Equal(0, Of("careful").TraitDifferences(Of("careful"))[0].Posterior.Estimate);
        Assert.Throws<ArgumentException>(() => Of("careful").TraitDifferences(Of("kind")));
    }

    [Fact]
    public void Intervals_are_drawn_as_planned_and_a_stop_is_heard()
    {
        EvidenceRows rows = Mixture(RngStream.Root(14), 60, 0.7, 2);
        double Width(BootstrapPlan plan) => Cast(PersonaDistribution.Uniform(rows.Personas), rows, plan).Probabilities[0] is var p
            ? p.High - p.Low : 0;
        Assert.True(Width(new BootstrapPlan(60, 0.5)) < 0.7 * Width(new BootstrapPlan(60, 0.95)));
        Assert.NotEqual(Width(new BootstrapPlan(60)), Width(new BootstrapPlan(60, Seed: 2)));
        Assert.Equal(0, Width(NoDraws));
        Assert.Throws<OperationCanceledException>(() => CastEstimate.Of(PersonaDistribution.Uniform(rows.Personas), rows, NoTraits,
            new CastPlan(1, new BootstrapPlan(5)), cancellation: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Who_spoke_one_reply_is_Bayes_rule_with_the_shares_as_prior()
    {
        CastEstimate cast = Cast(PersonaDistribution.FromWeights(["careless", "sound"], [0.9, 0.1]),
            Mixture(RngStream.Root(15), 500, 0.3, 3));
        double odds = cast.Shares[0].Estimate / cast.Shares[1].Estimate * Math.Exp(-0.5 - -0.2);
        Assert.Equal(odds / (1 + odds), cast.Speaker([-0.5, -0.2])[0], 1e-9);
        Assert.Equal([0.0, 1], cast.Speaker([double.NegativeInfinity, -3]), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.All(cast.Speaker([double.NegativeInfinity, double.NegativeInfinity]), p => Assert.Equal(double.NaN, p));
        // Where everything was rejected nobody spoke, and the prior is all that is known.
        CastEstimate rejected = Cast(PersonaDistribution.FromWeights(["careless", "sound"], [0.9, 0.1]),
            Mixture(RngStream.Root(15), 20, 0.3, 3).Regrouped(e => e, _ => -1));
        Assert.Equal(0.9, rejected.Speaker([-1, -1])[0], 1e-9);
    }

    [Fact]
    public void Influence_is_that_of_the_named_table_and_removal_is_exact() => RandomTables.Law(t =>
    {
        foreach (LabelledMatrix table in new[] { t.LogLikelihood, t.Impossible })
        {
            EvidenceRows rows = Rows(table, t.Weights);
            var influence = new EpisodeInfluence(t.Prior, rows, t.Dose, t.Traits);
            var data = new Observations(table, t.Weights);
            LabelledMatrix named = Influence.OnMeans(Update.OnEpisodes(t.Prior, data, t.Dose), data, t.Dose, t.Traits);
            for (int e = 0; e < rows.Count; e++)
            {
                int removed = e;
                RowInfluence one = influence.Of(e);
                PersonaDistribution with = Update.OnTotal(t.Prior, rows.Total(), t.Dose);
                PersonaDistribution without = Update.OnTotal(t.Prior,
                    rows.Regrouped(i => i, i => i == removed ? null : t.Weights[i]).Total(), t.Dose);
                for (int k = 0; k < t.Traits.Columns.Count; k++)
                {
                    Assert.Equal(named[e, k], one.Influence[k], 1e-9);
                    Assert.Equal(without.Mean(t.Traits.Column(k)) - with.Mean(t.Traits.Column(k)), one.Removed[k], 1e-9);
                }
                Assert.Equal(without.Probabilities[influence.Leading] - with.Probabilities[influence.Leading], one.LeadingChange, 1e-9);
                Assert.Equal(without.Probabilities.Max(), without.Probabilities[one.LeadingAfter], 1e-9);
            }
        }
    });

    /// <summary>What is left without one half of a choice is what is left without the other: an update on all the rest.</summary>
    [Fact]
    public void A_choice_is_removed_as_a_whole() => RandomTables.Law(t =>
    {
        var rows = new EvidenceRows(t.Names);
        for (int e = 0; e < t.LogLikelihood.Rows.Count; e++) rows.Add(t.LogLikelihood.Row(e), t.Weights[e], e, second: e % 3 == 1);
        var influence = new EpisodeInfluence(t.Prior, rows, t.Dose, t.Traits);
        for (int e = 0; e < rows.Count; e++)
        {
            (int first, int end) = rows.Together(e);
            Assert.Equal(e % 3 == 2 ? (e, e + 1) : (e - (e % 3), Math.Min(rows.Count, e - (e % 3) + 2)), (first, end));
            EvidenceRows rest = rows.Regrouped(rows.Cluster, r => r >= first && r < end ? null : rows.Weight(r));
            PersonaDistribution with = Update.OnTotal(t.Prior, rows.Total(), t.Dose),
                without = Update.OnTotal(t.Prior, rest.Total(), t.Dose);
            for (int k = 0; k < t.Traits.Columns.Count; k++)
                Assert.Equal(without.Mean(t.Traits.Column(k)) - with.Mean(t.Traits.Column(k)), influence.Of(e).Removed[k], 1e-8);
        }
    });

    [Fact]
    public void An_impossible_episode_that_weighs_nothing_changes_nothing()
    {
        PersonaDistribution prior = PersonaDistribution.FromWeights(["never", "sometimes"], [0.6, 0.4]);
        var rows = new EvidenceRows(prior.Personas);
        rows.Add([double.NegativeInfinity, -1], 0, 0);
        var influence = new EpisodeInfluence(prior, rows, 1, new LabelledMatrix(prior.Personas, ["strict"], [1.0, 0]));
        RowInfluence none = influence.Of(0);
        Assert.Equal((0, 0, 0), (influence.Leading, none.LeadingAfter, none.Pull));
        Assert.Equal(0, none.Removed[0], 1e-12);
    }

    [Fact]
    public void Without_the_one_impossible_episode_a_persona_comes_back()
    {
        var rows = new EvidenceRows(["never", "sometimes"]);
        rows.Add([double.NegativeInfinity, -1], 1, 0);
        rows.Add([-0.1, -1], 1, 1);
        var traits = new LabelledMatrix(["never", "sometimes"], ["strict"], [1.0, 0]);
        var influence = new EpisodeInfluence(PersonaDistribution.Uniform(["never", "sometimes"]), rows, 1, traits);
        Assert.Equal(1, influence.Leading);
        RowInfluence first = influence.Of(0);
        double back = 1 / (1 + Math.Exp(-0.9));
        Assert.Equal(back, first.Removed[0], 1e-9);
        Assert.Equal(0, first.LeadingAfter);
        Assert.Equal(0, influence.Of(1).Removed[0], 1e-9);
    }

    internal static readonly LabelledMatrix NoTraits = new(["careless", "sound"], [], []);

    internal static CastEstimate Cast(PersonaDistribution prior, EvidenceRows rows, BootstrapPlan? plan = null) =>
        CastEstimate.Of(prior, rows, new LabelledMatrix(rows.Personas, [], []), new CastPlan(Bootstrap: plan ?? NoDraws));

    private static EvidenceRows Rows(RandomTables t) => Rows(t.LogLikelihood, t.Weights);

    internal static EvidenceRows Rows(LabelledMatrix table, double[] weights)
    {
        var rows = new EvidenceRows(table.Columns);
        for (int e = 0; e < table.Rows.Count; e++) rows.Add(table.Row(e), weights[e], e);
        return rows;
    }

    /// <summary>Episodes by two personas who speak numbers: normal ones with means half a distance above and below zero.</summary>
    internal static EvidenceRows Mixture(RngStream random, int episodes, double careless, double distance)
    {
        var rows = new EvidenceRows(["careless", "sound"]);
        for (int e = 0; e < episodes; e++)
        {
            double y = random.NextGaussian() + ((random.NextBool(careless) ? 0.5 : -0.5) * distance);
            rows.Add([Log(y - (distance / 2)), Log(y + (distance / 2))], 1, e);
        }
        return rows;

        static double Log(double z) => -0.5 * z * z;
    }
}
