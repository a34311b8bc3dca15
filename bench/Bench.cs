using System.Diagnostics;
using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>One measured figure: its unit, and its share of a peak measured in the same run (NaN where no peak applies).</summary>
internal sealed record BenchResult(string Group, string Name, double Value, string Unit, double PercentOfPeak);

/// <summary>Times actions (best of many repetitions) against the peak of this core.</summary>
internal sealed class Bench
{
    private readonly double _seconds;

    public Bench(double seconds)
    {
        _seconds = seconds;
        Peak = PeakLoop.Measure(this);
    }

    /// <summary>Least time spent on one figure.</summary>
    public double Seconds => _seconds;

    /// <summary>GFLOP/s.</summary>
    public double Peak { get; }

    public List<BenchResult> Results { get; } = [];

    /// <summary>The shortest time of one call, in seconds of this thread's processor time, over repetitions that fill the time given.</summary>
    public double Time(Action action)
    {
        action();
        double once = ThreadClock.Seconds;
        action();
        double guess = Math.Max(ThreadClock.Seconds - once, 1e-8);
        int inner = (int)Math.Clamp(50e-6 / guess, 1, 1000);
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        int rounds = 0;
        while (rounds++ < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < _seconds)
        {
            double t = ThreadClock.Seconds;
            for (int i = 0; i < inner; i++) action();
            best = Math.Min(best, (ThreadClock.Seconds - t) / inner);
        }
        return best;
    }

    public void Flops(string group, string name, double flops, Action action)
    {
        double gflops = flops / Time(action) * 1e-9;
        Record(group, name, gflops, "GFLOP/s", 100 * gflops / Peak);
    }

    public void Rate(string group, string name, double items, string unit, Action action) =>
        Record(group, name, items / Time(action) * 1e-9, unit, double.NaN);

    private void Record(string group, string name, double value, string unit, double percent)
    {
        Results.Add(new BenchResult(group, name, value, unit, percent));
        Console.WriteLine($"{group,-10} {name,-34} {value,8:F1} {unit,-9}{(double.IsNaN(percent) ? "" : $" {percent,5:F1} %")}");
    }
}
