using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>A training example as token ids.</summary>
/// <param name="Prefix">The context, begin id first.</param>
/// <param name="Reply">What is to follow; not empty.</param>
/// <param name="Weight">How much it counts; negative pushes away.</param>
public sealed record TuneExample(int[] Prefix, int[] Reply, double Weight = 1)
{
    /// <summary>The examples of a set, in its order.</summary>
    /// <exception cref="UserErrorException">A word is not in the vocabulary.</exception>
    public static IReadOnlyList<TuneExample> From(EpisodeSet episodes, ITokenizer tokenizer, ChatTemplate template) =>
        [.. episodes.Episodes.Select(e => new TuneExample(template.EncodeContext(tokenizer, e.Context),
            template.EncodeReply(tokenizer, e.Reply, ended: true), e.Weight))];

    internal ContentId Id => ContentId.Of("example", string.Join(' ', Prefix), string.Join(' ', Reply), Weight);

    /// <summary>Refuses examples that do not fit the decoder.</summary>
    /// <exception cref="UserErrorException">Longer than the context (<c>prompt-too-long</c>) or without a reply
    /// (<c>empty-reply</c>).</exception>
    public static void Check(DecoderConfig config, IReadOnlyList<TuneExample> examples)
    {
        for (int i = 0; i < examples.Count; i++) Check(config, i, examples[i].Prefix, examples[i].Reply);
    }

    internal static void Check(DecoderConfig config, int index, int[] prefix, int[] reply)
    {
        if (reply.Length == 0 || prefix.Length == 0)
        {
            throw new UserErrorException("empty-reply", $"Training example {index + 1} has no reply or no context.",
                "Remove it or give it a reply.");
        }
        if (prefix.Length + reply.Length - 1 > config.ContextLength)
        {
            throw new UserErrorException("prompt-too-long",
                $"Training example {index + 1} has {prefix.Length + reply.Length} tokens; the model reads {config.ContextLength}.",
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
    /// <summary>Refuses pairs that do not fit the decoder.</summary>
    /// <exception cref="UserErrorException">As for <see cref="TuneExample"/>.</exception>
    /// <exception cref="ArgumentException">A weight is not positive.</exception>
    public static void Check(DecoderConfig config, IReadOnlyList<PreferencePair> pairs)
    {
        for (int i = 0; i < pairs.Count; i++)
        {
            TuneExample.Check(config, i, pairs[i].Prefix, pairs[i].Chosen);
            TuneExample.Check(config, i, pairs[i].Prefix, pairs[i].Rejected);
            if (!(pairs[i].Weight > 0)) throw new ArgumentException("The weight of a pair must be positive.", nameof(pairs));
        }
    }

    internal ContentId Id => ContentId.Of("pair", string.Join(' ', Prefix), string.Join(' ', Chosen), string.Join(' ', Rejected), Weight);
}
