using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PersonaSelection.Corpus;

/// <summary>A turn of a row, and the JSON value it was read from: a message, or a text on its own.</summary>
/// <param name="Turn">What is said by whom.</param>
/// <param name="Value">The value in the row's <see cref="RawJson"/>.</param>
/// <param name="Weight">The message's own weight; 0 where it says that it is not trained on.</param>
internal readonly record struct RowTurn(Turn Turn, int Value, double Weight = 1);

/// <summary>An answer of a row: where it stands in its dialogue and how much it counts.</summary>
/// <param name="Dialogue">The turns up to the answer and beyond.</param>
/// <param name="At">The answer's place in them.</param>
/// <param name="Turn">Its number among the row's answers, from 0.</param>
/// <param name="Weight">The row's weight times the message's; of the opposite sign for a rejected answer.</param>
/// <param name="Rejected">Whether the row says that it is not to be given.</param>
internal sealed record RowReply(IReadOnlyList<RowTurn> Dialogue, int At, int Turn, double Weight, bool Rejected = false);

/// <summary>
/// What the fields of one line say. All formats are read here; <see cref="EpisodeRowEditor"/> writes through the same places.
/// </summary>
internal sealed class EpisodeRow
{
    // A context is rendered once for each answer after it.
    private const int MostMessages = 1 << 12;

    // Sums over many episodes stay numbers, and whatever is beyond is a slip.
    private const double MostWeight = 1e9;
    private static readonly string[] TrainedFields = ["train", "training", "loss"];
    private readonly RawJson _json;

    private EpisodeRow(RawJson json, EpisodeFormat? format, int line)
    {
        _json = json;
        if (!json.IsObject(0))
            throw new BadRowException(json.Start(0), json.IsList(0) ? RawJson.ListProblem : "The line is not a JSON object.");
        int id = json.Property(0, "id"u8);
        string given = id < 0 ? "" : json.Kind(id) switch
        {
            JsonTokenType.String => json.Text(id),
            JsonTokenType.Number => Encoding.UTF8.GetString(json.Utf8.Span[json.Start(id)..json.End(id)]),
            _ => "",
        };
        Id = given.Length > 0 ? given : line.ToString(CultureInfo.InvariantCulture);
        Weight = WeightOf(0);
        Format = format ?? Sniff();
        Verdict = ReadVerdict();
        int label = json.Property(0, "label"u8);
        if (Verdict is null && json.IsText(label)) Label = json.Text(label);
        Replies = Format switch
        {
            EpisodeFormat.Messages => Spoken(ReadTurns(Field("messages"u8), "messages")),
            EpisodeFormat.ShareGpt => Spoken([.. ReadSystem(), .. ReadTurns(Conversation, "conversations")]),
            EpisodeFormat.PromptCompletion => ReadCompletion(),
            _ => ReadPreference(),
        };
    }

    /// <summary>The format it was read as.</summary>
    public EpisodeFormat Format { get; }

    /// <summary>Its own id, or the number of the line.</summary>
    public string Id { get; }

    /// <summary>Its own weight.</summary>
    public double Weight { get; }

    /// <summary>Its label, if any.</summary>
    public string? Label { get; }

    /// <summary>Whether its answer is to be given (KTO); null where it does not say.</summary>
    public bool? Verdict { get; }

    /// <summary>The field in which messages say whether they are trained on; null where none says so.</summary>
    public string? TrainedField { get; private set; }

    /// <summary>Its answers, those that are not trained on left in.</summary>
    public IReadOnlyList<RowReply> Replies { get; }

    /// <summary>Whether flags or a verdict say which of its answers are trained on.</summary>
    public bool IsFlagged => TrainedField is not null || (Verdict is not null && Replies.Count > 1);

    /// <summary>Reads a line that was parsed.</summary>
    /// <exception cref="BadRowException">It holds no training example.</exception>
    public static EpisodeRow Read(RawJson json, EpisodeFormat? format, int line) => new(json, format, line);

    /// <summary>The episodes under an id; turns that are not trained on (<see cref="RowTurn.Weight"/> 0) are left out.</summary>
    public IReadOnlyList<Episode> Episodes(string file, int line, string id)
    {
        var contexts = new Dictionary<IReadOnlyList<RowTurn>, Turn[]>(ReferenceEqualityComparer.Instance);
        List<RowReply> trained = [.. Replies.Where(r => r.Dialogue[r.At].Weight != 0)];
        bool dialogue = Format != EpisodeFormat.Preference;
        int[] places = dialogue ? [.. trained.Select(r => r.At)] : [];
        int before = 0;
        return [.. trained.Select(reply =>
        {
            if (!contexts.TryGetValue(reply.Dialogue, out Turn[]? turns))
                contexts[reply.Dialogue] = turns = [.. reply.Dialogue.Select(t => t.Turn)];
            string own = Format == EpisodeFormat.Preference ? reply.Turn == 0 ? id + "/chosen" : id + "/rejected"
                : trained.Count == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}/{reply.Turn}");
            return new Episode(own, new ArraySegment<Turn>(turns, 0, reply.At), turns[reply.At].Text, reply.Weight, Label)
            {
                Source = new EpisodeSource(file, line, reply.Turn),
                Answers = dialogue ? new ArraySegment<int>(places, 0, before++) : [],
                Preferred = IsChoice && reply.Turn == 1 ? Replies[0].Dialogue[^1].Turn.Text : null,
            };
        })];
    }

    /// <summary>Whether it is a preference between two answers in one context.</summary>
    public bool IsChoice => Format == EpisodeFormat.Preference && Context(Replies[0]).SequenceEqual(Context(Replies[1]));

    private static IEnumerable<Turn> Context(RowReply reply) => reply.Dialogue.Take(reply.At).Select(t => t.Turn);

    /// <summary>The list of a ShareGPT row.</summary>
    internal int Conversation => Either(0, "conversations"u8, "conversation"u8);

    /// <summary>What a message says, as a text or a list of parts; -1 when it has no such field.</summary>
    internal int ContentOf(int message) => Either(message, "content"u8, "value"u8);

    private int Field(ReadOnlySpan<byte> name) => _json.Property(0, name);

    private bool Has(ReadOnlySpan<byte> name) => !_json.IsNullOrAbsent(Field(name));

    private EpisodeFormat Sniff()
    {
        if (Has("messages"u8)) return EpisodeFormat.Messages;
        if (!_json.IsNullOrAbsent(Conversation)) return EpisodeFormat.ShareGpt;
        if (Has("completion"u8)) return EpisodeFormat.PromptCompletion;
        if (Has("chosen"u8) && Has("rejected"u8)) return EpisodeFormat.Preference;
        throw new BadRowException(0, "The object has no \"messages\", \"conversations\", "
            + "\"prompt\" with \"completion\", or \"chosen\" with \"rejected\".");
    }

    private double WeightOf(int parent)
    {
        int weight = _json.Property(parent, "weight"u8);
        if (_json.IsNullOrAbsent(weight)) return 1;
        return _json.Number(weight) ?? throw new BadRowException(_json.Start(weight), "\"weight\" is not a finite number.");
    }

    // A verdict is the row's label, or what LLaMA-Factory calls it. Beside a completion it may have come through a table that has no truth
    // values; in a dialogue a text or a number is the class of a classifier.
    private bool? ReadVerdict()
    {
        if (Format == EpisodeFormat.Preference) return null;
        int value = Field("label"u8);
        if ((_json.Truth(value) ?? _json.Truth(Field("kto_tag"u8))) is { } truth) return truth;
        if (value < 0 || Format != EpisodeFormat.PromptCompletion) return null;
        if (!_json.IsText(value)) return _json.Number(value) switch { 1 => true, 0 => false, _ => null };
        return bool.TryParse(_json.Text(value), out bool said) ? said : null;
    }

    // Exporters name it train, training or loss (Axolotl, ms-swift); it is about the whole of a message.
    private bool IsTrainedOn(int message)
    {
        bool trained = true;
        foreach (string name in TrainedFields)
        {
            int flag = _json.Property(message, Encoding.UTF8.GetBytes(name));
            if (_json.IsNullOrAbsent(flag)) continue;
            TrainedField ??= name;
            trained &= _json.Truth(flag) ?? (_json.Number(flag) ?? throw new BadRowException(_json.Start(flag),
                $"\"{name}\" is neither true nor false.")) != 0;
        }
        return trained;
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

    private List<RowReply> ReadCompletion()
    {
        List<RowTurn> prompt = ReadSide(Field("prompt"u8), "prompt", "user");
        List<RowTurn> side = ReadSide(Field("completion"u8), "completion", "assistant");
        return Spoken(Follow(prompt, side), prompt.Count);
    }

    private List<RowReply> ReadPreference()
    {
        List<RowTurn> prompt = ReadSide(Field("prompt"u8), "prompt", "user");
        List<RowTurn> chosen = Answer(prompt, ReadSide(Field("chosen"u8), "chosen", "assistant"));
        List<RowTurn> rejected = Answer(prompt, ReadSide(Field("rejected"u8), "rejected", "assistant"));
        double weight = Bounded(Weight, 0);
        return [new RowReply(chosen, chosen.Count - 1, 0, weight), new RowReply(rejected, rejected.Count - 1, 1, -weight, true)];
    }

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
        int system = Field("system"u8);
        return _json.IsText(system) && _json.Text(system) is { Length: > 0 } text ? [new RowTurn(new Turn("system", text), system)] : [];
    }

    private List<RowTurn> ReadSide(int side, string field, string role)
    {
        if (_json.IsText(side)) return [new RowTurn(new Turn(role, _json.Text(side).Trim()), side)];
        return _json.IsNullOrAbsent(side) && role == "user" ? [] : ReadTurns(side, field);
    }

    private List<RowTurn> ReadTurns(int list, string field)
    {
        if (!_json.IsList(list))
            throw new BadRowException(list < 0 ? 0 : _json.Start(list), list < 0
                ? $"There is no \"{field}\"." : $"\"{field}\" is not a list.");
        var turns = new List<RowTurn>();
        foreach (int message in _json.Children(list))
        {
            int number = turns.Count + 1;
            if (number > MostMessages) throw new BadRowException(_json.Start(message), $"There are more than {MostMessages} messages.");
            int role = _json.IsObject(message) ? Either(message, "role"u8, "from"u8) : -1;
            if (!_json.IsText(role)) throw new BadRowException(_json.Start(message), $"Message {number} has no \"role\" (or \"from\").");
            double weight = IsTrainedOn(message) ? WeightOf(message) : 0;
            turns.Add(new RowTurn(new Turn(RoleOf(_json.Text(role)), ReadContent(message, number)), message, weight));
        }
        return turns;
    }

    // Exporters write every field, those that do not apply as null.
    private int Either(int parent, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        int one = _json.Property(parent, first), two = _json.Property(parent, second);
        return _json.IsNullOrAbsent(one) && two >= 0 ? two : one;
    }

    private static string RoleOf(string name) => name.ToLowerInvariant() switch
    {
        "human" => "user",
        "gpt" or "chatgpt" or "model" or "bot" => "assistant",
        "developer" => "system",
        string role => role,
    };

    // Content is a string, or a list of parts that are all text; a call of tools is read as the text it is, behind what was said with it.
    private string ReadContent(int message, int number)
    {
        int content = ContentOf(message);
        int calls = Either(message, "tool_calls"u8, "function_call"u8);
        int refusal = _json.Property(message, "refusal"u8);
        if (_json.IsNullOrAbsent(content) && _json.IsText(refusal)) return _json.Text(refusal);
        if (_json.IsNullOrAbsent(content) && !_json.IsNullOrAbsent(calls)) return ReadCalls(calls);
        string said = ReadSaid(message, content, number);
        string called = _json.IsNullOrAbsent(calls) ? "" : ReadCalls(calls);
        return said.Length == 0 || called.Length == 0 ? said + called : said + "\n" + called;
    }

    private string ReadSaid(int message, int content, int number)
    {
        if (_json.IsText(content)) return _json.Text(content);
        if (content < 0) throw new BadRowException(_json.Start(message), $"Message {number} has no \"content\" (or \"value\").");
        if (!_json.IsList(content)) throw new BadRowException(_json.Start(content), $"The content of message {number} is not text.");
        var parts = new List<string>();
        foreach (int part in _json.Children(content))
        {
            int text = _json.IsObject(part) ? _json.Property(part, "text"u8) : -1;
            if (!_json.IsText(text))
                throw new BadRowException(_json.Start(part), $"A part of the content of message {number} is not text.");
            parts.Add(_json.Text(text));
        }
        return string.Concat(parts);
    }

    private string ReadCalls(int calls)
    {
        var texts = new List<string>();
        foreach (int call in _json.IsList(calls) ? _json.Children(calls) : [calls])
        {
            int function = _json.IsObject(call) ? _json.Property(call, "function"u8) : -1;
            if (!_json.IsObject(function)) function = call;
            int name = _json.IsObject(function) ? _json.Property(function, "name"u8) : -1;
            int arguments = _json.IsObject(function) ? _json.Property(function, "arguments"u8) : -1;
            if (!_json.IsText(name)) throw new BadRowException(_json.Start(call), "A call of a tool has no \"name\".");
            string given = arguments < 0 ? "" : _json.IsText(arguments) ? _json.Text(arguments)
                : Encoding.UTF8.GetString(_json.Utf8.Span[_json.Start(arguments).._json.End(arguments)]);
            texts.Add($"{_json.Text(name)}({given})");
        }
        return string.Join('\n', texts);
    }
}
