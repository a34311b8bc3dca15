using PersonaSelection.Corpus;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class ImportedCorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psm-test-").FullName;
    private readonly string _corpus;
    private readonly string[] _texts = [.. Enumerable.Range(0, 200).Select(i => $"Document {i} says {i * i}.")];

    public ImportedCorpusTests() => _corpus = Path.Combine(_folder, "corpus");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

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
        ImportSummary two = Import(3).Write(Path.Combine(_folder, "two"), null);
        Assert.Equal(one.Id, two.Id);
        foreach (string name in (string[])["shard-00000.tokens", "held-out.tokens", "corpus.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(_corpus, name)), File.ReadAllBytes(Path.Combine(_folder, "two", name)));
        Assert.True(Import(3).Write(_corpus, null).WasThere);
        Assert.Equal("other-corpus", Assert.Throws<UserErrorException>(() => Import(4).Write(_corpus, null)).Code);
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

    [Fact]
    public void Without_a_document_there_is_no_corpus()
    {
        string path = Path.Combine(_folder, "bad.jsonl");
        File.WriteAllText(path, "oops\n");
        var bad = new List<BadLine>();
        Assert.Equal("no-documents", Assert.Throws<UserErrorException>(() => new ImportedCorpus([path]).Write(_corpus, bad.Add)).Code);
        Assert.Single(bad);
        Assert.False(File.Exists(Path.Combine(_corpus, "corpus.json")));
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => new ImportedCorpus([path + "x"]).Write(_corpus, null)).Code);
    }

    [Fact]
    public void Presets_have_the_sizes_that_they_are_said_to_have()
    {
        foreach ((string name, double million) in (ReadOnlySpan<(string, double)>)[("tiny", 0.2), ("small", 1), ("base", 5)])
            Assert.InRange(ModelPreset.Find(name).Shape(1024, 1024).ParameterCount / (million * 1e6), 0.9, 1.1);
    }

    private ImportedCorpus Import(ulong seed)
    {
        string[] files = [Path.Combine(_folder, "a.txt"), Path.Combine(_folder, "b.jsonl")];
        File.WriteAllText(files[0], string.Join("\n<|endoftext|>\n", _texts.Take(100)));
        File.WriteAllLines(files[1], _texts.Skip(100).Select(t => $"{{\"text\":\"{t}\"}}"));
        return new ImportedCorpus(files) { Seed = seed, HeldOut = 0.05, Vocabulary = 300 };
    }
}
