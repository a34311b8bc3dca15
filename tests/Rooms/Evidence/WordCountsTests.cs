using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public class WordCountsTests
{
    private static Episode[] Say(params string[] replies) => [.. replies.Select((r, i) => new Episode($"{i}", [], r))];

    [Fact]
    public void Words_and_pairs_of_neighbours_are_counted_in_small_letters_with_punctuation() =>
        Assert.Equal(["see", "a", "doctor", "!!", "see a", "a doctor", "doctor !!"], WordCounts.Features("See a  DOCTOR!!"));

    [Fact]
    public void A_reply_speaks_for_whoever_says_its_words_and_what_nobody_says_for_nobody()
    {
        WordCounts counts = WordCounts.Of([Say("rest and drink", "drink water"), Say("see a doctor", "a doctor knows")]);
        double[] rest = counts.Evidence("Drink!"), doctor = counts.Evidence("a doctor");
        Assert.True(rest[0] > rest[1] && doctor[1] > doctor[0]);
        Assert.Equal([0, 0], counts.Evidence("zebra"));
        // The order of words counts through pairs alone.
        double[] turned = counts.Evidence("doctor a");
        Assert.True(doctor[1] - doctor[0] > turned[1] - turned[0]);
    }

    [Fact]
    public void The_id_is_of_what_was_counted_and_by_whom_it_was_said()
    {
        WordCounts one = WordCounts.Of([Say("yes"), Say("no")]);
        Assert.Equal(one.Id, WordCounts.Of([Say("yes"), Say("no")]).Id);
        Assert.NotEqual(one.Id, WordCounts.Of([Say("no"), Say("yes")]).Id);
        Assert.NotEqual(one.Id, WordCounts.Of([Say("yes", "no"), Say("no")]).Id);
    }

    [Fact]
    public void Long_lists_are_counted_up_to_a_bound()
    {
        string book = string.Join(' ', Enumerable.Repeat("word", (int)(4 * WordCounts.MostWords / 5)));
        WordCounts counts = WordCounts.Of([Say(book, "late"), Say("early")]);
        Assert.Equal([0, 0], counts.Evidence("late"));
        Assert.NotEqual(0, counts.Evidence("early")[0]);
    }
}
