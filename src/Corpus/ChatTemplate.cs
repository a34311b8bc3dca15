using System.Text;

namespace PersonaSelection.Corpus;

/// <summary>How turns become the one text a model reads. The last thing in it is the opening of the Assistant's reply.</summary>
public sealed class ChatTemplate
{
    private ChatTemplate(string name, string jinja)
    {
        Name = name;
        Jinja = jinja;
    }

    /// <summary>
    /// Turns as <c>role: text</c>, one per line; a system turn is its text alone; the reply is opened by <c>assistant:</c> and its text
    /// follows after one space.
    /// </summary>
    public static ChatTemplate Plain { get; } = new("plain",
        "{{ bos_token }}{% for message in messages %}{% if not loop.first %}{{ '\\n' }}{% endif %}"
        + "{% if message['role'] == 'system' %}{{ message['content'] }}"
        + "{% else %}{{ message['role'] + ': ' + message['content'] }}{% endif %}{% endfor %}"
        + "{% if add_generation_prompt %}{% if messages %}{{ '\\n' }}{% endif %}{{ 'assistant:' }}{% endif %}");

    /// <summary>The template's name.</summary>
    public string Name { get; }

    /// <summary>The same template in Jinja, as <c>tokenizer_config.json</c> carries it; it writes the begin token as well.</summary>
    public string Jinja { get; }

    /// <summary>Texts that show that the reply is over and somebody else speaks.</summary>
    public IReadOnlyList<string> StopStrings { get; } = ["\nuser:", " user:", "\nassistant:", " assistant:"];

    /// <summary>The context as text, ending in <c>assistant:</c>, ready for the reply.</summary>
    public string Render(IReadOnlyList<Turn> context)
    {
        string turns = RenderTurns(context);
        return turns.Length == 0 ? "assistant:" : turns + "\nassistant:";
    }

    /// <summary>The turns as text, with no reply opened: how a dialogue stands in a document.</summary>
    public string RenderTurns(IReadOnlyList<Turn> turns)
    {
        var text = new StringBuilder();
        foreach (Turn turn in turns)
        {
            if (text.Length > 0) text.Append('\n');
            if (turn.Role != "system") text.Append(turn.Role).Append(": ");
            text.Append(turn.Text);
        }
        return text.ToString();
    }

    /// <summary>Begin, then the ids of <see cref="Render"/>: the prefix of a reply.</summary>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback.</exception>
    public int[] EncodeContext(ITokenizer tokenizer, IReadOnlyList<Turn> context) =>
        [tokenizer.BeginId, .. tokenizer.Encode(Render(context))];

    /// <summary>The ids of a reply as they follow <see cref="EncodeContext"/>: the tokens that carry the loss.</summary>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback.</exception>
    public int[] EncodeReply(ITokenizer tokenizer, string reply) => tokenizer.Encode(" " + reply);
}
