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

    /// <summary>Forty redrawn samples have quantiles at 2.5 and 97.5 %; none are asked for by 0.</summary>
    [Fact]
    public void Draws_AreNone_OrAsManyAsAnIntervalNeeds()
    {
        Option draws = All(PsmCommand.Create(), o => o.Name == "--draws").Single();
        string[] Said(int n) => [.. new Command("alone") { draws }.Parse(["--draws", $"{n}"]).Errors.Select(e => e.Message)];
        Assert.All((int[])[0, 40, 400], n => Assert.Empty(Said(n)));
        Assert.All((int[])[-1, 1, 20, 39], n => Assert.StartsWith("--draws needs at least 40, or 0", Assert.Single(Said(n))));
    }

    private static IEnumerable<Option> All(Command command) =>
        All(command, o => o.ValueType == typeof(double) || o.ValueType == typeof(double?));

    private static IEnumerable<Option> All(Command command, Func<Option, bool> which) =>
        command.Options.Where(which).Concat(command.Subcommands.SelectMany(c => All(c, which)));
}
