using System.Diagnostics;
using PersonaSelection.Corpus;
using PersonaSelection.Model;
using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>
/// Scoring of every episode under every persona: with shared prefixes against one pair at a time, and the share of the time that the FLOPs
/// of the shared computation would need at peak. Also cached generation.
/// </summary>
internal static class ScoreBench
{
    private static readonly (string Name, DecoderConfig Config)[] Models =
    [
        ("0.9M", DecoderConfig.Small(512, 128, 4, 4, 256)),
        ("4.9M", DecoderConfig.Small(512, 256, 6, 8, 256)),
    ];

    public static void Run(Bench bench)
    {
        foreach ((string name, DecoderConfig config) in Models)
        {
            using DecoderWeights weights = DecoderWeights.Initialise(config, RngStream.Root(1));
            WordLevelTokenizer tokenizer = WordLevelTokenizer.FromWords(Enumerable.Range(0, config.VocabularySize - 3).Select(i =>
                $"w{i}"));
            int episodes = name == "0.9M" ? 100 : 30;
            Score(bench, name, weights, tokenizer, personas: 20, episodes, contextLength: 40);
            Score(bench, name, weights, tokenizer, personas: 20, episodes, contextLength: 160);
            Generate(bench, name, weights, tokenizer);
        }
    }

    private static void Score(Bench bench, string name, DecoderWeights weights, ITokenizer tokenizer, int personas, int episodes,
        int contextLength)
    {
        const int question = 14, reply = 12;
        DecoderConfig c = weights.Config;
        RngStream rng = RngStream.Root(2);
        int[] Draw(int n) => [.. Enumerable.Range(0, n).Select(_ => 3 + rng.NextInt(c.VocabularySize - 3))];
        int[][] contexts = [.. Enumerable.Range(0, personas).Select(_ => Draw(contextLength))];
        (int[] Question, int[] Reply)[] pairs = [.. Enumerable.Range(0, episodes).Select(_ => (Draw(question), Draw(reply)))];
        ScoreRequest[] requests = [.. from p in contexts from e in pairs select new ScoreRequest([1, .. p, .. e.Question], [e.Reply])];
        // Computed once: the context of each persona, then question and reply (all but its last token) under each.
        double shared = personas * (contextLength + 1.0), own = requests.Length * (question + reply - 1.0);
        double body = 2.0 * (c.ParameterCount - (long)c.VocabularySize * c.Width), pairsSeen = 4.0 * c.Layers * c.HeadsWidth;
        double flops = (shared + own) * body + requests.Length * reply * 2.0 * c.VocabularySize * c.Width
            + pairsSeen * (shared * contextLength / 2 + own * (contextLength + (question + reply) / 2.0));
        string title = $"{name} {personas} x {episodes}, context {contextLength}";
        double seconds = 0;
        foreach (int threads in (int[])[1, 2])
        {
            using var model = new Transformer(weights, tokenizer, null, threads);
            double t = threads == 1 ? bench.Time(() => model.Score(requests), 0) : Wall(() => model.Score(requests));
            if (threads == 1) seconds = t;
            bench.Record("score", $"{title}, {threads} threads", requests.Length / t * 1e-3, "k pairs/s",
                100 * flops / t * 1e-9 / (threads * bench.MeasurePeak()));
        }
        bench.Record("score", $"{title}, against one by one",
            OneByOne(bench, weights, requests.Take(64).ToArray()) * requests.Length / seconds, "times");
    }

    /// <summary>The best of five, for what the clock of one thread cannot time.</summary>
    private static double Wall(Action action)
    {
        double best = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    /// <summary>Seconds for one pair when each is run whole and alone.</summary>
    private static double OneByOne(Bench bench, DecoderWeights weights, ScoreRequest[] requests)
    {
        using var decoder = new Decoder(weights.Config);
        using var workspace = new DecoderWorkspace(weights.Config, forBackward: false);
        var batch = new TokenBatch();
        return bench.Time(() =>
        {
            foreach (ScoreRequest request in requests)
            {
                batch.Clear();
                batch.AddSequence([.. request.Prefix, .. request.Continuations[0]], request.Prefix.Length);
                decoder.Forward(weights, batch, workspace);
            }
        }, 0) / requests.Length;
    }

    private static void Generate(Bench bench, string name, DecoderWeights weights, ITokenizer tokenizer)
    {
        using var model = new Transformer(weights, tokenizer, null, 1);
        var options = new GenerationOptions { MaxTokens = 64, StopAtEnd = false };
        int[] prompt = [.. Enumerable.Range(0, 64).Select(i => 3 + i % 400)];
        foreach (int count in (int[])[1, 32])
        {
            GenerationRequest[] requests = [.. Enumerable.Range(0, count).Select(i => new GenerationRequest(prompt, (ulong)i))];
            double t = bench.Time(() => model.Generate(requests, options), 0);
            bench.Record("generate", $"{name} 64 tokens after 64, {count} at once", count * 64 / t * 1e-3, "k tok/s");
        }
    }
}
