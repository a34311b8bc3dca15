using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using PersonaSelection.Cli.Commands;

namespace PersonaSelection.Cli;

/// <summary>A command with an example that its help shows.</summary>
internal sealed partial class Verb(string name, string description, string example) : Command(name, description)
{
    public string Example { get; } = example;

    /// <summary>What the verb does; the result is the exit code.</summary>
    public void Does(Func<ParseResult, CancellationToken, int> work)
    {
        foreach (CommonOptions.OutputOption output in Options.OfType<CommonOptions.OutputOption>()) Validators.Add(output.Check);
        Action<CommandResult>[] checks = [.. Validators];
        Validators.Clear();
        Validators.Add(r =>
        {
            try
            {
                foreach (OptionResult given in r.Children.OfType<OptionResult>()) given.GetValueOrDefault<object>();
                foreach (Action<CommandResult> check in checks) check(r);
            }
            catch (InvalidOperationException)
            {
                // An option that cannot be read as what it should be: it says so itself, where nothing else is said.
            }
        });
        SetAction((parsed, cancellation) => Task.FromResult(work(parsed, cancellation)));
    }

    /// <summary>Lets the help of a command line end with the example of the verb it is asked about.</summary>
    public static void ShowExamples(RootCommand root)
    {
        foreach (Option option in root.Options)
            if (option is HelpOption { Action: SynchronousCommandLineAction plain } help) help.Action = new HelpWithExample(plain);
    }

    /// <summary>Says on stderr what is wrong with a command line; its help is one --help away and would drown it.</summary>
    public static int Refuse(ParseResult parsed, ParseErrorAction wrong)
    {
        wrong.ShowHelp = false;
        using var said = new StringWriter(CultureInfo.InvariantCulture);
        parsed.InvocationConfiguration.Output = parsed.InvocationConfiguration.Error = said;
        int code = wrong.Invoke(parsed);
        string text = TypeName().Replace(said.ToString(), m => m.Groups["type"].Value switch
        {
            "Boolean" => "true or false",
            _ => "a whole number",
        });
        string kind = parsed.CommandResult.Command is { Subcommands.Count: > 0 } and not Verb ? "commands" : "options";
        Screen.Say($"{text.TrimEnd()}\n'{PathOf(parsed.CommandResult)} --help' has the {kind}.");
        return code;
    }

    /// <summary>Says on stderr which words of a command line its command does not know.</summary>
    public static int Refuse(ParseResult parsed, IReadOnlyList<string> stray)
    {
        Screen.Say($"{string.Join('\n', stray)}\n'{PathOf(parsed.CommandResult)} --help' has the options.");
        return ExitCode.Usage;
    }

    /// <summary>A command as it is called, such as <c>psm model show</c>.</summary>
    public static string PathOf(CommandResult command)
    {
        string path = command.Command is RootCommand ? "psm" : command.Command.Name;
        for (SymbolResult? above = command.Parent; above is CommandResult result; above = above.Parent)
            path = $"{(result.Command is RootCommand ? "psm" : result.Command.Name)} {path}";
        return path;
    }

    [GeneratedRegex(@"(?<=as )expected type '(System\.Nullable`1\[)?System\.(?<type>\w+)\]?'")]
    private static partial Regex TypeName();

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
