namespace PersonaSelection.Lab;

/// <summary>
/// A folder in which computed things are found again by their content id: <c>kind/digits</c>, a file or a folder. What is there is whole:
/// things are made beside their place and moved in. Several processes may use one store; the first to finish wins, as equal ids mean
/// equal content.
/// </summary>
/// <param name="root">The folder; made when something is first put into it.</param>
/// <param name="time">The clock by which what nobody goes on with grows old; the machine's when absent.</param>
public sealed class ArtifactStore(string root, TimeProvider? time = null)
{
    /// <summary>
    /// An unfinished thing into which nothing was written for so long is of settings that do not come back: the next one that is begun
    /// takes it away, unless a process holds it.
    /// </summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromDays(14);

    private bool _swept;

    /// <summary>The folder.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Where the thing is or would be.</summary>
    /// <exception cref="ArgumentException">Kind or digits could lead out of the folder.</exception>
    public string PathOf(ContentId id)
    {
        if (!IsSafe(id.Kind) || !IsSafe(id.Digits)) throw new ArgumentException($"'{id}' is no name for a place.", nameof(id));
        return Path.Combine(Root, id.Kind, id.Digits);
    }

    /// <summary>Whether the thing is here.</summary>
    public bool Contains(ContentId id) => File.Exists(PathOf(id)) || Directory.Exists(PathOf(id));

    /// <summary>Puts a folder in, unless it is here already.</summary>
    /// <param name="id">The content id.</param>
    /// <param name="fill">Fills an empty folder, whose path it is given.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public string PutFolder(ContentId id, Action<string> fill)
    {
        string path = PathOf(id), temporary = AtomicFile.Beside(path);
        if (Contains(id)) return path;
        try
        {
            using FileStream? held = FolderLock.TryHold(Path.ChangeExtension(temporary, ".lock"));
            Sweep();
            return Fill(path, temporary, fill);
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    /// <summary>
    /// Puts a folder in, unless it is here already; the unfinished folder outlives a kill, and the same call goes on from what is in it.
    /// Of several processes at once the first goes on; the others begin in folders of their own.
    /// </summary>
    /// <param name="id">The content id.</param>
    /// <param name="fill">
    /// Goes on filling a folder, whose path it is given: it writes whole files (<see cref="AtomicFile"/>) and may
    /// find those it wrote before.
    /// </param>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public string GrowFolder(ContentId id, Action<string> fill)
    {
        string path = PathOf(id), part = $"{path}.part";
        if (Contains(id)) return path;
        using FileStream? held = FolderLock.TryHold($"{path}.lock");
        if (held is null) return PutFolder(id, fill);
        if (Contains(id)) return path;
        Sweep();
        return Fill(path, part, folder =>
        {
            // A kill may have cut off the writing of a file.
            foreach (string half in Directory.GetFiles(folder, "*.part")) File.Delete(half);
            fill(folder);
        });
    }

    private static string Fill(string path, string temporary, Action<string> fill) => Writing(path, () =>
    {
        Directory.CreateDirectory(temporary);
        fill(temporary);
        try
        {
            Directory.Move(temporary, path);
        }
        catch (IOException) when (Directory.Exists(path))
        {
            // Somebody else was first; theirs has the same content.
            TryDelete(temporary);
        }
        return path;
    });

    // Once is enough: nothing grows old in the meantime. What is in the way of it is in nobody's way.
    private void Sweep()
    {
        if (_swept) return;
        _swept = true;
        try
        {
            foreach (string left in Directory.GetDirectories(Root).SelectMany(Directory.GetFileSystemEntries))
            {
                if (Path.GetExtension(left) is not (".part" or ".lock") || !IsForgotten(left)) continue;
                // Whoever fills a folder holds its lock; that of a kill is taken away with what it was for.
                using FileStream? held = FolderLock.TryHold(Path.ChangeExtension(left, ".lock"));
                if (held is null || !IsForgotten(left)) continue;
                if (File.Exists(left)) File.Delete(left);
                else TryDelete(left);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserErrorException)
        {
            // Left for another time.
        }
    }

    private bool IsForgotten(string left)
    {
        IEnumerable<string> all = Directory.Exists(left)
            ? Directory.EnumerateFileSystemEntries(left, "*", SearchOption.AllDirectories).Prepend(left) : [left];
        return all.All(e => (time ?? TimeProvider.System).GetUtcNow() - File.GetLastWriteTimeUtc(e) > Forgotten);
    }

    private static T Writing<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(path, e);
        }
    }

    private static bool IsSafe(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A left-over .part folder is harmless: no id names it.
        }
    }
}
