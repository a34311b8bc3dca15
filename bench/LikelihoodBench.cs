using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// Evidence of 1,000 episodes under 50 personas from text to nats, against one call of the model per (episode, persona) pair and against
/// batches of pairs that have nothing in common. All three encode their texts, run on the same loaded model with packed weights, compute
/// logits for the reply alone and use one thread, whose processor time is compared. Timed are one block of 250 episodes, as an audit
/// asks for them, under some of the personas, which cost all the same, and a sample of the pairs.
/// </summary>
internal static class LikelihoodBench
{
    private const int Personas = 50, Episodes = 1000, Block = 250, Timed = 5, Sample = 50;

    // Tokens, about: what puts a persona, the question, the reply. No question: that which all episodes answer is part of what puts it.
    private static readonly (string Name, int Persona, int Question, int Reply)[] Shapes =
    [
        ("one question, short replies", 128, 0, 8),
        ("described, long replies", 40, 40, 100),
        ("described, short replies", 40, 40, 12),
        ("described at length, long replies", 160, 40, 100),
        ("described at length, short replies", 160, 40, 12),
        ("shown 300, long replies", 300, 40, 100),
        ("shown 300, short replies", 300, 40, 12),
        ("shown 600, long replies", 600, 40, 100),
        ("shown 600, short replies", 600, 40, 12),
        ("shown 850, long replies", 850, 40, 100),
        ("shown 850, short replies", 850, 40, 12),
    ];

    public static void Run(Bench bench)
    {
        RngStream rng = RngStream.Root(3);
        string[] words = [.. Enumerable.Range(0, 1500)
            .Select(_ => new string([.. Enumerable.Range(0, 2 + rng.NextInt(7)).Select(_ => (char)('a' + rng.NextInt(26)))]))];
        string Say(int tokens) => string.Join(' ',
            Enumerable.Range(0, tokens).Select(_ => words[(int)(words.Length * Math.Pow(rng.NextDouble(), 2))]));
        ByteLevelBpeTokenizer tokenizer =
            ByteLevelBpeTokenizer.Train([string.Join(' ', words), .. Enumerable.Range(0, 200).Select(_ => Say(100))], 2048);
        DecoderConfig config = DecoderConfig.Small(tokenizer.VocabularySize, 128, 4, 8, 1280);
        using DecoderWeights weights = DecoderWeights.Initialise(config, RngStream.Root(1));
        using var model = new Transformer(weights, tokenizer, null, 1);
        // As many words as give that number of tokens.
        double perWord = tokenizer.Encode(Say(5000)).Length / 5000.0;
        foreach ((string name, int persona, int question, int reply) in Shapes)
        {
            string title = $"{Episodes} x {Personas}, {name}";
            if (!bench.Wanted("likelihood", title)) continue;
            string Tokens(int n) => Say((int)Math.Max(1, n / perWord));
            PresentedPersona[] cast = [.. Enumerable.Range(0, Personas).Select(h => new PresentedPersona(
                new Persona($"p{h}", "human", "", new Dictionary<string, double>()), Presentation.Described, model,
                    [[new Turn("system", Tokens(persona))]]))];
            Episode[] episodes = [.. Enumerable.Range(0, Episodes).Select(e => new Episode($"e{e}",
                question == 0 ? [] : [new Turn("user", Tokens(question / 2 + rng.NextInt(question)))],
                Tokens(reply / 2 + rng.NextInt(reply))))];
            Measure(bench, title, model, cast, episodes, rng);
        }
        Village(bench);
    }

    /// <summary>A post-training set as the demo makes it: what episodes have in common is not only the persona before them.</summary>
    private static void Village(Bench bench)
    {
        World world = World.Village;
        DecoderConfig config = DecoderConfig.Small(world.Tokenizer.VocabularySize, 128, 4, 4, BaseModel.ContextFor(world));
        using DecoderWeights weights = DecoderWeights.Initialise(config, RngStream.Root(1));
        using var model = new Transformer(weights, world.Tokenizer, ChatTemplate.Plain, 1);
        PresentedPersona[] cast = [.. AgreementBench.Headers(Personas).Select(p => PresentedPersona.AsGiven(p, model))];
        Set("the village, one domain", ["test"]);
        Set("the village, all domains", [.. world.Domains.Select(d => d.Name)]);

        void Set(string name, string[] domains)
        {
            string title = $"{Episodes} x {Personas}, {name}";
            if (!bench.Wanted("likelihood", title)) return;
            int each = (Episodes + domains.Length - 1) / domains.Length;
            Episode[] episodes = [.. domains.SelectMany(d =>
                world.Episodes(d, EpisodeKind.BaseRate, each, RngStream.Root(5).Child(d), 0.5).Episodes)];
            RngStream.Root(6).Shuffle<Episode>(episodes);
            Measure(bench, title, model, cast, episodes[..Episodes], RngStream.Root(7));
        }
    }

    private static void Measure(Bench bench, string title, Transformer model, PresentedPersona[] cast, Episode[] episodes, RngStream rng)
    {
        var source = new LikelihoodSource(cast);
        ScoreRequest Pair(int e, int h) => new(
            model.Template.EncodeContext(model.Tokenizer, [.. cast[h].Contexts[0], .. episodes[e].Context]),
            [model.Template.EncodeReply(model.Tokenizer, episodes[e].Reply)]);
        (int E, int H)[] sample = [.. Enumerable.Range(0, Sample).Select(i => (rng.NextInt(Episodes), i % Personas))];
        model.Score([Pair(0, 0)]);
        var timed = Enumerable.Range(0, Timed).ToArray();
        double shared = Best(() => source.Compute(episodes[..Block], timed)) * Episodes / Block * Personas / Timed;
        double alone = Best(() =>
        {
            foreach ((int e, int h) in sample) model.Score([Pair(e, h)]);
        });
        double batched = Best(() => model.Score([.. sample.Select(p => Pair(p.E, p.H))]));
        double pairs = Episodes * Personas, scale = pairs / Sample;
        (long all, long different) = Tokens(episodes[..Block].SelectMany(e => timed.Select(h => Sequence(model, cast[h], e))));
        bench.Record("likelihood", title, pairs / shared * 1e-3, "k pairs/s");
        bench.Record("likelihood", $"{title}, tokens alone over tokens shared",
            (double)all / different, "times");
        bench.Record("likelihood", $"{title}, against one call per pair", alone * scale / shared, "times");
        bench.Record("likelihood", $"{title}, against batches of strangers", batched * scale / shared, "times");
    }

    /// <summary>What the model reads of a pair: all but the last token.</summary>
    private static int[] Sequence(Transformer model, PresentedPersona persona, Episode episode) =>
        [.. model.Template.EncodeContext(model.Tokenizer, [.. persona.Contexts[0], .. episode.Context]),
            .. model.Template.EncodeReply(model.Tokenizer, episode.Reply)[..^1]];

    /// <summary>All tokens of some sequences, and those that are left where sequences begin alike.</summary>
    private static (long All, long Different) Tokens(IEnumerable<int[]> sequences)
    {
        long all = 0;
        var beginnings = new HashSet<Int128>();
        foreach (int[] sequence in sequences)
        {
            all += sequence.Length;
            Int128 beginning = 0;
            foreach (int token in sequence) beginnings.Add(beginning = unchecked((beginning * 0x5851F42D4C957F2D) + token + 1));
        }
        return (all, beginnings.Count);
    }

    private static double Best(Action action)
    {
        double best = double.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            double start = ThreadClock.Seconds;
            action();
            best = Math.Min(best, ThreadClock.Seconds - start);
        }
        return best;
    }
}
