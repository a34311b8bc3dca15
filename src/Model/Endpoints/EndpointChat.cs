using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>A chat model behind a server.</summary>
/// <param name="client">The client; still the caller's to dispose of.</param>
public sealed class EndpointChat(EndpointClient client) : IChatModel
{
    /// <summary>A server that gives fewer replies than were asked for is asked again this often.</summary>
    private const int MaximumRounds = 64;

    private const string Path = "chat/completions";

    /// <summary>The content id of the model's name: what stands behind the name is the server's to know.</summary>
    public string Id { get; } = ContentId.Of("endpoint", client.Address.Model, "chat").ToString();

    /// <summary>What the server was found to take.</summary>
    internal EndpointDialect Dialect { get; private set; } = EndpointDialect.Of(client.Recall(Found(client)));

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        List<ChatReply>[] replies = [.. questions.Select(_ => new List<ChatReply>())];
        for (int round = 0; ; round++)
        {
            // Some servers give one reply however many are asked for; the seed makes the rest new questions.
            int[] open = [.. Enumerable.Range(0, questions.Count).Where(i => replies[i].Count < questions[i].Samples)];
            if (open.Length == 0) return replies;
            if (round == MaximumRounds)
                throw EndpointFailure.BadReply(client.Address, Path, "fewer replies than were asked for, again and again");
            EndpointDialect spoken = Dialect;
            try
            {
                EndpointRequest[] requests =
                    [.. open.Select(i => RequestOf(questions[i], questions[i].Samples - replies[i].Count, replies[i].Count))];
                Thought[][] read = client.PostAll(requests, (_, reply) => Read(reply), stage, progress, cancellation);
                bool thinks = read.Any(r => r.Any(t => t.CutShort)) && !spoken.Thinks;
                if (thinks) Speak(spoken with { Thinks = true });
                for (int k = 0; k < open.Length; k++)
                {
                    replies[open[k]].AddRange(read[k].Where(t => !(thinks && t.CutShort)).Select(t => t.Reply)
                        .Take(questions[open[k]].Samples - replies[open[k]].Count));
                }
            }
            catch (UserErrorException e)
                when (e.InnerException is RefusedRequestException refused && spoken.Without(refused.Message) is { } other)
            {
                Speak(other);
            }
        }
    }

    /// <inheritdoc/>
    public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) =>
        client.Estimate([.. questions.Select(q => RequestOf(q, q.Samples, 0))]);

    private static EndpointRequest Found(EndpointClient client) => new(client.Address.Model, "chat/dialect", 0, 0, _ => { });

    private void Speak(EndpointDialect dialect)
    {
        Dialect = dialect;
        client.Remember(Found(client), dialect.ToJson());
    }

    private EndpointRequest RequestOf(ChatQuestion question, int samples, int had)
    {
        long read = question.Turns.Sum(t => EndpointEstimate.Tokens(t.Text) + 4);
        // Servers keep seeds in 63 bits or fewer.
        long seed = (long)((question.Seed + ((ulong)had * 1_000_003)) & int.MaxValue);
        return new EndpointRequest(client.Address.Model, Path, read, (long)Dialect.Longest(question.MaxTokens) * samples, json =>
        {
            json.WriteStartArray("messages");
            foreach (Turn turn in question.Turns)
            {
                json.WriteStartObject();
                json.WriteString("role", turn.Role);
                json.WriteString("content", EndpointRequest.WellFormed(turn.Text));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            Dialect.Write(json, question, samples, seed);
        }, Dialect.Seed ? null : seed);
    }

    private static Thought[] Read(JsonElement reply) => [.. EndpointReply.Choices(reply).Select(choice =>
    {
        if (!choice.TryGetProperty("message", out JsonElement message)
            || message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("content", out JsonElement content)
            || content.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            throw new UnreadableReplyException("a reply without text");
        string finish = choice.TryGetProperty("finish_reason", out JsonElement f) && f.ValueKind == JsonValueKind.String
            ? f.GetString()! : "";
        return Thought.Of(content.GetString() ?? "", finish, Says(message, "reasoning_content") || Says(message, "reasoning"));
    })];

    private static bool Says(JsonElement message, string field) => message.TryGetProperty(field, out JsonElement said)
        && said.ValueKind == JsonValueKind.String && !said.ValueEquals("");

    /// <summary>A reply, without what the model thought before it.</summary>
    /// <param name="Reply">The reply.</param>
    /// <param name="CutShort">Whether there was no room left for it behind the thoughts.</param>
    private sealed record Thought(ChatReply Reply, bool CutShort)
    {
        private const string Begin = "<think>", End = "</think>";

        public static Thought Of(string text, string finish, bool apart)
        {
            bool aloud = text.AsSpan().TrimStart().StartsWith(Begin, StringComparison.Ordinal);
            int end = aloud ? text.IndexOf(End, StringComparison.Ordinal) : -1;
            if (aloud) text = end < 0 ? "" : text[(end + End.Length)..].TrimStart();
            return new Thought(new ChatReply(text, finish), finish == "length" && text.Length == 0 && (aloud || apart));
        }
    }
}
