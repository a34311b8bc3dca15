using System.CommandLine;
using PersonaSelection.Cli;
using PersonaSelection.Cli.Commands;
using PersonaSelection.Lab;

var root = new RootCommand("psm: the persona selection model as a measuring instrument.");
root.Add(DemoCommand.Create());

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    // The first Ctrl-C asks the work to save and stop; a second one ends the process at once.
    e.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};

try
{
    var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    return await root.Parse(args).InvokeAsync(invocation, stop.Token);
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
