using PersonaSelection.Experiments.Demo;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class WorldControlTests
{
    [Fact]
    public void Exact_Bayes_moves_other_traits_in_the_village_and_not_where_traits_are_independent()
    {
        World village = World.Village, independent = village.With(new WorldControls(IndependentTraits: true));
        (string[] same, string[] off) = WorldControl.Split(village, "test");
        Assert.Contains("blame", same);
        Assert.Contains("comfort", off);
        Assert.DoesNotContain("check", off);
        Assert.True(off.Average(d => WorldControl.ExactShift(village, "test", d)) > 0.1);
        // Two of them hang on a shared trait by a hair (a weight of 0.4 logits), which counts as none.
        Assert.All(off, d => Assert.Equal(0, WorldControl.ExactShift(independent, "test", d), 0.02));
        Assert.All(same, d => Assert.True(WorldControl.ExactShift(independent, "test", d) > 0.3));
    }

    [Fact]
    public void The_ratio_is_that_of_mean_shifts()
    {
        World village = World.Village;
        (string[] same, string[] off) = WorldControl.Split(village, "test");
        var shift = village.Domains.ToDictionary(d => d.Name, d => same.Contains(d.Name) ? 0.5 : off.Contains(d.Name) ? 0.2 : 9);
        var learned = new BaseResult(1, 2, 3, 4, new InferenceResult(0.9, 0.3, 0.1, 0.2));
        Assert.Equal(0.4, WorldControl.Of(village, "test", 1, learned, shift, shift).Ratio, 1e-12);
    }

    [Fact]
    public void A_model_that_acts_by_rote_in_the_trained_domain_does_not_count()
    {
        World village = World.Village;
        var learned = new BaseResult(1, 2, 3, 4, new InferenceResult(0.9, 0.3, 0.1, 0.2));
        double exact = WorldControl.ExactShift(village, "test", "test");
        bool Counts(double trained, double others)
        {
            var shown = village.Domains.ToDictionary(d => d.Name, d => d.Name == "test" ? trained : others);
            return WorldControl.Of(village, "test", 1, learned, shown, shown).HangsOnCharacter;
        }
        Assert.True(exact > 0.3);
        Assert.True(Counts(0.6 * exact, 0));
        Assert.False(Counts(0.4 * exact, 0.9));
    }
}
