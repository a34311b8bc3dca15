namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>
/// A clock whose short waits are over at once, with the time moved on; long ones (time limits) end when a test moves the time.
/// </summary>
internal sealed class ImpatientClock(TimeSpan longestSkip) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private readonly List<TimeSpan> _waits = [];
    private TimeSpan _now;

    public ImpatientClock()
        : this(TimeSpan.FromSeconds(100))
    {
    }

    /// <summary>The waits that were skipped, in order.</summary>
    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (_lock) return [.. _waits];
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_lock) return _now.Ticks;
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return Start + _now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
            foreach (FakeTimer timer in _timers.Where(t => t.Due <= _now).ToArray()) timer.Fire();
        }
    }

    private sealed class FakeTimer(ImpatientClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime < TimeSpan.Zero) return true;
                Due = clock._now + dueTime;
                if (dueTime <= clock.LongestSkip)
                {
                    clock._waits.Add(dueTime);
                    clock._now = Due;
                    Fire();
                }
                else clock._timers.Add(this);
                return true;
            }
        }

        public void Fire()
        {
            clock._timers.Remove(this);
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private TimeSpan LongestSkip => longestSkip;
}
