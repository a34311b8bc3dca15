using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>Anything that gives a probability to a text: a transformer we trained, a checkpoint, or a world that knows the truth.</summary>
public interface ILanguageModel
{
    /// <summary>The content id of the model.</summary>
    string Id { get; }

    /// <summary>The tokenizer whose ids the model reads.</summary>
    ITokenizer Tokenizer { get; }

    /// <summary>How turns become the text it reads.</summary>
    ChatTemplate Template => ChatTemplate.Plain;

    /// <summary>The largest number of tokens, prefix and continuation together.</summary>
    int ContextLength { get; }

    /// <summary>
    /// The log-probability of every token of every continuation after its prefix, in nats.
    /// Prefixes start as the template starts a text, most with <see cref="ITokenizer.BeginId"/>. A prefix is computed once for all its
    /// continuations, and prefixes that start alike share what they have in common.
    /// </summary>
    /// <param name="requests">Prefixes with their continuations.</param>
    /// <param name="progress">Told about tokens done.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="UserErrorException">A request is longer than <see cref="ContextLength"/>.</exception>
    ScoreTable Score(IReadOnlyList<ScoreRequest> requests, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default);
}
