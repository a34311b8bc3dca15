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
    public void The_same_question_is_held_out_for_everybody()
    {
        Persona a = new("a", "human", "", NoTraits), b = new("b", "human", "", NoTraits);
        Episode[] Of(string reply) =>
            [.. Enumerable.Range(0, 300).Select(i => new Episode($"{i}", [new Turn("user", $"question {i}")], $"{reply} {i}"))];
        PersonaExamples one = PersonaExamples.Split(a, Of("yes")), other = PersonaExamples.Split(b, Of("no"));
        Assert.Equal(one.HeldOut.Select(e => e.Id), other.HeldOut.Select(e => e.Id));
        Assert.InRange(one.HeldOut.Count, 30, 90);
        Assert.Equal(300, one.HeldOut.Count + one.Learnt.Count);
        // Doubled, negative and empty examples are not words of the persona.
        Assert.Equal(300, PersonaExamples.Split(a, [.. Of("yes"), .. Of("yes"), new("n", [], "no", -1), new("e", [], "")]) is var s
            ? s.HeldOut.Count + s.Learnt.Count : 0);
        // One question for all: split by the reply.
        PersonaExamples same = PersonaExamples.Split(a, [.. Enumerable.Range(0, 300).Select(i => new Episode($"{i}", [], $"yes {i}"))]);
        Assert.InRange(same.HeldOut.Count, 30, 90);
    }
}
