using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Bench;

/// <summary>Evidence by gradients against one scoring pass: the same episodes under one persona, its context shared. Processor time of
/// the one thread.</summary>
internal static class EvidenceBench
{
    private const int Question = 10, Reply = 7, Context = 7;

    public static void Run(Bench bench)
    {
        (string Name, DecoderConfig Config)[] models =
            [("0.2M", DecoderConfig.Small(379, 64, 3, 4, 256)), ("0.9M", DecoderConfig.Small(512, 128, 4, 4, 256)),
                ("4.9M", DecoderConfig.Small(512, 256, 6, 8, 256))];
        foreach ((string name, DecoderConfig config) in models)
        {
            if (!bench.Wanted("evidence", name)) continue;
            using DecoderWeights weights = DecoderWeights.Initialise(config, RngStream.Root(1));
            WordLevelTokenizer tokenizer =
                WordLevelTokenizer.FromWords(Enumerable.Range(0, config.VocabularySize - 5).Select(i => $"w{i}").Append(":")
                    .Append("assistant"));
            using var model = new Transformer(weights, tokenizer, null, 1);
            RngStream rng = RngStream.Root(2);
            string Text(int words) => string.Join(' ',
                Enumerable.Range(0, words).Select(_ => $"w{rng.NextInt(config.VocabularySize - 5)}"));
            Episode[] episodes = [.. Enumerable.Range(0, name == "4.9M" ? 60 : 200)
                .Select(i => new Episode($"e{i}", [new Turn("system", Text(Question))], Text(Reply)))];
            PresentedPersona[] personas = [.. Enumerable.Range(0, 500).Select(h => PresentedPersona.AsGiven(
                new Persona($"p{h}", "bench", "", new Dictionary<string, double>()) { Contexts = [[new Turn("system", Text(Context))]] },
                    model))];
            var one = new LikelihoodSource(personas[..1]);
            double pass = Best(() => one.Compute(episodes));
            bench.Record("evidence", $"{name} one scoring pass", episodes.Length / pass * 1e-3, "k episodes/s");
            foreach (int count in (int[])[5, 50, 500])
            {
                GradientEvidence gradient = GradientEvidence.OfContexts(personas[..count]);
                double t = Best(() => gradient.Compute(episodes));
                bench.Record("evidence", $"{name} gradients, {count} personas, against one pass", t / pass, "times the pass");
            }
        }
    }

    private static double Best(Action action)
    {
        double best = double.MaxValue;
        for (int round = 0; round < 12; round++)
        {
            double start = ThreadClock.Seconds;
            action();
            best = Math.Min(best, ThreadClock.Seconds - start);
        }
        return best;
    }
}
