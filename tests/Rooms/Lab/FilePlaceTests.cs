using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class FilePlaceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psm-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_is_the_same_by_whatever_links_it_is_reached()
    {
        string real = Directory.CreateDirectory(Path.Combine(_folder, "real", "deep")).FullName, file = Path.Combine(real, "a");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "one"), "real");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "two"), Path.Combine(_folder, "one", "deep"));
        File.CreateSymbolicLink(Path.Combine(_folder, "three"), Path.Combine("two", "a"));
        foreach (bool there in (bool[])[false, true])
        {
            if (there) File.WriteAllText(file, "");
            foreach (string other in (string[])["real/deep/a", "one/deep/a", "two/a", "three", "one/../real/deep/./a"])
                Assert.True(FilePlace.Same(file, Path.Combine(_folder, other)), other);
            foreach (string other in (string[])["real/a", "one/a", "two/b"])
                Assert.False(FilePlace.Same(file, Path.Combine(_folder, other)), other);
        }
    }

    /// <summary>Nothing is written to the device: what is broken here must not break the machine.</summary>
    [Fact]
    public void A_device_is_special_and_an_empty_file_is_not()
    {
        string empty = Path.Combine(_folder, "empty");
        Assert.False(FilePlace.IsSpecial(empty));
        File.WriteAllText(empty, "");
        Assert.False(FilePlace.IsSpecial(empty));
        Assert.False(FilePlace.IsSpecial(_folder));
        if (!OperatingSystem.IsWindows()) Assert.True(FilePlace.IsSpecial("/dev/null"));
    }

    [Fact]
    public void Links_in_a_circle_are_told()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "a"), Path.Combine(_folder, "b", "x"));
        File.CreateSymbolicLink(Path.Combine(_folder, "b"), Path.Combine(_folder, "a", "y"));
        Assert.Equal("cannot-access",
            Assert.Throws<UserErrorException>(() => FilePlace.Same(Path.Combine(_folder, "a"), "elsewhere")).Code);
    }
}
