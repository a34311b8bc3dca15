using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PersonaSelection.Tests.Architecture;

/// <summary>A room's row in docs/floor-plan.md. References map a room to the types that may be used of it, or to null for all.</summary>
internal sealed record RoomPlan(string Room, IReadOnlyDictionary<string, IReadOnlySet<string>?> References, IReadOnlySet<string> Packages);

internal static class FloorPlan
{
    public static IReadOnlyDictionary<string, RoomPlan> Parse(string markdown)
    {
        var plans = new Dictionary<string, RoomPlan>();
        foreach (string line in markdown.Split('\n'))
        {
            string[] cells = [.. line.Trim().Trim('|').Split('|').Select(c => c.Trim())];
            if (!line.StartsWith("| `", StringComparison.Ordinal) || cells.Length != 5)
                continue;
            string room = cells[0].Trim('`');
            plans.Add(room, new RoomPlan(room, ParseReferences(cells[3]), Names(cells[4])));
        }
        return plans;
    }

    /// <summary>What a project file says: the rooms and the packages it references.</summary>
    public static (IReadOnlySet<string> Rooms, IReadOnlySet<string> Packages) ReadProject(string room)
    {
        XDocument project = XDocument.Parse(Repository.Read($"src/{room}/{room}.csproj"));
        HashSet<string> Included(string element) =>
            [.. project.Descendants(element).Select(e => e.Attribute("Include")?.Value).OfType<string>()];
        return (Included("ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p.Replace('\\', '/'))).ToHashSet(),
            Included("PackageReference"));
    }

    /// <summary>Every way in which a built assembly leaves its row of the plan.</summary>
    public static IEnumerable<string> Violations(RoomPlan plan, AssemblyUse use)
    {
        foreach ((string room, IReadOnlySet<string> types) in use.Rooms)
        {
            if (!plan.References.TryGetValue(room, out IReadOnlySet<string>? allowed))
                yield return $"{plan.Room} uses {room} ({string.Join(", ", types)})";
            else if (allowed is not null && types.Except(allowed).ToList() is { Count: > 0 } others)
                yield return $"{plan.Room} uses {string.Join(", ", others)} of {room}";
        }
        foreach (string library in use.Libraries.Where(l => !plan.Packages.Contains(l)))
            yield return $"{plan.Room} uses the library {library}";
    }

    private static Dictionary<string, IReadOnlySet<string>?> ParseReferences(string cell) =>
        Regex.Matches(cell, @"(\w+)(?:\s*\(([^)]*)\))?").ToDictionary(
            m => m.Groups[1].Value, m => m.Groups[2].Success ? (IReadOnlySet<string>?)Names(m.Groups[2].Value) : null);

    private static HashSet<string> Names(string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
}
