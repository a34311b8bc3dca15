using System.Security.Cryptography;

namespace PersonaSelection.Lab;

/// <summary>
/// Files that are whole or absent: written beside their place, flushed to disk, then renamed. A kill at any moment leaves the old file.
/// </summary>
public static class AtomicFile
{
    /// <summary>What to do about a full disk.</summary>
    public const string FreeSpace = "Nothing is lost: free some space, and the same command goes on from what is finished.";

    /// <summary>
    /// Writes a file through <paramref name="write"/>; creates the folder. A file that is replaced hands on its permissions, a link stays
    /// and its target is replaced, and what is no file, a device or a pipe, is written to as it stands.
    /// </summary>
    /// <exception cref="UserErrorException">The place cannot be written: full disk, no permission, a folder in the way.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = Beside(path);
        try
        {
            string full = Path.GetFullPath(path), real = FilePlace.Real(full);
            if (FilePlace.IsSpecial(full, real))
            {
                using var special = new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16);
                write(special);
                return;
            }
            temporary = Beside(real);
            Directory.CreateDirectory(Path.GetDirectoryName(real)!);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            if (!OperatingSystem.IsWindows() && File.Exists(real)) File.SetUnixFileMode(temporary, File.GetUnixFileMode(real));
            File.Move(temporary, real, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw CannotWrite(path, e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>What is said of a place that cannot be written, and of a full disk: that nothing is lost by it.</summary>
    /// <param name="place">The file or folder.</param>
    /// <param name="e">What the system said.</param>
    public static UserErrorException CannotWrite(string place, Exception e) => IsDiskFull(e)
        ? new UserErrorException("cannot-write", $"The disk is full: {place} cannot be written.", FreeSpace, e)
        : new UserErrorException("cannot-write", $"Cannot write {place}: {e.Message}",
            "Check the permissions, or choose another folder with -o; what was there before is untouched.", e);

    /// <summary>Whether a disk, or what of it one may use, is full.</summary>
    public static bool IsDiskFull(Exception e) => e is IOException && (OperatingSystem.IsWindows()
        ? (e.HResult & 0xffff) is 39 or 112 : e.HResult is 28 || e.HResult == (OperatingSystem.IsLinux() ? 122 : 69));

    /// <summary>Writes UTF-8 text without a byte order mark.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(new System.Text.UTF8Encoding(false).GetBytes(text)));

    /// <summary>Where a thing is made before it is moved to its place; another name each time: <c>NAME.DIGITS.part</c>.</summary>
    // A process id would not tell processes of two containers apart. Nothing that is computed depends on a name.
    public static string Beside(string path) => $"{Path.GetFullPath(path)}.{RandomNumberGenerator.GetInt32(int.MaxValue)}.part";

    /// <summary>Refuses a file that is there and is not what would be written: it may have been edited by hand.</summary>
    /// <param name="path">The file; one that is not there is fine.</param>
    /// <param name="save">Writes to the path that it is given what would be written.</param>
    /// <exception cref="UserErrorException"><c>other-file</c>, <c>cannot-read</c>.</exception>
    public static void RequireSame(string path, Action<string> save)
    {
        if (!File.Exists(path)) return;
        string made = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            save(made);
            if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(made)))
                throw new UserErrorException("other-file", $"{path} is there already and holds something else; it may have been edited.",
                    "Choose another name, or delete the file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Choose another name.", e);
        }
        finally
        {
            File.Delete(made);
        }
    }

    /// <summary>Takes a file away that nobody writes any more, and what <see cref="DeleteHalves"/> does.</summary>
    public static void Delete(string path)
    {
        TryDelete(path);
        DeleteHalves(path);
    }

    /// <summary>Takes away what processes that were killed while they wrote a file left beside it.</summary>
    /// <param name="path">The file; nobody writes it now.</param>
    public static void DeleteHalves(string path)
    {
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full)!, start = Path.GetFileName(full) + ".";
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
            using var trial = new FileStream(Beside(Path.Combine(there, "trial")), FileMode.CreateNew, FileAccess.Write,
                FileShare.None, 1, FileOptions.DeleteOnClose);
            trial.WriteByte(0);
            trial.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(folder, e);
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
