using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;
using static PersonaSelection.Tests.Rooms.PosteriorTests.CastEstimateTests;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class GainDoseTests
{
    [Fact]
    public void An_update_spends_no_more_than_the_replies_gain_by_it_or_next_to_nothing() => RandomTables.Law(t =>
    {
        foreach (LabelledMatrix table in new[] { t.LogLikelihood, t.Impossible })
        {
            GainDose fit = GainDose.Fit(t.Prior, Rows(table, t.Weights));
            // Twice the gain, or what a nominal dose may spend.
            Assert.True(fit.Information <= Math.Max(2 * fit.Gain, 1e-3) + 1e-9, fit.ToString());
            if (fit.Outcome == GainOutcome.InformationBound) Assert.True(fit.Information > 1e-3 && fit.Gain > 0, fit.ToString());
        }
    });

    [Fact]
    public void The_gain_is_what_the_replies_become_more_probable_by() => RandomTables.Law(t =>
    {
        foreach (LabelledMatrix table in new[] { t.LogLikelihood, t.Impossible })
        {
            EvidenceRows rows = Rows(table, [.. t.Weights.Select(Math.Abs)]);
            GainDose fit = GainDose.Fit(t.Prior, rows);
            Assert.Equal(fit.Dose * rows.Mass, fit.EffectiveObservations, 1e-12);
            Assert.Equal(Gain(fit.Dose), fit.Gain, 1e-5);
            double[] after = Update.OnTotal(t.Prior, rows.Total(), fit.Dose).Probabilities;
            double information = after.Zip(t.Prior.Probabilities, (p, q) => p > 0 ? p * Math.Log(p / q) : 0).Sum();
            Assert.Equal(information, fit.Information, 1e-9);
            // A given dose is judged by the same two numbers.
            GainDose given = CastEstimate.Of(t.Prior, rows, new LabelledMatrix(t.Names, [], []), new CastPlan(0.3, NoDraws)).Dose;
            Assert.Equal((GainOutcome.Given, 0.3), (given.Outcome, Math.Round(given.EffectiveObservations, 9)));
            Assert.Equal(Gain(given.Dose), given.Gain, 1e-5);
            Assert.Equal(fit.Attainable, given.Attainable, 1e-9);

            double Gain(double dose)
            {
                double[] cast = Update.OnTotal(t.Prior, rows.Total(), dose).Probabilities, prior = t.Prior.Probabilities;
                double sum = 0;
                for (int e = 0; e < rows.Count; e++) sum += rows.Weight(e) * Math.Log(Mixed(cast, e) / Mixed(prior, e));
                return sum / rows.Mass;
            }

            double Mixed(double[] p, int e) => p.Select((x, h) => x * Math.Exp(table[e, h])).Sum();
        }
    });

    [Fact]
    public void A_tie_has_a_dose_and_rows_that_tell_nobody_apart_have_none()
    {
        GainDose Fit(params (double A, double B, double Weight)[] some)
        {
            var rows = new EvidenceRows(["a", "b"]);
            foreach ((double a, double b, double weight) in some) rows.Add([a, b], weight, rows.Count);
            return GainDose.Fit(PersonaDistribution.Uniform(["a", "b"]), rows);
        }
        // What cancels in the whole does not in a redrawn sample.
        Assert.True(Fit((-1, -2, 1), (-2, -1, 1), (-1, -1, 1)).Dose > 0);
        Assert.Equal((0, GainOutcome.NoGain), Fit((-1, -1, 1), (-2, -2, 1)) is var none ? (none.Dose, none.Outcome) : default);
        Assert.Equal(0, Fit((-1, -1, 1), (-1, -2, 0)).Dose);
    }

    [Fact]
    public void No_observation_is_no_dose()
    {
        var rows = new EvidenceRows(["careless", "sound"]);
        rows.Add([-1, -2], 0, 0);
        foreach (double? given in new double?[] { null, 0, 2 })
        {
            GainDose dose = CastEstimate.Of(PersonaDistribution.Uniform(rows.Personas), rows, NoTraits, new CastPlan(given, NoDraws)).Dose;
            Assert.Equal((0, 0, 0, 0), (dose.Dose, dose.Gain, dose.Attainable, dose.Information));
        }
    }

    /// <summary>To be pushed away from what one would never say is as to be pushed away from what one hardly says.</summary>
    [Fact]
    public void Rejected_answers_that_a_persona_could_not_give_count_as_the_least_likely_one()
    {
        GainDose Fit(double never)
        {
            var rows = new EvidenceRows(["never", "rarely", "often"]);
            for (int e = 0; e < 20; e++) rows.Add([0, 0, -0.5], 1, e);
            for (int e = 20; e < 30; e++) rows.Add([never, -2, -1], -1, e);
            return GainDose.Fit(PersonaDistribution.Uniform(rows.Personas), rows);
        }
        Assert.Equal(Fit(-2), Fit(double.NegativeInfinity));
    }

    [Fact]
    public void A_given_dose_is_in_force()
    {
        EvidenceRows rows = Mixture(RngStream.Root(6), 50, 1, 2);
        CastEstimate cast = CastEstimate.Of(PersonaDistribution.Uniform(["careless", "sound"]), rows, NoTraits, new CastPlan(1, NoDraws));
        Assert.Equal(GainOutcome.Given, cast.Dose.Outcome);
        Assert.Equal(1.0 / 50, cast.Dose.Dose, 1e-12);
        double[] total = rows.Total();
        Assert.Equal(1 / (1 + Math.Exp((total[1] - total[0]) / 50)), cast.Posterior.Probability("careless"), 1e-9);
    }
}
