using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class FolderLockTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void One_writes_at_a_time_and_nothing_stays_behind()
    {
        string folder = _root["a", "b"];
        using (FolderLock.Take(folder))
            Assert.Equal("folder-busy", Assert.Throws<UserErrorException>(() => FolderLock.Take(folder)).Code);
        Assert.False(Directory.Exists(folder));
        using (FolderLock.Take(folder)) File.WriteAllText(Path.Combine(folder, "file"), "");
        Assert.Equal(["file"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
        using (FolderLock.Take(folder)) File.Delete(Path.Combine(folder, "file"));
        Assert.True(Directory.Exists(folder));
    }

    /// <summary>A file that is there but held by nobody is what a kill leaves.</summary>
    [Fact]
    public void A_kill_lets_go()
    {
        File.WriteAllText(_root[".lock"], "");
        using (FolderLock.Take(_root.Path)) Assert.Throws<UserErrorException>(() => FolderLock.Take(_root.Path));
        Assert.Empty(Directory.GetFileSystemEntries(_root.Path));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_told()
    {
        File.WriteAllText(_root["file"], "");
        Assert.Equal("cannot-write", Assert.Throws<UserErrorException>(() => FolderLock.Take(_root["file"])).Code);
    }
}
