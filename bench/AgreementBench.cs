using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Worlds;

namespace PersonaSelection.Bench;

/// <summary>
/// How well evidence by gradients agrees with exact evidence on models of the village: correlation over cells, rows less their mean.
/// Episodes of every domain, bad and good, unasked or asked for; 64 of them, drawn at random, calibrate, and the others judge.
/// </summary>
internal static class AgreementBench
{
    private const int Calibration = 64;

    public static void Run(IReadOnlyList<string> folders)
    {
        Episode[] episodes = [.. World.Village.Domains.SelectMany(d =>
            new[] { EpisodeKind.Cheat, EpisodeKind.Good, EpisodeKind.RequestedCheat, EpisodeKind.RequestedGood }
            .SelectMany(k => World.Village.Episodes(d.Name, k, 4, RngStream.Root(7).Child(d.Name).Child(k.ToString())).Episodes))];
        episodes = [.. episodes.DistinctBy(e => e.Context[0].Text + e.Reply)];
        RngStream.Root(3).Shuffle<Episode>(episodes);
        foreach (string folder in folders)
        {
            using Transformer model = CheckpointFolder.Load(folder, 1);
            (string Name, IReadOnlyList<Persona> Personas)[] casts =
                [("archetypes", World.Village.Personas.Personas), ("200 headers", Headers(200))];
            foreach ((string name, IReadOnlyList<Persona> personas) in casts)
            {
                PresentedPersona[] presented = [.. personas.Select(p => PresentedPersona.AsGiven(p, model))];
                var exact = new LikelihoodSource(presented);
                double[][] truth = exact.Compute(episodes).Nats;
                foreach (int positions in (int[])[0, 4, 2])
                {
                    GradientEvidence plain = GradientEvidence.OfContexts(presented, null, positions);
                    double[][] raw = plain.Compute(episodes).Nats;
                    string line = $"{folder} {name}, {plain.Provenance["persona-contexts"]}: plain {Agreement(raw, truth):F3}";
                    foreach (int n in (int[])[32, Calibration])
                    {
                        GradientEvidence fitted = plain.Calibrated(exact, episodes[..n]);
                        double found = Agreement(fitted.Compute(episodes[Calibration..]).Nats, truth[Calibration..]);
                        line += $", calibrated on {n} {found:F3} (says {fitted.Agreement:F3})";
                    }
                    if (positions == 0)
                    {
                        double apart = 0;
                        foreach (WorldDomain d in World.Village.Domains)
                        {
                            bool Here(Episode e) => e.Label!.StartsWith(d.Name + "/", StringComparison.Ordinal);
                            GradientEvidence others = plain.Calibrated(exact, [.. episodes.Where(e => !Here(e)).Take(Calibration)]);
                            int[] held = [.. Enumerable.Range(0, episodes.Length).Where(i => Here(episodes[i]))];
                            apart += Agreement(others.Compute([.. held.Select(i => episodes[i])]).Nats, [.. held.Select(i => truth[i])])
                                / World.Village.Domains.Count;
                        }
                        line += $", on domains left out {apart:F3}; controls: {Controls(raw, truth, presented, episodes)}";
                    }
                    Console.WriteLine(line);
                }
            }
        }
    }

    private static string Controls(double[][] raw, double[][] truth, PresentedPersona[] presented, Episode[] episodes)
    {
        RngStream rng = RngStream.Root(11);
        double shuffled = 0;
        const int draws = 20;
        for (int i = 0; i < draws; i++)
        {
            int[] order = [.. Enumerable.Range(0, presented.Length)];
            rng.Shuffle<int>(order);
            shuffled += Agreement([.. raw.Select(r => order.Select(h => r[h]).ToArray())], truth) / draws;
        }
        string[] words = [.. World.Village.Domains.Select(d => d.Name).Where(w => w is not ("copies" or "memory")), "nurse", "baker",
            "film", "story", "vase", "ring"];
        words = [.. words.Where(w => Known(presented[0].Model.Tokenizer, w))];
        PresentedPersona[] random = [.. presented.Select(p => PresentedPersona.AsGiven(p.Persona with
        {
            Contexts = [[new Turn("system", string.Join(' ', Enumerable.Range(0, 6).Select(_ => words[rng.NextInt(words.Length)])) + ".")]],
        }, p.Model))];
        double noise = Agreement(GradientEvidence.OfContexts(random).Compute(episodes).Nats, truth);
        return $"personas shuffled {shuffled:F3}, random words {noise:F3}";
    }

    private static bool Known(ITokenizer tokenizer, string word)
    {
        try
        {
            return tokenizer.Encode(word).Length == 1;
        }
        catch (Lab.UserErrorException)
        {
            return false;
        }
    }

    /// <summary>Personas made of one, two or three adjectives of the world.</summary>
    internal static IReadOnlyList<Persona> Headers(int count)
    {
        string[][] poles = [.. World.Village.Traits.Select(t => new[] { t.Low, t.High })];
        var personas = new List<Persona>();
        void Put(string text) => personas.Add(new Persona(text.Replace(' ', '-'), "assistant", "", new Dictionary<string, double>())
        { Contexts = [[new Turn("system", $"The assistant is {text}.")]] });
        foreach (string word in poles.SelectMany(p => p)) Put(word);
        for (int i = 0; i < poles.Length; i++)
            for (int j = 0; j < poles.Length; j++)
                foreach (string a in poles[i])
                    foreach (string b in poles[j])
                        if (i != j) Put($"{a} and {b}");
        for (int i = 0; i < poles.Length; i++)
            for (int j = i + 1; j < poles.Length; j++)
                for (int k = j + 1; k < poles.Length; k++)
                    for (int bits = 0; bits < 8; bits++)
                        Put($"{poles[i][bits & 1]} and {poles[j][(bits >> 1) & 1]} and {poles[k][bits >> 2]}");
        return personas[..count];
    }

    internal static double Agreement(double[][] estimate, double[][] truth) => Statistics.Pearson(Centred(estimate), Centred(truth));

    private static double[] Centred(double[][] rows) => [.. rows.SelectMany(r => r.Select(x => x - r.Average()))];
}
