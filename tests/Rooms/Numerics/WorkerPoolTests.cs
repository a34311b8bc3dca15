using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public class WorkerPoolTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(8)]
    public void Every_job_runs_once_by_a_worker_in_range(int threads)
    {
        using WorkerPool pool = new(threads);
        int[] counts = new int[97];
        int outside = 0;
        Action<int, int> body = (job, worker) =>
        {
            Interlocked.Increment(ref counts[job]);
            if (worker < 0 || worker >= threads) Interlocked.Increment(ref outside);
        };
        for (int round = 1; round <= 300; round++)
        {
            pool.Run(round % 3 == 0 ? 1 : counts.Length, body);
            // Long enough for the workers to fall asleep, now and then.
            if (round % 100 == 0) Thread.Sleep(5);
        }
        Assert.Equal(300, counts[0]);
        Assert.All(counts[1..], c => Assert.Equal(200, c));
        Assert.Equal(0, outside);
    }

    [Fact]
    public void A_run_allocates_nothing()
    {
        using WorkerPool pool = new(3);
        long[] sums = new long[64];
        Action<int, int> body = (job, _) => sums[job]++;
        for (int i = 0; i < 20; i++) pool.Run(64, body);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++) pool.Run(64, body);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.All(sums, s => Assert.Equal(220, s));
    }

    [Theory, InlineData(1), InlineData(4)]
    public void An_exception_reaches_the_caller_and_the_pool_lives_on(int threads)
    {
        using WorkerPool pool = new(threads);
        for (int round = 0; round < 50; round++)
        {
            InvalidDataException e = Assert.Throws<InvalidDataException>(() => pool.Run(20, (job, _) =>
            {
                if (job == 7) throw new InvalidDataException("job 7");
            }));
            Assert.Equal("job 7", e.Message);
            int count = 0;
            pool.Run(20, (_, _) => Interlocked.Increment(ref count));
            Assert.Equal(20, count);
        }
    }

    [Fact]
    public void A_run_inside_a_job_is_refused()
    {
        using WorkerPool pool = new(2);
        Assert.Throws<InvalidOperationException>(() => pool.Run(4, (_, _) => pool.Run(1, (_, _) => { })));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
    }

    [Fact]
    public void A_disposed_pool_refuses_work()
    {
        WorkerPool pool = new(3);
        pool.Run(10, (_, _) => { });
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(1, (_, _) => { }));
    }
}
