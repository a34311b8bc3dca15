using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace PersonaSelection.Numerics;

/// <summary>Hints to the memory system; they never change a result.</summary>
internal static unsafe class Memory
{
    /// <summary>Asks for the cache line of an address, which need not be valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* p)
    {
        if (Sse.IsSupported) Sse.Prefetch0(p);
    }
}
