using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class ImportedCorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _corpus;
    private readonly string[] _texts = [.. Enumerable.Range(0, 200).Select(i => $"Document {i} says {i * i}.")];

    public ImportedCorpusTests() => _corpus = _folder["corpus"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_document_is_trained_on_or_held_out_once_and_files_are_mixed()
    {
        ImportSummary made = Import(3).Write(_corpus, null);
        Assert.Equal((190, 10), (made.Documents, made.HeldOutDocuments));
        using CorpusFolder corpus = CorpusFolder.Open(_corpus);
        string[] trained = [.. corpus.First(1000).Select(d => corpus.Tokenizer.Decode(d))];
        string[] held = [.. corpus.HeldOutDocuments(long.MaxValue).Select(d => corpus.Tokenizer.Decode(d))];
        Assert.Equal(_texts.Order(StringComparer.Ordinal), trained.Concat(held).Order(StringComparer.Ordinal));
        Assert.InRange(trained.Take(100).Count(t => Array.IndexOf(_texts, t) < 100), 30, 70);
        Assert.Equal(["corpus.json", "held-out.tokens", "shard-00000.tokens", "tokenizer.json"],
            Directory.GetFileSystemEntries(_corpus).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(Import(3).Context, corpus.ContextLength);
    }

    [Fact]
    public void The_same_import_is_the_same_and_another_one_is_refused()
    {
        ImportSummary one = Import(3).Write(_corpus, null);
        ImportSummary two = Import(3).Write(_folder["two"], null);
        Assert.Equal(one.Id, two.Id);
        foreach (string name in (string[])["shard-00000.tokens", "held-out.tokens", "corpus.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(_corpus, name)), File.ReadAllBytes(_folder["two", name]));
        Assert.True(Import(3).Write(_corpus, null).WasThere);
        Assert.Equal("other-corpus", Assert.Throws<UserErrorException>(() => Import(4).Write(_corpus, null)).Code);
    }

    [Fact]
    public void Two_imports_do_not_write_one_folder()
    {
        using (FolderLock.Take(_corpus))
            Assert.Equal("folder-busy", Assert.Throws<UserErrorException>(() => Import(3).Write(_corpus, null)).Code);
        Assert.False(Import(3).Write(_corpus, null).WasThere);
    }

    /// <summary>Stopped at every event in turn, it goes on each time from what it has, and ends with the bytes of one run.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stopped_anywhere_it_goes_on_to_the_same_bytes(bool tokenizerGiven)
    {
        ImportedCorpus import = Import(3) with { TokensPerPart = 1000, TokensPerShard = 1500 };
        if (tokenizerGiven) import = import with { Tokenizer = ByteLevelBpeTokenizer.Train(_texts, 280) };
        // Every bad line is a place to stop at.
        File.AppendAllText(import.Files[0], "\n");
        File.WriteAllLines(import.Files[1],
            _texts.Skip(100).SelectMany((t, i) => (string[])[$"{{\"text\":\"{t}\"}}", .. i % 10 == 0 ? ["oops"] : (string[])[]]));
        int events = 0;
        ImportSummary whole = import.Write(_corpus, _ => events++, new Told(_ => events++));
        string stopped = _folder["stopped"];
        var kept = new Dictionary<string, DateTime>();
        int stops = 0, most = 0;
        for (int stop = 1; ; stop++)
        {
            int met = 0;
            void Meet()
            {
                if (++met == stop) throw new OperationCanceledException();
            }
            try
            {
                ImportSummary summary = import.Write(stopped, _ => Meet(), new Told(_ => Meet()));
                Assert.Equal(whole.Files, summary.Files);
                break;
            }
            catch (OperationCanceledException)
            {
                stops++;
            }
            string[] there = Directory.GetFiles(Directory.GetDirectories(stopped, "*.part").Single());
            foreach (string file in there)
                Assert.Equal(File.GetLastWriteTimeUtc(file), kept.GetValueOrDefault(file, File.GetLastWriteTimeUtc(file)));
            Assert.Subset(there.ToHashSet(), kept.Keys.ToHashSet());
            foreach (string file in there) kept[file] = File.GetLastWriteTimeUtc(file);
            most = Math.Max(most, there.Length);
            Assert.False(File.Exists(Path.Combine(stopped, "corpus.json")));
        }
        Assert.True(stops >= 10 && most >= 4, $"{stops} stops, {most} files of {events} events");
        Assert.Equal(Contents(_corpus), Contents(stopped));
    }

    /// <summary>A kill while shards are shuffled, or while they are moved to their place.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    [InlineData(3, 3)]
    public void Shuffled_shards_are_kept_too(int done, int moved)
    {
        ImportedCorpus import = Import(3) with { TokensPerShard = 800 };
        import.Write(_corpus, null);
        string[] shards = [.. Directory.GetFiles(_corpus, "*.tokens").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.True(shards.Length >= 4);
        string stopped = _folder["stopped"];
        Assert.Throws<OperationCanceledException>(() => import.Write(stopped, null, new Told(p =>
        {
            if (p.Stage == "shuffling") throw new OperationCanceledException();
        })));
        string part = Directory.GetDirectories(stopped, "*.part").Single();
        DateTime then = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        string[] finished = [.. (moved > 0 ? shards : shards.Take(done))];
        foreach ((int i, string name) in finished.Index())
        {
            string place = Path.Combine(i >= finished.Length - moved ? stopped : part, name);
            File.Copy(Path.Combine(_corpus, name), place);
            File.SetLastWriteTimeUtc(place, then);
        }

        import.Write(stopped, null);

        Assert.Equal(Contents(_corpus), Contents(stopped));
        foreach (string name in finished.SkipLast(moved)) Assert.Equal(then, File.GetLastWriteTimeUtc(Path.Combine(stopped, name)));
        Assert.NotEqual(then, File.GetLastWriteTimeUtc(Path.Combine(stopped, shards[^1])));
    }

    [Fact]
    public void Nobody_goes_on_from_what_another_import_left()
    {
        string stopped = _folder["stopped"];
        Assert.Throws<OperationCanceledException>(() => Import(4).Write(stopped, null, new Told(p =>
        {
            if (p.Stage == "shuffling") throw new OperationCanceledException();
        })));
        Import(3).Write(stopped, null);
        Import(3).Write(_corpus, null);
        Assert.Equal(Contents(_corpus), Contents(stopped));
    }

    [Fact]
    public void Every_pass_holds_all_documents_in_another_order_and_can_be_resumed()
    {
        Import(3).Write(_corpus, null);
        using CorpusFolder corpus = CorpusFolder.Open(_corpus);
        IDocumentSource source = corpus.Source(RngStream.Root(1));
        int count = (int)corpus.Documents;
        string[] all = [.. Enumerable.Range(0, 3 * count).Select(_ => corpus.Tokenizer.Decode(source.Next()))];
        string[][] passes = [.. all.Chunk(count)];
        Assert.Equal(corpus.First(count).Select(d => corpus.Tokenizer.Decode(d)), passes[0]);
        Assert.NotEqual(passes[0], passes[1]);
        Assert.NotEqual(passes[1], passes[2]);
        Assert.Equal(passes[0].Order(StringComparer.Ordinal), passes[1].Order(StringComparer.Ordinal));
        IDocumentSource again = corpus.Source(RngStream.Root(1));
        again.Position = 2 * count + 7;
        Assert.Equal(all[2 * count + 7], corpus.Tokenizer.Decode(again.Next()));
        Assert.NotEqual(corpus.Source().Id, source.Id);
    }

    /// <summary>Documents longer than a step are dealt out to several, whether a window of them fits into a usual step or not.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(1400)]
    public void Training_reads_no_more_than_it_was_told(int context)
    {
        string path = _folder["long.jsonl"];
        string text = string.Join(' ', _texts.Concat(_texts).Concat(_texts));
        File.WriteAllLines(path, Enumerable.Range(0, 6).Select(i => $"{{\"text\":\"{text} {i}\"}}"));
        new ImportedCorpus([path]) { HeldOut = 0, Vocabulary = 300, Context = context }.Write(_corpus, null);
        using CorpusFolder corpus = CorpusFolder.Open(_corpus);
        ModelPreset preset = ModelPreset.Find("tiny");
        Assert.All(corpus.First(6), d => Assert.True(d.Length > 2 * preset.TokensPerStep));
        var training = new TrainingRun(preset, 8 * 1400);
        using var pool = new WorkerPool(1);
        using BaseModel trained = training.Run(corpus, _folder["model"], pool);
        Assert.Equal(training.Recipe(corpus).Steps, trained.Curve.Points[^1].Step);
        Assert.InRange(trained.Tokens, training.Tokens * 3 / 4, training.Tokens);
        // A folder in the place of the lock stands for a disk that is read only, which holds for every user.
        Directory.CreateDirectory(_folder["model", ".lock"]);
        using BaseModel found = training.Run(corpus, _folder["model"], pool);
        Assert.Equal(trained.Model.Id, found.Model.Id);
    }

    [Fact]
    public void Without_a_document_there_is_no_corpus()
    {
        string path = _folder["bad.jsonl"];
        File.WriteAllText(path, "oops\n");
        var bad = new List<BadLine>();
        Assert.Equal("no-documents", Assert.Throws<UserErrorException>(() => new ImportedCorpus([path]).Write(_corpus, bad.Add)).Code);
        Assert.Single(bad);
        Assert.False(Directory.Exists(_corpus));
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => new ImportedCorpus([path + "x"]).Write(_corpus, null)).Code);
    }

    [Fact]
    public void Presets_have_the_sizes_that_they_are_said_to_have()
    {
        foreach ((string name, double million) in (ReadOnlySpan<(string, double)>)[("tiny", 0.2), ("small", 1), ("base", 5)])
            Assert.InRange(ModelPreset.Find(name).Shape(1024, 1024).ParameterCount / (million * 1e6), 0.9, 1.1);
    }

    private static SortedDictionary<string, string> Contents(string folder) => new(Directory.GetFileSystemEntries(folder)
        .ToDictionary(f => Path.GetFileName(f), f => Convert.ToHexString(File.ReadAllBytes(f))), StringComparer.Ordinal);

    private sealed class Told(Action<WorkProgress> tell) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => tell(value);
    }

    private ImportedCorpus Import(ulong seed)
    {
        string[] files = [_folder["a.txt"], _folder["b.jsonl"]];
        File.WriteAllText(files[0], string.Join("\n<|endoftext|>\n", _texts.Take(100)));
        File.WriteAllLines(files[1], _texts.Skip(100).Select(t => $"{{\"text\":\"{t}\"}}"));
        return new ImportedCorpus(files) { Seed = seed, HeldOut = 0.05, Vocabulary = 300 };
    }
}
