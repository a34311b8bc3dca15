using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Runs;

/// <summary>One line of the table: so many examples of each persona.</summary>
internal sealed record MedicalRow(int Examples, double Auroc, double AurocLow, double AurocHigh, double PairAccuracy, double NaiveBayes, double CalibrationError,
    double Temperature);

/// <summary>Held-out answers, one to a prompt, of which a known share is careless.</summary>
internal sealed record MedicalMix(int Episodes, double Careless, double Share, double Auroc);

/// <summary>What one seed gave.</summary>
internal sealed record MedicalResult(ulong Seed, int TrainingPrompts, int HeldOutPrompts, IReadOnlyList<MedicalRow> Rows, IReadOnlyList<MedicalMix> Mixes,
    double ShuffledExamples, double ShuffledLabels);

/// <summary>
/// Careless and sound answers to the same medical prompts. A model is trained from nothing on both kinds of answer to the training prompts
/// without being told which is which; the two personas are then given by examples, and every held-out answer is weighed between them.
/// </summary>
internal sealed class MedicalRun(RunSettings settings)
{
    private const int TrainingPrompts = 5000, HeldOutPrompts = 2000, ShuffledCount = 500;
    private const double Passes = 4;
    private static readonly int[] ExampleCounts = [50, 500, 5000];
    private static readonly double[] MixShares = [0.05, 0.2, 0.5];
    private static readonly string[] Names = ["careless-doctor", "sound-doctor"];

    public MedicalResult Run(ulong seed)
    {
        string data = settings.Need("em-medical");
        IReadOnlyList<Episode>[] answers =
            [EpisodeSet.Load(Path.Combine(data, "bad_medical_advice.jsonl.gz")).Episodes, EpisodeSet.Load(Path.Combine(data, "good_medical_advice.jsonl.gz")).Episodes];
        RngStream root = RngStream.Root(seed);
        int[] order = [.. Enumerable.Range(0, answers[0].Count)];
        // All prompts differ, so that a split by line is a split by prompt; checked, because everything hangs on it.
        int prompts = answers[0].Concat(answers[1]).Select(e => ChatTemplate.Plain.Render(e.Context)).Distinct(StringComparer.Ordinal).Count();
        if (prompts != order.Length) throw new SkippedException("a prompt occurs twice, or the two files do not answer the same ones");
        int[][] groups = [.. order.Select(i => (int[])[i])];
        root.Child("split").Shuffle(groups.AsSpan());
        order = [.. groups.Select(g => g[0])];
        int[] train = order[..TrainingPrompts], held = order[^HeldOutPrompts..];
        string folder = settings.FolderOf("medical", seed);
        Directory.CreateDirectory(folder);
        using Transformer model = TextModel.Train([.. train.SelectMany(i => answers.Select(a => a[i]))], Passes,
            settings.Model?.Replace("{seed}", $"{seed}", StringComparison.Ordinal) ?? Path.Combine(folder, "base"), seed, settings);

        var rows = new List<MedicalRow>();
        double[][] best = [];
        foreach (int count in ExampleCounts)
        {
            (double[][] nats, EvidenceCalibration? calibration) = Weigh(model, folder, $"{count}", [.. answers.Select(a => train.Take(count).Select(i => a[i]))], answers, held);
            rows.Add(Row(count, nats, calibration, NaiveBayesScores(answers, train[..count], held), root));
            settings.Progress.Report(new WorkProgress($"medical: {count} examples, AUROC {rows[^1].Auroc:0.0000}, naive Bayes {rows[^1].NaiveBayes:0.0000}", 1, 1, "runs"));
            best = nats;
        }
        RngStream swap = root.Child("swap");
        bool[] swapped = [.. Enumerable.Range(0, ShuffledCount).Select(_ => swap.NextBool(0.5))];
        (double[][] mixedUp, _) = Weigh(model, folder, "shuffled", [.. Enumerable.Range(0, 2).Select(k =>
            Enumerable.Range(0, ShuffledCount).Select(j => answers[swapped[j] ? 1 - k : k][train[j]]))], answers, held);
        double[] scores = Scores(best);
        bool[] labels = [.. scores.Select((_, i) => i < held.Length)];
        root.Child("labels").Shuffle(labels.AsSpan());
        return new MedicalResult(seed, train.Length, held.Length, rows, [.. MixShares.Select(m => Mix(best, m, root))], Auroc(Scores(mixedUp)),
            Statistics.Auroc(scores, labels));
    }

    /// <summary>The product's own way: a file of personas with examples, fitted on the frozen model, calibrated on examples held out of the fit.</summary>
    private (double[][] Nats, EvidenceCalibration? Calibration) Weigh(Transformer model, string folder, string name, IReadOnlyList<IEnumerable<Episode>> examples,
        IReadOnlyList<Episode>[] answers, int[] held)
    {
        var personas = new List<Persona>();
        for (int k = 0; k < Names.Length; k++)
        {
            string file = $"{Names[k]}-{name}.jsonl";
            new EpisodeSet(Names[k], [.. examples[k].Select((e, i) => e with { Id = $"{i + 1}" })]).Save(Path.Combine(folder, file));
            personas.Add(new Persona(Names[k], "human", k == 0 ? "A doctor who guesses." : "A doctor who knows.",
                new Dictionary<string, double> { ["careful"] = k == 0 ? -0.9 : 0.9 }, 0.5)
            { Examples = file, Given = Presentation.Adapter });
        }
        string yaml = Path.Combine(folder, $"personas-{name}.yaml");
        new PersonaSet([new Trait("careful", "careless", "careful", "Looks twice.")], personas).Save(yaml);
        using PresentedPersonas presented = PresentedPersonas.Of(PersonaSet.Load(yaml), model,
            new PresentationOptions { Store = new ArtifactStore(Path.Combine(folder, "store")) }, settings.Progress);
        Episode[] asked = [.. answers.SelectMany((a, k) => held.Select(i => a[i] with { Id = $"{k}/{i}" }))];
        return (presented.Source.Compute(asked, progress: settings.Progress).Nats, presented.Calibration);
    }

    private static MedicalRow Row(int count, double[][] nats, EvidenceCalibration? calibration, double[] naiveBayes, RngStream root)
    {
        double[] scores = Scores(nats);
        int pairs = scores.Length / 2;
        int[] clusters = [.. Enumerable.Range(0, scores.Length).Select(i => i % pairs)];
        Interval interval = Bootstrap.Clustered(clusters, some =>
        {
            var s = new double[some.Length];
            var l = new bool[some.Length];
            for (int i = 0; i < some.Length; i++) (s[i], l[i]) = (scores[some[i]], some[i] < pairs);
            return Statistics.Auroc(s, l);
        }, root.Child("bootstrap"), resamples: 200);
        var reliability = Reliability.Of([.. nats.Select(n => SoftmaxCalibration.None(2).Probabilities(n))], [.. nats.Select((_, i) => i < pairs ? 0 : 1)]);
        return new MedicalRow(count, interval.Estimate, interval.Low, interval.High, Enumerable.Range(0, pairs).Count(i => scores[i] > scores[i + pairs]) / (double)pairs,
            Auroc(naiveBayes), reliability.Error, calibration?.Softmax.Temperature ?? 1);
    }

    private static MedicalMix Mix(double[][] nats, double share, RngStream root)
    {
        int pairs = nats.Length / 2, careless = (int)Math.Round(share * pairs);
        bool[] from = new bool[pairs];
        from.AsSpan(0, careless).Fill(true);
        root.Child("mix", careless).Shuffle(from.AsSpan());
        double[][] shown = [.. from.Select((bad, i) => nats[bad ? i : i + pairs])];
        return new MedicalMix(pairs, (double)careless / pairs, MixtureShares.Fit(shown)[0], Statistics.Auroc(Scores(shown), from));
    }

    private static double[] NaiveBayesScores(IReadOnlyList<Episode>[] answers, int[] train, int[] held)
    {
        NaiveBayes counted = NaiveBayes.Fit(2, answers.SelectMany((a, k) => train.Select(i => (k, WordPairs.Of(a[i].Reply)))));
        return [.. answers.SelectMany(a => held.Select(i => counted.LogLikelihood(WordPairs.Of(a[i].Reply)))).Select(l => l[0] - l[1])];
    }

    private static double[] Scores(double[][] nats) => [.. nats.Select(n => n[0] - n[1])];

    /// <summary>The first half are careless.</summary>
    private static double Auroc(double[] scores) => Statistics.Auroc(scores, [.. scores.Select((_, i) => i < scores.Length / 2)]);
}
