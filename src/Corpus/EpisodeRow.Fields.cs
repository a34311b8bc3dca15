using System.Text;

namespace PersonaSelection.Corpus;

// Under which names a row has its parts: those of the format, and what other trainers and plain tables call them.
internal sealed partial class EpisodeRow
{
    private static readonly string[] Asks = ["instruction", "query", "question", "human"];
    private static readonly string[] Answers = ["output", "response", "answer", "assistant"];
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

    // The first that the row has; else the format's own, which is missed then.
    private (string Field, int Value) First(string[] names)
    {
        string name = names.FirstOrDefault(n => Has(Encoding.UTF8.GetBytes(n)), names[0]);
        return (name, Field(Encoding.UTF8.GetBytes(name)));
    }
}
