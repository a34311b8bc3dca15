using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using PersonaSelection.Cli.Commands;

namespace PersonaSelection.Cli;

/// <summary>A command with an example that its help shows.</summary>
internal sealed class Verb(string name, string description, string example) : Command(name, description)
{
    public string Example { get; } = example;

    /// <summary>What the verb does; the result is the exit code.</summary>
    public Verb Does(Func<ParseResult, CancellationToken, int> work)
    {
        foreach (CommonOptions.OutputOption output in Options.OfType<CommonOptions.OutputOption>()) Validators.Add(output.Check);
        SetAction((parsed, cancellation) => Task.FromResult(work(parsed, cancellation)));
        return this;
    }

    /// <summary>Lets the help of a command line end with the example of the verb it is asked about.</summary>
    public static void ShowExamples(RootCommand root)
    {
        foreach (Option option in root.Options)
            if (option is HelpOption { Action: SynchronousCommandLineAction plain } help) help.Action = new HelpWithExample(plain);
    }

    private sealed class HelpWithExample(SynchronousCommandLineAction plain) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            // A usage line names the arguments of the verbs above too, and a verb below them takes none of those.
            for (SymbolResult? above = parseResult.CommandResult.Parent; above is CommandResult result; above = above.Parent)
                foreach (Argument argument in result.Command.Arguments) argument.Hidden = true;
            int code = plain.Invoke(parseResult);
            if (parseResult.CommandResult.Command is Verb verb)
            {
                string example = verb.Example.Replace("\n", "\n  ", StringComparison.Ordinal);
                parseResult.InvocationConfiguration.Output.WriteLine($"Example:\n  {example}\n");
            }
            return code;
        }
    }
}
