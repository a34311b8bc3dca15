using System.Runtime.Intrinsics;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public sealed class InstructionSetTests
{
    /// <summary>`./do isa` switches instruction sets off and says in this variable what may be left.</summary>
    private const string WidestAllowed = "PSM_TEST_INSTRUCTIONS";

    [Fact]
    public void Current_IsTheWidestThatTheRuntimeAccelerates_AndNoWiderThanThisRunAllows()
    {
        var accelerated = new Dictionary<SimdLevel, bool>
        {
            [SimdLevel.Vector512] = Vector512.IsHardwareAccelerated,
            [SimdLevel.Vector256] = Vector256.IsHardwareAccelerated,
            [SimdLevel.Vector128] = Vector128.IsHardwareAccelerated,
            [SimdLevel.Scalar] = true,
        };
        TestContext.Current.SendDiagnosticMessage("kernels tested on: {0}", string.Join(", ", InstructionSet.Available));
        SimdLevel allowed = Environment.GetEnvironmentVariable(WidestAllowed) is { } name
            ? Enum.Parse<SimdLevel>(name) : SimdLevel.Vector512;

        Assert.Equal(accelerated.Where(a => a.Value).Max(a => a.Key), InstructionSet.Current);
        Assert.True(InstructionSet.Current <= allowed,
            $"{InstructionSet.Current} is in force where {allowed} was asked for: the switch is dead.");
    }

    /// <summary>A kernel that could not be compiled beside would end the process, as nobody waits for that thread.</summary>
    [Fact]
    public void Every_kernel_can_be_compiled_before_it_is_called()
    {
        foreach (SimdLevel level in InstructionSet.Available) KernelSet.For(level).Compile();
    }
}
