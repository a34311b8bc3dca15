using System.CommandLine;
using PersonaSelection.Cli.Commands;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>What every option that takes a number makes of what is written.</summary>
public sealed class NumberOptionTests
{
    [Fact]
    public void ANumber_HasAPoint_AndNoGroups()
    {
        Option[] options = [.. All(PsmCommand.Create())];
        Assert.True(options.Length > 10);
        Assert.All(options, option =>
        {
            foreach (string wrong in (string[])["1,5", "3,5e-4", "1,000", "1e999", "nan", "Infinity", "many", "(1)", ""])
            {
                string said = Assert.Single(Parsed(option, wrong));
                Assert.StartsWith($"{option.Name} needs a number ", said, StringComparison.Ordinal);
                Assert.EndsWith($", written as 0.5 or 3e-4: '{wrong}' is none.", said, StringComparison.Ordinal);
            }
            foreach (string right in (string[])["0.5", "+5e-1", ".5"]) Assert.Empty(Parsed(option, right));
        });

        // Alone in a command, where nothing else is missing.
        static IEnumerable<string> Parsed(Option option, string value) =>
            new Command("alone") { option }.Parse([option.Name, value]).Errors.Select(e => e.Message);
    }

    private static IEnumerable<Option> All(Command command) => command.Options
        .Where(o => o.ValueType == typeof(double) || o.ValueType == typeof(double?)).Concat(command.Subcommands.SelectMany(All));
}
