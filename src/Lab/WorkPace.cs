namespace PersonaSelection.Lab;

/// <summary>
/// How long work still takes at the pace of this run. What a stage begins with was done before, or in another stage: neither that share nor
/// the time until it was told counts, so that a run which goes on from files is not taken for a fast one.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class WorkPace(TimeProvider time)
{
    private long _at = time.GetTimestamp();
    private double _share, _gained;
    private TimeSpan _worked;

    /// <summary>Tells how far the work is.</summary>
    /// <param name="share">Share that is done, in [0, 1].</param>
    /// <param name="begins">Whether a stage begins here: the pace says nothing of how the work came so far.</param>
    public void Report(double share, bool begins)
    {
        long now = time.GetTimestamp();
        if (!begins && share >= _share)
        {
            _gained += share - _share;
            _worked += time.GetElapsedTime(_at, now);
        }
        (_share, _at) = (share, now);
    }

    /// <summary>The time that is left now; null while no pace is known, and at the end.</summary>
    public TimeSpan? Left
    {
        get
        {
            if (!(_gained > 0 && _share < 1)) return null;
            TimeSpan left = _worked * ((1 - _share) / _gained) - time.GetElapsedTime(_at);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
