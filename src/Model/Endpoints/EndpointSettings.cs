namespace PersonaSelection.Model;

/// <summary>How a server is asked.</summary>
public sealed record EndpointSettings
{
    /// <summary>Requests under way at once.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>How often a request is sent at most, the first time included; at least 2.</summary>
    public int Attempts { get; init; } = 7;

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The pause before the second attempt; it doubles with each further one.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause of our own choice.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause that a server may ask for by <c>Retry-After</c>; a longer one is an error that says so.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The most bytes a response may have.</summary>
    public int LargestResponse { get; init; } = 32 << 20;

    /// <summary>Fixes the jitter of pauses. No result depends on it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What tokens cost.</summary>
    public TokenPrices Prices { get; init; } = new(null, null);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Concurrency);
        ArgumentOutOfRangeException.ThrowIfLessThan(Attempts, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LargestResponse);
    }
}

/// <summary>Prices in any one currency per million tokens; null when not known.</summary>
/// <param name="In">Of tokens that are read.</param>
/// <param name="Out">Of tokens that are written.</param>
public sealed record TokenPrices(double? In, double? Out)
{
    /// <summary>What some tokens cost; null when no price is known.</summary>
    public double? Of(long tokensIn, long tokensOut) =>
        In is null && Out is null ? null : (((In ?? 0) * tokensIn) + ((Out ?? 0) * tokensOut)) / 1e6;
}
