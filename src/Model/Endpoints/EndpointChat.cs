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
            EndpointRequest[] requests =
                [.. open.Select(i => RequestOf(questions[i], questions[i].Samples - replies[i].Count, replies[i].Count))];
            ChatReply[][] read = client.PostAll(requests, (_, reply) => Read(reply), stage, progress, cancellation);
            for (int k = 0; k < open.Length; k++)
                replies[open[k]].AddRange(read[k].Take(questions[open[k]].Samples - replies[open[k]].Count));
        }
    }

    /// <inheritdoc/>
    public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) =>
        client.Estimate([.. questions.Select(q => RequestOf(q, q.Samples, 0))]);

    private EndpointRequest RequestOf(ChatQuestion question, int samples, int had)
    {
        long read = question.Turns.Sum(t => EndpointEstimate.Tokens(t.Text) + 4);
        return new EndpointRequest(client.Address.Model, Path, read, (long)question.MaxTokens * samples, json =>
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
            if (samples > 1) json.WriteNumber("n", samples);
            json.WriteNumber("temperature", question.Temperature);
            json.WriteNumber("max_tokens", question.MaxTokens);
            // Servers keep seeds in 63 bits or fewer.
            json.WriteNumber("seed", (long)((question.Seed + ((ulong)had * 1_000_003)) & int.MaxValue));
        });
    }

    private static ChatReply[] Read(JsonElement reply) => [.. EndpointReply.Choices(reply).Select(choice =>
    {
        if (!choice.TryGetProperty("message", out JsonElement message)
            || message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("content", out JsonElement content)
            || content.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            throw new UnreadableReplyException("a reply without text");
        string finish = choice.TryGetProperty("finish_reason", out JsonElement f) && f.ValueKind == JsonValueKind.String
            ? f.GetString()! : "";
        return new ChatReply(content.GetString() ?? "", finish);
    })];
}
