using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Experiments;

/// <summary>How probable a model finds a reply.</summary>
/// <param name="Id">The episode, or the reply itself.</param>
/// <param name="LogProbability">log p(reply | context) in nats.</param>
/// <param name="Tokens">Tokens of the reply.</param>
public sealed record ScoredReply(string Id, double LogProbability, int Tokens)
{
    /// <summary>Nats per token, negative.</summary>
    public double PerToken => LogProbability / Tokens;
}

/// <summary>Scores replies after their contexts.</summary>
public static class ReplyScoring
{
    /// <summary>log p(reply | context) of every episode.</summary>
    /// <exception cref="UserErrorException">A word is unknown, a reply is empty, or the text is longer than the context.</exception>
    public static IReadOnlyList<ScoredReply> Of(Transformer model, EpisodeSet set, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ScoreRequest[] requests = [.. set.Episodes.Select(e =>
            new ScoreRequest(model.Template.EncodeContext(model.Tokenizer, e.Context), [Encode(model, e.Reply, e.Id)]))];
        ScoreTable table = model.Score(requests, progress, cancellation);
        return [.. set.Episodes.Select((e, i) => new ScoredReply(e.Id, table.LogProbability(i, 0), requests[i].Continuations[0].Length))];
    }

    /// <summary>log p(reply | context) of every episode, by a model behind a server; tokens are the server's.</summary>
    /// <exception cref="UserErrorException">The server fails, or a reply is empty.</exception>
    public static IReadOnlyList<ScoredReply> Of(EndpointModel model, EpisodeSet set, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default) =>
        [.. set.Episodes.Zip(model.Score(Texts(model, set), progress, cancellation),
            (e, s) => new ScoredReply(e.Id, s.LogProbability, s.Tokens))];

    /// <summary>Contexts and replies as a server is given them.</summary>
    /// <exception cref="UserErrorException">A reply is empty.</exception>
    public static IReadOnlyList<(string Prefix, string Continuation)> Texts(EndpointModel model, EpisodeSet set) =>
        [.. set.Episodes.Select(e => (model.Tokenizer.Decode(model.Template.EncodeContext(model.Tokenizer, e.Context)),
            e.Reply.Length > 0 ? model.Tokenizer.Decode(model.Template.EncodeReply(model.Tokenizer, e.Reply)) : throw Empty(e.Id)))];

    private static UserErrorException Empty(string id) =>
        new("empty-reply", $"The reply '{id}' has no words.", "Remove it or give it a reply.");

    private static int[] Encode(Transformer model, string reply, string id)
    {
        int[] tokens = model.Template.EncodeReply(model.Tokenizer, reply);
        return tokens.Length > 0 ? tokens : throw Empty(id);
    }
}
