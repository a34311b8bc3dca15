namespace PersonaSelection.Corpus;

/// <summary>How a line of JSON holds training examples. A line tells it by its fields unless a format is given.</summary>
public enum EpisodeFormat
{
    /// <summary>
    /// OpenAI chat: <c>messages</c> of <c>role</c> and <c>content</c>, with an optional <c>system</c> in the row (Anthropic), or
    /// <c>contents</c> of <c>role</c> and <c>parts</c> (Gemini); <c>weight: 0</c> or <c>train: false</c> in a message leaves it out.
    /// </summary>
    Messages,

    /// <summary>
    /// <c>prompt</c> and <c>completion</c> (or <c>response</c>), each a text or a list of messages; only the completion is trained on.
    /// Where <c>label</c> is false (KTO), its weight is negative.
    /// </summary>
    PromptCompletion,

    /// <summary>
    /// <c>chosen</c> and <c>rejected</c> (or <c>preferred_output</c> and <c>non_preferred_output</c>) after <c>prompt</c>, a dialogue or an
    /// instruction, or an example with <c>rejected_response</c>: two episodes, the rejected one with the opposite weight.
    /// </summary>
    Preference,

    /// <summary>ShareGPT: <c>conversations</c> of <c>from</c> and <c>value</c>, with an optional <c>system</c> text in the row.</summary>
    ShareGpt,

    /// <summary>
    /// Alpaca: <c>instruction</c> (or <c>query</c>, <c>question</c> or <c>human</c>), <c>input</c> (or <c>context</c>) and <c>output</c>
    /// (or <c>response</c>, <c>answer</c> or <c>assistant</c>), after <c>system</c> (or <c>system_prompt</c>) and the pairs of
    /// <c>history</c>.
    /// </summary>
    Alpaca,
}
