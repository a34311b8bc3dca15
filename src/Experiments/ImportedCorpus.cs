using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments;

/// <summary>A corpus to be made from a user's files: dialogues in any format, JSONL texts, plain text.</summary>
/// <param name="Files">The files; read two or three times.</param>
public sealed record ImportedCorpus(IReadOnlyList<string> Files)
{
    /// <summary>The shard of documents kept out of training.</summary>
    internal const string HeldOutName = "held-out.tokens";

    // In the order of the files, before they are shuffled.
    private const string ReadName = "read", ShardName = "shard";
    private const int ReportEvery = 1024;
    private const int Version = 1;

    /// <summary>What the files hold; told by each file when absent.</summary>
    public DocumentFormat? Format { get; init; }

    /// <summary>What every dialogue is; told by each line when absent.</summary>
    public EpisodeFormat? Dialogues { get; init; }

    /// <summary>The most ids of the byte-level BPE tokenizer that is learnt from the files.</summary>
    public int Vocabulary { get; init; } = 1024;

    /// <summary>A tokenizer to use instead.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>The share of documents kept out of training, in [0, 0.5].</summary>
    public double HeldOut { get; init; } = 0.02;

    /// <summary>The longest context of a model; longer documents are cut by the trainer into windows of it.</summary>
    public int Context { get; init; } = 1024;

    /// <summary>Decides the order of documents and which are held out.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>So many tokens are encoded before they are safe from a kill; nothing of the corpus depends on it.</summary>
    internal long TokensPerPart { get; init; } = 10_000_000;

    /// <summary>Tokens of a shard.</summary>
    internal long TokensPerShard { get; init; } = TokenShardSeries.UsualTokens;

    /// <summary>Reads every file and counts; writes nothing.</summary>
    /// <param name="onBadLine">Told of every line that gives no document; without it the first one is an error.</param>
    /// <param name="progress">Told about bytes.</param>
    /// <param name="cancellation">Stops between documents.</param>
    /// <exception cref="UserErrorException"><c>no-documents</c>; or a file cannot be read.</exception>
    public IReadOnlyList<ImportedFile> Survey(Action<BadLine>? onBadLine, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var counts = new ImportedFileCounts(Files);
        foreach (Document _ in Documents("reading", counts, onBadLine, progress, cancellation)) { }
        IReadOnlyList<ImportedFile> found = counts.Result();
        return found.Any(f => f.Documents > 0) ? found : throw NoDocuments();
    }

    /// <summary>
    /// Writes the folder; <c>corpus.json</c> comes last. A folder that holds this very corpus is left as it is. After a kill the learnt
    /// tokenizer and whole shards are found again in a <see cref="PartFolder"/>; the files are read anew, and what is in those
    /// shards is not encoded again.
    /// </summary>
    /// <param name="folder">Where to.</param>
    /// <param name="onBadLine">Told once of every line that gives no document; without it the first one is an error.</param>
    /// <param name="progress">Told about bytes and documents.</param>
    /// <param name="cancellation">Stops between documents; what is done is kept.</param>
    /// <exception cref="UserErrorException">
    /// A file cannot be read, the place cannot be written, another process writes it (<c>folder-busy</c>), it holds another corpus
    /// (<c>other-corpus</c>), or there is no document.
    /// </exception>
    public ImportSummary Write(string folder, Action<BadLine>? onBadLine, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var counts = new ImportedFileCounts(Files);
        var id = ContentId.Of("corpus", ["import", Version, Seed, Tokenizer?.Id ?? $"bpe {Vocabulary}", HeldOut, Context, Format, Dialogues,
            .. counts.Ids]);
        if (NewCorpus.Holds(folder, id.ToString())) return Summary(folder, [], wasThere: true);
        using FolderLock held = FolderLock.Take(folder);
        // Whoever had the lock may have made it.
        if (NewCorpus.Holds(folder, id.ToString())) return Summary(folder, [], wasThere: true);
        var part = new PartFolder(folder, id);
        ITokenizer tokenizer = Learnt(part, onBadLine, progress, cancellation);
        // Every document is met in this pass, whether it is encoded or was before: it counts and tells of bad lines.
        IEnumerable<Document> documents = Documents("encoding", counts, onBadLine, progress, cancellation);
        IReadOnlyList<WrittenShard> read = TokenShardSeries.Write(part.Path, ReadName, tokenizer,
            (done, _) => documents.Skip(checked((int)done)).Select(d => d.Encode(tokenizer)), TokensPerPart, cancellation);
        if (read.All(s => s.Documents == 0))
        {
            part.Delete();
            throw NoDocuments();
        }
        RngStream stream = RngStream.Root(Seed).Child("import");
        int heldOut;
        IReadOnlyList<WrittenShard> shards;
        using (var shuffled = new ShuffledDocuments(part.Path, read, tokenizer, stream.Child("order")))
        {
            heldOut = HeldOut > 0 && shuffled.Count > 1
                ? Math.Clamp((int)Math.Ceiling(HeldOut * shuffled.Count), 1, shuffled.Count - 1) : 0;
            shards = WriteShards(part, shuffled, heldOut, tokenizer, progress, cancellation);
        }
        TokenizerFile.Save(Path.Combine(folder, NewCorpus.TokenizerName), tokenizer);
        part.MoveOut([.. heldOut > 0 ? [HeldOutName] : (string[])[], .. shards.Select(s => s.Name)]);
        WriteSummary(folder, id, stream, tokenizer, heldOut > 0, shards, counts.Result());
        part.Delete();
        return Summary(folder, counts.Result(), wasThere: false);
    }

    private ITokenizer Learnt(PartFolder part, Action<BadLine>? onBadLine, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
    {
        string path = Path.Combine(part.Path, NewCorpus.TokenizerName);
        if (File.Exists(path)) return TokenizerFile.Load(path);
        ITokenizer tokenizer = Tokenizer ?? ByteLevelBpeTokenizer.Train(
            Documents("learning the vocabulary", null, onBadLine is null ? null : Ignore, progress, cancellation).Select(d => d.Text),
            Vocabulary, cancellation);
        TokenizerFile.Save(path, tokenizer);
        return tokenizer;
    }

    /// <summary>Writes the first documents as the held-out shard, and the others as those to train on.</summary>
    private IReadOnlyList<WrittenShard> WriteShards(PartFolder part, ShuffledDocuments shuffled, int held, ITokenizer tokenizer,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        string heldOut = Path.Combine(part.Path, HeldOutName);
        if (held > 0 && !File.Exists(heldOut))
            TokenShardWriter.Write(heldOut, tokenizer, shuffled.From(0, progress).Take(held), cancellation);
        return TokenShardSeries.Write(part.Path, ShardName, tokenizer, (done, _) => shuffled.From(held + (int)done, progress),
            TokensPerShard, cancellation);
    }

    private void WriteSummary(string folder, ContentId id, RngStream stream, ITokenizer tokenizer, bool holdsOut,
        IReadOnlyList<WrittenShard> shards, IReadOnlyList<ImportedFile> files) =>
        JsonFile.Write(Path.Combine(folder, NewCorpus.SummaryName), json =>
        {
            json.WriteStartObject();
            json.WriteNumber("schema", 1);
            json.WriteString("id", id.ToString());
            json.WriteString("stream", stream.Path);
            json.WriteString("tokenizer", tokenizer.Id);
            json.WriteString("template", ChatTemplate.Plain.Name);
            json.WriteNumber("context", Context);
            json.WriteNumber("documents", shards.Sum(s => s.Documents));
            if (holdsOut) json.WriteString("heldOut", HeldOutName);
            json.WriteStartArray("shards");
            foreach (WrittenShard shard in shards) json.WriteStringValue(shard.Name);
            json.WriteEndArray();
            json.WriteStartArray("sources");
            foreach (ImportedFile file in files)
            {
                json.WriteStartObject();
                json.WriteString("file", Path.GetFileName(file.File));
                json.WriteString("id", file.Id);
                json.WriteNumber("documents", file.Documents);
                json.WriteNumber("badLines", file.BadLines);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });

    private UserErrorException NoDocuments() => new("no-documents", $"There is no document in {string.Join(", ", Files)}.",
        "Give JSONL files of dialogues or of {\"text\": \"…\"}, or plain text.");

    private static ImportSummary Summary(string folder, IReadOnlyList<ImportedFile> files, bool wasThere)
    {
        using CorpusFolder corpus = CorpusFolder.Open(folder);
        return new ImportSummary(corpus.Id, corpus.Documents, corpus.Tokens, corpus.HeldOut?.Documents ?? 0, corpus.HeldOut?.Tokens ?? 0,
            corpus.Tokenizer.VocabularySize, corpus.ContextLength, files, wasThere);
    }

    private IEnumerable<Document> Documents(string stage, ImportedFileCounts? counts, Action<BadLine>? onBadLine,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        long total = Files.Sum(f => new FileInfo(f).Length), before = 0, documents = 0;
        for (int f = 0; f < Files.Count; f++)
        {
            int file = f;
            var at = new LastValue();
            Action<BadLine>? tell = onBadLine is null ? null : bad =>
            {
                counts?.Bad(file);
                onBadLine(bad);
            };
            foreach (Document document in DocumentFile.Documents(Files[f], Format, Dialogues, tell, at))
            {
                cancellation.ThrowIfCancellationRequested();
                counts?.Good(file, document);
                if (++documents % ReportEvery == 0)
                    progress?.Report(new WorkProgress(stage, before + at.Value, total, "bytes",
                        FormattableString.Invariant($"{documents:N0} documents")));
                yield return document;
            }
            before += new FileInfo(Files[f]).Length;
        }
        progress?.Report(new WorkProgress(stage, total, total, "bytes", FormattableString.Invariant($"{documents:N0} documents")));
    }

    private static void Ignore(BadLine line)
    {
    }

    private sealed class LastValue : IProgress<long>
    {
        public long Value { get; private set; }

        public void Report(long value) => Value = value;
    }
}
