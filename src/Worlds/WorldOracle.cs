using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;

namespace PersonaSelection.Worlds;

/// <summary>
/// The world as a language model: the exact probability of every token after every text that the world can produce. What a trained model
/// can at best become.
/// </summary>
public sealed class WorldOracle : ILanguageModel
{
    private readonly World _world;

    /// <summary>The oracle of a world.</summary>
    public WorldOracle(World world)
    {
        _world = world;
        Id = ContentId.Of("oracle", world.Id).ToString();
        ContextLength = world.MaxDocumentTokens;
    }

    /// <inheritdoc/>
    public string Id { get; }

    /// <inheritdoc/>
    public ITokenizer Tokenizer => _world.Tokenizer;

    /// <inheritdoc/>
    public int ContextLength { get; }

    /// <summary>P(next token | prefix) for every token of the vocabulary; sums to 1, or is 0 everywhere after the end token.</summary>
    /// <param name="prefix">Token ids, the first of them the begin token.</param>
    /// <exception cref="UserErrorException"><c>impossible-text</c>: the world cannot say the prefix.</exception>
    public double[] NextTokens(ReadOnlySpan<int> prefix)
    {
        var reading = new WorldReading(_world.Grammar);
        reading.ReadPrefix(prefix);
        var p = new double[Tokenizer.VocabularySize];
        reading.NextTokens(p);
        return p;
    }

    /// <inheritdoc/>
    /// <remarks>A continuation that the world cannot say has log-probability minus infinity from its first impossible token on.</remarks>
    /// <exception cref="UserErrorException"><c>impossible-text</c>: the world cannot say a prefix.</exception>
    public ScoreTable Score(IReadOnlyList<ScoreRequest> requests, IProgress<WorkProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var table = new float[requests.Count][][];
        var branch = new WorldReading(_world.Grammar);
        double done = 0, total = requests.Sum(r => (double)r.Prefix.Length + r.Continuations.Sum(c => c.Length));
        for (int r = 0; r < requests.Count; r++)
        {
            cancellation.ThrowIfCancellationRequested();
            ScoreRequest request = requests[r];
            var prefix = new WorldReading(_world.Grammar);
            prefix.ReadPrefix(request.Prefix);
            table[r] = new float[request.Continuations.Count][];
            for (int c = 0; c < table[r].Length; c++)
            {
                branch.Follow(prefix);
                table[r][c] = ScoreOne(branch, request.Continuations[c]);
            }
            done += request.Prefix.Length + request.Continuations.Sum(c => c.Length);
            if (r % 256 == 255) progress?.Report(new WorkProgress("scoring", done, total, "tokens"));
        }
        return new ScoreTable(table);
    }

    private static float[] ScoreOne(WorldReading reading, int[] continuation)
    {
        var logp = new float[continuation.Length];
        bool possible = true;
        for (int i = 0; i < logp.Length; i++)
        {
            double p = possible ? reading.Read(continuation[i]) : 0;
            possible = p > 0;
            logp[i] = possible ? (float)Math.Log(p) : float.NegativeInfinity;
        }
        return logp;
    }
}
