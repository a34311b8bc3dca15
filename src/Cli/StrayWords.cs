using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace PersonaSelection.Cli;

/// <summary>
/// Words of a command line that its command does not know: options by the look of them, and arguments beyond those it takes.
/// </summary>
internal static class StrayWords
{
    private const int MostSlips = 2;

    /// <summary>What is wrong with them, a line each; none where all are known, or where only a group of commands was named.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        CommandResult command = parsed.CommandResult;
        if (command.Command.Action is not { } work || (parsed.Action != work && parsed.Action is not ParseErrorAction)) return [];
        string name = Verb.PathOf(command);
        // Behind "--" every word is an argument, and so is one that an option takes.
        HashSet<object> plain = new(parsed.Tokens.SkipWhile(t => t.Type != TokenType.DoubleDash), ReferenceEqualityComparer.Instance);
        Token[] taken = [.. command.Children.SelectMany(c => c switch
        {
            ArgumentResult argument => argument.Tokens,
            OptionResult { Option.AllowMultipleArgumentsPerToken: true } option => option.Tokens,
            _ => [],
        })];
        string[] options = [.. taken.Where(t => !plain.Contains(t)).Select(t => t.Value).Concat(parsed.UnmatchedTokens)
            .Where(LooksLikeOption).Distinct()];
        if (options.Length > 0)
            return [.. options.Select(o => $"'{name}' has no option '{o}'."
                + (Nearest(command, o) is { } near ? $" Did you mean '{near}'?" : ""))];
        string[] more = [.. parsed.UnmatchedTokens];
        if (more.Length == 0) return [];
        int given = command.Children.OfType<ArgumentResult>().Sum(a => a.Tokens.Count) + more.Length;
        int most = command.Command.Arguments.Sum(a => a.Arity.MaximumNumberOfValues);
        string takes = most == 0 ? "takes no arguments" : $"takes at most {most} argument{(most == 1 ? "" : "s")}, not {given}";
        return [$"'{name}' {takes}: what is '{more[0]}'?"];
    }

    private static bool LooksLikeOption(string word) =>
        word.Length > 1 && word[0] == '-' && (char.IsAsciiLetter(word[1]) || (word.Length > 2 && word[1] == '-'));

    /// <summary>The option that the word begins, or that a slip or two of the keys lead to; null when there is none.</summary>
    private static string? Nearest(CommandResult command, string word)
    {
        string bare = word.Split('=', ':')[0];
        string[] names = [.. command.Command.Options.Where(o => !o.Hidden).Select(o => o.Name).Order(StringComparer.Ordinal)];
        return (bare.Length > 3 ? names.FirstOrDefault(n => n.StartsWith(bare, StringComparison.Ordinal)) : null)
            ?? names.Select(n => (Name: n, Slips: Slips(bare, n))).Where(n => n.Slips <= Math.Min(MostSlips, (n.Name.Length - 2) / 2))
                .OrderBy(n => n.Slips).Select(n => n.Name).FirstOrDefault();
    }

    /// <summary>Letters to put in, take out or replace, or neighbours to swap, that make one word of the other.</summary>
    private static int Slips(string a, string b)
    {
        var slips = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    slips[i, j] = i + j;
                    continue;
                }
                slips[i, j] = Math.Min(slips[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1),
                    Math.Min(slips[i - 1, j], slips[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    slips[i, j] = Math.Min(slips[i, j], slips[i - 2, j - 2] + 1);
            }
        return slips[a.Length, b.Length];
    }
}
