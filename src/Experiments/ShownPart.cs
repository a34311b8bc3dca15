using System.Globalization;

namespace PersonaSelection.Experiments;

/// <summary>What is said beside the first of many: that there are more.</summary>
internal static class ShownPart
{
    /// <summary>"Shown are 12 of 1,500 personas. ", to go before other words; nothing where all are shown.</summary>
    /// <param name="shown">How many are shown.</param>
    /// <param name="all">How many there are.</param>
    /// <param name="what">What they are, in the plural.</param>
    public static string Said(int shown, long all, string what) => shown >= all ? ""
        : string.Create(CultureInfo.InvariantCulture, $"Shown are {shown:N0} of {all:N0} {what}. ");
}
