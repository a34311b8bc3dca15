using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>A training example as token ids.</summary>
/// <param name="Prefix">The context, begin id first.</param>
/// <param name="Reply">What is to follow; not empty.</param>
/// <param name="Weight">How much it counts; negative pushes away.</param>
public sealed record TuneExample(int[] Prefix, int[] Reply, double Weight = 1)
{
    /// <summary>What a message calls it (<see cref="Episode.Named"/>); null where it has only its number among the others.</summary>
    public string? Named { get; init; }

    /// <summary>The examples of a set, in its order.</summary>
    /// <exception cref="UserErrorException">A word is not in the vocabulary, or the template refuses a dialogue.</exception>
    public static IReadOnlyList<TuneExample> From(EpisodeSet episodes, ITokenizer tokenizer, ChatTemplate template) =>
        [.. episodes.Episodes.Select(e => From(e, tokenizer, template))];

    /// <summary>The example of one episode.</summary>
    /// <exception cref="UserErrorException">As for a set.</exception>
    public static TuneExample From(Episode episode, ITokenizer tokenizer, ChatTemplate template)
    {
        try
        {
            int[] prefix = template.EncodeContext(tokenizer, episode.Context);
            return new TuneExample(prefix, template.EncodeReply(tokenizer, episode.Reply, ended: true), episode.Weight)
            {
                Named = episode.Named,
            };
        }
        catch (UserErrorException e)
        {
            throw new UserErrorException(e.Code, $"{episode.Named}: {e.Problem}", e.Remedy, e);
        }
    }

    internal ContentId Id => ContentId.Of("example", string.Join(' ', Prefix), string.Join(' ', Reply), Weight);

    /// <summary>Refuses examples that do not fit the decoder.</summary>
    /// <exception cref="UserErrorException">Longer than the context (<c>prompt-too-long</c>) or without a reply
    /// (<c>empty-reply</c>).</exception>
    public static void Check(DecoderConfig config, IReadOnlyList<TuneExample> examples)
    {
        for (int i = 0; i < examples.Count; i++) Check(config, i, examples[i].Named, examples[i].Prefix, examples[i].Reply);
    }

    internal static void Check(DecoderConfig config, int index, string? named, int[] prefix, int[] reply)
    {
        string subject = named ?? $"Training example {index + 1}";
        if (reply.Length == 0 || prefix.Length == 0)
        {
            throw new UserErrorException("empty-reply", $"{subject} has no reply or no context.",
                "Remove it or give it a reply.");
        }
        if (prefix.Length + reply.Length - 1 > config.ContextLength)
        {
            throw new UserErrorException("prompt-too-long",
                $"{subject} has {prefix.Length + reply.Length} tokens; the model reads {config.ContextLength}.",
                "Shorten it, or train a model with a longer context.");
        }
    }
}

/// <summary>Two replies to one context, the first preferred.</summary>
/// <param name="Prefix">The context, begin id first.</param>
/// <param name="Chosen">The preferred reply.</param>
/// <param name="Rejected">The other.</param>
/// <param name="Weight">How much the pair counts; positive.</param>
public sealed record PreferencePair(int[] Prefix, int[] Chosen, int[] Rejected, double Weight = 1)
{
    /// <summary>What a message calls it; null where it has only its number among the others.</summary>
    public string? Named { get; init; }

    /// <summary>Refuses pairs that do not fit the decoder.</summary>
    /// <exception cref="UserErrorException">As for <see cref="TuneExample"/>.</exception>
    /// <exception cref="ArgumentException">A weight is not positive.</exception>
    public static void Check(DecoderConfig config, IReadOnlyList<PreferencePair> pairs)
    {
        for (int i = 0; i < pairs.Count; i++)
        {
            TuneExample.Check(config, i, pairs[i].Named, pairs[i].Prefix, pairs[i].Chosen);
            TuneExample.Check(config, i, pairs[i].Named, pairs[i].Prefix, pairs[i].Rejected);
            if (!(pairs[i].Weight > 0)) throw new ArgumentException("The weight of a pair must be positive.", nameof(pairs));
        }
    }

    internal ContentId Id => ContentId.Of("pair", string.Join(' ', Prefix), string.Join(' ', Chosen), string.Join(' ', Rejected), Weight);
}
