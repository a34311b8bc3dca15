using System.Runtime.Intrinsics;

namespace PersonaSelection.Numerics;

/// <summary>How wide the vectors of the kernels are.</summary>
public enum SimdLevel
{
    /// <summary>One float at a time: any machine.</summary>
    Scalar,
    /// <summary>Four floats (SSE, NEON).</summary>
    Vector128,
    /// <summary>Eight floats with fused multiply-add (AVX2).</summary>
    Vector256,
    /// <summary>Sixteen floats (AVX-512).</summary>
    Vector512,
}

/// <summary>The instruction set the kernels run on: the widest the runtime accelerates, chosen once when the process starts.</summary>
/// <remarks>
/// The runtime's own knobs apply: <c>DOTNET_EnableAVX512=0</c>, <c>DOTNET_EnableAVX2=0</c>, <c>DOTNET_EnableHWIntrinsic=0</c>.
/// </remarks>
public static class InstructionSet
{
    /// <summary>The level in force.</summary>
    public static SimdLevel Current { get; } =
        Vector512.IsHardwareAccelerated ? SimdLevel.Vector512
        : Vector256.IsHardwareAccelerated ? SimdLevel.Vector256
        : Vector128.IsHardwareAccelerated ? SimdLevel.Vector128
        : SimdLevel.Scalar;

    /// <summary>Every level this process can run, narrowest first; the last is <see cref="Current"/>.</summary>
    public static IReadOnlyList<SimdLevel> Available { get; } =
        [.. Enum.GetValues<SimdLevel>().Where(level => level <= Current)];
}
