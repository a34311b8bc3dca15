using System.Text;
using System.Text.Json;

namespace PersonaSelection.Model;

/// <summary>What was asked of a server so far, and what it took.</summary>
/// <param name="Requests">Requests answered by the server.</param>
/// <param name="Cached">Requests answered from the cache.</param>
/// <param name="Retries">Attempts beyond the first ones.</param>
/// <param name="TokensIn">Tokens that the server read.</param>
/// <param name="TokensOut">Tokens that it wrote.</param>
/// <param name="Estimated">Whether part of the tokens is estimated, as the server did not count them.</param>
/// <param name="Cost">What they cost, in the currency of the prices; null without prices.</param>
public sealed record EndpointUsage(long Requests, long Cached, long Retries, long TokensIn, long TokensOut, bool Estimated, double? Cost);

/// <summary>What some requests would take. An estimate: the server's tokenizer is not known.</summary>
/// <param name="Requests">Requests in all.</param>
/// <param name="Cached">Those of them that the cache answers for nothing.</param>
/// <param name="TokensIn">Tokens to be read for the others.</param>
/// <param name="TokensOut">Tokens to be written for the others, at most.</param>
/// <param name="Cost">What they would cost; null without prices.</param>
public sealed record EndpointEstimate(long Requests, long Cached, long TokensIn, long TokensOut, double? Cost)
{
    /// <summary>About how many tokens a text has: one for four bytes of UTF-8, as is usual for English.</summary>
    public static long Tokens(string text) => (Encoding.UTF8.GetByteCount(text) + 3) / 4;

    /// <summary>Both together.</summary>
    public EndpointEstimate Plus(EndpointEstimate other) => new(Requests + other.Requests, Cached + other.Cached, TokensIn + other.TokensIn,
        TokensOut + other.TokensOut, Cost is null && other.Cost is null ? null : (Cost ?? 0) + (other.Cost ?? 0));
}

/// <summary>Counts what a client does, from any thread.</summary>
internal sealed class UsageMeter(TokenPrices prices)
{
    private readonly Lock _lock = new();
    private EndpointUsage _usage = new(0, 0, 0, 0, 0, false, prices.Of(0, 0));

    public EndpointUsage Usage
    {
        get
        {
            lock (_lock) return _usage;
        }
    }

    public void Cached() => Change(u => u with { Cached = u.Cached + 1 });

    public void Retried() => Change(u => u with { Retries = u.Retries + 1 });

    public void Answered(EndpointRequest request, JsonElement reply)
    {
        long? read = Count(reply, "prompt_tokens"), written = Count(reply, "completion_tokens");
        Change(u => u with
        {
            Requests = u.Requests + 1,
            TokensIn = u.TokensIn + (read ?? request.TokensIn),
            TokensOut = u.TokensOut + (written ?? request.TokensOut),
            Estimated = u.Estimated || read is null || written is null,
        });
    }

    private static long? Count(JsonElement reply, string name) =>
        reply.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object
            && usage.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long n) && n is >= 0 and < 1L << 40 ? n : null;

    private void Change(Func<EndpointUsage, EndpointUsage> change)
    {
        lock (_lock)
        {
            EndpointUsage next = change(_usage);
            _usage = next with { Cost = prices.Of(next.TokensIn, next.TokensOut) };
        }
    }
}
