using System.Diagnostics;
using System.Text;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Worlds;

/// <summary>A corpus on disk: token shards, the world they come from, and <c>corpus.json</c>, which is written last.</summary>
/// <param name="Id">Content id: world, stream and size.</param>
/// <param name="Shards">File names of the shards, in order.</param>
/// <param name="Documents">Number of documents.</param>
/// <param name="Tokens">Number of tokens, begin and end tokens included.</param>
public sealed record WorldCorpus(ContentId Id, IReadOnlyList<string> Shards, long Documents, long Tokens);

/// <summary>Writes corpora of any size in constant memory.</summary>
public static class CorpusWriter
{
    private const long ReportEvery = 4096;

    /// <summary>
    /// Writes documents number 0, 1, 2 … until there are at least <paramref name="tokens"/> tokens. After a kill it goes on behind the last
    /// whole shard, to the same bytes.
    /// </summary>
    /// <param name="world">Whose documents.</param>
    /// <param name="folder">Where to; created.</param>
    /// <param name="tokens">How many tokens at least.</param>
    /// <param name="rng">Document i comes from the child stream (<c>document</c>, i).</param>
    /// <param name="tokensPerShard">A shard is closed when it has this many.</param>
    /// <param name="progress">Told about tokens and documents per second.</param>
    /// <param name="cancellation">Stops between documents; whole shards stay.</param>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static WorldCorpus Write(World world, string folder, long tokens, RngStream rng,
        long tokensPerShard = TokenShardSeries.UsualTokens, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        var clock = Stopwatch.StartNew();
        ContentId id = world.CorpusId(rng, tokens);
        var part = new PartFolder(folder, id);
        IReadOnlyList<WrittenShard> shards = TokenShardSeries.Write(part.Path, "shard", world.Tokenizer, After,
            tokensPerShard, cancellation);
        string[] names = [.. shards.Select(s => s.Name)];
        part.MoveOut(names);
        var corpus = new WorldCorpus(id, names, shards.Sum(s => s.Documents), shards.Sum(s => s.Tokens));
        AtomicFile.WriteText(Path.Combine(folder, "world.yaml"), world.ToYaml());
        AtomicFile.Write(Path.Combine(folder, "corpus.json"), stream => WriteSummary(stream, corpus, world, rng));
        part.Delete();
        return corpus;

        IEnumerable<int[]> After(long documents, long written)
        {
            for (long fresh = 0; written < tokens;)
            {
                int[] document = world.GenerateTokens(rng.Child("document", documents++));
                written += document.Length;
                if (++fresh % ReportEvery == 0)
                    progress?.Report(new WorkProgress("writing the corpus", written, tokens, "tokens",
                        FormattableString.Invariant($"{fresh / clock.Elapsed.TotalSeconds:N0} documents/s")));
                yield return document;
            }
        }
    }

    private static void WriteSummary(Stream stream, WorldCorpus corpus, World world, RngStream rng)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteNumber("schema", 1);
        json.WriteString("id", corpus.Id.ToString());
        json.WriteString("world", world.Id.ToString());
        json.WriteString("stream", rng.Path);
        json.WriteString("tokenizer", world.Tokenizer.Id);
        json.WriteNumber("documents", corpus.Documents);
        json.WriteNumber("tokens", corpus.Tokens);
        json.WriteStartArray("shards");
        foreach (string shard in corpus.Shards) json.WriteStringValue(shard);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        stream.Write(Encoding.UTF8.GetBytes("\n"));
    }
}

public sealed partial class World
{
    /// <summary>
    /// The token ids of a document by its number, as a pure function: what a trainer reads, at any position, without a corpus on disk.
    /// </summary>
    /// <param name="rng">Document i comes from the child stream (<c>document</c>, i).</param>
    public Func<long, int[]> DocumentSource(RngStream rng) => i => GenerateTokens(rng.Child("document", i));

    /// <summary>
    /// The content id of the documents that a stream gives; <paramref name="tokens"/> is their amount, 0 for without end.
    /// </summary>
    public ContentId CorpusId(RngStream rng, long tokens = 0) => ContentId.Of("corpus", Id, rng.Path, tokens);
}
