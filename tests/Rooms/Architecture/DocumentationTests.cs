using System.Text.RegularExpressions;
using Xunit;

namespace PersonaSelection.Tests.Architecture;

/// <summary>What the documentation promises is there: a section per error code, a page per room, links that lead somewhere.</summary>
public sealed class DocumentationTests
{
    private static readonly Regex Code = new(
        """(?:(?:new (?:\w+\.)*UserErrorException|(?<=[\s(])new)\(\s*|const string \w*Code = )"(?<code>[a-z0-9]+(?:-[a-z0-9]+)+)"[,;]""",
            RegexOptions.ExplicitCapture);

    private static readonly string[] RoomHeadings =
        ["What comes in", "What goes out", "The one method to read first", "Invariants", "What is not here"];

    public static TheoryData<string> Rooms => [.. Repository.Rooms()];

    [Fact]
    public void ErrorCodes_HaveASection_AndSectionsHaveACode()
    {
        string[] used = [.. ErrorSources().SelectMany(CodesIn).Distinct().Order(StringComparer.Ordinal)];
        string[] described = [.. Sections(Repository.Read("docs/errors.md"), "## ").Keys];

        Assert.True(!used.Except(described).Any(), $"docs/errors.md lacks {string.Join(", ", used.Except(described))}.");
        Assert.True(!described.Except(used).Any(),
            $"docs/errors.md describes {string.Join(", ", described.Except(used))}, which nobody throws.");
        Assert.Equal(described.Order(StringComparer.Ordinal), described);
    }

    [Fact]
    public void ErrorSections_SaySymptomCauseAndRemedy() =>
        Assert.All(Sections(Repository.Read("docs/errors.md"), "## "), section =>
            Assert.All(["**Symptom.**", "**Cause.**", "**Remedy.**"], part => Assert.Contains(part, section.Value)));

    /// <summary>A code that is put together cannot be looked up by a reader of the sources, nor by these tests.</summary>
    [Fact]
    public void ErrorCodes_AreNotPutTogether() =>
        Assert.Empty(Repository.Find(Repository.Files("src", ".cs"),
            new Regex(@"new UserErrorException\(\s*(\$""|[^,]*\+)|\w*[cC]ode = (\$""|""[^""]*"" *\+)"), comments: false));

    [Fact]
    public void CodesAreFound_WithAndWithoutTheTypeName()
    {
        string[] found = [.. Code.Matches("""
            throw new UserErrorException("a-b", x); _ => new(
                "c-d", y); renew("e-f", z); const string ErrorCode = "g-h";
            """).Select(m => m.Groups["code"].Value)];

        Assert.Equal(["a-b", "c-d", "g-h"], found);
    }

    [Theory, MemberData(nameof(Rooms))]
    public void EveryRoom_HasAPageOfOneScreen(string room)
    {
        string page = Repository.Read(PageOf(room));

        Assert.Equal(RoomHeadings, Sections(page, "## ").Keys.Intersect(RoomHeadings));
        Assert.InRange(page.Count(c => c == '\n'), 1, 60);
    }

    [Fact]
    public void Links_LeadToFiles()
    {
        var broken = new List<string>();
        foreach (string page in Repository.Files(extension: ".md"))
        {
            foreach (Match link in Regex.Matches(Repository.Read(page), @"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)"))
            {
                string target = Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, link.Groups[1].Value);
                if (!File.Exists(target) && !Directory.Exists(target))
                    broken.Add($"{page}: {link.Groups[1].Value}");
            }
        }
        Assert.Empty(broken);
    }

    private static string PageOf(string room) => $"docs/rooms/{room.ToLowerInvariant()}.md";

    private static IEnumerable<string> ErrorSources() =>
        Repository.Files("src", ".cs").Where(f => Regex.IsMatch(Repository.Read(f), "UserErrorException|ErrorCode"));

    private static IEnumerable<string> CodesIn(string file) => Code.Matches(Repository.Read(file)).Select(m => m.Groups["code"].Value);

    /// <summary>The text under each heading of one level, in order.</summary>
    private static Dictionary<string, string> Sections(string page, string mark) =>
        page.Split('\n' + mark).Skip(1).ToDictionary(s => s.Split('\n')[0].Trim(' ', '`'), s => s);
}
