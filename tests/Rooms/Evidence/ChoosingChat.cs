using System.Text.RegularExpressions;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>
/// <see cref="CastLanguageModel"/> behind a chat that says no probabilities: choices between "bad" and "good", and judgements among
/// candidates described by the name of a character, are drawn from them, from fixed streams.
/// </summary>
internal sealed class ChoosingChat : IChatModel
{
    private readonly CastLanguageModel _model = new() { ContextLength = 256 };

    public string Id => "choosing-chat";

    public bool Mute { get; init; }

    public int Asked { get; private set; }

    public int Judged { get; private set; }

    public IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        Asked += questions.Count;
        return [.. questions.Select(q => (IReadOnlyList<ChatReply>)[new ChatReply(Mute ? "Well."
            : q.Turns[^1].Text.Contains("<candidates>", StringComparison.Ordinal) ? Judge(q) : Choose(q), "stop")])];
    }

    public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) => new(questions.Count, 0, 0, 0, null);

    private string Choose(ChatQuestion q)
    {
        Assert.Equal(1, q.Temperature);
        string[] asked = q.Turns[^1].Text.Split("\n\nWhich of these");
        bool lowFirst = asked[1].Contains("A. bad", StringComparison.Ordinal);
        Turn[] turns = [.. q.Turns.SkipLast(1), q.Turns[^1] with { Text = asked[0] }];
        bool chose = RngStream.Root(q.Seed).Child(string.Join('|', turns.Select(t => t.Text))).NextBool(Low(turns));
        return chose == lowFirst ? "A" : "B";
    }

    private string Judge(ChatQuestion q)
    {
        Judged++;
        string text = q.Turns[^1].Text, reply = Regex.Match(text, @"<reply>\n(.*)\n</reply>").Groups[1].Value;
        Turn[] situation = [.. Regex.Match(text, @"<situation>\n(.*)\n</situation>", RegexOptions.Singleline).Groups[1].Value.Split('\n')
            .Select(l => new Turn(l.Split(": ")[0], l.Split(": ")[1]))];
        double[] weights = [.. Regex.Matches(text, @"^[A-T]\. (\w+)$", RegexOptions.Multiline).Select(m =>
            Low([new Turn("system", $"{m.Groups[1].Value} {m.Groups[1].Value}"), .. situation]))
            .Select(low => reply == "bad" ? low : 1 - low)];
        return $"{(char)('A' + RngStream.Root(q.Seed).Child(text).NextIndex(weights))}";
    }

    private double Low(IReadOnlyList<Turn> turns) => ProbeMeasurement.Of(_model, [new Probe("p", "d", turns, ["bad"], ["good"])])[0];
}
