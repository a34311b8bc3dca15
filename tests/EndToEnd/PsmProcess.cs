using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>
/// The built psm as a process of its own: nothing on standard input, both outputs captured, in a folder of the test's choice.
/// </summary>
internal sealed partial class PsmProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private PsmProcess(Process process) => _process = process;

    /// <summary>The assembly that a user runs, in the build output of the same configuration as these tests.</summary>
    public static string AssemblyPath { get; } = FindAssembly();

    /// <summary>Starts psm. Environment values of <see langword="null"/> remove a variable.</summary>
    public static PsmProcess Start(string folder, IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        LetInterruptsThrough();
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add(AssemblyPath);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        var psm = new PsmProcess(new Process { StartInfo = start });
        psm._process.OutputDataReceived += (_, e) => Append(psm._output, e.Data);
        psm._process.ErrorDataReceived += (_, e) => Append(psm._error, e.Data);
        psm._process.Start();
        psm._process.StandardInput.Close();
        psm._process.BeginOutputReadLine();
        psm._process.BeginErrorReadLine();
        return psm;
    }

    /// <summary>Runs psm to its end.</summary>
    public static Task<PsmResult> Run(string folder, params string[] arguments) => Run(folder, null, arguments);

    /// <summary>Starts psm and kills it once something has come about; it must come about.</summary>
    public static async Task Killed(string folder, Func<bool> when, params string[] arguments)
    {
        using PsmProcess psm = Start(folder, null, arguments);
        if (!await psm.Until(when)) throw new InvalidOperationException(psm.ErrorSoFar);
        psm.Kill();
        await psm.Finish();
    }

    /// <inheritdoc cref="Run(string, string[])"/>
    public static async Task<PsmResult> Run(string folder, IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        using PsmProcess psm = Start(folder, environment, arguments);
        return await psm.Finish();
    }

    /// <summary>What has been written to standard error so far.</summary>
    public string ErrorSoFar
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    /// <summary>Waits until <paramref name="condition"/> holds; false when the process has ended before.</summary>
    public async Task<bool> Until(Func<bool> condition)
    {
        while (!condition())
        {
            if (_process.HasExited)
                return condition();
            await Task.Delay(20);
        }
        return true;
    }

    /// <summary>Ends the process as a power cut would.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Ctrl-C. Not on Windows, which has no signals.</summary>
    public void Interrupt()
    {
        if (SendSignal(_process.Id, SignalInterrupt) != 0)
            throw new InvalidOperationException($"No signal could be sent: error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Waits for the end. The time limit keeps a hanging psm from hanging the tests; it is no claim about speed.</summary>
    public async Task<PsmResult> Finish(TimeSpan? limit = null)
    {
        using var stop = new CancellationTokenSource(limit ?? TimeSpan.FromMinutes(10));
        try
        {
            await _process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"psm was still running. It had said:\n{_output}\n{_error}");
        }
        return new PsmResult(_process.ExitCode, _output.ToString(), _error.ToString());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private const int SignalInterrupt = 2;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetDisposition(int signal, nint disposition);

    // A shell starts background jobs with SIGINT ignored, and children inherit that: psm would never see Ctrl-C.
    private static void LetInterruptsThrough()
    {
        const nint byDefault = 0, ignored = 1;
        if (OperatingSystem.IsWindows())
            return;
        nint before = SetDisposition(SignalInterrupt, byDefault);
        if (before != ignored)
            SetDisposition(SignalInterrupt, before);
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.Append(line).Append('\n');
    }

    private static string FindAssembly()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        string path = Path.Combine(here.Parent!.Parent!.FullName, "Cli", here.Name, "PersonaSelection.Cli.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException("psm has not been built beside these tests.", path);
    }
}
