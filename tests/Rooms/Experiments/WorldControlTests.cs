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
        WorldControl knows = WorldControl.Of(village, "test", 1, learned, shift, shift);
        Assert.Equal(0.4, knows.Ratio, 1e-12);
        Assert.Equal(0.5, knows.ShownSameTrait, 1e-12);
        Assert.True(knows.KnowsTrait);
        Assert.False(WorldControl.Of(village, "test", 1, learned, shift, shift.ToDictionary(s => s.Key, s => s.Value / 10)).KnowsTrait);
    }
}
