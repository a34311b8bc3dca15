using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>A dialogue to be gone on with.</summary>
/// <param name="Turns">The turns so far; the last one is not the Assistant's.</param>
/// <param name="Seed">Tells apart questions that are otherwise equal, and fixes what is drawn where the model can do that.</param>
public sealed record ChatQuestion(IReadOnlyList<Turn> Turns, ulong Seed = 0)
{
    /// <summary>How many replies are wanted.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>How freely words are drawn; 0 for the most probable.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>The longest reply, in tokens.</summary>
    public int MaxTokens { get; init; } = 256;
}

/// <summary>A reply.</summary>
/// <param name="Text">What was said.</param>
/// <param name="Finish">Why it ended, in the model's word, such as <c>stop</c> or <c>length</c>.</param>
public sealed record ChatReply(string Text, string Finish);

/// <summary>Anything that replies in a dialogue and need not give probabilities.</summary>
public interface IChatModel
{
    /// <summary>The content id of the model.</summary>
    string Id { get; }

    /// <summary>The replies to every question, in the order of the questions.</summary>
    /// <param name="questions">The questions.</param>
    /// <param name="stage">What it is done for, for the progress.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between questions.</param>
    /// <exception cref="UserErrorException">A question cannot be answered.</exception>
    IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default);

    /// <summary>What asking would take; null for a model that costs nothing but time.</summary>
    EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions);
}
