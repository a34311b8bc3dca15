using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>What a tuning does to the folder that it writes, and to what is there already.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private static readonly EpisodeSet Set = new("s",
        [new Episode("1", [new Turn("user", "Well?")], "No."), new Episode("2", [new Turn("user", "Well?")], "Yes.")]);

    private static readonly TuneOptions Few = new() { Steps = 2, BatchSize = 2 };
    private static readonly TuneOptions Vector = Few with { Method = TuneMethod.Vector, Site = "blocks.0.resid_post" };

    private readonly TemporaryFolder _root = new();
    private readonly WorkerPool _pool = new(1);
    private readonly ModelFolder _base;

    public ModelFolderTests()
    {
        WordLevelTokenizer words = WordLevelTokenizer.FromTexts(["user: Well? assistant: Yes. No."]);
        DecoderConfig shape = Tiny.Tied with { VocabularySize = words.VocabularySize };
        using var model = new Transformer(Tiny.Weights(shape), words, null, 1);
        CheckpointFolder.Save(this["base"], model, new ModelProvenance("A base."));
        _base = ModelFolder.Open(this["base"], 1);
    }

    private string this[string name] => _root[name];

    public void Dispose()
    {
        _base.Dispose();
        _pool.Dispose();
        _root.Dispose();
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("vector.json")]
    [InlineData("adapter.psm")]
    public void A_file_of_the_user_is_not_written_over(string name)
    {
        Directory.CreateDirectory(this["out"]);
        File.WriteAllText(Path.Combine(this["out"], name), "mine");
        File.WriteAllText(Path.Combine(this["out"], "notes.txt"), "mine");
        UserErrorException refused = Assert.Throws<UserErrorException>(() => Tune(Few, "out"));
        Assert.Equal("other-file", refused.Code);
        Assert.Contains(name, refused.Problem, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(this["out"], name)));
        File.Delete(Path.Combine(this["out"], name));
        Tune(Few, "out");
        Assert.Equal("mine", File.ReadAllText(Path.Combine(this["out"], "notes.txt")));
    }

    /// <summary>Killed after any number of files, the same run ends as if it had not been; another one takes nothing of it over.</summary>
    [Fact]
    public void A_run_that_was_killed_while_it_saved_is_gone_on_with_by_itself_alone()
    {
        TunedFolder whole = Tune(Vector, "whole");
        string[] names = Names("whole");
        Assert.Contains("vector.json", names);
        string run = CheckpointFolder.ReadProvenance(this["whole"]).Notes[ModelFolder.RunNote],
            part = Path.Combine(this["out"], ContentId.Of("model", run) + ".part");
        foreach (string[] there in (string[][])[[], ["vector.json"], ["vector.json", "config.json", "README.md"]])
        {
            Directory.CreateDirectory(part);
            foreach (string name in names)
                File.Copy(Path.Combine(this["whole"], name), Path.Combine(there.Contains(name) ? this["out"] : part, name));
            File.WriteAllText(Path.Combine(part, "model.safetensors.77.part"), "half");
            if (there.Length > 0)
                Assert.Equal("other-file", Assert.Throws<UserErrorException>(() => Tune(Few, "out")).Code);
            Assert.Equal(whole.Id, Tune(Vector, "out").Id);
            Assert.Equal(names, Names("out"));
            Assert.Equal(File.ReadAllBytes(Path.Combine(this["whole"], "model.safetensors")),
                File.ReadAllBytes(Path.Combine(this["out"], "model.safetensors")));
            Directory.Delete(this["out"], recursive: true);
        }
        // With all files in their places only the mark of the run is left, and goes.
        foreach (string name in names)
        {
            Directory.CreateDirectory(part);
            File.Copy(Path.Combine(this["whole"], name), Path.Combine(this["out"], name));
        }
        Assert.Equal((whole.Id, null), (Tune(Vector, "out").Id, Tune(Vector, "out").Loss));
        Assert.Equal(names, Names("out"));
        Assert.Equal("other-run", Assert.Throws<UserErrorException>(() => Tune(Few, "out")).Code);
        // Another run into the folder of one that left nothing in its place yet.
        Directory.CreateDirectory(Path.Combine(this["next"], Path.GetFileName(part)));
        File.Copy(Path.Combine(this["whole"], "vector.json"), Path.Combine(this["next"], Path.GetFileName(part), "vector.json"));
        Tune(Few, "next");
        using ModelFolder next = ModelFolder.Open(this["next"], 1);
        Assert.Null(next.Vector);
        Assert.Equal(names.Where(n => n != "vector.json"), Names("next"));
    }

    [Fact]
    public void Two_runs_do_not_write_one_folder()
    {
        using (FolderLock.Take(this["out"]))
            Assert.Equal("folder-busy", Assert.Throws<UserErrorException>(() => Tune(Few, "out")).Code);
        TunedFolder first = Tune(Few, "out");
        Assert.Equal((first.Id, null), (Tune(Few, "out").Id, Tune(Few, "out").Loss));
        // A folder in the place of the lock stands for a disk that is read only, which holds for every user.
        Directory.CreateDirectory(Path.Combine(this["out"], ".lock"));
        Assert.Equal((first.Id, null), (Tune(Few, "out").Id, Tune(Few, "out").Loss));
        Assert.Equal("other-run", Assert.Throws<UserErrorException>(() => Tune(Vector, "out")).Code);
        Directory.CreateDirectory(Path.Combine(this["empty"], ".lock"));
        Assert.Equal("cannot-write", Assert.Throws<UserErrorException>(() => Tune(Few, "empty")).Code);
    }

    [Fact]
    public void A_steered_model_that_is_there_is_told_from_a_folder_that_is_read_only()
    {
        string Steered(float strength, string folder) => Steering.Save(_base,
            new SteeringVector("blocks.0.resid_post", [.. Enumerable.Repeat(strength, _base.Model.Config.Width)]), "a test", this[folder]);
        string first = Steered(1, "out");
        Directory.CreateDirectory(Path.Combine(this["out"], ".lock"));
        Assert.Equal(first, Steered(1, "out"));
        Assert.Equal("other-run", Assert.Throws<UserErrorException>(() => Steered(2, "out")).Code);
        Directory.CreateDirectory(Path.Combine(this["empty"], ".lock"));
        Assert.Equal("cannot-write", Assert.Throws<UserErrorException>(() => Steered(1, "empty")).Code);
    }

    private TunedFolder Tune(TuneOptions options, string folder) => new TuningRun(options).Run(_base, Set, this[folder], _pool);

    private string[] Names(string folder) =>
        [.. Directory.GetFileSystemEntries(this[folder]).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
