using System.Text.RegularExpressions;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>
/// A judge of known worth: the candidate whose description holds the last word of the reply is worth <paramref name="sharpness"/> nats, the
/// first place <paramref name="firstPlace"/> nats, "cannot tell" <paramref name="cannotTell"/> nats more than nothing, and the candidate
/// who says word0, whoever speaks, <paramref name="liking"/> nats. What it says hangs on the question and the seed alone.
/// </summary>
internal sealed class FakeJudge(double sharpness, double firstPlace = 0, double cannotTell = 0, double liking = 0) : IChatModel
{
    private int _questions;

    public string Id => FormattableString.Invariant($"fake-judge {sharpness} {firstPlace} {cannotTell} {liking}");

    public int Questions => _questions;

    public IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) =>
        [.. questions.Select(q => (IReadOnlyList<ChatReply>)[new ChatReply(Answer(q.Turns[^1].Text, q.Seed), "stop")])];

    public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) => new(questions.Count, 0, 0, 0, null);

    public string Answer(string question, ulong seed)
    {
        Interlocked.Increment(ref _questions);
        string word = Regex.Match(question, @"(\w+)\.?\n</reply>").Groups[1].Value;
        Match[] candidates = [.. Regex.Matches(question, @"^([A-T])\. (.*)$", RegexOptions.Multiline).Cast<Match>()];
        double[] weights = [.. candidates.Select((c, i) =>
            Math.Exp((Says(c, word) ? sharpness : 0) + (Says(c, "word0") ? liking : 0) + (i == 0 ? firstPlace : 0))), Math.Exp(cannotTell)];
        int place = RngStream.Root(seed).Child(question).NextIndex(weights);
        return place < candidates.Length ? candidates[place].Groups[1].Value : "?";

        static bool Says(Match candidate, string word) => candidate.Groups[2].Value.Split(' ').Contains(word);
    }
}
