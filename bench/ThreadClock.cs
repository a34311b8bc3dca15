using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PersonaSelection.Bench;

/// <summary>
/// Processor time of the calling thread, so that a busy machine does not count against a kernel that runs on one thread. The wall clock
/// where the system is not 64-bit Linux.
/// </summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;
    private static readonly bool Supported = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    public static double Seconds
    {
        get
        {
            if (!Supported || ClockGetTime(ThreadCpuTime, out Moment now) != 0)
                return Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
            return now.Seconds + now.Nanoseconds * 1e-9;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Moment now);

    [StructLayout(LayoutKind.Sequential)]
    private struct Moment
    {
        public long Seconds, Nanoseconds;
    }
}
