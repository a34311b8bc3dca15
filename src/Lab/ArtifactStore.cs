namespace PersonaSelection.Lab;

/// <summary>
/// A folder in which computed things are found again by their content id: <c>kind/digits</c>, a file or a folder. What is there is whole:
/// things are made beside their place and moved in. Several processes may use one store; the first to finish wins, as equal ids mean
/// equal content.
/// </summary>
/// <param name="root">The folder; made when something is first put into it.</param>
public sealed class ArtifactStore(string root)
{
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

    /// <summary>Puts a file in, unless it is here already.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public string PutFile(ContentId id, Action<Stream> write)
    {
        string path = PathOf(id);
        if (!Contains(id)) AtomicFile.Write(path, write);
        return path;
    }

    /// <summary>Puts a folder in, unless it is here already.</summary>
    /// <param name="id">The content id.</param>
    /// <param name="fill">Fills an empty folder, whose path it is given.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public string PutFolder(ContentId id, Action<string> fill)
    {
        string path = PathOf(id), temporary = $"{path}.{Environment.ProcessId}.part";
        if (Contains(id)) return path;
        try
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            Directory.CreateDirectory(temporary);
            fill(temporary);
            try
            {
                Directory.Move(temporary, path);
            }
            catch (IOException) when (Directory.Exists(path))
            {
                // Somebody else was first; theirs has the same content.
            }
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-write", $"Cannot write {path}: {e.Message}", "Free some space or choose another folder.", e);
        }
        finally
        {
            TryDelete(temporary);
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
