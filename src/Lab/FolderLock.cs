namespace PersonaSelection.Lab;

/// <summary>The right of one process at a time to write into a folder. A kill lets it go; what is left of it is in nobody's way.</summary>
public sealed class FolderLock : IDisposable
{
    private readonly string _folder;
    private readonly FileStream _held;
    private readonly bool _made;

    private FolderLock(string folder, FileStream held, bool made) => (_folder, _held, _made) = (folder, held, made);

    /// <summary>Takes the lock until it is disposed of.</summary>
    /// <param name="folder">The folder; created, and taken away again if nothing was written into it.</param>
    /// <exception cref="UserErrorException"><c>folder-busy</c>: another process has it; <c>cannot-write</c>.</exception>
    public static FolderLock Take(string folder)
    {
        bool made = !Directory.Exists(folder);
        FileStream held = TryHold(Path.Combine(folder, ".lock"))
            ?? throw new UserErrorException("folder-busy", $"Another process is writing {folder}.",
                "Wait for it to end, or choose another folder with -o.");
        return new FolderLock(folder, held, made);
    }

    /// <summary>The same where the work seems to be done: null, and no error, where the folder cannot be written to.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="done">Whether there may be nothing left to write.</param>
    /// <exception cref="UserErrorException">As for <see cref="Take"/>.</exception>
    public static FolderLock? TakeUnlessDone(string folder, bool done)
    {
        try
        {
            return Take(folder);
        }
        catch (UserErrorException e) when (done && e.Code == "cannot-write")
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _held.Dispose();
        if (!_made) return;
        try
        {
            if (!Directory.EnumerateFileSystemEntries(_folder).Any()) Directory.Delete(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An empty folder is harmless.
        }
    }

    /// <summary>Holds a file as long as it is open, or until a kill; null when another process holds it.</summary>
    /// <exception cref="UserErrorException"><c>cannot-write</c>.</exception>
    internal static FileStream? TryHold(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(path, e);
        }
    }
}
