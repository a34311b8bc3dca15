using System.Text.Json;

namespace PersonaSelection.Model;

/// <summary>
/// An answer is not what the protocol has in its place; the message goes on after "it answered with". It may be better another time.
/// </summary>
internal sealed class UnreadableReplyException(string what) : Exception(what);

/// <summary>What answers of every kind have in common.</summary>
internal static class EndpointReply
{
    /// <summary>How many levels deep an answer may be nested.</summary>
    public const int Deepest = 64;

    /// <summary>What is said of an answer whose text cannot be read: JSON lets one surrogate of a pair stand alone.</summary>
    public const string HalfCharacter = "text that is not well-formed Unicode";

    /// <summary>The choices of an answer, at least one, each an object.</summary>
    /// <exception cref="UnreadableReplyException">There are none.</exception>
    public static IReadOnlyList<JsonElement> Choices(JsonElement reply) =>
        reply.TryGetProperty("choices", out JsonElement choices) && choices.ValueKind == JsonValueKind.Array
            && choices.GetArrayLength() > 0 && choices.EnumerateArray().All(c => c.ValueKind == JsonValueKind.Object)
            ? [.. choices.EnumerateArray()] : throw new UnreadableReplyException("no choices");
}
