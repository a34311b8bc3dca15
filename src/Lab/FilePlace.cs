using System.Formats.Tar;

namespace PersonaSelection.Lab;

/// <summary>Where a path leads once every symbolic link in it is followed.</summary>
public static class FilePlace
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    /// <summary>Whether two paths name one file, there or not yet.</summary>
    /// <exception cref="UserErrorException"><c>cannot-access</c>: a folder on the way cannot be read, or links are a circle.</exception>
    public static bool Same(string one, string other) => string.Equals(Guarded(one), Guarded(other),
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>Whether something stands there that is neither a file nor a folder: a device, a pipe.</summary>
    /// <exception cref="UserErrorException"><c>cannot-access</c>.</exception>
    public static bool IsSpecial(string path)
    {
        try
        {
            return IsSpecial(Path.GetFullPath(path), Real(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NoAccess(path, e);
        }
    }

    /// <summary>The path without links.</summary>
    /// <exception cref="IOException">Links lead in a circle.</exception>
    internal static string Real(string path) => Real(Path.GetFullPath(path), MostLinks);

    /// <summary>The same of a path and where it leads.</summary>
    internal static bool IsSpecial(string path, string real)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path)) return false;
        // Links such as /dev/stdout lead to something without a name.
        if (!File.Exists(real)) return true;
        if (new FileInfo(real).Length > 0) return false;
        // Only an archiver is told by .NET what kind of thing it packs.
        using var packed = new MemoryStream();
        using (var archive = new TarWriter(packed, leaveOpen: true)) archive.WriteEntry(real, "it");
        packed.Position = 0;
        using var unpacked = new TarReader(packed);
        return unpacked.GetNextEntry()!.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile);
    }

    private static string Real(string full, int links)
    {
        string place = Path.GetPathRoot(full)!;
        foreach (string name in full[place.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(place, name);
            if (new FileInfo(next).LinkTarget is not { } target) place = next;
            else if (links == 0) throw new IOException($"The links at {next} have no end.");
            else place = Real(Path.GetFullPath(target, place), links - 1);
        }
        return place;
    }

    private static string Guarded(string path)
    {
        try
        {
            return Real(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NoAccess(path, e);
        }
    }

    private static UserErrorException NoAccess(string path, Exception e) =>
        new("cannot-access", $"Cannot tell where {path} leads: {e.Message}", "Check the path and the permissions on the way to it.", e);
}
