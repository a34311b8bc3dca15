using System.Diagnostics;
using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>One measured figure: its unit, and its share of a peak measured in the same run (null where no peak applies).</summary>
internal sealed record BenchResult(string Group, string Name, double Value, string Unit, double? PercentOfPeak);

/// <summary>Times actions (best of many repetitions) against the peak of this core.</summary>
internal sealed class Bench
{
    private readonly double _seconds;
    private readonly string _only;
    private double _peak = MachineRate.FusedMultiplyAdd();

    public Bench(double seconds, string only) => (_seconds, _only) = (seconds, only);

    /// <summary>Least time spent on one figure.</summary>
    public double Seconds => _seconds;

    /// <summary>
    /// GFLOP/s of one core: the higher of what was measured at the last call and now, as the clock of a processor is not steady.
    /// </summary>
    public double MeasurePeak()
    {
        double before = _peak;
        _peak = MachineRate.FusedMultiplyAdd();
        return Math.Max(before, _peak);
    }

    public List<BenchResult> Results { get; } = [];

    /// <summary>
    /// The time of one call in seconds: the best repetition that nothing else interrupted; if all were, the median of the processor time.
    /// </summary>
    public double Time(Action action, double seconds)
    {
        action();
        // The first calls are slower, by as much as their methods are not compiled for good yet.
        long warm = Stopwatch.GetTimestamp();
        double guess;
        do
        {
            long once = Stopwatch.GetTimestamp();
            action();
            guess = Math.Max(Stopwatch.GetElapsedTime(once).TotalSeconds, 1e-8);
        }
        while (Stopwatch.GetElapsedTime(warm).TotalSeconds < seconds);
        // Long enough that reading the two clocks, on some machines a call of the kernel each, is no part of it.
        int inner = (int)Math.Clamp(1e-3 / guess, 1, 10_000);
        double best = double.MaxValue;
        List<double> processor = [];
        long start = Stopwatch.GetTimestamp();
        while (processor.Count < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            long wall = Stopwatch.GetTimestamp();
            double t = ThreadClock.Seconds;
            for (int i = 0; i < inner; i++) action();
            double used = (ThreadClock.Seconds - t) / inner, elapsed = Stopwatch.GetElapsedTime(wall).TotalSeconds / inner;
            if (elapsed - used < 0.01 * elapsed) best = Math.Min(best, elapsed);
            processor.Add(used);
        }
        processor.Sort();
        return best < double.MaxValue ? best : processor[processor.Count / 2];
    }

    public void Flops(string group, string name, double flops, Action action)
    {
        if (!Wanted(group, name)) return;
        double gflops = flops / Time(action, _seconds) * 1e-9;
        Record(group, name, gflops, "GFLOP/s", 100 * gflops / MeasurePeak());
    }

    public void Rate(string group, string name, double items, string unit, Action action)
    {
        if (Wanted(group, name)) Record(group, name, items / Time(action, _seconds) * 1e-9, unit);
    }

    public bool Wanted(string group, string name) => $"{group} {name}".Contains(_only, StringComparison.Ordinal);

    public void Record(string group, string name, double value, string unit, double? percent = null)
    {
        Results.Add(new BenchResult(group, name, value, unit, percent));
        Console.WriteLine($"{group,-10} {name,-34} {value,8:F1} {unit,-9}{(percent is null ? "" : $" {percent,5:F1} %")}");
    }
}
