using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using PersonaSelection.Cli;
using PersonaSelection.Cli.Commands;
using PersonaSelection.Lab;

Screen.Open();
RootCommand root = PsmCommand.Create();

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    // The first Ctrl-C asks the work to save and stop; a second one ends the process at once.
    e.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
// A scheduler that wants its machine back asks with SIGTERM: the work saves and stops as for Ctrl-C.
using PosixSignalRegistration termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
});

try
{
    var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    ParseResult parsed = root.Parse(args);
    if (StrayWords.Of(parsed) is { Count: > 0 } stray) return Verb.Refuse(parsed, stray);
    if (parsed.Action is ParseErrorAction wrong) return Verb.Refuse(parsed, wrong);
    return await parsed.InvokeAsync(invocation, stop.Token);
}
catch (OperationCanceledException)
{
    Screen.Say("Stopped. What was finished is saved; the same command goes on from there.");
    return ExitCode.Cancelled;
}
catch (UserErrorException e)
{
    Screen.Fail(e);
    return ExitCode.UserCanMend;
}
catch (Exception e) when (MachineTrouble.Explain(e) is { } mend)
{
    Screen.Fail(mend);
    return ExitCode.UserCanMend;
}
