using System.Text.Json;
using System.Text.RegularExpressions;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Completions as servers in use speak them, by a model of ours.</summary>
internal static class ModelServer
{
    /// <summary>Answers by one route only; what belongs to another is refused or ignored.</summary>
    /// <param name="model">Who is behind the server.</param>
    /// <param name="request">What came in.</param>
    /// <param name="route">The route.</param>
    /// <param name="says">What the server makes of the log-probability of a token, given all of them; null for a truthful one.</param>
    public static ServerReply Answer(Transformer model, ServerRequest request, GivenTextRoute route, Func<float[], int, float>? says = null)
    {
        JsonElement asked = JsonDocument.Parse(request.Body).RootElement;
        bool echo = asked.TryGetProperty("echo", out JsonElement e) && e.GetBoolean();
        int most = asked.GetProperty("max_tokens").GetInt32();
        if (most == 0 && route != GivenTextRoute.Echo) return new ServerReply(400, """{"message":"max_tokens must be at least 1"}""");
        if (echo != (route != GivenTextRoute.PromptLogprobs)) return ServerReply.Ok("""{"choices":[{"text":" w001","logprobs":null}]}""");
        string prompt = asked.GetProperty("prompt").GetString()!;
        string[] pieces = [.. Regex.Matches(prompt, @"\s*(\w+|[^\w\s]+)").Select(m => m.Value)];
        // Words that the model does not know can only be in the question that finds out what the server offers.
        int[] ids = [.. pieces.Select(p => Known(model.Tokenizer, p.Trim()))];
        float[] logs = model.Score([new ScoreRequest([model.Tokenizer.BeginId], [ids])]).TokenLogProbabilities[0][0];
        if (says is not null) logs = [.. logs.Select((_, i) => says(logs, i))];
        // What a server prints of a float reads back as the same float.
        var tokens = pieces.Zip(logs, (text, log) => (Text: text, Log: (float?)log)).ToList();
        var usage = new { prompt_tokens = pieces.Length, completion_tokens = most };
        if (!echo)
        {
            object?[] places = [null, .. tokens.Select((t, i) => new Dictionary<string, object>
            {
                [$"{i}"] = new { logprob = t.Log, rank = 1, decoded_token = t.Text },
            })];
            return Reply(new { choices = new[] { new { text = " w009", prompt_logprobs = places } }, usage });
        }
        if (most > 0) tokens.Add((" w009", -0.25f));
        var logprobs = new { tokens = tokens.Select(t => t.Text), token_logprobs = tokens.Select(t => t.Log) };
        return Reply(new { choices = new[] { new { text = prompt, logprobs } }, usage });
    }

    private static ServerReply Reply(object body) => ServerReply.Ok(JsonSerializer.Serialize(body));

    private static int Known(ITokenizer tokenizer, string word)
    {
        try
        {
            return tokenizer.Encode(word).Single();
        }
        catch (UserErrorException)
        {
            return tokenizer.EndId;
        }
    }
}
