using System.Collections.Concurrent;
using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace PersonaSelection.Model;

/// <summary>
/// Asks a server that speaks the OpenAI protocol: so many requests at once, again with growing pauses while it is busy or the line breaks,
/// never again when it has refused, and nothing that the cache already holds.
/// </summary>
public sealed class EndpointClient : IDisposable
{
    private static readonly ResiliencePropertyKey<EndpointRequest> Asked = new("request");
    private readonly EndpointTransport _transport;
    private readonly EndpointCache? _cache;
    private readonly EndpointSettings _settings;
    private readonly UsageMeter _meter;
    private readonly SemaphoreSlim _slots;
    private readonly ResiliencePipeline<EndpointAttempt> _pipeline;
    private readonly ConcurrentDictionary<string, Lazy<Task<JsonElement>>> _underWay = new(StringComparer.Ordinal);

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
                OnRetry = _ =>
                {
                    _meter.Retried();
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
    /// <exception cref="UserErrorException">As for any request; <c>endpoint-bad-reply</c> when it is no list of models.</exception>
    public async Task<IReadOnlyList<string>> Models(CancellationToken cancellation = default)
    {
        EndpointAttempt attempt = await Attempt("models", null, new EndpointRequest("", "models", 0, 0, _ => { }), cancellation)
            .ConfigureAwait(false);
        if (!attempt.Reply.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Array)
            throw BadReply("no list of models");
        return [.. data.EnumerateArray().Select(m => m.ValueKind == JsonValueKind.Object && m.TryGetProperty("id", out JsonElement id)
            && id.ValueKind == JsonValueKind.String ? id.GetString()! : throw BadReply("a model without a name"))];
    }

    /// <summary>The answer to a request, from the cache where it is there.</summary>
    /// <exception cref="UserErrorException">One of the <c>endpoint-</c> codes.</exception>
    internal async Task<JsonElement> Post(EndpointRequest request, CancellationToken cancellation)
    {
        string id = request.Id.ToString();
        // Equal requests at the same moment are one.
        var mine = new Lazy<Task<JsonElement>>(() => Ask(request, cancellation));
        try
        {
            return await _underWay.GetOrAdd(id, mine).Value.ConfigureAwait(false);
        }
        finally
        {
            _underWay.TryRemove(new KeyValuePair<string, Lazy<Task<JsonElement>>>(id, mine));
        }
    }

    /// <summary>The same, read; an answer that cannot be is not kept, so that the next run asks again.</summary>
    internal async Task<T> Post<T>(EndpointRequest request, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        JsonElement reply = await Post(request, cancellation).ConfigureAwait(false);
        try
        {
            return read(reply);
        }
        catch (UserErrorException e) when (e.Code == "endpoint-bad-reply")
        {
            Forget(request);
            throw;
        }
    }

    /// <summary>Keeps no answer to a request.</summary>
    internal void Forget(EndpointRequest request) => _cache?.Forget(request);

    /// <summary>Answers to many requests, in their order whatever the order of arrival.</summary>
    internal T[] PostAll<T>(IReadOnlyList<EndpointRequest> requests, Func<int, JsonElement, T> read, string stage,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        var results = new T[requests.Count];
        int done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = _settings.Concurrency, CancellationToken = cancellation };
        Task all = Parallel.ForAsync(0, requests.Count, options, async (i, stop) =>
        {
            results[i] = await Post(requests[i], reply => read(i, reply), stop).ConfigureAwait(false);
            progress?.Report(new WorkProgress(stage, Interlocked.Increment(ref done), requests.Count, "requests"));
        });
        all.GetAwaiter().GetResult();
        return results;
    }

    /// <summary>What requests would take, those in the cache for nothing.</summary>
    internal EndpointEstimate Estimate(IReadOnlyCollection<EndpointRequest> requests)
    {
        EndpointRequest[] distinct = [.. requests.DistinctBy(r => r.Id)];
        EndpointRequest[] unpaid = [.. distinct.Where(r => _cache?.Holds(r) != true)];
        long read = unpaid.Sum(r => r.TokensIn), written = unpaid.Sum(r => r.TokensOut);
        return new EndpointEstimate(distinct.Length, distinct.Length - unpaid.Length, read, written, _settings.Prices.Of(read, written));
    }

    internal UserErrorException BadReply(string what) => new("endpoint-bad-reply", $"{Address.Base} answered with {what}.",
        "Check that the address is the base of a server that speaks the OpenAI protocol, such as http://localhost:8000/v1.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _transport.Dispose();
        _slots.Dispose();
    }

    private async Task<JsonElement> Ask(EndpointRequest request, CancellationToken cancellation)
    {
        if (_cache?.Find(request, _settings.LargestResponse) is { } held)
        {
            _meter.Cached();
            return held;
        }
        EndpointAttempt attempt = await Attempt(request.Path, request.Body, request, cancellation).ConfigureAwait(false);
        _meter.Answered(request, attempt.Reply);
        _cache?.Keep(request, attempt.Body);
        return attempt.Reply;
    }

    private async Task<EndpointAttempt> Attempt(string path, byte[]? body, EndpointRequest request, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellation);
        try
        {
            context.Properties.Set(Asked, request);
            EndpointAttempt attempt =
                await _pipeline.ExecuteAsync(c => new ValueTask<EndpointAttempt>(_transport.Send(path, body, c.CancellationToken)), context)
                    .ConfigureAwait(false);
            return attempt.Succeeded ? attempt : throw EndpointFailure.Of(Address, path, attempt, _settings);
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
