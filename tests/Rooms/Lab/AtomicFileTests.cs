using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_MakesTheFolder_AndReplacesWhatWasThere()
    {
        string path = _folder["new", "file.txt"];
        AtomicFile.WriteText(path, "first");
        AtomicFile.WriteText(path, "zweite Fassung ä");

        Assert.Equal("zweite Fassung ä", File.ReadAllText(path));
        Assert.NotEqual(0xEF, File.ReadAllBytes(path)[0]);
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [InlineData(typeof(InvalidOperationException), typeof(InvalidOperationException))]
    [InlineData(typeof(IOException), typeof(UserErrorException))]
    public void Write_ThatFailsHalfWay_LeavesTheOldFileAndNothingElse(Type thrown, Type seen)
    {
        string path = _folder["file.txt"];
        AtomicFile.WriteText(path, "old");

        Exception? failure = Record.Exception(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw (Exception)Activator.CreateInstance(thrown, "no space left")!;
        }));

        Assert.IsType(seen, failure);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    /// <summary>Whoever meets a full disk wants to know that, whether hours are lost, and how to go on.</summary>
    [Fact]
    public void Write_ToAFullDisk_SaysSo_AndThatNothingIsLost()
    {
        if (!File.Exists("/dev/full")) Assert.Skip("Only some systems have a device that is always full.");

        var error = Assert.Throws<UserErrorException>(() => AtomicFile.WriteText("/dev/full", "text"));

        Assert.Equal("cannot-write", error.Code);
        Assert.Equal("The disk is full: /dev/full cannot be written.", error.Problem);
        Assert.Contains("Nothing is lost", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("the same command goes on", error.Remedy, StringComparison.Ordinal);
        Assert.False(AtomicFile.IsDiskFull(new IOException("no space left")));
    }

    [Fact]
    public void Write_WhereAFolderStands_IsAnErrorTheUserCanMend()
    {
        string path = _folder["taken"];
        Directory.CreateDirectory(path);

        var error = Assert.Throws<UserErrorException>(() => AtomicFile.WriteText(path, "text"));

        Assert.Equal("cannot-write", error.Code);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Write_ThroughALink_KeepsTheLinkAndThePermissions()
    {
        // Links and permissions are those of Unix.
        if (OperatingSystem.IsWindows()) return;
        string target = _folder["real", "file"], link = _folder["link"];
        AtomicFile.WriteText(target, "old");
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(link, Path.Combine("real", "file"));

        AtomicFile.WriteText(link, "new");

        Assert.Equal("new", File.ReadAllText(target));
        Assert.Equal(Path.Combine("real", "file"), new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(target));
        Assert.Equal([target], Directory.GetFiles(Path.GetDirectoryName(target)!));
    }

    [Fact]
    public async Task Write_ToAPipe_GoesIntoThePipe()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || !File.Exists("/usr/bin/mkfifo"), "There are no named pipes.");
        string pipe = _folder["pipe"], link = _folder["link"];
        using (var made = System.Diagnostics.Process.Start("/usr/bin/mkfifo", [pipe]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(link, "pipe");
        // Held open at both ends, nobody waits for the other.
        using var ends = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);

        AtomicFile.WriteText(pipe, "te");
        AtomicFile.WriteText(link, "xt");

        Assert.True(FilePlace.IsSpecial(pipe));
        byte[] read = new byte[4];
        ends.ReadExactly(read);
        Assert.Equal("text"u8, read);
        Assert.Equal([link, pipe], Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void RequireSame_RefusesWhatWasEdited()
    {
        string path = _folder["file"];
        void Save(string to) => AtomicFile.WriteText(to, "text");
        AtomicFile.RequireSame(path, Save);
        Save(path);
        AtomicFile.RequireSame(path, Save);
        File.AppendAllText(path, " ");
        Assert.Equal("other-file", Assert.Throws<UserErrorException>(() => AtomicFile.RequireSame(path, Save)).Code);
        Assert.Equal("text ", File.ReadAllText(path));
    }

    [Fact]
    public void Delete_TakesWhatKilledWritersLeft_AndNothingElse()
    {
        string path = _folder["base.checkpoint"];
        string[] others = ["base.checkpoint.part", "base.checkpoint.old.part", "base.checkpoint2.17.part", "base.17.part"];
        foreach (string name in (string[])[.. others, "base.checkpoint", "base.checkpoint.17.part", "base.checkpoint.4711.part"])
            File.WriteAllText(_folder[name], "half");

        AtomicFile.Delete(path);

        Assert.Equal(others.Order(), Directory.GetFiles(_folder.Path).Select(f => Path.GetFileName(f)!).Order());
        AtomicFile.Delete(_folder["nowhere", "file"]);
    }

    [Fact]
    public void RequireWritable_TellsAFileInTheWay_AndLeavesNothing()
    {
        string file = _folder["file"];
        File.WriteAllText(file, "text");

        foreach (string place in (string[])[file, Path.Combine(file, "below", "it")])
            Assert.Equal("cannot-write", Assert.Throws<UserErrorException>(() => AtomicFile.RequireWritable(place)).Code);
        AtomicFile.RequireWritable(_folder["not", "yet"] + "/");

        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Path));
        if (Directory.Exists("/proc/self")) Assert.Throws<UserErrorException>(() => AtomicFile.RequireWritable("/proc/self/model"));
    }
}
