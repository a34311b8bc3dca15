using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class FilePlaceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_the_same_by_whatever_links_it_is_reached()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        string real = Directory.CreateDirectory(_folder["real", "deep"]).FullName, file = Path.Combine(real, "a");
        Directory.CreateSymbolicLink(_folder["one"], "real");
        Directory.CreateSymbolicLink(_folder["two"], _folder["one", "deep"]);
        File.CreateSymbolicLink(_folder["three"], Path.Combine("two", "a"));
        foreach (bool there in (bool[])[false, true])
        {
            if (there) File.WriteAllText(file, "");
            foreach (string other in (string[])["real/deep/a", "one/deep/a", "two/a", "three", "one/../real/deep/./a"])
                Assert.True(FilePlace.Same(file, _folder[other]), other);
            foreach (string other in (string[])["real/a", "one/a", "two/b"])
                Assert.False(FilePlace.Same(file, _folder[other]), other);
        }
    }

    /// <summary>Nothing is written to the device: what is broken here must not break the machine.</summary>
    [Fact]
    public void A_device_is_special_and_an_empty_file_is_not()
    {
        string empty = _folder["empty"];
        Assert.False(FilePlace.IsSpecial(empty));
        File.WriteAllText(empty, "");
        Assert.False(FilePlace.IsSpecial(empty));
        Assert.False(FilePlace.IsSpecial(_folder.Path));
        if (!OperatingSystem.IsWindows()) Assert.True(FilePlace.IsSpecial("/dev/null"));
    }

    [Fact]
    public void Links_in_a_circle_are_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        File.CreateSymbolicLink(_folder["a"], _folder["b", "x"]);
        File.CreateSymbolicLink(_folder["b"], _folder["a", "y"]);
        Assert.Equal("cannot-access",
            Assert.Throws<UserErrorException>(() => FilePlace.Same(_folder["a"], "elsewhere")).Code);
    }
}
