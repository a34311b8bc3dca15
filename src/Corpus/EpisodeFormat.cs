namespace PersonaSelection.Corpus;

/// <summary>How a line of JSON holds training examples. A line tells it by its fields unless a format is given.</summary>
public enum EpisodeFormat
{
    /// <summary>
    /// OpenAI chat: <c>messages</c> of <c>role</c> and <c>content</c>; <c>weight: 0</c> or <c>train: false</c> in a message leaves that
    /// turn out.
    /// </summary>
    Messages,

    /// <summary>
    /// <c>prompt</c> and <c>completion</c>, each a text or a list of messages; only the completion is trained on. Where <c>label</c> is
    /// false (KTO), its weight is negative.
    /// </summary>
    PromptCompletion,

    /// <summary>
    /// <c>chosen</c> and <c>rejected</c> after <c>prompt</c>, a dialogue or an instruction, or an example with <c>rejected_response</c>:
    /// two episodes, the rejected one with the opposite weight.
    /// </summary>
    Preference,

    /// <summary>ShareGPT: <c>conversations</c> of <c>from</c> and <c>value</c>, with an optional <c>system</c> text in the row.</summary>
    ShareGpt,

    /// <summary>
    /// Alpaca: <c>instruction</c>, <c>input</c> and <c>output</c> (or <c>query</c> or <c>question</c>, and <c>response</c> or
    /// <c>answer</c>; or <c>human</c> and <c>assistant</c>), after <c>system</c> (or <c>system_prompt</c>) and the pairs of
    /// <c>history</c>.
    /// </summary>
    Alpaca,
}
