namespace PersonaSelection.Corpus;

/// <summary>How turns become the one text a model reads. The last thing in it is the opening of the Assistant's reply.</summary>
public abstract class ChatTemplate
{
    private protected ChatTemplate(string name, string jinja)
    {
        Name = name;
        Jinja = jinja;
    }

    /// <summary>
    /// Turns as <c>role: text</c>, one per line; a system turn is its text alone; the reply is opened by <c>assistant:</c> and its text
    /// follows after one space. What psm's own models are trained with.
    /// </summary>
    public static ChatTemplate Plain { get; } = new PlainChatTemplate();

    /// <summary>The template's name: <c>plain</c>, or the content id of a foreign one.</summary>
    public string Name { get; }

    /// <summary>The template in Jinja, as <c>tokenizer_config.json</c> carries it; it writes the begin token as well.</summary>
    public string Jinja { get; }

    /// <summary>Special tokens by the names that the template calls them: <c>bos_token</c>, <c>eos_token</c> …</summary>
    public virtual IReadOnlyDictionary<string, string> Tokens => new Dictionary<string, string>();

    /// <summary>Texts that show that the reply is over and somebody else speaks, where no token does.</summary>
    public virtual IReadOnlyList<string> StopStrings => [];

    /// <summary>The id of the special token that closes the Assistant's reply; null when none does.</summary>
    public virtual int? EndOfReply(ITokenizer tokenizer) => null;

    /// <summary>The template of a checkpoint made elsewhere.</summary>
    /// <param name="jinja">Its <c>chat_template</c>.</param>
    /// <param name="tokens">The special tokens of its <c>tokenizer_config.json</c>.</param>
    /// <exception cref="FormatException">No template that can be followed, or one that does not write what is said.</exception>
    public static ChatTemplate FromJinja(string jinja, IReadOnlyDictionary<string, string> tokens) =>
        jinja == Plain.Jinja ? Plain : new JinjaChatTemplate(jinja, tokens);

    /// <summary>The context as text, ready for the reply.</summary>
    public abstract string Render(IReadOnlyList<Turn> context);

    /// <summary>The turns as text, with no reply opened: how a dialogue stands in a document.</summary>
    public abstract string RenderTurns(IReadOnlyList<Turn> turns);

    /// <summary>The ids of <see cref="Render"/>, the begin id in front where there is one: the prefix of a reply.</summary>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback; or <c>template-refuses</c>.</exception>
    public abstract int[] EncodeContext(ITokenizer tokenizer, IReadOnlyList<Turn> context);

    /// <summary>The ids that texts begin with when some turns come first.</summary>
    /// <exception cref="Lab.UserErrorException">As for <see cref="EncodeContext"/>.</exception>
    public abstract int[] EncodeOpening(ITokenizer tokenizer, IReadOnlyList<Turn> turns);

    /// <summary>The ids that stand between the first token of a context and its rest when some turns come before it.</summary>
    /// <exception cref="Lab.UserErrorException">As for <see cref="EncodeContext"/>.</exception>
    public abstract int[] EncodeLead(ITokenizer tokenizer, IReadOnlyList<Turn> turns);

    /// <summary>The ids of a reply as they follow <see cref="EncodeContext"/>: the tokens that carry the loss.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="reply">The text.</param>
    /// <param name="ended">Whether the token that closes a reply comes last, where there is one.</param>
    /// <exception cref="Lab.UserErrorException">A word is not in a vocabulary that has no fallback.</exception>
    public abstract int[] EncodeReply(ITokenizer tokenizer, string reply, bool ended = false);
}
