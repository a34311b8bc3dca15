using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public partial class TheoryPageTests
{
    [Fact]
    public void Every_method_that_the_theory_page_names_exists()
    {
        Dictionary<string, List<Type>> types = Directory.EnumerateFiles(AppContext.BaseDirectory, "PersonaSelection.*.dll")
            .Where(f => !Path.GetFileName(f).Contains(".Tests.", StringComparison.Ordinal))
            .SelectMany(f => Assembly.LoadFrom(f).GetExportedTypes())
            .GroupBy(t => t.Name).ToDictionary(g => g.Key, g => g.ToList());
        string[] named = [.. Rows().SelectMany(row => MethodName().Matches(row[(row.LastIndexOf(" | ", StringComparison.Ordinal) + 3)..]))
            .Select(m => m.Groups[1].Value)];
        Assert.True(named.Length >= 25, "the page has lost its methods, or the test no longer finds them");
        string[] missing =
            [.. named.Where(n => n.Split('.') is not [var type, var member] || !types.TryGetValue(type, out List<Type>? found)
                || !found.Exists(t => t.GetMember(member).Length > 0))];
        Assert.True(missing.Length == 0, $"docs/theory.md names what does not exist: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Every_row_of_a_table_names_a_method() =>
        Assert.All(Rows(), row => Assert.Matches(MethodName(), row[(row.LastIndexOf(" | ", StringComparison.Ordinal) + 3)..]));

    private static string[] Rows()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "docs", "theory.md"))) folder = Path.GetDirectoryName(folder);
        Assert.NotNull(folder);
        return [.. File.ReadAllLines(Path.Combine(folder, "docs", "theory.md"))
            .Where(l => l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| ---", StringComparison.Ordinal)
                && l != "| line | method |")];
    }

    [GeneratedRegex(@"`([A-Z]\w+\.\w+)`")]
    private static partial Regex MethodName();
}
