using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>Which examples of a persona are learnt and which held out.</summary>
public sealed class PersonaExamplesTests
{
    private static readonly Dictionary<string, double> NoTraits = [];

    [Fact]
    public void Reading_can_be_stopped()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a.jsonl"],
            string.Concat(Enumerable.Repeat("""{"prompt":"q","completion":"a"}""" + "\n", 3000)));
        var set = new PersonaSet([], [new("a", "human", "", NoTraits) { Examples = "a.jsonl" }]) { Folder = folder.Path };
        Assert.Throws<OperationCanceledException>(() => PersonaExamples.Load(set, set.Personas, new CancellationToken(true)));
        Assert.Single(Assert.Single(PersonaExamples.Load(set, set.Personas)).All);
    }

    [Fact]
    public void The_same_question_is_held_out_for_everybody()
    {
        Persona a = new("a", "human", "", NoTraits), b = new("b", "human", "", NoTraits);
        Episode[] Of(string reply) =>
            [.. Enumerable.Range(0, 300).Select(i => new Episode($"{i}", [new Turn("user", $"question {i}")], $"{reply} {i}"))];
        PersonaExamples Split(params Episode[] said) => PersonaExamples.Split([(a, said, [])])[0];
        PersonaExamples one = Split(Of("yes")), other = PersonaExamples.Split([(b, Of("no"), [])])[0];
        Assert.Equal(one.HeldOut.Select(e => e.Id), other.HeldOut.Select(e => e.Id));
        Assert.InRange(one.HeldOut.Count, 30, 90);
        Assert.Equal(300, one.HeldOut.Count + one.Learnt.Count);
        // Doubled, negative and empty examples are not words of the persona.
        Assert.Equal(300, Split([.. Of("yes"), .. Of("yes"), new("n", [], "no", -1), new("e", [], "")]) is var s
            ? s.HeldOut.Count + s.Learnt.Count : 0);
        // One question for all: split by the reply.
        PersonaExamples same = Split([.. Enumerable.Range(0, 300).Select(i => new Episode($"{i}", [], $"yes {i}"))]);
        Assert.InRange(same.HeldOut.Count, 30, 90);
    }

    /// <summary>However many each persona has, and though one of them answers few questions.</summary>
    [Fact]
    public void What_is_held_out_of_one_persona_is_learnt_by_no_other()
    {
        Persona a = new("a", "human", "", NoTraits), b = new("b", "human", "", NoTraits);
        IReadOnlyList<Episode> Of(string reply, int count, int questions) => [.. Enumerable.Range(0, count)
            .Select(i => new Episode($"{i}", [new Turn("user", $"question {i % questions}")], $"{reply} {i}"))];
        PersonaExamples[] all = [.. PersonaExamples.Split([(a, Of("yes", 400, 400), []), (b, Of("no", 2000, 2000), [])])];
        HashSet<string> learnt = [.. all[1].Learnt.Select(e => e.Context[0].Text)];
        Assert.DoesNotContain(all[0].HeldOut, e => learnt.Contains(e.Context[0].Text));
        Assert.InRange(all[1].HeldOut.Count, 300, 500);
        // A part of theirs that is held out in turns is so for both.
        learnt = [.. all[1].Turned(2).Learnt.Select(e => e.Context[0].Text)];
        Assert.DoesNotContain(all[0].Turned(2).HeldOut, e => learnt.Contains(e.Context[0].Text));
        Assert.Empty(all[0].Turned(2).HeldOut.Intersect(all[0].HeldOut));
        // Both by context and reply, where one says much to few questions: the same words are then on the same side.
        all = [.. PersonaExamples.Split([(a, Of("same", 400, 400), []), (b, Of("same", 400, 150), [])])];
        Assert.All(all, e => Assert.InRange(e.HeldOut.Count, 40, 120));
        HashSet<(string, string)> words = [.. all[1].Learnt.Select(e => (e.Context[0].Text, e.Reply))];
        Assert.DoesNotContain(all[0].HeldOut, e => words.Contains((e.Context[0].Text, e.Reply)));
    }
}
