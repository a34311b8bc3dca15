using PersonaSelection.Tests.Architecture;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

public sealed class CliReferencesTests
{
    [Fact]
    public void Cli_UsesNothingOutsideTheFloorPlan()
    {
        RoomPlan plan = FloorPlan.Parse(Repository.Read("docs/floor-plan.md"))["Cli"];

        Assert.Empty(FloorPlan.Violations(plan, AssemblyUse.Read(PsmProcess.AssemblyPath)));
    }
}
