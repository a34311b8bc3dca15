using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace PersonaSelection.Model;

/// <summary>A request that the server does not want; the message is in its own words.</summary>
internal sealed class RefusedRequestException(string said) : Exception(said);

/// <summary>
/// What a chat server takes besides the messages. The protocol has grown apart: newer models want another name for the longest reply, take
/// no temperature, or think before they reply; some servers take no seed, or give one reply at a time. Found out from what is refused.
/// </summary>
internal sealed partial record EndpointDialect
{
    /// <summary>Tokens that a model which thinks before it replies may take for that.</summary>
    public const int RoomToThink = 4096;

    /// <summary>The protocol as it was first.</summary>
    public static readonly EndpointDialect Plain = new();

    /// <summary>Whether the longest reply is called <c>max_completion_tokens</c>, not <c>max_tokens</c>.</summary>
    public bool CompletionTokens { get; init; }

    /// <summary>Whether the model thinks before it replies, which the longest reply has to leave room for.</summary>
    public bool Thinks { get; init; }

    /// <summary>Whether it takes a temperature.</summary>
    public bool Temperature { get; init; } = true;

    /// <summary>Whether it takes a seed.</summary>
    public bool Seed { get; init; } = true;

    /// <summary>Whether it takes a number of replies.</summary>
    public bool Several { get; init; } = true;

    /// <summary>What differs from <see cref="Plain"/>, in words.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Words => [.. new[]
    {
        (CompletionTokens, "max_completion_tokens"), (Thinks, "thinks first"), (!Temperature, "no temperature"), (!Seed, "no seed"),
        (!Several, "one reply at a time"),
    }.Where(w => w.Item1).Select(w => w.Item2)];

    /// <summary>The dialect without what a server has refused by name; null where it names nothing that could be left out.</summary>
    /// <param name="refusal">The server's words.</param>
    public EndpointDialect? Without(string refusal)
    {
        // Those who want it so are models that think.
        if (!CompletionTokens && refusal.Contains("max_completion_tokens", StringComparison.Ordinal))
            return this with { CompletionTokens = true, Thinks = true };
        if (Temperature && Named("temperature").IsMatch(refusal)) return this with { Temperature = false };
        if (Seed && Named("seed").IsMatch(refusal)) return this with { Seed = false };
        return Several && NumberOfReplies().IsMatch(refusal) ? this with { Several = false } : null;
    }

    /// <summary>The tokens of a reply, with the room to think.</summary>
    public int Longest(int reply) => Thinks ? reply + RoomToThink : reply;

    /// <summary>Writes what stands beside the messages.</summary>
    public void Write(Utf8JsonWriter json, ChatQuestion question, int samples, long seed)
    {
        if (Several && samples > 1) json.WriteNumber("n", samples);
        if (Temperature) json.WriteNumber("temperature", question.Temperature);
        json.WriteNumber(CompletionTokens ? "max_completion_tokens" : "max_tokens", Longest(question.MaxTokens));
        if (Seed) json.WriteNumber("seed", seed);
    }

    /// <summary>As it is kept beside a server's answers.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);

    /// <summary>What was kept; <see cref="Plain"/> where that is none.</summary>
    public static EndpointDialect Of(JsonElement? kept)
    {
        try
        {
            return kept?.Deserialize<EndpointDialect>(JsonSerializerOptions.Web) ?? Plain;
        }
        catch (JsonException)
        {
            return Plain;
        }
    }

    private static Regex Named(string parameter) => new($@"(?<![\w-]){parameter}(?![\w-])", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"['""`‘“]n['""`’”]|(?<![\w'’])n (must|can|should|has|is|may|does|=|>)", RegexOptions.CultureInvariant)]
    private static partial Regex NumberOfReplies();
}
