using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class PartFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_finished_is_found_again_and_what_belongs_to_another_thing_is_not()
    {
        string first = new PartFolder(_folder.Path, new ContentId("corpus", "1")).Path;
        File.WriteAllText(Path.Combine(first, "a"), "a");
        Directory.CreateDirectory(_folder["other-1.part"]);

        Assert.True(File.Exists(Path.Combine(new PartFolder(_folder.Path, new ContentId("corpus", "1")).Path, "a")));
        Assert.Empty(Directory.GetFiles(new PartFolder(_folder.Path, new ContentId("corpus", "2")).Path));
        Assert.False(Directory.Exists(first));
        Assert.True(Directory.Exists(_folder["other-1.part"]));
    }

    [Fact]
    public void Files_move_out_and_the_part_goes()
    {
        var part = new PartFolder(_folder.Path, new ContentId("corpus", "1"));
        foreach (string name in (string[])["a", "b"]) File.WriteAllText(Path.Combine(part.Path, name), name);
        File.WriteAllText(_folder["b"], "old");
        part.MoveOut(["a", "b"]);
        part.Delete();
        Assert.Equal(["a", "b"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("b", File.ReadAllText(_folder["b"]));
        File.WriteAllText(_folder["file"], "");
        Assert.Equal("cannot-write",
            Assert.Throws<UserErrorException>(() => new PartFolder(_folder["file"], new ContentId("x", "1"))).Code);
    }
}
