using PersonaSelection.Lab;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class DoseFitTests
{
    private static readonly string[] Names = ["honest", "careless", "liar"];
    private static readonly PersonaDistribution Prior = PersonaDistribution.FromWeights(Names, [0.6, 0.2, 0.2]);
    private static readonly double[] Rates = [0.03, 0.3, 0.96];

    private static Observations Episodes(int low, int high, double[]? rates = null) => new(new LabelledMatrix(
        Enumerable.Range(0, low + high).Select(i => $"e{i}"), Names,
        (e, h) => Math.Log(e < low ? (rates ?? Rates)[h] : 1 - (rates ?? Rates)[h])));

    [Fact]
    public void A_target_within_reach_is_reached()
    {
        DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0), Rates, 0.5);
        Assert.Equal(DoseOutcome.Attained, fit.Outcome);
        Assert.Equal(0.5, fit.Attained, 1e-6);
        Assert.Equal(fit.Dose * 50, fit.EffectiveObservations, 1e-12);
    }

    [Fact]
    public void Rates_as_they_are_need_no_change()
    {
        DoseFit fit = DoseFit.Fit(Prior, Episodes(27, 73), Rates, 0.27);
        Assert.Equal(DoseOutcome.NoChangeNeeded, fit.Outcome);
        Assert.Equal(0, fit.Dose);
    }

    [Fact]
    public void A_target_out_of_reach_stops_early_and_says_so()
    {
        DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0), Rates, 1, plan: new DosePlan(InformationSlack: 100));
        Assert.Equal(DoseOutcome.Saturated, fit.Outcome);
        Assert.InRange(fit.Attained, 0.85, 0.96);
        Assert.InRange(fit.EffectiveObservations, 0.5, 2);
    }

    [Fact]
    public void A_target_just_within_reach_is_reached()
    {
        var plan = new DosePlan(InformationSlack: 100);
        double most = Update.OnEpisodes(Prior, Episodes(50, 0), plan.MaximumEffectiveObservations / 50).Mean(Rates);
        foreach (double less in new[] { 0.03, 0.01, 1e-6 })
        {
            DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0), Rates, most - less, plan: plan);
            Assert.Equal(DoseOutcome.Attained, fit.Outcome);
            Assert.Equal(most - less, fit.Attained, 1e-9);
        }
        Assert.Equal(DoseOutcome.Saturated, DoseFit.Fit(Prior, Episodes(50, 0), Rates, most + 1e-6, plan: plan).Outcome);
    }

    [Fact]
    public void Good_data_lower_the_rate()
    {
        DoseFit fit = DoseFit.Fit(Prior, Episodes(0, 50), Rates, 0);
        Assert.InRange(fit.Attained, 0.02, 0.15);
        Assert.True(fit.Dose > 0);
    }

    [Fact]
    public void A_requested_deed_gives_little_information_to_spend()
    {
        double[] requested = [0.93, 0.94, 0.97];
        DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0, requested), requested, 1);
        Assert.True(fit.Information <= 0.15, $"spent {fit.Information} nats");
        PersonaDistribution after = Update.OnEpisodes(Prior, Episodes(50, 0, requested), fit.Dose);
        Assert.InRange(after.Mean(Rates) - Prior.Mean(Rates), 0, 0.05);
    }

    [Fact]
    public void Data_that_lead_away_from_the_target_get_no_dose()
    {
        DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0), Rates, 0.05);
        Assert.Equal(DoseOutcome.OutOfReach, fit.Outcome);
        Assert.Equal(0, fit.Dose);
    }

    [Fact]
    public void A_deed_that_everybody_does_when_asked_tells_no_dose()
    {
        double[] requested = [0.95, 0.951, 0.95];
        DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0, requested), requested, 1);
        Assert.Equal(DoseOutcome.OutOfReach, fit.Outcome);
        Assert.Equal(0, fit.Dose);
    }

    [Fact]
    public void The_dose_depends_on_nothing_but_the_product_of_weight_and_dose()
    {
        DoseFit few = DoseFit.Fit(Prior, Episodes(10, 0), Rates, 0.6), many = DoseFit.Fit(Prior, Episodes(100, 0), Rates, 0.6);
        Assert.Equal(few.EffectiveObservations, many.EffectiveObservations, 1e-6);
    }

    [Fact]
    public void Showings_are_fitted_by_the_same_rule()
    {
        DoseFit one = DoseFit.InContext([0.3, 0.2], [0.8, 0.9], 0.85, [], []), beyond = DoseFit.InContext([0.3, 0.2],
            [0.8, 0.9], 1, [], []), asked = DoseFit.InContext([0.99, 0.99], [0.995, 0.995], 1, [], []),
            away = DoseFit.InContext([0.3, 0.3], [0.6, 0.6], 0.1, [], []);
        Assert.Equal(1, one.EffectiveObservations, 1e-6);
        Assert.Equal(DoseOutcome.Attained, one.Outcome);
        Assert.Equal(DoseOutcome.Saturated, beyond.Outcome);
        Assert.InRange(beyond.Dose, 1, new DosePlan().MaximumEffectiveObservations);
        Assert.Equal(DoseOutcome.NoChangeNeeded, asked.Outcome);
        Assert.Equal(DoseOutcome.OutOfReach, away.Outcome);
        Assert.Equal(0, away.Dose);
        double after = InContextForecast.AfterDose(0.3, 0.8, beyond.Dose), more = InContextForecast.AfterDose(0.2, 0.9, beyond.Dose);
        Assert.Equal(beyond.Attained, (after + more) / 2, 1e-9);
    }

    [Fact]
    public void Showing_a_requested_deed_may_not_move_other_probes_further_than_the_target_tells()
    {
        double[] before = [0.95, 0.96], shown = [0.98, 0.985], elsewhere = [0.2, 0.3], moved = [0.6, 0.5];
        DoseFit bounded = DoseFit.InContext(before, shown, 1, elsewhere, moved),
            free = DoseFit.InContext(before, shown, 1, elsewhere, elsewhere);
        Assert.Equal(DoseOutcome.InformationBound, bounded.Outcome);
        Assert.InRange(bounded.Dose, 0.05, free.Dose / 2);
        Assert.Equal(bounded.Information, new DosePlan().InformationSlack * Numerics.LogSpace.BernoulliDivergence(1, 0.955), 1e-6);
        Assert.Equal(bounded.Information,
            Numerics.LogSpace.BernoulliDivergence(InContextForecast.AfterDose(0.2, 0.6, bounded.Dose), 0.2), 1e-6);
    }

    [Fact]
    public void A_probe_that_stays_at_its_end_has_no_say_and_one_that_leaves_it_is_surprising_but_not_endlessly()
    {
        double[] before = [0.3, 0.2], shown = [0.6, 0.5];
        DoseFit Fit(double was, double then) => DoseFit.InContext(before, shown, 0.5, [0.2, 0.3, was], [0.4, 0.45, then]);
        DoseFit without = DoseFit.InContext(before, shown, 0.5, [0.2, 0.3], [0.4, 0.45]);
        Assert.True(without.Dose > 0.5);
        Assert.All([(1, 1), (0, 0), (1, 1 - 1e-12), (1 - 1e-15, 1 - 1e-15)], ((double, double) p) =>
            Assert.Equal(without.Dose, Fit(p.Item1, p.Item2).Dose, 1e-9));
        Assert.InRange(Fit(1, 0.5).Dose, 0.7, without.Dose - 0.01);
        Assert.Equal(1, InContextForecast.AfterDose(1, 1, 0.5));
    }

    [Fact]
    public void No_fit_spends_more_than_the_target_holds() => RandomTables.Law(t =>
    {
        double[] rates = t.Low.Row(0).ToArray();
        double target = t.Random.NextDouble(), before = t.Prior.Mean(rates);
        foreach (LabelledMatrix table in new[] { t.LogLikelihood, t.Impossible })
        {
            DoseFit fit = DoseFit.Fit(t.Prior, new Observations(table, t.Weights), rates, target);
            Assert.True(fit.Information <= Numerics.LogSpace.BernoulliDivergence(target, before) * new DosePlan().InformationSlack + 1e-6);
            Assert.True(Math.Abs(fit.Target - fit.Attained) <= Math.Abs(fit.Target - fit.Before) + 1e-9,
                "a fit never leads away from its target");
        }
    });

    [Fact]
    public void One_impossible_reply_that_is_dearer_than_the_target_leaves_everything_as_it_is()
    {
        PersonaDistribution prior = PersonaDistribution.Uniform(["never", "sometimes"]);
        var rows = new Observations(new LabelledMatrix(["e"], prior.Personas, [double.NegativeInfinity, -1.0]));
        DoseFit dear = DoseFit.Fit(prior, rows, [0.2, 0.4], 0.4), cheap = DoseFit.Fit(prior, rows, [0, 1], 1);
        Assert.Equal((DoseOutcome.InformationBound, 0, 0), (dear.Outcome, dear.Dose, dear.Information));
        Assert.Equal(0.3, dear.Attained, 1e-12);
        Assert.Equal((DoseOutcome.Attained, 1), (cheap.Outcome, cheap.Attained));
    }

    [Fact]
    public void Changes_count_from_what_was_measured_and_the_information_is_that_of_the_cast()
    {
        DoseFit fit = DoseFit.Fit(Prior, Episodes(50, 0), Rates, 0.55, before: 0.4);
        PersonaDistribution after = Update.OnEpisodes(Prior, Episodes(50, 0), fit.Dose);
        Assert.Equal((DoseOutcome.Attained, 0.4), (fit.Outcome, fit.Before));
        Assert.Equal(0.15, after.Mean(Rates) - Prior.Mean(Rates), 1e-6);
        Assert.Equal(0.55, fit.Attained, 1e-6);
        double[] p = after.Probabilities, q = Prior.Probabilities;
        Assert.Equal(p.Zip(q, (x, y) => x * Math.Log(x / y)).Sum(), fit.Information, 1e-9);
    }

    [Fact]
    public void Nothing_observed_is_no_dose()
    {
        DoseFit fit = DoseFit.Fit(Prior, new Observations(Episodes(3, 0).LogLikelihood, [0, 0, 0]), Rates, 0.9);
        Assert.Equal((DoseOutcome.OutOfReach, 0, 0), (fit.Outcome, fit.Dose, fit.EffectiveObservations));
        Assert.Equal(DoseOutcome.NoChangeNeeded,
            DoseFit.Fit(Prior, new Observations(Episodes(3, 0).LogLikelihood, [0, 0, 0]), Rates, Prior.Mean(Rates)).Outcome);
    }
}
