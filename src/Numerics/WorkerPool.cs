using System.Runtime.ExceptionServices;

namespace PersonaSelection.Numerics;

/// <summary>
/// A fixed set of threads that run numbered jobs. The calling thread is worker 0 and takes part; jobs are handed out as workers
/// become free, so results must not depend on which worker runs which job. Waiting workers spin for some microseconds and then sleep.
/// </summary>
/// <remarks>One <see cref="Run"/> at a time. Nothing is allocated in a run; keep the delegate in a field.</remarks>
public sealed class WorkerPool : IDisposable
{
    // About 50 microseconds on a current core: longer than the gap between two layers, shorter than a scheduler slice.
    private const int SpinRounds = 400;
    private readonly object _sleepers = new();
    private readonly object _caller = new();
    private readonly Thread[] _threads;
    // Generation in the high half, next job in the low half: a worker that wakes late can never take a job of a later run.
    private long _ticket;
    private int _jobs, _completed, _sleeping, _busy, _failedJob;
    private volatile bool _callerSleeps, _stopping;
    private Action<int, int>? _body;
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>Starts <paramref name="threads"/> - 1 threads beside the caller's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one thread.</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Serve(worker)) { IsBackground = true, Name = $"psm worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of workers, the caller included.</summary>
    public int Threads => _threads.Length + 1;

    /// <summary>
    /// Runs <paramref name="body"/>(job, worker) for every job in [0, <paramref name="jobs"/>) and returns when all have ended.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called while another run is under way (also from inside a job).</exception>
    /// <remarks>If jobs throw, jobs not yet begun are skipped and the exception of the lowest failed job is thrown here.</remarks>
    public void Run(int jobs, Action<int, int> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfNegative(jobs);
        ObjectDisposedException.ThrowIf(_stopping, this);
        if (jobs == 0) return;
        if (Interlocked.Exchange(ref _busy, 1) != 0) throw new InvalidOperationException("The pool is already running jobs.");
        try
        {
            _failure = null;
            if (_threads.Length == 0 || jobs == 1)
            {
                for (int job = 0; job < jobs; job++) body(job, 0);
                return;
            }
            _body = body;
            _completed = 0;
            int generation = (int)(Volatile.Read(ref _ticket) >> 32) + 1;
            // Between the two writes no job can be taken: the old ticket is used up under the old count and under zero.
            Volatile.Write(ref _jobs, 0);
            Interlocked.Exchange(ref _ticket, (long)generation << 32);
            Volatile.Write(ref _jobs, jobs);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _sleeping) > 0)
            {
                lock (_sleepers) Monitor.PulseAll(_sleepers);
            }
            TakeJobs(generation, 0);
            AwaitCompletion(jobs);
            _body = null;
            _failure?.Throw();
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Ends the threads; a run under way must have returned.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        lock (_sleepers) Monitor.PulseAll(_sleepers);
        foreach (Thread thread in _threads) thread.Join();
    }

    private void Serve(int worker)
    {
        int seen = 0;
        while (!_stopping)
        {
            int generation = AwaitGeneration(seen);
            if (_stopping) return;
            TakeJobs(generation, worker);
            seen = generation;
        }
    }

    private void TakeJobs(int generation, int worker)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            int job = (int)ticket;
            if ((int)(ticket >> 32) != generation || job >= Volatile.Read(ref _jobs)) return;
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) != ticket) continue;
            // The run cannot end before this job is counted, so its body and count stay in place.
            int jobs = _jobs;
            try
            {
                if (_failure is null) _body!(job, worker);
            }
#pragma warning disable CA1031 // every exception travels to the caller of Run
            catch (Exception e)
            {
                Record(job, e);
            }
#pragma warning restore CA1031
            if (Interlocked.Increment(ref _completed) == jobs && _callerSleeps)
            {
                lock (_caller) Monitor.Pulse(_caller);
            }
        }
    }

    private void Record(int job, Exception e)
    {
        lock (_caller)
        {
            if (_failure is not null && _failedJob < job) return;
            _failedJob = job;
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private int AwaitGeneration(int seen)
    {
        for (int i = 0; i < SpinRounds; i++)
        {
            if (Generation() is int g && (g != seen && Volatile.Read(ref _jobs) > 0 || _stopping)) return g;
            Thread.SpinWait(8);
        }
        lock (_sleepers)
        {
            Interlocked.Increment(ref _sleeping);
            while ((Generation() == seen || Volatile.Read(ref _jobs) == 0) && !_stopping) Monitor.Wait(_sleepers);
            Interlocked.Decrement(ref _sleeping);
        }
        return Generation();
    }

    private int Generation() => (int)(Volatile.Read(ref _ticket) >> 32);

    private void AwaitCompletion(int jobs)
    {
        for (int i = 0; i < SpinRounds; i++)
        {
            if (Volatile.Read(ref _completed) == jobs) return;
            Thread.SpinWait(8);
        }
        lock (_caller)
        {
            _callerSleeps = true;
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref _completed) != jobs) Monitor.Wait(_caller);
            _callerSleeps = false;
        }
    }
}
