namespace PersonaSelection.Lab;

/// <summary>
/// Files that are whole or absent: written beside their place, flushed to disk, then renamed. A kill at any moment leaves the old file.
/// </summary>
public static class AtomicFile
{
    /// <summary>Writes a file through <paramref name="write"/>; creates the folder.</summary>
    /// <exception cref="UserErrorException">The place cannot be written: full disk, no permission, a folder in the way.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = $"{full}.{Environment.ProcessId}.part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new UserErrorException("cannot-write", $"Cannot write {path}: {e.Message}",
                "Free some space or choose another folder with -o; what was there before is untouched.", e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>Writes UTF-8 text without a byte order mark.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(new System.Text.UTF8Encoding(false).GetBytes(text)));

    /// <summary>
    /// Takes a file away that nobody writes any more, and what processes that were killed while they wrote it left beside it.
    /// </summary>
    public static void Delete(string path)
    {
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full)!, start = Path.GetFileName(full) + ".";
        TryDelete(full);
        if (!Directory.Exists(folder)) return;
        foreach (string other in Directory.GetFiles(folder, "*.part"))
        {
            string name = Path.GetFileName(other);
            if (name.StartsWith(start, StringComparison.Ordinal) && name.Length > start.Length + ".part".Length
                && name[start.Length..^".part".Length].All(char.IsAsciiDigit)) TryDelete(other);
        }
    }

    /// <summary>Refuses a folder that nothing could be written to: said before hours of work, not after. Nothing is left there.</summary>
    /// <param name="folder">The folder; it need not be there yet.</param>
    /// <exception cref="UserErrorException"><c>cannot-write</c>: a file in the way, no permission, a read-only or full disk.</exception>
    public static void RequireWritable(string folder)
    {
        string there = Path.GetFullPath(folder);
        try
        {
            while (!Directory.Exists(there))
            {
                if (File.Exists(there)) throw new IOException($"{there} is a file.");
                there = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(there)) ?? throw new IOException("There is no such disk.");
            }
            using var trial = new FileStream(Path.Combine(there, $".{Environment.ProcessId}.part"), FileMode.Create, FileAccess.Write,
                FileShare.None, 1, FileOptions.DeleteOnClose);
            trial.WriteByte(0);
            trial.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-write", $"Cannot write to {folder}: {e.Message}",
                "Free some space or choose another folder with -o.", e);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to report; a left-over file is harmless.
        }
    }
}
