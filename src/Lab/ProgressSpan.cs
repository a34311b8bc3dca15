namespace PersonaSelection.Lab;

/// <summary>Makes the progress of a part of a run progress of the run.</summary>
public static class ProgressSpan
{
    /// <summary>
    /// Progress for a part that takes the run from one share to another. Parts may lie within parts; a part of several stages goes by the
    /// one that is furthest.
    /// </summary>
    /// <param name="progress">Told about the run; nobody when null.</param>
    /// <param name="from">Share of the run, in [0, 1], that is done when the part begins.</param>
    /// <param name="to">Share that is done when it ends.</param>
    public static IProgress<WorkProgress>? Span(this IProgress<WorkProgress>? progress, double from, double to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        return progress is null ? null : new Part(progress, from, to);
    }

    private sealed class Part(IProgress<WorkProgress> progress, double from, double to) : IProgress<WorkProgress>
    {
        private readonly Lock _lock = new();
        private double _furthest;

        public void Report(WorkProgress value)
        {
            double share = value.Whole ?? (value.Total > 0 ? value.Done / value.Total : 0);
            lock (_lock) share = _furthest = Math.Max(_furthest, Math.Clamp(share, 0, 1));
            progress.Report(value with { Whole = from + ((to - from) * share) });
        }
    }
}
