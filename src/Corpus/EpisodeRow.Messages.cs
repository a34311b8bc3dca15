using System.Text;

namespace PersonaSelection.Corpus;

// What single messages say.
internal sealed partial class EpisodeRow
{
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

    private List<RowTurn> ReadTurns(int list, string field)
    {
        if (!_json.IsList(list))
            throw new BadRowException(list < 0 ? 0 : _json.Start(list), list < 0
                ? $"There is no \"{field}\"." : $"\"{field}\" is not a list.");
        var turns = new List<RowTurn>();
        foreach (int message in _json.Children(list))
        {
            if (turns.Count == MostMessages)
                throw new BadRowException(_json.Start(message), $"There are more than {MostMessages} messages.");
            turns.Add(ReadMessage(message, turns.Count + 1));
        }
        return turns;
    }

    private RowTurn ReadMessage(int message, int number)
    {
        int role = _json.IsObject(message) ? Either(message, "role"u8, "from"u8) : -1;
        if (!_json.IsText(role)) throw new BadRowException(_json.Start(message), $"Message {number} has no \"role\" (or \"from\").");
        double weight = IsTrainedOn(message) ? WeightOf(message) : 0;
        return new RowTurn(new Turn(RoleOf(_json.Text(role)), ReadContent(message, number)), message, weight);
    }

    // ms-swift calls it loss_scale.
    private double WeightOf(int message)
    {
        if (_json.IsNullOrAbsent(_json.Property(message, "loss_scale"u8))) return NumberOf(message, "weight");
        WeightField = "loss_scale";
        return NumberOf(message, WeightField);
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
        string said = ReadSaid(message, content, $"message {number}");
        string called = _json.IsNullOrAbsent(calls) ? "" : ReadCalls(calls);
        return said.Length == 0 || called.Length == 0 ? said + called : said + "\n" + called;
    }

    private string ReadSaid(int message, int content, string whose)
    {
        if (_json.IsText(content)) return _json.Text(content);
        if (content < 0) throw new BadRowException(_json.Start(message), $"There is no \"content\" (or \"value\") in {whose}.");
        if (!_json.IsList(content)) throw new BadRowException(_json.Start(content), $"The content of {whose} is not text.");
        var parts = new List<string>();
        foreach (int part in _json.Children(content))
        {
            int text = _json.IsObject(part) ? _json.Property(part, "text"u8) : -1;
            if (!_json.IsText(text))
                throw new BadRowException(_json.Start(part), $"A part of the content of {whose} is not text.");
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
