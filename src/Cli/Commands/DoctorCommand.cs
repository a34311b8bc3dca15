using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Report;

namespace PersonaSelection.Cli.Commands;

/// <summary><c>psm doctor</c>: what this machine and this build can do.</summary>
internal sealed class DoctorCommand
{
    private const double Gibibyte = 1L << 30;

    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly EndpointOptions _endpoint = new();
    private readonly Verb _verb;

    private DoctorCommand()
    {
        _verb = new Verb("doctor",
            "Show versions, instruction set, measured speed, free space, and what this build holds; or what a server offers.",
            "psm doctor --json\npsm doctor --endpoint http://localhost:8000/v1")
        {
            _json,
        };
        _endpoint.AddTo(_verb);
        _verb.Does((parsed, cancellation) => _endpoint.Given(parsed) ? Server(parsed, cancellation) : Machine(parsed.GetValue(_json)));
    }

    public static Command Create() => new DoctorCommand()._verb;

    private int Server(ParseResult parsed, CancellationToken cancellation)
    {
        using EndpointSession session = _endpoint.Open(parsed, needsModel: false, cancellation: cancellation);
        EndpointSurvey offers = EndpointSurvey.Of(session.Client, cancellation);
        if (session.Client.Address.Model.Length > 0 || offers.Models is not [_])
            return Print(session.Client.Address, offers, parsed.GetValue(_json));
        // Where a server has one model only, it is the one that is meant.
        using EndpointSession only = _endpoint.Open(parsed, cancellation: cancellation);
        return Print(only.Client.Address, EndpointSurvey.Of(only.Client, cancellation), parsed.GetValue(_json));
    }

    private static int Machine(bool json)
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
        if (json) Screen.Data(found);
        else
        {
            TextTable.PrintFacts(("psm", found.Version), ("runtime", $"{found.Runtime}, {found.Architecture}"), ("system", found.Os),
                ("instructions", $"{found.InstructionSet} (available: {string.Join(", ", found.InstructionSetsAvailable)})"),
                ("threads", found.Threads),
                ("peak", $"{found.FmaPeakGflops:0.0} GFLOP/s on one core (fused multiply-adds in registers)"),
                ("matrices", $"{found.GemmGflops:0.0} GFLOP/s on one core ({100 * product / peak:0} % of the peak)"),
                ("memory", $"{found.MemoryGib:0.0} GiB"),
                ("free disk", found.FreeDiskGib is { } gib ? $"{gib:0.0} GiB in {found.Folder}" : "not known"),
                ("charts", found.InteractiveReports ? "answer to the pointer" : "plain: npm was absent when this was built"));
        }
        return ExitCode.Done;
    }

    private static int Print(EndpointAddress at, EndpointSurvey found, bool json)
    {
        bool asked = at.Model.Length > 0;
        if (json)
        {
            Screen.Data(new
            {
                Endpoint = at.Base.ToString(),
                at.Model,
                found.Models,
                found.GivenText,
                found.Chat,
                found.Dialect,
                found.Troubles,
            });
            return ExitCode.Done;
        }
        TextTable.PrintFacts(("server", at.Base), ("models", found.Models is null ? "not told" : string.Join(", ", found.Models)),
            ("asked", asked ? at.Model : "no model: choose one with --endpoint-model"),
            ("given text", !asked ? null : found.GivenText is { } route
                ? $"log-probabilities by {JsonNamingPolicy.KebabCaseLower.ConvertName(route.ToString())}: every kind of evidence works"
                : "no log-probabilities: evidence by judgement only"),
            ("chat", !asked ? null : !found.Chat ? "no"
                : found.Dialect.Count == 0 ? "yes" : $"yes ({string.Join(", ", found.Dialect)})"));
        foreach (string trouble in found.Troubles) Screen.Say(trouble);
        return ExitCode.Done;
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
