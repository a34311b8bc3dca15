using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Experiments;

/// <summary>What an import read, or would read.</summary>
/// <param name="File">The file.</param>
/// <param name="Id">Content id of its bytes.</param>
/// <param name="Documents">Documents in it.</param>
/// <param name="Characters">Characters in them.</param>
/// <param name="BadLines">Lines that gave none.</param>
public sealed record ImportedFile(string File, string Id, long Documents, long Characters, long BadLines);

/// <summary>What an import wrote.</summary>
/// <param name="Id">The content id of the corpus.</param>
/// <param name="Documents">Documents to train on.</param>
/// <param name="Tokens">Tokens to train on.</param>
/// <param name="HeldOutDocuments">Documents kept out of training.</param>
/// <param name="HeldOutTokens">Tokens kept out of training.</param>
/// <param name="Vocabulary">Number of token ids.</param>
/// <param name="ContextLength">The context of a model of it.</param>
/// <param name="Files">The files.</param>
/// <param name="WasThere">Whether the folder held this very corpus already.</param>
public sealed record ImportSummary(string Id, long Documents, long Tokens, long HeldOutDocuments, long HeldOutTokens, int Vocabulary,
    int ContextLength, IReadOnlyList<ImportedFile> Files, bool WasThere);

/// <summary>A corpus to be made from a user's files: dialogues in any format, JSONL texts, plain text.</summary>
/// <param name="Files">The files; read two or three times.</param>
public sealed record ImportedCorpus(IReadOnlyList<string> Files)
{
    /// <summary>The shard of documents kept out of training.</summary>
    internal const string HeldOutName = "held-out.tokens";

    private const string PartName = "import.part";
    private const long TokensPerShard = 50_000_000;
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

    /// <summary>Reads every file and counts; writes nothing.</summary>
    /// <param name="onBadLine">Told of every line that gives no document; without it the first one is an error.</param>
    /// <param name="progress">Told about bytes.</param>
    /// <param name="cancellation">Stops between documents.</param>
    public IReadOnlyList<ImportedFile> Survey(Action<BadLine>? onBadLine, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var counts = new FileCounts(this);
        foreach (Document _ in Documents("reading", counts, onBadLine, progress, cancellation)) { }
        return counts.Result();
    }

    /// <summary>Writes the folder; <c>corpus.json</c> comes last. A folder that holds this very corpus is left as it is.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="onBadLine">Told once of every line that gives no document; without it the first one is an error.</param>
    /// <param name="progress">Told about bytes and documents.</param>
    /// <param name="cancellation">Stops between documents.</param>
    /// <exception cref="UserErrorException">
    /// A file cannot be read, the place cannot be written or holds another corpus (<c>other-corpus</c>), or there is no document.
    /// </exception>
    public ImportSummary Write(string folder, Action<BadLine>? onBadLine, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var counts = new FileCounts(this);
        string id = ContentId.Of("corpus", ["import", Version, Seed, Tokenizer?.Id ?? $"bpe {Vocabulary}", HeldOut, Context, Format, Dialogues,
            .. counts.Ids]).ToString();
        if (NewCorpus.Holds(folder, id)) return Summary(folder, [], wasThere: true);
        string part = Path.Combine(folder, PartName);
        try
        {
            ITokenizer tokenizer = Tokenizer ?? ByteLevelBpeTokenizer.Train(
                Documents("learning the vocabulary", counts, onBadLine, progress, cancellation).Select(d => d.Text), Vocabulary, cancellation);
            // The first reading tells of bad lines and counts; a second one would do so again.
            bool first = Tokenizer is not null;
            IEnumerable<Document> documents = Documents("encoding", first ? counts : null, first ? onBadLine : Ignore, progress, cancellation);
            List<string> unordered = WriteShards(documents.Select(d => d.Encode(tokenizer)), tokenizer, part, cancellation);
            TokenizerFile.Save(Path.Combine(folder, NewCorpus.TokenizerName), tokenizer);
            List<TokenShard> open = [];
            try
            {
                foreach (string name in unordered) open.Add(TokenShard.Open(Path.Combine(part, name), tokenizer));
                WriteOrdered(folder, id, open, tokenizer, counts.Result(), progress, cancellation);
            }
            finally
            {
                foreach (TokenShard shard in open) shard.Dispose();
            }
        }
        finally
        {
            if (Directory.Exists(part)) Directory.Delete(part, recursive: true);
        }
        return Summary(folder, counts.Result(), wasThere: false);
    }

    private void WriteOrdered(string folder, string id, List<TokenShard> unordered, ITokenizer tokenizer, IReadOnlyList<ImportedFile> files,
        IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        int count = checked((int)unordered.Sum(s => (long)s.Documents));
        if (count == 0)
            throw new UserErrorException("no-documents", $"There is no document in {string.Join(", ", Files)}.",
                "Give JSONL files of dialogues or of {\"text\": \"…\"}, or plain text.");
        var order = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        RngStream stream = RngStream.Root(Seed).Child("import");
        stream.Child("order").Shuffle(order.AsSpan());
        var starts = new long[unordered.Count + 1];
        for (int s = 0; s < unordered.Count; s++) starts[s + 1] = starts[s] + unordered[s].Documents;
        int held = HeldOut > 0 && count > 1 ? Math.Clamp((int)Math.Ceiling(HeldOut * count), 1, count - 1) : 0;
        long done = 0;
        int[] Read(int document)
        {
            int place = Array.BinarySearch(starts, document), s = place >= 0 ? place : ~place - 1;
            while (starts[s + 1] == document) s++;
            if (++done % ReportEvery == 0) progress?.Report(new WorkProgress("shuffling", done, count, "documents"));
            return unordered[s].Read((int)(document - starts[s]));
        }
        if (held > 0) TokenShardWriter.Write(Path.Combine(folder, HeldOutName), tokenizer, order[..held].Select(Read), cancellation);
        List<string> shards = WriteShards(order[held..].Select(Read), tokenizer, folder, cancellation);
        JsonFile.Write(Path.Combine(folder, NewCorpus.SummaryName), json =>
        {
            json.WriteStartObject();
            json.WriteNumber("schema", 1);
            json.WriteString("id", id);
            json.WriteString("stream", stream.Path);
            json.WriteString("tokenizer", tokenizer.Id);
            json.WriteString("template", ChatTemplate.Plain.Name);
            json.WriteNumber("context", Context);
            json.WriteNumber("documents", count - held);
            if (held > 0) json.WriteString("heldOut", HeldOutName);
            json.WriteStartArray("shards");
            foreach (string shard in shards) json.WriteStringValue(shard);
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
    }

    private static List<string> WriteShards(IEnumerable<int[]> documents, ITokenizer tokenizer, string folder, CancellationToken cancellation)
    {
        var shards = new List<string>();
        using IEnumerator<int[]> all = documents.GetEnumerator();
        bool more = all.MoveNext();
        while (more)
        {
            string name = $"shard-{shards.Count:D5}.tokens";
            TokenShardWriter.Write(Path.Combine(folder, name), tokenizer, Shard(), cancellation);
            shards.Add(name);
        }
        return shards;

        IEnumerable<int[]> Shard()
        {
            for (long tokens = 0; more && tokens < TokensPerShard; more = all.MoveNext())
            {
                tokens += all.Current.Length;
                yield return all.Current;
            }
        }
    }

    private static ImportSummary Summary(string folder, IReadOnlyList<ImportedFile> files, bool wasThere)
    {
        using CorpusFolder corpus = CorpusFolder.Open(folder);
        return new ImportSummary(corpus.Id, corpus.Documents, corpus.Tokens, corpus.HeldOut?.Documents ?? 0, corpus.HeldOut?.Tokens ?? 0,
            corpus.Tokenizer.VocabularySize, corpus.ContextLength, files, wasThere);
    }

    private IEnumerable<Document> Documents(string stage, FileCounts? counts, Action<BadLine>? onBadLine, IProgress<WorkProgress>? progress,
        CancellationToken cancellation)
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
                    progress?.Report(new WorkProgress(stage, before + at.Value, total, "bytes", FormattableString.Invariant($"{documents:N0} documents")));
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

    private sealed class FileCounts
    {
        private readonly ImportedFile[] _files;

        public FileCounts(ImportedCorpus import) => _files = [.. import.Files.Select(f => new ImportedFile(f, IdOf(f), 0, 0, 0))];

        public IEnumerable<string> Ids => _files.Select(f => f.Id);

        public void Good(int file, Document document) => _files[file] = _files[file] with
        {
            Documents = _files[file].Documents + 1,
            Characters = _files[file].Characters + document.Text.Length,
        };

        public void Bad(int file) => _files[file] = _files[file] with { BadLines = _files[file].BadLines + 1 };

        public IReadOnlyList<ImportedFile> Result() => [.. _files];

        private static string IdOf(string path)
        {
            try
            {
                return ContentId.OfFile("file", path).ToString();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Check that the file is there and whole.", e);
            }
        }
    }
}
