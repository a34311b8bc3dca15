using System.Globalization;
using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>Where a row has what stands before its answers.</summary>
internal enum AskedIn
{
    /// <summary>In the list of a dialogue that the answers stand in or follow.</summary>
    Dialogue,

    /// <summary>In <c>prompt</c>, or at the head of the sides.</summary>
    Prompt,

    /// <summary>In <c>system</c>, <c>history</c>, <c>instruction</c> and <c>input</c>.</summary>
    Alpaca,

    /// <summary>In the texts that the answers end (<see cref="Transcript"/>).</summary>
    Transcript,
}

// Which answers a row has, and what stands before them.
internal sealed partial class EpisodeRow
{
    // Whether the last message of a dialogue is the Assistant's; one that is no message is found out when it is read.
    private bool IsAnswered
    {
        get
        {
            int list = _json.IsNullOrAbsent(Messages) ? Conversation : Messages;
            int last = _json.IsList(list) ? _json.Children(list).LastOrDefault(-1) : -1;
            int role = _json.IsObject(last) ? Either(last, "role"u8, "from"u8) : -1;
            return !_json.IsText(role) || RoleOf(_json.Text(role)) == "assistant";
        }
    }

    private List<RowReply> Spoken(List<RowTurn> turns, int from = 0)
    {
        var replies = new List<RowReply>();
        // What was said before the answer that a verdict is about is its context.
        int judged = Verdict is null || from > 0 ? from : turns.FindLastIndex(t => t.Turn.Role == "assistant");
        for (int at = from; at < turns.Count; at++)
        {
            if (turns[at].Turn.Role != "assistant") continue;
            if (at < judged) turns[at] = turns[at] with { Weight = 0 };
            bool rejected = Verdict == false;
            double weight = Bounded(Weight * turns[at].Weight, turns[at].Value);
            replies.Add(new RowReply(turns, at, replies.Count, rejected ? -weight : weight, rejected));
        }
        if (replies.Count > 0) return replies;
        throw turns.Count == from
            ? new BadRowException(0, "There are no messages.")
            : new BadRowException(_json.Start(turns[^1].Value),
                $"The last message is by \"{turns[^1].Turn.Role}\", and none by \"assistant\".");
    }

    private List<RowTurn> ReadMessages() => [.. ReadSystem(), .. ReadTurns(Messages, "messages")];

    private List<RowTurn> ReadConversation() => [.. ReadSystem(), .. ReadTurns(Conversation, "conversations")];

    private List<RowTurn> ReadDialogue() => _json.IsNullOrAbsent(Messages) ? ReadConversation() : ReadMessages();

    private List<RowReply> ReadCompletion()
    {
        Asked = AskedIn.Prompt;
        List<RowTurn> prompt = ReadSide(Field("prompt"u8), "prompt", "user");
        (string field, int completion) = First(["completion", .. Answers]);
        List<RowTurn> side = ReadSide(completion, field, "assistant");
        return Spoken(Follow(prompt, side), prompt.Count);
    }

    private List<RowTurn> ReadAlpaca()
    {
        (string field, int answer) = First(Answers);
        return [.. ReadInstruction(), ReadText(answer, field, "assistant")];
    }

    private List<RowTurn> ReadInstruction()
    {
        Asked = AskedIn.Alpaca;
        List<RowTurn> turns = [.. ReadSystem(), .. ReadHistory()];
        int instruction = Instruction, input = Input;
        if (_json.IsNullOrAbsent(input)) return [.. turns, ReadText(instruction, "instruction", "user")];
        RowTurn rest = ReadText(input, "input", "user");
        if (_json.IsNullOrAbsent(instruction)) return [.. turns, rest];
        RowTurn asked = ReadText(instruction, "instruction", "user");
        if (rest.Turn.Text.Length == 0) return [.. turns, asked];
        if (asked.Turn.Text.Length == 0) return [.. turns, rest];
        return [.. turns, new RowTurn(new Turn("user", $"{asked.Turn.Text}\n{rest.Turn.Text}"), instruction, 1, input)];
    }

    private List<RowTurn> ReadHistory()
    {
        int history = Field("history"u8);
        if (_json.IsNullOrAbsent(history)) return [];
        if (!_json.IsList(history)) throw new BadRowException(_json.Start(history), "\"history\" is not a list.");
        var turns = new List<RowTurn>();
        foreach (int pair in _json.Children(history))
        {
            int[] said = _json.IsList(pair) ? [.. _json.Children(pair)] : [];
            if (said.Length != 2 || !said.All(_json.IsText))
                throw new BadRowException(_json.Start(pair), "A pair of \"history\" is not two texts, what was asked and the answer.");
            if (turns.Count >= MostMessages) throw new BadRowException(_json.Start(pair), $"There are more than {MostMessages} messages.");
            turns.Add(ReadText(said[0], "history", "user"));
            turns.Add(ReadText(said[1], "history", "assistant"));
        }
        return turns;
    }

    private RowTurn ReadText(int text, string field, string role)
    {
        if (_json.IsText(text)) return new RowTurn(new Turn(role, _json.Text(text)), text);
        throw text < 0 ? new BadRowException(0, $"There is no \"{field}\".")
            : new BadRowException(_json.Start(text), $"\"{field}\" is not a text.");
    }

    private List<RowReply> ReadPreference()
    {
        bool choice = Has("chosen"u8) || !(Has("rejected_response"u8) || Has("rejected_messages"u8));
        (List<RowTurn> chosen, List<RowTurn> rejected) = choice ? ReadChoice() : ReadOutdone();
        double weight = Bounded(Weight, 0);
        return [new RowReply(chosen, chosen.Count - 1, 0, weight), new RowReply(rejected, rejected.Count - 1, 1, -weight, true)];
    }

    // Two answers in fields of their own, after a prompt, a dialogue that waits for an answer, or an instruction.
    private (List<RowTurn> Chosen, List<RowTurn> Rejected) ReadChoice()
    {
        if (!Has("prompt"u8) && ReadTranscript(Chosen) is { } better && ReadTranscript(Rejected) is { } worse)
        {
            Asked = AskedIn.Transcript;
            return (Answer([], better), Answer([], worse));
        }
        List<RowTurn> chosen = ReadSide(Chosen, "chosen", "assistant");
        List<RowTurn> rejected = ReadSide(Rejected, "rejected", "assistant");
        bool whole = !IsAnswer(chosen) || !IsAnswer(rejected);
        List<RowTurn> asked;
        if (!Has("prompt"u8) && Request >= 0) asked = ReadTurns(Request, "messages");
        else if (!Has("prompt"u8) && !whole && IsDialogue && !IsAnswered) asked = ReadDialogue();
        else if (!Has("prompt"u8) && !whole && !_json.IsNullOrAbsent(Instruction)) asked = ReadInstruction();
        else
        {
            Asked = AskedIn.Prompt;
            asked = ReadSide(Field("prompt"u8), "prompt", "user");
        }
        return (Answer(asked, chosen), Answer(asked, rejected));
    }

    // A whole example, and what is rejected in its last answer's place.
    private (List<RowTurn> Chosen, List<RowTurn> Rejected) ReadOutdone()
    {
        List<RowTurn> chosen = Answer([], IsDialogue ? ReadDialogue() : ReadAlpaca());
        int side = Either(0, "rejected_response"u8, "rejected_messages"u8);
        if (_json.IsText(side)) return (chosen, [.. chosen[..^1], ReadText(side, "rejected_response", "assistant")]);
        List<RowTurn> rejected = ReadSide(side, "rejected_response", "assistant");
        int asked = IsAnswer(rejected) ? chosen.FindLastIndex(t => t.Turn.Role == "user") + 1 : 0;
        return (chosen, Answer(chosen[..asked], rejected));
    }

    private List<RowTurn>? ReadTranscript(int text) => _json.IsText(text) && Transcript.Read(_json.Text(text)) is { } turns
        ? [.. turns.Select(t => new RowTurn(t, text))] : null;

    /// <summary>The turns of a prompt that is a transcript waiting for the Assistant's; null for another.</summary>
    internal List<RowTurn>? ReadWaiting(int prompt) =>
        ReadTranscript(prompt) is { } turns && turns[^1].Turn is { Role: "assistant", Text: "" } ? turns[..^1] : null;

    private static bool IsAnswer(List<RowTurn> side) => side is [{ Turn.Role: "assistant" }, ..];

    private double Bounded(double weight, int value) => Math.Abs(weight) <= MostWeight ? weight : throw new BadRowException(
        _json.Start(value), string.Create(CultureInfo.InvariantCulture, $"The weight of this answer is beyond {MostWeight:N0}."));

    private List<RowTurn> Answer(List<RowTurn> prompt, List<RowTurn> side)
    {
        List<RowTurn> turns = Follow(prompt, side);
        if (side.Count == 0) throw new BadRowException(0, "There are no messages.");
        return turns[^1].Turn.Role == "assistant" ? turns : throw new BadRowException(_json.Start(turns[^1].Value),
            $"The last message is by \"{turns[^1].Turn.Role}\", not by \"assistant\".");
    }

    // A side may repeat the prompt before the answer.
    private static List<RowTurn> Follow(List<RowTurn> prompt, List<RowTurn> side) =>
        side.Count > prompt.Count && side.Take(prompt.Count).Select(t => t.Turn).SequenceEqual(prompt.Select(t => t.Turn))
            ? side : [.. prompt, .. side];

    private List<RowTurn> ReadSystem()
    {
        int system = Field(Encoding.UTF8.GetBytes(SystemField));
        if (_json.IsNullOrAbsent(system)) return [];
        string text = _json.IsObject(system) ? ReadSaid(system, ContentOf(system), "system") : ReadSaid(system, system, "system");
        return text.Length > 0 ? [new RowTurn(new Turn("system", text), system)] : [];
    }

    // A side is a text, a message, or a list of messages.
    private List<RowTurn> ReadSide(int side, string field, string role)
    {
        if (role == "user" && ReadWaiting(side) is { } waiting) return waiting;
        if (_json.IsText(side)) return [new RowTurn(new Turn(role, _json.Text(side).Trim()), side)];
        if (_json.IsObject(side)) return [ReadMessage(side, 1)];
        return _json.IsNullOrAbsent(side) && role == "user" ? [] : ReadTurns(side, field);
    }
}
