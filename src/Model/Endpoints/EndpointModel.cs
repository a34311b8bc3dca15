using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>How probable a server's model finds a text after another.</summary>
/// <param name="LogProbability">In nats.</param>
/// <param name="Tokens">The server's tokens in it.</param>
/// <param name="Straddles">Whether its first token starts before it, in the text before.</param>
public sealed record GivenTextScore(double LogProbability, int Tokens, bool Straddles);

/// <summary>
/// A model behind a server that gives log-probabilities of given text, as an <see cref="ILanguageModel"/>. The server keeps its tokenizer
/// to itself: here ids are characters, and the log-probability of a token of the server's stands at its first
/// character within the continuation.
/// </summary>
/// <remarks>
/// Where a token of the server's reaches over the border between prefix and continuation, the whole of it counts to the continuation: a
/// probability of slightly more than the continuation, the same for all prefixes that end alike. After a prefix that ends in a colon, with
/// a continuation that starts with a space, as chats are scored here, tokenizers in use put a border there themselves.
/// </remarks>
public sealed class EndpointModel : ILanguageModel
{
    private readonly EndpointClient _client;

    private EndpointModel(EndpointClient client, GivenTextRoute route, ChatTemplate template)
    {
        (_client, Route, Template) = (client, route, template);
        Id = ContentId.Of("endpoint", client.Address.Model, "given-text").ToString();
    }

    /// <summary>The content id of the model's name: what stands behind the name is the server's to know.</summary>
    public string Id { get; }

    /// <inheritdoc/>
    public ITokenizer Tokenizer { get; } = new CharacterTokenizer();

    /// <summary>How chats are written for it: given text is scored as it stands, so this is the caller's to say.</summary>
    public ChatTemplate Template { get; }

    /// <summary>Not known here; the server refuses what is too long for it.</summary>
    public int ContextLength => int.MaxValue;

    /// <summary>How the server is asked.</summary>
    public GivenTextRoute Route { get; }

    /// <summary>Finds out how a server gives log-probabilities of given text.</summary>
    /// <param name="client">The client; still the caller's to dispose of.</param>
    /// <param name="template">How chats become text; plain when null.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="UserErrorException"><c>endpoint-no-logprobs</c> when it does not; or another <c>endpoint-</c> code.</exception>
    public static EndpointModel Open(EndpointClient client, ChatTemplate? template = null, CancellationToken cancellation = default)
    {
        string trouble = "", lacks = "no log-probabilities", ways = " (neither echo nor prompt_logprobs)";
        var asked = new List<EndpointRequest>();
        foreach (GivenTextRoute route in Enum.GetValues<GivenTextRoute>())
        {
            try
            {
                EndpointRequest request = GivenTextQuestion.Of(client.Address.Model, route, GivenTextQuestion.ProbeText);
                asked.Add(request);
                if (client.Post(request, reply => Probed(route, reply), cancellation).GetAwaiter().GetResult() is { Count: > 3 } tokens
                    && tokens.Skip(1).All(t => t.LogProbability is not null))
                {
                    if (GivenTextQuestion.UntrueOfProbe(tokens) is not { } untrue)
                        return new EndpointModel(client, route, template ?? ChatTemplate.Plain);
                    (lacks, ways, trouble) = ("no true log-probabilities", "", $" It gave {untrue}, which no model finds.");
                }
            }
            catch (UserErrorException e) when (e.Code is "endpoint-refused" or "endpoint-not-found" or "endpoint-bad-reply")
            {
                // A server that does not know the words for it says so in this way.
                if (trouble.Length == 0) trouble = $" It said: {e.Problem}";
            }
        }
        // The next run asks again: the server may be another by then, or have been out of sorts.
        asked.ForEach(client.Forget);
        throw new UserErrorException("endpoint-no-logprobs",
            $"{client.Address.Base} gives {lacks} of given text for '{client.Address.Model}'{ways}.{trouble}",
            "Use judgement or sampled answers (--samples), which need a chat model only; or serve the model with vLLM, whose completions "
            + "have prompt_logprobs.");
    }

    // An answer of another kind is a finding here, not a slip of the line: to ask again would take a minute for each route.
    private static IReadOnlyList<TextToken>? Probed(GivenTextRoute route, JsonElement reply)
    {
        try
        {
            return GivenTextQuestion.Read(route, GivenTextQuestion.ProbeText, reply);
        }
        catch (UnreadableReplyException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public ScoreTable Score(IReadOnlyList<ScoreRequest> requests, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        (string Prefix, string Continuation)[] texts = [.. requests.SelectMany(r =>
            r.Continuations.Select(c => (Tokenizer.Decode(r.Prefix), Tokenizer.Decode(c))))];
        TextToken[][] tokens = TokensOf(texts, progress, cancellation);
        var table = new float[requests.Count][][];
        for (int r = 0, i = 0; r < requests.Count; r++)
        {
            table[r] = new float[requests[r].Continuations.Count][];
            for (int c = 0; c < table[r].Length; c++, i++)
            {
                int border = texts[i].Prefix.Length;
                table[r][c] = new float[texts[i].Continuation.Length];
                foreach (TextToken token in tokens[i])
                    table[r][c][Math.Max(token.Start, border) - border] += (float)token.LogProbability!.Value;
            }
        }
        return new ScoreTable(table);
    }

    /// <summary>log p(continuation | prefix) of many texts, with the number of the server's tokens.</summary>
    /// <param name="texts">Prefixes, none empty, with what comes after.</param>
    /// <param name="progress">Told about requests done.</param>
    /// <param name="cancellation">Stops between requests.</param>
    /// <exception cref="UserErrorException">One of the <c>endpoint-</c> codes.</exception>
    public IReadOnlyList<GivenTextScore> Score(IReadOnlyList<(string Prefix, string Continuation)> texts,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        return [.. TokensOf(texts, progress, cancellation).Zip(texts, (within, text) => new GivenTextScore(
            within.Sum(t => t.LogProbability!.Value), within.Length, within.Length > 0 && within[0].Start < text.Prefix.Length))];
    }

    /// <summary>What scoring texts would take.</summary>
    public EndpointEstimate Estimate(IReadOnlyList<(string Prefix, string Continuation)> texts) =>
        _client.Estimate([.. texts.Select(RequestOf)]);

    /// <summary>The tokens of each continuation, all with their log-probabilities.</summary>
    private TextToken[][] TokensOf(IReadOnlyList<(string Prefix, string Continuation)> texts, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        if (texts.Any(t => t.Prefix.Length == 0 || t.Continuation.Length == 0))
            throw new ArgumentException("A server scores a text that is not empty, after a text that is not empty.", nameof(texts));
        return _client.PostAll([.. texts.Select(RequestOf)], (i, reply) =>
        {
            IReadOnlyList<TextToken> tokens = GivenTextQuestion.Read(Route, Whole(texts[i]), reply)
                ?? throw new UnreadableReplyException("tokens that do not make up the text it was given");
            if (GivenTextQuestion.Untrue(tokens) is { } untrue) throw new UnreadableReplyException($"{untrue} of the text it was given");
            TextToken[] within = [.. tokens.Where(t => t.End > texts[i].Prefix.Length)];
            return within.All(t => t.LogProbability is not null) ? within
                : throw new UnreadableReplyException("no log-probability for a token of the text it was given");
        }, "endpoint", progress, cancellation);
    }

    private EndpointRequest RequestOf((string Prefix, string Continuation) text) =>
        GivenTextQuestion.Of(_client.Address.Model, Route, Whole(text));

    private static string Whole((string Prefix, string Continuation) text) => EndpointRequest.WellFormed(text.Prefix + text.Continuation);
}
