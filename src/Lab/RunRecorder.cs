namespace PersonaSelection.Lab;

/// <summary>
/// Keeps the record of a run while it runs. The record is written at the start, so that a run that is killed leaves one that says so,
/// and again whenever a stage ends. Not for use from several threads.
/// </summary>
public sealed class RunRecorder : IDisposable
{
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, string> _inForce = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _parents = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _made = new(StringComparer.Ordinal);
    private readonly List<RunTiming> _timings = [];
    private readonly List<RunCheck> _checks = [];
    private readonly RunRecord _start;
    private DateTimeOffset? _ended;

    /// <summary>Starts a record.</summary>
    /// <param name="path">Where it is kept.</param>
    /// <param name="command">What is run.</param>
    /// <param name="given">Arguments as they were given.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public RunRecorder(string path, string command, IReadOnlyDictionary<string, string> given, TimeProvider time)
    {
        _path = path;
        _time = time;
        _start = new RunRecord
        {
            Command = command,
            Status = RunStatus.Running,
            Given = given,
            InForce = _inForce,
            Parents = _parents,
            Made = _made,
            Machine = MachineFacts.Here(),
            StartedAt = time.GetUtcNow(),
            Timings = _timings,
            Checks = _checks,
        };
        Status = RunStatus.Running;
        Save();
    }

    /// <summary>Running, until <see cref="End"/>.</summary>
    public RunStatus Status { get; private set; }

    /// <summary>The record as it stands.</summary>
    public RunRecord Record => _start with
    {
        Status = Status,
        EndedAt = _ended,
        InForce = new SortedDictionary<string, string>(_inForce, StringComparer.Ordinal),
        Parents = new SortedDictionary<string, string>(_parents, StringComparer.Ordinal),
        Made = new SortedDictionary<string, string>(_made, StringComparer.Ordinal),
        Timings = [.. _timings],
        Checks = [.. _checks],
    };

    /// <summary>An argument as it is in force.</summary>
    public void InForce(string name, object value) =>
        _inForce[name] = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "";

    /// <summary>Something the run is made from.</summary>
    public void From(string role, string id) => _parents[role] = id;

    /// <summary>Something the run has made.</summary>
    public void Made(string role, string id) => _made[role] = id;

    /// <summary>Keeps whether a condition held, and returns it.</summary>
    public bool Check(string name, bool passed, string detail)
    {
        _checks.Add(new RunCheck(name, passed, detail));
        return passed;
    }

    /// <summary>Times a stage until the result is disposed.</summary>
    public IDisposable Time(string stage) => new Stage(this, stage);

    /// <summary>Ends the run; what comes after is not recorded.</summary>
    /// <param name="status">How it ended; done or checks-failed by its checks when absent.</param>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public RunRecord End(RunStatus? status = null)
    {
        if (_ended is not null) return Record;
        Status = status ?? (_checks.TrueForAll(c => c.Passed) ? RunStatus.Done : RunStatus.ChecksFailed);
        _ended = _time.GetUtcNow();
        Save();
        return Record;
    }

    /// <summary>A run that was not ended has failed.</summary>
    public void Dispose()
    {
        if (_ended is not null) return;
        try
        {
            End(RunStatus.Failed);
        }
        catch (UserErrorException)
        {
            // An error is on its way already, and it says more than that the record could not be written.
        }
    }

    private void Save() => Record.Save(_path);

    private sealed class Stage(RunRecorder recorder, string name) : IDisposable
    {
        private readonly long _start = recorder._time.GetTimestamp();
        private bool _over;

        public void Dispose()
        {
            if (_over || recorder._ended is not null) return;
            _over = true;
            recorder._timings.Add(new RunTiming(name, recorder._time.GetElapsedTime(_start).TotalSeconds));
            try
            {
                recorder.Save();
            }
            catch (UserErrorException)
            {
                // An error may be on its way already; if none is, the end of the run will meet this one.
            }
        }
    }
}
