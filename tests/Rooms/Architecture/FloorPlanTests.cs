using Xunit;

namespace PersonaSelection.Tests.Architecture;

/// <summary>docs/floor-plan.md is the truth about which room may reference which.</summary>
public sealed class FloorPlanTests
{
    private static readonly IReadOnlyDictionary<string, RoomPlan> Plans = FloorPlan.Parse(Repository.Read("docs/floor-plan.md"));

    public static TheoryData<string> AllRooms => [.. Repository.Rooms()];

    public static TheoryData<string> BuiltRooms => [.. Repository.Rooms().Where(r => r != "Cli")];

    [Fact]
    public void Plan_AndSourceFolders_NameTheSameRooms() => Assert.Equal(Repository.Rooms(), Plans.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(AllRooms))]
    public void ProjectFile_ReferencesExactlyWhatThePlanSays(string room)
    {
        (IReadOnlySet<string> rooms, IReadOnlySet<string> packages) = FloorPlan.ReadProject(room);

        Assert.Equal(Plans[room].References.Keys.Order(), rooms.Order());
        Assert.Equal(Plans[room].Packages.Order(), packages.Order());
    }

    // The Cli is not referenced by these tests; the end-to-end tests read its assembly.
    [Theory, MemberData(nameof(BuiltRooms))]
    public void Assembly_UsesNothingOutsideThePlan(string room)
    {
        var use = AssemblyUse.Read(Path.Combine(AppContext.BaseDirectory, $"PersonaSelection.{room}.dll"));

        Assert.Empty(FloorPlan.Violations(Plans[room], use));
    }

    [Fact]
    public void Plan_HasNoCircle()
    {
        var left = Plans.Values.ToDictionary(p => p.Room, p => p.References.Keys.ToHashSet());
        while (left.FirstOrDefault(p => !p.Value.Overlaps(left.Keys)) is { Key: not null } free)
            left.Remove(free.Key);

        Assert.Empty(left.Keys);
    }

    [Fact]
    public void Violations_NameARoomAType_AndALibraryOutsideThePlan()
    {
        RoomPlan plan = FloorPlan.Parse("| `Worlds` | makes | corpus | Corpus, Model (ILanguageModel) | YamlDotNet |")["Worlds"];
        var use = new AssemblyUse(
            new Dictionary<string, IReadOnlySet<string>>
            {
                ["Corpus"] = new HashSet<string> { "Turn" },
                ["Model"] = new HashSet<string> { "ILanguageModel", "Decoder" },
                ["Report"] = new HashSet<string> { "Figure" },
            },
            new HashSet<string> { "YamlDotNet", "Npgsql" });

        Assert.Equal(
            ["Worlds uses Decoder of Model", "Worlds uses Report (Figure)", "Worlds uses the library Npgsql"],
            FloorPlan.Violations(plan, use));
    }

    [Fact]
    public void AssemblyUse_SeesTheRoomsThisVeryAssemblyUses()
    {
        var use = AssemblyUse.Read(typeof(FloorPlanTests).Assembly.Location);

        Assert.Contains("xunit.v3.core", use.Libraries);
        Assert.DoesNotContain(use.Libraries, l => l.StartsWith("System", StringComparison.Ordinal));
    }
}
