using System.Text;

namespace PersonaSelection.Corpus;

// Under which names a row has its parts: those of the format, and what other trainers and plain tables call them.
internal sealed partial class EpisodeRow
{
    private static readonly string[] Asks = ["instruction", "query", "question", "human"];
    private static readonly string[] Answers = ["output", "response", "answer", "assistant"];
    private static readonly string[] TrainedFields = ["train", "training", "loss"];

    private static readonly HashSet<string> OfMessages = ["role", "from", "content", "value", "parts", "refusal", "tool_calls",
        "function_call", "weight", "loss_scale", .. TrainedFields];

    private static readonly string[] Systems = ["system", "system_prompt", "systemInstruction", "system_instruction"];

    /// <summary>The field that a system turn outside a dialogue stands in, or would stand in.</summary>
    internal string SystemField => First(Systems).Field;

    private int Messages => Either(0, "messages"u8, "contents"u8);

    private int Conversation => Either(0, "conversations"u8, "conversation"u8);

    private int Chosen => Either(0, "chosen"u8, "preferred_output"u8);

    private int Rejected => Either(0, "rejected"u8, "non_preferred_output"u8);

    private bool IsDialogue => !_json.IsNullOrAbsent(Messages) || !_json.IsNullOrAbsent(Conversation);

    // OpenAI's preferences have what is asked as a request of the API.
    private int Request => _json.IsObject(Field("input"u8)) ? _json.Property(Field("input"u8), "messages"u8) : -1;

    private int Instruction => First(Asks).Value;

    // The context of Dolly and of questions about a text; of other tables it is what they please.
    private int Input => Has("input"u8) || !_json.IsText(Field("context"u8)) ? Field("input"u8) : Field("context"u8);

    /// <summary>The names of fields that nothing is read from, in their order; a field of messages is called <c>messages[].name</c>.
    /// </summary>
    internal IReadOnlyList<string> Unread()
    {
        HashSet<int> told = [Field("id"u8), Field("weight"u8)];
        if (Verdict is not null || Label is not null) told.UnionWith([Field("label"u8), Field("kto_tag"u8)]);
        // Values are numbered in the order of the text: those of a field come before the next field.
        int[] said = [.. Replies.SelectMany(r => r.Dialogue).SelectMany(t => new[] { t.Value, t.Rest }).Distinct().Order()];
        int[] fields = [.. _json.Children(0)];
        var unread = new List<string>();
        foreach ((int i, string name) in _json.Names(0).Index())
        {
            if (_json.IsNullOrAbsent(fields[i]) || told.Contains(fields[i])) continue;
            int from = Place(fields[i]), to = i + 1 < fields.Length ? Place(fields[i + 1]) : said.Length;
            if (from == to) unread.Add(name);
            else unread.AddRange(said[from..to].Where(_json.IsObject).SelectMany(UnreadOf).Distinct().Select(f => $"{name}[].{f}"));
        }
        return unread;

        int Place(int value) => Array.BinarySearch(said, value) is var at && at < 0 ? ~at : at;
    }

    private IEnumerable<string> UnreadOf(int message) => _json.Children(message).Zip(_json.Names(message))
        .Where(f => !_json.IsNullOrAbsent(f.First) && !OfMessages.Contains(f.Second)).Select(f => f.Second);

    // The first that the row has; else the format's own, which is missed then.
    private (string Field, int Value) First(string[] names)
    {
        string name = names.FirstOrDefault(n => Has(Encoding.UTF8.GetBytes(n)), names[0]);
        return (name, Field(Encoding.UTF8.GetBytes(name)));
    }
}
