using System.Text;

namespace PersonaSelection.Corpus;

/// <summary><see cref="ChatTemplate.Plain"/>.</summary>
internal sealed class PlainChatTemplate() : ChatTemplate("plain",
    "{{ bos_token }}{% for message in messages %}{% if not loop.first %}{{ '\\n' }}{% endif %}"
    + "{% if message['role'] == 'system' %}{{ message['content'] }}"
    + "{% else %}{{ message['role'] + ': ' + message['content'] }}{% endif %}{% endfor %}"
    + "{% if add_generation_prompt %}{% if messages %}{{ '\\n' }}{% endif %}{{ 'assistant:' }}{% endif %}")
{
    public override IReadOnlyList<string> StopStrings { get; } = ["\nuser:", " user:", "\nassistant:", " assistant:"];

    public override string Render(IReadOnlyList<Turn> context)
    {
        string turns = RenderTurns(context);
        return turns.Length == 0 ? "assistant:" : turns + "\nassistant:";
    }

    public override string RenderTurns(IReadOnlyList<Turn> turns)
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

    public override int[] EncodeContext(ITokenizer tokenizer, IReadOnlyList<Turn> context) =>
        [tokenizer.BeginId, .. tokenizer.Encode(Render(context))];

    public override int[] EncodeOpening(ITokenizer tokenizer, IReadOnlyList<Turn> turns) =>
        [tokenizer.BeginId, .. tokenizer.Encode(RenderTurns(turns))];

    // The line break belongs to the turns: it stands between them and what follows.
    public override int[] EncodeLead(ITokenizer tokenizer, IReadOnlyList<Turn> turns) => tokenizer.Encode(RenderTurns(turns) + "\n");

    public override int[] EncodeReply(ITokenizer tokenizer, string reply, bool ended = false) => tokenizer.Encode(" " + reply);
}
