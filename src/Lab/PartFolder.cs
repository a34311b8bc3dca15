namespace PersonaSelection.Lab;

/// <summary>
/// What is finished of a thing that is not: a folder <c>kind-digits.part</c> inside the thing's own. A process that is killed leaves it,
/// and the same command goes on from it. It is named by what the thing will be, so that nobody goes on from what another command left.
/// </summary>
public sealed class PartFolder
{
    private readonly string _whole;

    /// <summary>Opens or makes the part of a thing, and takes away the parts of other things of its kind.</summary>
    /// <param name="folder">The thing's folder; created.</param>
    /// <param name="id">The thing's content id.</param>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public PartFolder(string folder, ContentId id)
    {
        (_whole, Path) = (folder, PathOf(folder, id));
        Writing(() =>
        {
            Directory.CreateDirectory(Path);
            foreach (string other in Directory.GetDirectories(folder, $"{id.Kind}-*.part"))
                if (System.IO.Path.GetFileName(other) != System.IO.Path.GetFileName(Path)) Directory.Delete(other, recursive: true);
        });
    }

    /// <summary>Whether something of a thing is finished and the thing is not.</summary>
    /// <param name="folder">The thing's folder.</param>
    /// <param name="id">The thing's content id.</param>
    public static bool IsThere(string folder, ContentId id) => Directory.Exists(PathOf(folder, id));

    /// <summary>Where the finished files wait.</summary>
    public string Path { get; }

    /// <summary>
    /// Moves files to the thing's folder, the last one first: of files that are made one after the other, the
    /// beginning is there to go on from.
    /// </summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void MoveOut(IReadOnlyList<string> files) => Writing(() =>
    {
        foreach (string file in files.Reverse())
            File.Move(System.IO.Path.Combine(Path, file), System.IO.Path.Combine(_whole, file), overwrite: true);
    });

    /// <summary>Takes the part away.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Delete() => Writing(() => Directory.Delete(Path, recursive: true));

    private static string PathOf(string folder, ContentId id) => System.IO.Path.Combine(folder, $"{id}.part");

    private void Writing(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(_whole, e);
        }
    }
}
