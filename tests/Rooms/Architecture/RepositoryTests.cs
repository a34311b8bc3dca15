using System.Text.RegularExpressions;
using Xunit;

namespace PersonaSelection.Tests.Architecture;

/// <summary>The rules of CONTRIBUTING.md that a scan of the sources can hold.</summary>
public sealed class RepositoryTests
{
    private const int LongFile = 350;
    private const string MachinePlace = @"(?<![\w./~*:)-])/(root|work|home/\w+|Users/\w+|mnt)/|\b[A-Z]:\\+Users\\";

    /// <summary>Files that may be long, each with the reason why it is still one thing.</summary>
    private static readonly Dictionary<string, string> LongFiles = [];

    private static readonly string[] TextEndings =
        [".cs", ".md", ".json", ".yml", ".yaml", ".csproj", ".props", ".targets", ".slnx", ".sh", ".py", ".ts", ".js", ".mjs",
            ".html", ".css", ".txt"];

    private static IEnumerable<string> Sources => Repository.Files("src", ".cs");

    /// <summary>The code of the rooms that do not know the user; a script that writes a generated file is no part of its room.</summary>
    private static IEnumerable<string> InnerRooms => Sources.Where(f =>
        !f.StartsWith("src/Cli/", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith("generate-", StringComparison.Ordinal));

    [Fact]
    public void Sources_AreFinished() =>
        Nowhere(Sources, @"NotImplementedException|\b(TODO|FIXME|HACK|XXX)\b", comments: true);

    [Fact]
    public void Names_SayWhatAThingIs()
    {
        Nowhere(Sources, @"\b(class|struct|record|interface|enum)\s+\w*(Helper|Manager|Util)s?\b");
        Assert.DoesNotContain(Sources, f => Regex.IsMatch(f, @"(Helper|Manager|Util)s?\.cs$"));
    }

    [Fact]
    public void Rooms_KnowNeitherClockNorChanceNorConsoleNorEnvironment() => Nowhere(
        InnerRooms,
        @"DateTime(Offset)?\.(Utc)?(Now|Today)\b|new "
        + @"Random\(|Random\.Shared|Guid\.NewGuid|(?<![\w.])Console\.|Environment\.(GetEnvironmentVariable|Exit)\b");

    [Fact]
    public void Rooms_WriteWholeFiles() =>
        Nowhere(InnerRooms.Where(f => !f.StartsWith("src/Lab/", StringComparison.Ordinal)),
            @"\bFile\.WriteAll\w+\(|new StreamWriter\(\s*(path|file|"")");

    [Fact]
    public void Files_AreShort_OrListedAsLong()
    {
        IEnumerable<string> files = Sources.Concat(Repository.Files("tests", ".cs"))
            .Concat(Repository.Files("bench", ".cs")).Concat(Repository.Files("runs", ".cs"));
        string[] tooLong =
            [.. files.Where(f => !f.EndsWith(".g.cs", StringComparison.Ordinal) && Repository.Read(f).Count(c => c == '\n') > LongFile)];

        Assert.Equal(LongFiles.Keys.Order(StringComparer.Ordinal), tooLong.Order(StringComparer.Ordinal));
    }

    /// <summary>As .editorconfig says; dotnet format does not break lines.</summary>
    [Fact]
    public void Lines_KeepTo140Columns()
    {
        IEnumerable<string> files = Repository.Files(extension: ".cs").Where(f => !f.EndsWith(".g.cs", StringComparison.Ordinal));
        string[] tooLong = [.. Repository.Find(files, new Regex("^.{141,}"), comments: true)];

        Assert.True(tooLong.Length == 0, string.Join('\n', tooLong));
    }

    /// <summary>Tables, code and what cannot be broken excepted.</summary>
    [Fact]
    public void Prose_KeepsTo140Columns()
    {
        string[] tooLong = [.. Repository.Files(extension: ".md")
            .SelectMany(f => LongProse(Repository.Read(f)).Select(line => $"{f}:{line}"))];

        Assert.True(tooLong.Length == 0, string.Join('\n', tooLong));
    }

    [Theory]
    [InlineData("{0}", true)]
    [InlineData("- {0}", true)]
    [InlineData("- A list.\n    {0}", true)]
    [InlineData("| {0} |", false)]
    [InlineData("```\n{0}\n```", false)]
    [InlineData("Code:\n\n    {0}", false)]
    [InlineData("[long](https://example.org/{1})", false)]
    public void LongProse_IsToldFromTablesAndCode(string page, bool expected)
    {
        string words = string.Join(' ', Enumerable.Repeat("word", 30)), whole = new('x', 150);

        Assert.Equal(expected, LongProse(string.Format(System.Globalization.CultureInfo.InvariantCulture, page, words, whole)).Any());
    }

    private static IEnumerable<string> LongProse(string page)
    {
        bool fenced = false, list = false;
        foreach ((int i, string line) in page.Split('\n').Index())
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            if (line.Length > 0 && line[0] != ' ') list = Regex.IsMatch(line, @"^([-*+]|\d+[.)])\s");
            bool code = fenced || (!list && line.StartsWith("    ", StringComparison.Ordinal));
            bool breakable = Regex.IsMatch(line, @"^\s*([-*+]\s+|\d+[.)]\s+)?[^|\s]\S*\s");
            if (!code && breakable && line.Length > 140) yield return $"{i + 1}: {line}";
        }
    }

    [Fact]
    public void Files_HoldNoHalfMerges() =>
        Nowhere(TextFiles(), @"^(<{7}|>{7}) ", comments: true);

    [Fact]
    public void Files_NameNoPlaceOfOneMachine() =>
        Nowhere(TextFiles(), MachinePlace, comments: true);

    [Fact]
    public void PackageFiles_NameNoRegistry()
    {
        Assert.DoesNotContain(Repository.Files(), f => Regex.IsMatch(f, @"(^|/)nuget\.config$", RegexOptions.IgnoreCase));
        Nowhere(Repository.Files(extension: ".npmrc"), @"registry\s*=|//|_auth|token|proxy", comments: true);
        Nowhere(Repository.Files(extension: "package-lock.json"), @"""resolved""\s*:\s*""http");
    }

    [Fact]
    public void EveryProject_HasALockFile()
    {
        string[] projects = [.. Repository.Files(extension: ".csproj").Select(p => Path.GetDirectoryName(p)!.Replace('\\', '/'))];
        string[] locked = [.. Repository.Files(extension: "packages.lock.json").Select(p => Path.GetDirectoryName(p)!.Replace('\\', '/'))];

        Assert.NotEmpty(projects);
        Assert.Empty(projects.Except(locked));
    }

    [Fact]
    public void EveryProject_IsInTheSolution()
    {
        string solution = Repository.Read("Psm.slnx");

        Assert.DoesNotContain(Repository.Files(extension: ".csproj"), p => !solution.Contains($"\"{p}\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("see /root/x", true)]
    [InlineData("\"/home/ann/psm\"", true)]
    [InlineData("https://example.org/work/x", false)]
    [InlineData("a/work/b", false)]
    public void MachinePlaces_AreToldFromOtherPaths(string line, bool expected) =>
        Assert.Equal(expected, Regex.IsMatch(line, MachinePlace));

    private static IEnumerable<string> TextFiles() =>
        Repository.Files().Where(f => (TextEndings.Contains(Path.GetExtension(f)) || Path.GetExtension(f).Length == 0)
            && !f.EndsWith("/RepositoryTests.cs", StringComparison.Ordinal));

    private static void Nowhere(IEnumerable<string> files, string pattern, bool comments = false) =>
        Assert.Empty(Repository.Find(files, new Regex(pattern), comments));
}
