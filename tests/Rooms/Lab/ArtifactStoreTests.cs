using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class ArtifactStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactStore _store;

    public ArtifactStoreTests() => _store = new ArtifactStore(_folder["store"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_put_in_is_found_and_not_made_twice()
    {
        ContentId id = ContentId.Of("corpus", "village", 7);
        Assert.False(_store.Contains(id));
        int made = 0;
        for (int i = 0; i < 2; i++)
            _store.PutFolder(id, folder => { made++; File.WriteAllBytes(Path.Combine(folder, "one"), [42]); });
        Assert.True(_store.Contains(id));
        Assert.Equal(1, made);
        Assert.Equal([42], File.ReadAllBytes(Path.Combine(_store.PathOf(id), "one")));
    }

    [Fact]
    public void A_folder_is_whole_or_absent()
    {
        ContentId id = ContentId.Of("model", 1);
        Assert.Throws<InvalidOperationException>(() => _store.PutFolder(id, folder =>
        {
            File.WriteAllText(Path.Combine(folder, "half"), "");
            throw new InvalidOperationException();
        }));
        Assert.False(_store.Contains(id));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_store.Root, "model")));
        string path = _store.PutFolder(id, folder => File.WriteAllText(Path.Combine(folder, "config.json"), "{}"));
        Assert.Equal(["config.json"], Directory.EnumerateFiles(path).Select(Path.GetFileName));
        _store.PutFolder(id, _ => throw new InvalidOperationException("is here already"));
    }

    /// <summary>As two containers may, in each of which the process has the same number.</summary>
    [Fact]
    public void Nobody_takes_away_what_another_is_making()
    {
        ContentId id = ContentId.Of("model", 3);
        string path = _store.PutFolder(id, folder =>
        {
            File.WriteAllText(Path.Combine(folder, "first"), "");
            Assert.Throws<InvalidOperationException>(() => _store.PutFolder(id, _ => throw new InvalidOperationException()));
            Assert.True(File.Exists(Path.Combine(folder, "first")));
        });
        Assert.Equal(["first"], Directory.EnumerateFiles(path).Select(Path.GetFileName));
    }

    [Fact]
    public void Whoever_is_first_wins()
    {
        ContentId id = ContentId.Of("model", 2);
        string path = _store.PutFolder(id, folder =>
        {
            Directory.CreateDirectory(_store.PathOf(id));
            File.WriteAllText(Path.Combine(_store.PathOf(id), "theirs"), "");
            File.WriteAllText(Path.Combine(folder, "ours"), "");
        });
        Assert.Equal(["theirs"], Directory.EnumerateFiles(path).Select(Path.GetFileName));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void A_folder_that_grows_goes_on_from_what_was_left()
    {
        ContentId id = ContentId.Of("model", 3);
        string part = _store.PathOf(id) + ".part";
        Assert.Throws<OperationCanceledException>(() => _store.GrowFolder(id, folder =>
        {
            File.WriteAllText(Path.Combine(folder, "whole"), "");
            File.WriteAllText(Path.Combine(folder, "cut-off.17.part"), "");
            throw new OperationCanceledException();
        }));
        Assert.False(_store.Contains(id));
        Assert.Equal([part], Directory.EnumerateFileSystemEntries(Path.Combine(_store.Root, "model")));
        string path = _store.GrowFolder(id, folder =>
        {
            Assert.Equal(["whole"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
            File.WriteAllText(Path.Combine(folder, "rest"), "");
        });
        Assert.Equal(["rest", "whole"], Directory.EnumerateFiles(path).Select(Path.GetFileName).Order());
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(Path.Combine(_store.Root, "model")));
        _store.GrowFolder(id, _ => throw new InvalidOperationException("is here already"));
    }

    [Fact]
    public void A_folder_that_somebody_else_is_growing_is_begun_anew_beside_theirs()
    {
        ContentId id = ContentId.Of("model", 4);
        var other = new ArtifactStore(_store.Root);
        string path = _store.GrowFolder(id, theirs =>
        {
            File.WriteAllText(Path.Combine(theirs, "theirs"), "");
            other.GrowFolder(id, ours =>
            {
                Assert.NotEqual(theirs, ours);
                Assert.Empty(Directory.EnumerateFiles(ours));
                File.WriteAllText(Path.Combine(ours, "ours"), "");
            });
            File.WriteAllText(Path.Combine(theirs, "more"), "");
        });
        Assert.Equal(["ours"], Directory.EnumerateFiles(path).Select(Path.GetFileName));
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(Path.Combine(_store.Root, "model")));
    }

    [Fact]
    public void What_nobody_goes_on_with_is_taken_away_in_the_end_and_what_is_held_or_young_stays()
    {
        string PartOf(int of, TimeSpan age, string kind = "model")
        {
            string part = _store.PathOf(ContentId.Of(kind, of)) + ".part";
            Directory.CreateDirectory(part);
            File.WriteAllText(Path.Combine(part, "checkpoint"), "");
            foreach (string entry in (string[])[Path.Combine(part, "checkpoint"), part])
                File.SetLastWriteTimeUtc(entry, DateTime.UtcNow - age);
            return part;
        }
        TimeSpan old = ArtifactStore.Forgotten + TimeSpan.FromHours(1), young = ArtifactStore.Forgotten - TimeSpan.FromHours(1);
        string forgotten = PartOf(10, old), elsewhere = PartOf(11, old, "other"), recent = PartOf(12, young), held = PartOf(13, old),
            own = PartOf(14, old), alive = PartOf(15, old);
        File.SetLastWriteTimeUtc(Path.Combine(alive, "checkpoint"), DateTime.UtcNow);
        File.WriteAllText(Path.ChangeExtension(forgotten, ".lock"), "");
        File.SetLastWriteTimeUtc(Path.ChangeExtension(forgotten, ".lock"), DateTime.UtcNow - old);
        string whole = Directory.CreateDirectory(_store.PathOf(ContentId.Of("model", 16))).FullName;
        Directory.SetLastWriteTimeUtc(whole, DateTime.UtcNow - old);
        using (new FileStream(Path.ChangeExtension(held, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            _store.GrowFolder(ContentId.Of("model", 14),
                folder => Assert.Equal(["checkpoint"], Directory.EnumerateFiles(folder).Select(Path.GetFileName)));
        Assert.Equal([recent, held, alive], ((string[])[forgotten, elsewhere, recent, held, own, alive]).Where(Directory.Exists));
        Assert.False(File.Exists(Path.ChangeExtension(forgotten, ".lock")));
        Assert.True(Directory.Exists(whole));
    }

    [Theory]
    [InlineData("..", "ab")]
    [InlineData("kind", "../../x")]
    [InlineData("", "ab")]
    [InlineData("/etc", "passwd")]
    public void No_id_leads_out_of_the_folder(string kind, string digits) =>
        Assert.Throws<ArgumentException>(() => _store.PathOf(new ContentId(kind, digits)));

    [Fact]
    public void A_file_in_the_way_is_the_users_to_mend()
    {
        File.WriteAllText(_store.Root, "not a folder");
        Assert.Equal("cannot-write", Assert.Throws<UserErrorException>(() => _store.PutFolder(ContentId.Of("x", 2), _ => { })).Code);
    }
}
