using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public sealed class FitCurveTests
{
    [Fact]
    public void Episodes_that_are_examples_are_found_word_for_word()
    {
        Episode said = new("x", [new Turn("user", "how are you")], "quite well");
        var overlap = new ExampleOverlap([said, said, said with { Reply = "no" }]);
        Assert.Equal(1, overlap.Count([said with { Id = "y", Reply = " quite\n well " }]));
        Assert.Equal(1, overlap.Count([said with { Reply = "no" }]));
        Assert.Equal(0, overlap.Count([said with { Context = [] }]));
        Assert.Equal(1, overlap.Count([said, said with { Reply = "Quite well" }]));
    }

    [Fact]
    public void The_step_is_the_one_at_which_personas_are_told_apart_best_though_their_words_grow_less_likely()
    {
        // Two replies of a, two of b. At step 2 each persona knows its own better than the other does; at step 1 it is the other way round.
        FitPoint[] a = [new(0, 1) { Scores = [-1, -1, -1, -1] }, new(1, 2) { Scores = [-3, -2, -2, -2] },
            new(2, 4) { Scores = [-4, -4, -9, -8] }];
        FitPoint[] b = [new(0, 1) { Scores = [-1, -1, -1, -1] }, new(1, 2) { Scores = [-2, -2, -3, -2] },
            new(2, 4) { Scores = [-8, -9, -4, -4] }];
        Assert.Equal(2, FitCurve.Best([a, b], [0, 0, 1, 1], first: 1));
        Assert.Equal(1, FitCurve.Best([a, b], [1, 1, 0, 0], first: 1));
        // Owners that no step tells apart: where they came from.
        Assert.Equal(0, FitCurve.Best([a, b], [0, 1, 0, 1], first: 0));
        // One persona alone: its own words decide. Nothing held out: the end.
        Assert.Equal(1, FitCurve.Best([a], [0, 0, 0, 0], first: 1));
        Assert.Equal(2, FitCurve.Best([a, b], [], first: 1));
    }
}
