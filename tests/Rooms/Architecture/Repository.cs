using System.Text.RegularExpressions;

namespace PersonaSelection.Tests.Architecture;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    private static readonly HashSet<string> GeneratedFolders = [".git", "artifacts", "bin", "obj", "node_modules", "dist", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Files under a folder, as paths from the root with forward slashes, sorted; without what a build makes.</summary>
    public static IReadOnlyList<string> Files(string folder = "", string extension = "")
    {
        var found = new List<string>();
        Collect(Path.Combine(Root, folder), extension, found);
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    public static IReadOnlyList<string> Rooms() =>
        [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    /// <summary>Each line that a pattern matches, as <c>file:line: text</c>; lines that are comments only if asked for.</summary>
    public static IEnumerable<string> Find(IEnumerable<string> files, Regex pattern, bool comments)
    {
        foreach (string file in files)
        {
            string[] lines = Read(file).Split('\n');
            for (int i = 0; i < lines.Length; i++)
            {
                if ((comments || !lines[i].TrimStart().StartsWith("//", StringComparison.Ordinal)) && pattern.IsMatch(lines[i]))
                    yield return $"{file}:{i + 1}: {lines[i].Trim()}";
            }
        }
    }

    private static void Collect(string folder, string extension, List<string> found)
    {
        foreach (string file in Directory.GetFiles(folder))
        {
            if (file.EndsWith(extension, StringComparison.Ordinal))
                found.Add(Path.GetRelativePath(Root, file).Replace('\\', '/'));
        }
        foreach (string inner in Directory.GetDirectories(folder))
        {
            if (!GeneratedFolders.Contains(Path.GetFileName(inner)))
                Collect(inner, extension, found);
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            if (File.Exists(Path.Combine(d.FullName, "Psm.slnx")))
                return d.FullName;
        }
        throw new InvalidOperationException($"No Psm.slnx above {AppContext.BaseDirectory}: the tests run inside the checkout.");
    }
}
