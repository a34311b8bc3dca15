using System.Globalization;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Worlds;

namespace PersonaSelection.Experiments;

/// <summary>A corpus on disk, opened and checked: shards, tokenizer, and the world it was made from if it was made from one.</summary>
public sealed class CorpusFolder : IDisposable
{
    private const string Remedy = "Make it again with 'psm corpus new' or 'psm corpus import'.";
    // Reading a small corpus more often than this teaches it by heart (Muennighoff et al. 2023: four passes are as good as new text).
    private const int MostPasses = 8;
    private readonly List<TokenShard> _shards = [];
    private readonly RngStream? _stream;
    private readonly int? _context;

    private CorpusFolder(string folder, JsonElement summary)
    {
        Id = Text(folder, summary, "id");
        Tokenizer = TokenizerFile.Load(Path.Combine(folder, NewCorpus.TokenizerName));
        if (Text(folder, summary, "tokenizer") != Tokenizer.Id)
            throw new UserErrorException("wrong-tokenizer",
                $"{Path.Combine(folder, NewCorpus.TokenizerName)} is not the tokenizer of the corpus in {folder}.", Remedy);
        _stream = StreamOf(Text(folder, summary, "stream"));
        string world = Path.Combine(folder, NewCorpus.WorldName);
        if (File.Exists(world)) World = World.Load(world);
        try
        {
            foreach (JsonElement shard in Shards(folder, summary))
                _shards.Add(TokenShard.Open(Path.Combine(folder, FileName(folder, shard)), Tokenizer));
            if (summary.TryGetProperty("heldOut", out JsonElement held))
                HeldOut = TokenShard.Open(Path.Combine(folder, FileName(folder, held)), Tokenizer);
            if (summary.TryGetProperty("context", out JsonElement context) && context.ValueKind == JsonValueKind.Number
                && context.TryGetInt32(out int length) && length > 0) _context = length;
            if (Documents == 0) throw Bad(folder, "holds no document");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The content id.</summary>
    public string Id { get; }

    /// <summary>The tokenizer of all shards.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The world that the documents come from; null for a corpus of another origin.</summary>
    public World? World { get; }

    /// <summary>Number of shards.</summary>
    public int ShardCount => _shards.Count;

    /// <summary>Number of documents.</summary>
    public long Documents => _shards.Sum(s => (long)s.Documents);

    /// <summary>Number of tokens, begin and end tokens included.</summary>
    public long Tokens => _shards.Sum(s => s.Tokens);

    /// <summary>Documents kept out of training; null where there are none.</summary>
    public TokenShard? HeldOut { get; }

    /// <summary>
    /// The context of a model of this corpus: of a world's no document is longer; that of an imported one was chosen,
    /// and the trainer cuts there.
    /// </summary>
    public int ContextLength => World is { } world ? BaseModel.ContextFor(world) : _context ?? (Longest() + 63) / 64 * 64;

    /// <summary>
    /// How many tokens to train on unless told otherwise: a world's corpus once; an imported one several times while that is less than what
    /// the preset is made for.
    /// </summary>
    public long TokensFor(ModelPreset preset) => World is null ? Math.Max(Tokens, Math.Min(preset.Tokens, MostPasses * Tokens)) : Tokens;

    /// <summary>Opens a corpus.</summary>
    /// <exception cref="UserErrorException">Something is missing, broken or does not belong to the rest.</exception>
    public static CorpusFolder Open(string folder)
    {
        string summary = Path.Combine(folder, NewCorpus.SummaryName);
        return File.Exists(summary)
            ? new CorpusFolder(folder, JsonFile.ReadRecord(summary, "corpus", 1))
            : throw new UserErrorException("no-corpus", $"There is no finished corpus in {folder}: {NewCorpus.SummaryName} is missing.",
                "Check the path, or make the corpus with 'psm corpus new'; one that was stopped is finished by the same command.");
    }

    /// <summary>The documents in their written order, again and again: what a trainer reads.</summary>
    /// <param name="reshuffle">Decides another order for every pass after the first; without it all passes are alike.</param>
    public IDocumentSource Source(RngStream? reshuffle = null) => new FolderDocuments(Id, _shards, reshuffle);

    /// <summary>
    /// Documents kept out of training, as many as have about so many tokens, each cut at the context; empty where there are none.
    /// </summary>
    public IReadOnlyList<int[]> HeldOutDocuments(long tokens)
    {
        var documents = new List<int[]>();
        int context = ContextLength;
        for (int d = 0; d < (HeldOut?.Documents ?? 0) && tokens > 0; d++)
        {
            int[] document = HeldOut!.Read(d);
            documents.Add(document.Length > context ? document[..context] : document);
            tokens -= documents[^1].Length;
        }
        return documents;
    }

    /// <summary>The token ids of the first documents.</summary>
    public IEnumerable<int[]> First(int count) =>
        _shards.SelectMany(s => Enumerable.Range(0, s.Documents).Select(s.Read)).Take(count);

    /// <summary>
    /// The first documents with the truth about them, made again from the world; empty for a corpus of another origin or of a stream that
    /// <see cref="NewCorpus"/> does not use.
    /// </summary>
    public IReadOnlyList<WorldDocument> FirstWithTruth(int count)
    {
        if (World is null || _stream is null) return [];
        WorldDocument[] documents = [.. World.Documents(_stream).Take((int)Math.Min(count, Documents))];
        return First(count).Zip(documents, (tokens, document) => tokens.AsSpan().SequenceEqual(document.Tokens)).All(same => same)
            ? documents : [];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (TokenShard shard in _shards) shard.Dispose();
        HeldOut?.Dispose();
    }

    private static RngStream? StreamOf(string path) =>
        path.Split('/') is ["psm", var seed, "corpus"] && ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture,
            out ulong root)
            ? NewCorpus.Stream(root)
            : null;

    /// <summary>
    /// Tokens of the longest window that the trainer cuts documents into where some are longer than a step; 0 where all fit into one.
    /// </summary>
    /// <param name="step">Tokens in a step.</param>
    internal int WindowBeyond(int step) => World is null && Longest() - 1 is var longest && longest > step
        ? Math.Min(ContextLength, longest) : 0;

    private int Longest() => _shards.Max(s => Enumerable.Range(0, s.Documents).Max(s.LengthOf));

    private static JsonElement.ArrayEnumerator Shards(string folder, JsonElement summary) =>
        summary.TryGetProperty("shards", out JsonElement shards) && shards.ValueKind == JsonValueKind.Array
            ? shards.EnumerateArray()
            : throw Bad(folder, "names no shards");

    private static string FileName(string folder, JsonElement shard)
    {
        string name = shard.ValueKind == JsonValueKind.String ? shard.GetString()! : "";
        // A name with a path in it could reach outside the folder.
        return name.Length > 0 && name == Path.GetFileName(name) ? name : throw Bad(folder, "names a shard that is no file name");
    }

    private static string Text(string folder, JsonElement summary, string key) =>
        summary.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw Bad(folder, $"has no \"{key}\"");

    private static UserErrorException Bad(string folder, string problem) =>
        new("bad-corpus", $"{Path.Combine(folder, NewCorpus.SummaryName)} {problem}.", Remedy);
}
