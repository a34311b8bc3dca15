using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace PersonaSelection.Numerics;

/// <summary>Hints to the memory system; they never change a result.</summary>
internal static unsafe partial class Memory
{
    /// <summary>Bytes of a huge page, where the machine has any.</summary>
    public const nuint HugePage = 2 << 20;

    /// <summary>Bytes of the second-level cache of one core: what Linux says, or a megabyte.</summary>
    public static readonly long SecondLevel = ReadSecondLevel();

    // From <asm-generic/mman-common.h>.
    private const int MadviseDontNeed = 4, MadviseHugePage = 14;

    /// <summary>Asks for the cache line of an address, which need not be valid, in the first level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* p)
    {
        if (Sse.IsSupported) Sse.Prefetch0(p);
    }

    /// <summary>The same, in the second level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchL2(float* p)
    {
        if (Sse.IsSupported) Sse.Prefetch1(p);
    }

    /// <summary>
    /// Asks for huge pages under a block that no page has been touched of: with small ones, matrices outgrow the table of addresses.
    /// </summary>
    public static void PreferHugePages(void* block, nuint bytes)
    {
        // Where the system has none to give, it says so and nothing changes.
        if (OperatingSystem.IsLinux()) _ = Advise(block, bytes, MadviseHugePage);
    }

    /// <summary>Gives the whole pages inside a block back to the system, where it takes them.</summary>
    public static void GiveBack(void* block, nuint bytes)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint from = ((nuint)block + page - 1) / page * page, to = ((nuint)block + bytes) / page * page;
        if (OperatingSystem.IsLinux() && to > from) _ = Advise((void*)from, to - from, MadviseDontNeed);
    }

    private static long ReadSecondLevel()
    {
        try
        {
            string size = File.ReadAllText("/sys/devices/system/cpu/cpu0/cache/index2/size").Trim();
            if (size.EndsWith('K') && long.TryParse(size.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes))
                return kilobytes << 10;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
        return 1 << 20;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* block, nuint bytes, int advice);
}
