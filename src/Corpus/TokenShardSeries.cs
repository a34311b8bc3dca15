namespace PersonaSelection.Corpus;

/// <summary>A shard of a series.</summary>
/// <param name="Name">Its file.</param>
/// <param name="Documents">Documents in it.</param>
/// <param name="Tokens">Tokens in it.</param>
public sealed record WrittenShard(string Name, long Documents, long Tokens);

/// <summary>Documents over as many shards as they take, written in constant memory and gone on with after a kill.</summary>
public static class TokenShardSeries
{
    /// <summary>A shard is closed when it has this many tokens.</summary>
    public const long UsualTokens = 50_000_000;

    /// <summary>
    /// Writes <c>NAME-00000.tokens</c>, <c>NAME-00001.tokens</c> … Those that are there already are kept, and the documents
    /// in them are not asked for.
    /// </summary>
    /// <param name="folder">Where to; whatever of the series is in it must be of the same documents.</param>
    /// <param name="name">What the files' names begin with.</param>
    /// <param name="tokenizer">Where the ids come from.</param>
    /// <param name="after">The documents that come after so many documents and tokens: token ids, begin and end included.</param>
    /// <param name="tokensPerShard">A shard is closed when it has this many tokens.</param>
    /// <param name="cancellation">Stops between documents; whole shards stay.</param>
    /// <exception cref="Lab.UserErrorException">A shard that is there is damaged, or the place cannot be written.</exception>
    public static IReadOnlyList<WrittenShard> Write(string folder, string name, ITokenizer tokenizer,
        Func<long, long, IEnumerable<int[]>> after, long tokensPerShard = UsualTokens, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokensPerShard);
        var shards = new List<WrittenShard>();
        string Next() => $"{name}-{shards.Count:D5}.tokens";
        while (File.Exists(Path.Combine(folder, Next())))
        {
            using TokenShard there = TokenShard.Open(Path.Combine(folder, Next()), tokenizer);
            shards.Add(new WrittenShard(Next(), there.Documents, there.Tokens));
        }
        using IEnumerator<int[]> documents = after(shards.Sum(s => s.Documents), shards.Sum(s => s.Tokens)).GetEnumerator();
        for (bool more = documents.MoveNext(); more;)
        {
            long count = 0, tokens = 0;
            TokenShardWriter.Write(Path.Combine(folder, Next()), tokenizer, Shard(), cancellation);
            shards.Add(new WrittenShard(Next(), count, tokens));

            IEnumerable<int[]> Shard()
            {
                for (; more && tokens < tokensPerShard; more = documents.MoveNext())
                {
                    count++;
                    tokens += documents.Current.Length;
                    yield return documents.Current;
                }
            }
        }
        return shards;
    }
}
