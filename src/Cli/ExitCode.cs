namespace PersonaSelection.Cli;

/// <summary>What the process says when it ends.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Usage = 1;
    public const int UserCanMend = 2;

    /// <summary>The work finished, with failed trials or with a check that forbids a conclusion.</summary>
    public const int CheckFailed = 3;
    public const int Cancelled = 130;
}
