using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using PersonaSelection.Numerics;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm doctor</c>: what this machine and this build can do.</summary>
internal static class DoctorCommand
{
    private const double Gibibyte = 1L << 30;

    public static Command Create()
    {
        Option<bool> json = CommonOptions.Json();
        return new Verb("doctor", "Show versions, instruction set, measured speed, free space, and what this build holds.",
            "psm doctor --json")
        {
            json,
        }.Does((parsed, _) =>
            {
                double peak = MachineRate.FusedMultiplyAdd(), product = MachineRate.MatrixProduct();
                GCMemoryInfo memory = GC.GetGCMemoryInfo();
                var found = new
                {
                    Version = Version(),
                    Runtime = RuntimeInformation.FrameworkDescription,
                    Os = RuntimeInformation.OSDescription,
                    Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
                    InstructionSet = InstructionSet.Current.ToString(),
                    InstructionSetsAvailable = InstructionSet.Available.Select(s => s.ToString()),
                    Threads = Environment.ProcessorCount,
                    FmaPeakGflops = Math.Round(peak, 1),
                    GemmGflops = Math.Round(product, 1),
                    MemoryGib = Math.Round(memory.TotalAvailableMemoryBytes / Gibibyte, 1),
                    FreeDiskGib = FreeDisk() is { } free ? Math.Round(free / Gibibyte, 1) : (double?)null,
                    Folder = Environment.CurrentDirectory,
                    InteractiveReports = HtmlReport.HasScript,
                };
                if (parsed.GetValue(json)) Screen.Data(found);
                else
                {
                    TextTable.PrintFacts(("psm", found.Version), ("runtime", $"{found.Runtime}, {found.Architecture}"),
                        ("system", found.Os),
                        ("instructions", $"{found.InstructionSet} (available: {string.Join(", ", found.InstructionSetsAvailable)})"),
                        ("threads", found.Threads),
                        ("peak", $"{found.FmaPeakGflops:0.0} GFLOP/s on one core (fused multiply-adds in registers)"),
                        ("matrices", $"{found.GemmGflops:0.0} GFLOP/s on one core ({100 * product / peak:0} % of the peak)"),
                        ("memory", $"{found.MemoryGib:0.0} GiB"),
                        ("free disk", found.FreeDiskGib is { } gib ? $"{gib:0.0} GiB in {found.Folder}" : "not known"),
                        ("charts", found.InteractiveReports ? "answer to the pointer" : "plain: npm was absent when this was built"));
                }
                return ExitCode.Done;
            });
    }

    private static string Version() =>
        typeof(DoctorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    private static long? FreeDisk()
    {
        try
        {
            return new DriveInfo(Environment.CurrentDirectory).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not every file system says how much is free.
            return null;
        }
    }
}
