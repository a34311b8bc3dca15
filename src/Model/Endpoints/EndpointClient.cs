using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace PersonaSelection.Model;

/// <summary>
/// Asks a server that speaks the OpenAI protocol: so many requests at once, again with growing pauses while it is busy, the line breaks or
/// an answer cannot be read, never again when it has refused, and nothing that the cache already holds.
/// </summary>
public sealed class EndpointClient : IDisposable
{
    private static readonly ResiliencePropertyKey<EndpointRequest> Asked = new("request");
    private static readonly ResiliencePropertyKey<Action<string>?> Told = new("told");
    private readonly EndpointTransport _transport;
    private readonly EndpointCache? _cache;
    private readonly EndpointSettings _settings;
    private readonly UsageMeter _meter;
    private readonly SemaphoreSlim _slots;
    private readonly ResiliencePipeline<EndpointAttempt> _pipeline;

    /// <summary>A client.</summary>
    /// <param name="address">The server and its model.</param>
    /// <param name="key">Sent as a bearer token with every request; null for servers that want none. Never written anywhere.</param>
    /// <param name="settings">How to ask.</param>
    /// <param name="cache">Where answers are kept; null to keep none.</param>
    /// <param name="time">The clock of every pause and time limit.</param>
    public EndpointClient(EndpointAddress address, string? key, EndpointSettings settings, EndpointCache? cache, TimeProvider time)
    {
        settings.Validate();
        (Address, _settings, _cache) = (address, settings, cache);
        _transport = new EndpointTransport(address, key, settings, time);
        _meter = new UsageMeter(settings.Prices);
        _slots = new SemaphoreSlim(settings.Concurrency);
        _pipeline = new ResiliencePipelineBuilder<EndpointAttempt> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<EndpointAttempt>
            {
                MaxRetryAttempts = settings.Attempts - 1,
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is TimeoutRejectedException
                    || (args.Outcome.Result is { Transient: true } failed && !(failed.RetryAfter > settings.LongestRetryAfter))),
                DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(Pause(args)),
                OnRetry = args =>
                {
                    _meter.Retried();
                    args.Context.Properties.GetValue(Told, null)?.Invoke(EndpointFailure.Pausing(args.Outcome.Result, args.RetryDelay));
                    return ValueTask.CompletedTask;
                },
            })
            .AddTimeout(settings.Timeout)
            .Build();
    }

    /// <summary>The server and its model.</summary>
    public EndpointAddress Address { get; }

    /// <summary>What tokens cost.</summary>
    public TokenPrices Prices => _settings.Prices;

    /// <summary>What was asked so far.</summary>
    public EndpointUsage Usage => _meter.Usage;

    /// <summary>The names of the server's models.</summary>
    /// <exception cref="UserErrorException">One of the <c>endpoint-</c> codes.</exception>
    public async Task<IReadOnlyList<string>> Models(CancellationToken cancellation = default)
    {
        (IReadOnlyList<string> names, _) =
            await Send<IReadOnlyList<string>>("models", null, new EndpointRequest("", "models", 0, 0, _ => { }), reply =>
            {
                if (!reply.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Array)
                    throw new UnreadableReplyException("no list of models");
                return [.. data.EnumerateArray().Select(m => m.ValueKind == JsonValueKind.Object
                    && m.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String
                    ? id.GetString()! : throw new UnreadableReplyException("a model without a name"))];
            }, cancellation).ConfigureAwait(false);
        return names;
    }

    /// <summary>
    /// The answer to a request as <paramref name="read"/> makes it, from the cache where it is there. What cannot be read is asked for
    /// again, and neither taken from the cache nor kept there.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="read">Reads an answer, or throws <see cref="UnreadableReplyException"/>.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <param name="told">Told why a pause is made; from any thread.</param>
    /// <exception cref="UserErrorException">One of the <c>endpoint-</c> codes.</exception>
    internal async Task<T> Post<T>(EndpointRequest request, Func<JsonElement, T> read, CancellationToken cancellation,
        Action<string>? told = null)
    {
        if (_cache?.Find(request, _settings.LargestResponse) is { } held && TryRead(read, held, out T known, out _))
        {
            _meter.Cached();
            return known;
        }
        (T answer, byte[] body) = await Send(request.Path, request.Body, request, reply =>
        {
            // What cannot be read has been paid for too.
            _meter.Answered(request, reply);
            return read(reply);
        }, cancellation, told).ConfigureAwait(false);
        _cache?.Keep(request, body);
        return answer;
    }

    /// <summary>What was kept under a request that is never sent; null for nothing.</summary>
    internal JsonElement? Recall(EndpointRequest request) => _cache?.Find(request, _settings.LargestResponse);

    /// <summary>Keeps what is to be recalled, where answers are kept.</summary>
    internal void Remember(EndpointRequest request, byte[] body) => _cache?.Keep(request, body);

    /// <summary>Keeps no answer to a request.</summary>
    internal void Forget(EndpointRequest request) => _cache?.Forget(request);

    /// <summary>
    /// Answers to many requests, in their order whatever the order of arrival. Equal ones are asked once, and read for each.
    /// </summary>
    internal T[] PostAll<T>(IReadOnlyList<EndpointRequest> requests, Func<int, JsonElement, T> read, string stage,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var results = new T[requests.Count];
        int[][] equal = [.. Enumerable.Range(0, requests.Count).GroupBy(i => requests[i].Id).Select(g => g.ToArray())];
        int done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = _settings.Concurrency, CancellationToken = cancellation };
        Task all = Parallel.ForAsync(0, equal.Length, options, async (g, stop) =>
        {
            T[] answers = await Post(requests[equal[g][0]], reply => Array.ConvertAll(equal[g], i => read(i, reply)), stop,
                pause => Tell(Volatile.Read(ref done), pause)).ConfigureAwait(false);
            foreach ((int i, T answer) in equal[g].Zip(answers)) results[i] = answer;
            Tell(Interlocked.Increment(ref done), "");
        });
        all.GetAwaiter().GetResult();
        return results;

        void Tell(int answered, string detail) => progress?.Report(new WorkProgress(stage, answered, equal.Length, "requests", detail));
    }

    /// <summary>What requests would take, those in the cache for nothing.</summary>
    internal EndpointEstimate Estimate(IReadOnlyCollection<EndpointRequest> requests)
    {
        EndpointRequest[] distinct = [.. requests.DistinctBy(r => r.Id)];
        EndpointRequest[] unpaid = [.. distinct.Where(r => _cache?.Holds(r) != true)];
        long read = unpaid.Sum(r => r.TokensIn), written = unpaid.Sum(r => r.TokensOut);
        return new EndpointEstimate(distinct.Length, distinct.Length - unpaid.Length, read, written, _settings.Prices.Of(read, written));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transport.Dispose();
        _slots.Dispose();
    }

    private async Task<(T Answer, byte[] Body)> Send<T>(string path, byte[]? body, EndpointRequest request, Func<JsonElement, T> read,
        CancellationToken cancellation, Action<string>? told = null)
    {
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellation);
        try
        {
            context.Properties.Set(Asked, request);
            context.Properties.Set(Told, told);
            T answer = default!;
            EndpointAttempt attempt = await _pipeline.ExecuteAsync(async c =>
            {
                EndpointAttempt sent = await _transport.Send(path, body, c.CancellationToken).ConfigureAwait(false);
                return !sent.Succeeded || TryRead(read, sent.Reply, out answer, out string trouble) ? sent : sent.Unreadable(trouble);
            }, context).ConfigureAwait(false);
            return attempt.Succeeded ? (answer, attempt.Body) : throw EndpointFailure.Of(Address, path, attempt, _settings);
        }
        catch (TimeoutRejectedException e)
        {
            throw EndpointFailure.TimedOut(Address, _settings, e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
            _slots.Release();
        }
    }

    private static bool TryRead<T>(Func<JsonElement, T> read, JsonElement reply, out T answer, out string trouble)
    {
        (answer, trouble) = (default!, "");
        try
        {
            answer = read(reply);
            return true;
        }
        catch (UnreadableReplyException e)
        {
            trouble = e.Message;
            return false;
        }
        catch (InvalidOperationException)
        {
            trouble = EndpointReply.HalfCharacter;
            return false;
        }
    }

    /// <summary>
    /// What the server asks for; or twice the pause before, between a half and the whole of it, so that clients do not march in step.
    /// </summary>
    private TimeSpan Pause(RetryDelayGeneratorArguments<EndpointAttempt> args)
    {
        if (args.Outcome.Result?.RetryAfter is { } asked) return asked;
        double whole = Math.Min(_settings.LongestPause.TotalSeconds, _settings.FirstPause.TotalSeconds * Math.Pow(2, args.AttemptNumber));
        RngStream jitter = RngStream.Root(_settings.Seed).Child(args.Context.Properties.GetValue(Asked, null!).Id.ToString())
            .Child("pause", args.AttemptNumber);
        return TimeSpan.FromSeconds(whole * (1 + jitter.NextDouble()) / 2);
    }
}
