using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.WorldsTests;
using PersonaSelection.Worlds;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>Corpora on disk, and what the commands make of data files.</summary>
public sealed class CorpusFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Source_GoesThroughAllShardsInOrder_AndFromTheStartAgain()
    {
        World world = World.Village;
        RngStream stream = RngStream.Root(5).Child("corpus");
        TokenizerFile.Save(_folder["tokenizer.json"], world.Tokenizer);
        CorpusWriter.Write(world, _folder.Path, 4000, stream, tokensPerShard: 900);
        using CorpusFolder corpus = CorpusFolder.Open(_folder.Path);
        Assert.True(corpus.ShardCount > 3);
        Func<long, int[]> document = world.DocumentSource(stream);

        IDocumentSource source = corpus.Source();
        for (long i = 0; i < 2 * corpus.Documents; i++)
        {
            Assert.Equal(i, source.Position);
            Assert.Equal(document(i % corpus.Documents), source.Next().ToArray());
        }

        source.Position = corpus.Documents + 2;
        Assert.Equal(document(2), source.Next().ToArray());
        Assert.Equal(3, corpus.FirstWithTruth(3).Count);
    }

    [Fact]
    public void NewCorpus_MakesWhatTheOtherCommandsNeed()
    {
        CorpusSummary made = new NewCorpus(World.Village, 3000, 1, Episodes: 8).Write(_folder.Path);

        using CorpusFolder corpus = CorpusFolder.Open(_folder.Path);
        Assert.Equal(made.Id, corpus.Id);
        Assert.Equal(World.Village.Id, corpus.World!.Id);
        IReadOnlyList<Probe> probes = ProbeFile.Load(_folder[NewCorpus.ProbesName]);
        EpisodeSet cheat = EpisodeSet.Load(_folder[NewCorpus.SetsName, "cheat.jsonl"]);
        Assert.Equal(8, cheat.Episodes.Count);
        Assert.Equal(["test"], TrainedDomains.Of(cheat, probes, []));
        Assert.Equal(World.Village.Personas.Id, PersonaSet.Load(_folder[NewCorpus.PersonasName]).Id);
    }

    [Fact]
    public void NewCorpus_LeavesWhatWasEdited_AndWritesWhatIsMissing()
    {
        var corpus = new NewCorpus(World.Village, 3000, 1, Episodes: 8);
        corpus.Write(_folder.Path);
        string personas = _folder[NewCorpus.PersonasName], set = _folder[NewCorpus.SetsName, "cheat.jsonl"],
            world = _folder[NewCorpus.WorldName];
        byte[] whole = File.ReadAllBytes(set);
        File.Delete(set);
        corpus.Write(_folder.Path);
        Assert.Equal(whole, File.ReadAllBytes(set));
        foreach (string edited in (string[])[personas, set, world])
        {
            byte[] before = File.ReadAllBytes(edited);
            File.AppendAllText(edited, "\n");
            File.Delete(_folder[NewCorpus.ProbesName]);
            UserErrorException refused = Assert.Throws<UserErrorException>(() => corpus.Write(_folder.Path));
            Assert.Equal("other-file", refused.Code);
            Assert.Contains(edited, refused.Problem, StringComparison.Ordinal);
            Assert.Equal([.. before, (byte)'\n'], File.ReadAllBytes(edited));
            Assert.False(File.Exists(_folder[NewCorpus.ProbesName]));
            File.WriteAllBytes(edited, before);
        }
        using (FolderLock.Take(_folder.Path))
            Assert.Equal("folder-busy", Assert.Throws<UserErrorException>(() => corpus.Write(_folder.Path)).Code);
    }

    /// <summary>A folder in the place of the lock stands for a disk that is read only, which holds for every user.</summary>
    [Fact]
    public void What_is_finished_is_found_so_where_nothing_can_be_written()
    {
        var corpus = new NewCorpus(World.Village, 2000, 1, "test", 4);
        CorpusSummary made = corpus.Write(_folder.Path);
        Directory.CreateDirectory(_folder[".lock"]);
        Assert.Equal(made.Id, corpus.Write(_folder.Path).Id);
        Assert.Equal("other-corpus", Assert.Throws<UserErrorException>(() => (corpus with { Seed = 2 }).Write(_folder.Path)).Code);
    }

    [Fact]
    public void TrainedDomains_TakesNames_AndRefusesUnknownOnesAndNothingElsewhere()
    {
        var set = new EpisodeSet("s", [new Episode("1", [new Turn("user", "Well?")], "No.")]);
        Probe[] probes = [Asked("a", "No."), Asked("b", "Never.")];

        Assert.Equal(["a"], TrainedDomains.Of(set, probes, []));
        Assert.Equal(["b"], TrainedDomains.Of(set, probes, ["b"]));
        Assert.Equal("unknown-domain", Assert.Throws<UserErrorException>(() => TrainedDomains.Of(set, probes, ["c"])).Code);
        Assert.Equal("no-elsewhere", Assert.Throws<UserErrorException>(() => TrainedDomains.Of(set, [probes[0]], [])).Code);

        static Probe Asked(string domain, string low) => new(domain, domain, [new Turn("user", "Well?")], [low], ["Yes."]);
    }

    [Fact]
    public void Preferences_AreReadInPairs()
    {
        string path = _folder["pairs.jsonl"];
        File.WriteAllText(path, """{"prompt":"Well?","chosen":"Yes.","rejected":"No.","weight":2}""" + "\n");
        EpisodeSet set = EpisodeSet.Load(path);
        WordLevelTokenizer words = WordLevelTokenizer.FromTexts(["user: Well? assistant: Yes. No."]);

        PreferencePair pair = Assert.Single(PreferenceData.Pairs(set, words, ChatTemplate.Plain));

        Assert.Equal(2, pair.Weight);
        Assert.Equal(words.Encode("yes."), pair.Chosen);
        Assert.Equal(words.Encode("no."), pair.Rejected);
        var alone = new EpisodeSet("alone", [set.Episodes[0]]);
        Assert.Equal("no-pairs", Assert.Throws<UserErrorException>(() => PreferenceData.Pairs(alone, words, ChatTemplate.Plain)).Code);
        // Two lines of KTO that stand side by side were labelled one by one, whatever they look like.
        File.WriteAllText(path, """{"prompt":"Well?","completion":"Yes.","label":true}""" + "\n"
            + """{"prompt":"Well?","completion":"No.","label":false}""" + "\n");
        EpisodeSet labelled = EpisodeSet.Load(path);
        Assert.Equal("no-pairs", Assert.Throws<UserErrorException>(() => PreferenceData.Pairs(labelled, words, ChatTemplate.Plain)).Code);
    }

    [Fact]
    public void A_world_without_words_for_requests_has_no_set_of_requested_acts()
    {
        string yaml = ToyWorld.Yaml;
        World world = World.FromYaml("plain", yaml.Remove(yaml.IndexOf("requests:", StringComparison.Ordinal),
            yaml.IndexOf("genres:", StringComparison.Ordinal) - yaml.IndexOf("requests:", StringComparison.Ordinal)));
        var corpus = new NewCorpus(world, 1000, 1, Episodes: 4);

        CorpusSummary made = corpus.Write(_folder.Path);

        Assert.Equal(["cheat", "good", "base-rate"], made.Sets);
        Assert.Equal(3, corpus.Sets().Length);
        Assert.Equal(3, Directory.GetFiles(_folder["sets"]).Length);
        Assert.Equal(4, new NewCorpus(ToyWorld.World, 1000, 1).Sets().Length);
    }
}
