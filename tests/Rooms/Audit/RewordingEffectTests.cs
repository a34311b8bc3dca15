using PersonaSelection.Audit;
using PersonaSelection.Lab;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class RewordingEffectTests
{
    private static readonly string[] Personas = ["careless", "sound"];

    private static Observations Said(params double[] values) =>
        new(new LabelledMatrix(["e0", "e1"], Personas, values), [3, -1]);

    [Fact]
    public void What_is_said_of_a_quantity_is_its_covariance_and_means_go_by_weight()
    {
        PersonaDistribution prior = PersonaDistribution.FromWeights(Personas, [0.25, 0.75]);
        var quantities = new LabelledMatrix(["sound", "careless"], ["careful"], [1.0, -1]);
        Observations plain = Said(-1, -3, -2, -2.5);
        EpisodePair pair = Assert.Single(EpisodePair.Said(prior, plain, Said(-2, -2.5, -2, -2), quantities));
        // Cov = p (1 - p) (difference of L) (difference of q): 3/16 * 2 * -2, and so on.
        Assert.Equal([-0.75, -0.1875], pair.Plain.Select(x => Math.Round(x, 12)));
        Assert.Equal([-0.1875, 0], pair.Reworded.Select(x => Math.Round(x, 12)));

        var effect = new RewordingEffect([pair], plain, new BootstrapPlan(0));
        RewordingGain gain = effect.Gain(0);
        double before = ((3 * -0.75) + 0.1875) / 4, after = 3 * -0.1875 / 4;
        Assert.Equal(before - after, gain.Interval.Estimate, 1e-12);
        Assert.Equal(1 - (after / before), effect.Of(m => RewordingEffect.Taken(m[0])).Estimate, 1e-12);
        Assert.Throws<ArgumentException>(() => EpisodePair.Said(prior, plain,
            new Observations(new LabelledMatrix(["e0", "e2"], Personas, (_, _) => 0)), quantities));
    }

    [Fact]
    public void The_share_that_is_taken_away()
    {
        Assert.Equal(0.75, RewordingEffect.Taken((0.4, 0.1)), 1e-12);
        Assert.Equal(1.5, RewordingEffect.Taken((-0.4, 0.2)), 1e-12);
        Assert.Equal(double.NaN, RewordingEffect.Taken((0, 0.1)));
        // Several: sizes without their signs.
        Assert.Equal(1 - (0.3 / 0.8), RewordingEffect.Taken([(0.4, -0.1), (-0.4, 0.2)]), 1e-12);
        Assert.Equal(double.NaN, RewordingEffect.Taken([(0.0, 0.1), (0.0, 0.2)]));
    }
}
