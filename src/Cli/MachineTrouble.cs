using PersonaSelection.Lab;

namespace PersonaSelection.Cli;

/// <summary>Failures of the machine rather than of the program, said so that the user can mend them.</summary>
internal static class MachineTrouble
{
    public static UserErrorException? Explain(Exception e) => e switch
    {
        OutOfMemoryException => new("out-of-memory", "There is not enough memory for this.",
            "Use a smaller model, a shorter context or a smaller batch.", e),
        UnauthorizedAccessException => new("cannot-access", e.Message, "Check the permissions, or choose another folder with -o.", e),
        FileNotFoundException or DirectoryNotFoundException => new("not-found", e.Message, "Check the path.", e),
        IOException when AtomicFile.IsDiskFull(e) =>
            new("cannot-write", $"The disk is full: {e.Message.TrimEnd('.')}.", AtomicFile.FreeSpace, e),
        IOException => new("cannot-write", e.Message, "Check the disk and its permissions; what was finished is saved.", e),
        _ => null,
    };
}
