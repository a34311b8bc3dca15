using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>By which words a server gives the log-probabilities of a text that it is given.</summary>
public enum GivenTextRoute
{
    /// <summary>Completions with <c>echo</c> and nothing generated.</summary>
    Echo,

    /// <summary>Completions with <c>echo</c>, by a server that insists on generating a token.</summary>
    EchoAndOne,

    /// <summary>Completions with <c>prompt_logprobs</c>, as vLLM has them.</summary>
    PromptLogprobs,
}

/// <summary>Asks for the log-probabilities of a given text and reads the answer.</summary>
internal static class GivenTextQuestion
{
    /// <summary>
    /// Improbable on purpose: a server that reports its own favourites instead of what it was given cannot be taken at its word.
    /// </summary>
    public const string ProbeText = "The seven clocks sang quietly; nobody in zinc boots disagreed.";

    private const int FewestToJudge = 4;

    /// <summary>In nats.</summary>
    private const double Surprise = 1e-3;

    public static EndpointRequest Of(string model, GivenTextRoute route, string text) =>
        new(model, "completions", EndpointEstimate.Tokens(text), route == GivenTextRoute.Echo ? 0 : 1, json =>
        {
            json.WriteString("prompt", text);
            json.WriteNumber("max_tokens", route == GivenTextRoute.Echo ? 0 : 1);
            json.WriteNumber("temperature", 0);
            if (route == GivenTextRoute.PromptLogprobs) json.WriteNumber("prompt_logprobs", 0);
            else
            {
                json.WriteBoolean("echo", true);
                json.WriteNumber("logprobs", 1);
            }
        });

    /// <summary>The tokens of the text; null when the server did not report them.</summary>
    /// <exception cref="UnreadableReplyException">It is no answer to a question of this kind.</exception>
    public static IReadOnlyList<TextToken>? Read(GivenTextRoute route, string text, JsonElement reply)
    {
        JsonElement choice = EndpointReply.Choices(reply)[0];
        List<(string, double?)>? tokens;
        try
        {
            tokens = route == GivenTextRoute.PromptLogprobs ? PromptTokens(choice, reply, text) : EchoTokens(choice);
        }
        catch (InvalidOperationException)
        {
            // A token that is not well-formed Unicode cannot be found in a text.
            return null;
        }
        return tokens is null ? null : GivenText.Align(text, tokens);
    }

    /// <summary>
    /// What is wrong with log-probabilities that no model gives a text; null where nothing is, or the text is too short to tell. Some
    /// servers fill in what they do not compute. The first token, which has nothing before it, and any single one may be as it likes.
    /// </summary>
    public static string? Untrue(IReadOnlyList<TextToken> tokens)
    {
        double[] logs = [.. tokens.Skip(1).Select(t => t.LogProbability).OfType<double>()];
        return logs.Length < FewestToJudge || logs.Distinct().Count() > 1 ? null
            : FormattableString.Invariant($"the same log-probability, {logs[0]:0.###}, for every token");
    }

    /// <summary>The same of <see cref="ProbeText"/>, most of whose tokens surprise every model.</summary>
    public static string? UntrueOfProbe(IReadOnlyList<TextToken> tokens)
    {
        int certain = tokens.Skip(1).Count(t => t.LogProbability > -Surprise);
        return Untrue(tokens) ?? (2 * certain > tokens.Count - 1
            ? $"{certain} of {tokens.Count - 1} tokens of an improbable sentence as certain" : null);
    }

    private static List<(string, double?)>? EchoTokens(JsonElement choice)
    {
        if (!choice.TryGetProperty("logprobs", out JsonElement logs) || logs.ValueKind != JsonValueKind.Object
            || !logs.TryGetProperty("tokens", out JsonElement tokens) || tokens.ValueKind != JsonValueKind.Array
            || !logs.TryGetProperty("token_logprobs", out JsonElement values) || values.ValueKind != JsonValueKind.Array
            || tokens.GetArrayLength() != values.GetArrayLength())
            return null;
        return [.. tokens.EnumerateArray().Zip(values.EnumerateArray(), (t, v) =>
            (t.ValueKind == JsonValueKind.String ? t.GetString()! : "\uFFFD", Number(v)))];
    }

    private static List<(string, double?)>? PromptTokens(JsonElement choice, JsonElement reply, string text)
    {
        if ((!choice.TryGetProperty("prompt_logprobs", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            && (!reply.TryGetProperty("prompt_logprobs", out list) || list.ValueKind != JsonValueKind.Array))
            return null;
        var tokens = new List<(string, double?)>();
        foreach (JsonElement place in list.EnumerateArray())
        {
            if (place.ValueKind != JsonValueKind.Object)
            {
                // The first token has nothing before it. Where no begin token was put there, its text is the start of the given text.
                tokens.Add(("", null));
                continue;
            }
            // The given token stands first; favourites of the model may follow.
            JsonElement given = place.EnumerateObject().Select(p => p.Value).FirstOrDefault();
            if (given.ValueKind != JsonValueKind.Object || !given.TryGetProperty("decoded_token", out JsonElement decoded)
                || !given.TryGetProperty("logprob", out JsonElement log)) return null;
            tokens.Add((decoded.ValueKind == JsonValueKind.String ? decoded.GetString()! : "\uFFFD", Number(log)));
        }
        return WithFirst(tokens, text);
    }

    /// <summary>
    /// Without a begin token the first place is a part of the text whose words were not reported: whatever is before the second.
    /// </summary>
    private static List<(string, double?)> WithFirst(List<(string Text, double?)> tokens, string text)
    {
        if (tokens.Count < 2 || tokens[0].Text.Length > 0 || GivenText.Align(text, tokens) is not null) return tokens;
        int next = text.IndexOf(tokens[1].Text, Math.Min(1, text.Length), StringComparison.Ordinal);
        if (next > 0) tokens[0] = (text[..next], null);
        return tokens;
    }

    private static double? Number(JsonElement e) =>
        e.ValueKind == JsonValueKind.Number && e.TryGetDouble(out double x) && double.IsFinite(x) && x <= 1e-3 ? Math.Min(x, 0) : null;
}
