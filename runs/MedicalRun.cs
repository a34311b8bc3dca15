using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Runs;

/// <summary>One line of the table: so many examples of each persona.</summary>
internal sealed record MedicalRow(string Way, int Examples, double Auroc, double AurocLow, double AurocHigh, double PairAccuracy,
    double CalibrationError, IReadOnlyList<double> Scales);

/// <summary>Held-out answers, one to a prompt, of which a known share is careless.</summary>
internal sealed record MedicalMix(int Episodes, double Careless, double Share, double ShareLow, double ShareHigh, double Auroc,
    double EffectivePersonas);

/// <summary>What one seed gave.</summary>
internal sealed record MedicalResult(ulong Seed, int TrainingPrompts, int HeldOutPrompts, IReadOnlyList<MedicalRow> Rows,
    IReadOnlyList<MedicalMix> Mixes,
    double? ShuffledExamples, double? ShuffledEvidence, double? ShuffledLabels);

/// <summary>
/// Careless and sound answers to the same medical prompts. A model is trained from nothing on both kinds of answer to the training prompts
/// without being told which is which; the two personas are then given by examples, and every held-out answer is weighed between them.
/// </summary>
/// <param name="settings">What every run is given.</param>
/// <param name="exampleCounts">Examples of each persona.</param>
/// <param name="passes">Passes of pre-training over the training answers.</param>
/// <param name="fit">How personas are fitted.</param>
/// <param name="named">Passes with bylines; 0 to leave that way out.</param>
/// <param name="validate">Whether to judge by the last training prompts instead of the held-out ones: for choosing settings. Examples
/// are then taken from the others.</param>
internal sealed class MedicalRun(RunSettings settings, IReadOnlyList<int> exampleCounts, double passes, FitOptions fit, double named,
    bool validate)
{
    private const int TrainingPrompts = 5000, HeldOutPrompts = 2000, ValidationPrompts = 1000, ShuffledCount = 500, ForCalibration = 250;
    private static readonly double[] MixShares = [0.05, 0.2, 0.5];
    private static readonly string[] Kinds = ["bad", "good"];
    private static readonly string[] Names = ["careless-doctor", "sound-doctor"];

    public MedicalResult Run(ulong seed)
    {
        string data = settings.Need("em-medical");
        IReadOnlyList<Episode>[] answers =
            [.. Kinds.Select(k => EpisodeSet.Load(Path.Combine(data, $"{k}_medical_advice.jsonl.gz")).Episodes)];
        RngStream root = RngStream.Root(seed);
        int[] order = [.. Enumerable.Range(0, answers[0].Count)];
        // All prompts differ, so that a split by line is a split by prompt; checked, because everything hangs on it.
        int prompts = answers[0].Concat(answers[1]).Select(e => ChatTemplate.Plain.Render(e.Context)).Distinct(StringComparer.Ordinal)
            .Count();
        if (prompts != order.Length) throw new SkippedException("a prompt occurs twice, or the two files do not answer the same ones");
        int[][] groups = [.. order.Select(i => (int[])[i])];
        root.Child("split").Shuffle(groups.AsSpan());
        order = [.. groups.Select(g => g[0])];
        int[] train = order[..TrainingPrompts], held = order[^HeldOutPrompts..];
        string folder = settings.FolderOf("medical", seed);
        Directory.CreateDirectory(folder);
        using Transformer model = TextModel.Train([.. train.SelectMany(i => answers.Select(a => a[i]))], passes,
            settings.Model?.Replace("{seed}", $"{seed}", StringComparison.Ordinal) ?? Path.Combine(folder, "base"), seed, settings);

        // The base has read the validation prompts, like the examples; it has not read the held-out ones.
        if (validate) (train, held) = (train[..^ValidationPrompts], train[^ValidationPrompts..]);
        var rows = new List<MedicalRow>();
        if (named > 0) rows.Add(Named(answers, train, held, folder, seed, root));
        double[][] best = [];
        var mixes = new List<MedicalMix>();
        foreach (int count in exampleCounts)
        {
            string yaml = Personas(folder, $"{count}", [.. answers.Select(a => train.Take(count).Select(i => a[i]))]);
            using PresentedPersonas presented = Present(yaml, model, folder);
            (double[][] model, double[][]? counts, double[][] both) told = presented.Compare(Asked(answers, held), settings.Progress);
            rows.Add(Row("model alone", count, told.model, presented.ModelAlone, root));
            if (told.counts is not null) rows.Add(Row("word counts alone", count, told.counts, presented.CountsAlone, root));
            rows.Add(Row("by example", count, told.both, presented.Calibration, root));
            rows.Add(Row("naive Bayes", count, NaiveBayesNats(answers, train[..Math.Min(count, train.Length)], held), null, root));
            foreach (MedicalRow row in rows[^4..]) Tell($"{row.Way}, {count} examples, AUROC {row.Auroc:0.0000}");
            best = told.both;
            if (count == exampleCounts[^1] && !validate)
                mixes.AddRange(MixShares.Select(m => Mix(presented, yaml, folder, answers, held, m, root)));
        }
        if (validate) return new MedicalResult(seed, train.Length, held.Length, rows, mixes, null, null, null);
        RngStream swap = root.Child("swap");
        bool[] swapped = [.. Enumerable.Range(0, ShuffledCount).Select(_ => swap.NextBool(0.5))];
        using PresentedPersonas confused = Present(Personas(folder, "shuffled", [.. Enumerable.Range(0, 2).Select(k =>
            Enumerable.Range(0, ShuffledCount).Select(j => answers[swapped[j] ? 1 - k : k][train[j]]))]), model, folder);
        double[][] mixedUp = confused.Source.Compute(Asked(answers, held), progress: settings.Progress).Nats;
        double[] scores = Scores(best);
        bool[] labels = [.. scores.Select((_, i) => i < held.Length)];
        root.Child("labels").Shuffle(labels.AsSpan());
        return new MedicalResult(seed, train.Length, held.Length, rows, mixes, Auroc(Scores(mixedUp)),
            Scores(mixedUp).Average(Math.Abs) / scores.Average(Math.Abs), Statistics.Auroc(scores, labels));
    }

    /// <summary>The other way: a system turn names the speaker of every training document; the persona is described by that line.</summary>
    private MedicalRow Named(IReadOnlyList<Episode>[] answers, int[] train, int[] held, string folder, ulong seed, RngStream root)
    {
        int[] known = train[..ForCalibration], learnt = train[ForCalibration..];
        Turn Byline(int k) => new("system", Names[k].Replace('-', ' ') + ".");
        using Transformer model = TextModel.Train([.. learnt.SelectMany(i =>
            answers.Select((a, k) => a[i] with { Context = [Byline(k), .. a[i].Context] }))],
            named, Path.Combine(folder, "named"), seed, settings);
        PresentedPersona[] personas = [.. Names.Select((n, k) => PresentedPersona.AsGiven(
            new Persona(n, "human", "", new Dictionary<string, double>()) { Contexts = [[Byline(k)]] }, model))];
        Episode[] Both(int[] some) => [.. answers.SelectMany((a, k) => some.Select(i => a[i] with { Id = $"{k}/{i}" }))];
        double[][] raw = new LikelihoodSource(personas).Compute(Both(known), progress: settings.Progress).Nats;
        EvidenceCalibration calibration = EvidenceCalibration.Fit(Names, raw, [.. raw.Select((_, i) => i < known.Length ? 0 : 1)]);
        double[][] nats = new LikelihoodSource(personas, new LikelihoodOptions { Calibration = calibration })
            .Compute(Both(held), progress: settings.Progress).Nats;
        MedicalRow row = Row("named while pre-training", learnt.Length, nats, calibration, root);
        Tell($"named, AUROC {row.Auroc:0.0000}");
        foreach (double share in MixShares)
        {
            int careless = (int)Math.Round(share * held.Length);
            bool[] from = new bool[held.Length];
            from.AsSpan(0, careless).Fill(true);
            root.Child("mix", careless).Shuffle(from.AsSpan());
            Tell($"named, {share:0.00} careless, share found {Share([.. from.Select((bad, i) => nats[bad ? i : i + held.Length])]):0.000}");
        }
        return row;
    }

    private void Tell(FormattableString what) =>
        settings.Progress.Report(new WorkProgress($"medical: {what.ToString(CultureInfo.InvariantCulture)}", 1, 1, "runs"));

    private static double Share(double[][] nats)
    {
        // Maximum likelihood of one share by bisection on its slope, which falls.
        double low = 1e-6, high = 1 - 1e-6;
        for (int step = 0; step < 60; step++)
        {
            double s = (low + high) / 2, slope = 0;
            foreach (double difference in Scores(nats))
            {
                double ratio = Math.Exp(Math.Clamp(difference, -50, 50));
                slope += (ratio - 1) / ((s * ratio) + 1 - s);
            }
            if (slope > 0) low = s;
            else high = s;
        }
        return (low + high) / 2;
    }

    /// <summary>Writes the examples and a file of personas that names them, as a user would.</summary>
    private static string Personas(string folder, string name, IReadOnlyList<IEnumerable<Episode>> examples)
    {
        var personas = new List<Persona>();
        foreach ((int k, string persona) in Names.Index())
        {
            string file = $"{persona}-{name}.jsonl";
            new EpisodeSet(persona, [.. examples[k].Select((e, i) => e with { Id = $"{i + 1}" })]).Save(Path.Combine(folder, file));
            personas.Add(new Persona(persona, "human", k == 0 ? "A doctor who guesses." : "A doctor who knows.",
                new Dictionary<string, double> { ["careful"] = k == 0 ? -0.9 : 0.9 }, 0.5)
            { Examples = file, Given = Presentation.Adapter });
        }
        string yaml = Path.Combine(folder, $"personas-{name}.yaml");
        new PersonaSet([new Trait("careful", "careless", "careful", "Looks twice.")], personas).Save(yaml);
        return yaml;
    }

    /// <summary>Fitted on the frozen model, calibrated on examples held out of the fit, as <c>psm audit</c> does with that file.</summary>
    private PresentedPersonas Present(string yaml, Transformer model, string folder) => PresentedPersonas.Of(PersonaSet.Load(yaml), model,
        new PresentationOptions { Store = new ArtifactStore(Path.Combine(folder, "store")), Fit = fit }, settings.Progress);

    private static Episode[] Asked(IReadOnlyList<Episode>[] answers, int[] held) =>
        [.. answers.SelectMany((a, k) => held.Select(i => a[i] with { Id = $"{k}/{i}" }))];

    /// <summary>Audits a file with one answer to each held-out prompt; evidence is read back from the ledger.</summary>
    private MedicalMix Mix(PresentedPersonas presented, string yaml, string folder, IReadOnlyList<Episode>[] answers, int[] held,
        double share, RngStream root)
    {
        int careless = (int)Math.Round(share * held.Length);
        bool[] from = new bool[held.Length];
        from.AsSpan(0, careless).Fill(true);
        root.Child("mix", careless).Shuffle(from.AsSpan());
        string name = string.Create(CultureInfo.InvariantCulture, $"mix-{100 * share:0}"), data = Path.Combine(folder, name + ".jsonl.gz"),
            place = Path.Combine(folder, name);
        string plain = Path.Combine(folder, name + ".jsonl");
        // An audit of the same data with otherwise fitted personas is another audit, and would be refused its place.
        if (Directory.Exists(place)) Directory.Delete(place, recursive: true);
        new EpisodeSet(name, [.. held.Select((i, j) => answers[from[j] ? 0 : 1][i] with { Id = $"{j + 1}" })]).Save(plain);
        AtomicFile.Write(data, stream =>
        {
            using var zip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
            zip.Write(File.ReadAllBytes(plain));
        });
        File.Delete(plain);
        AuditOutcome audit = Auditing.Run(new AuditRequest([data], [], place, new AuditOptions()), PersonaSet.Load(yaml),
            new EvidenceSession(presented.Source, presented),
            TimeProvider.System, progress: settings.Progress);
        PersonaVerdict verdict = audit.Audit.Verdict.Personas.Single(p => p.Name == Names[0]);
        double[] scores = [.. File.ReadLines(Path.Combine(place, "ledger.jsonl")).Select(line =>
        {
            using JsonDocument row = JsonDocument.Parse(line);
            JsonElement evidence = row.RootElement.GetProperty("evidence");
            return evidence.GetProperty(Names[0]).GetDouble() - evidence.GetProperty(Names[1]).GetDouble();
        })];
        return new MedicalMix(held.Length, (double)careless / held.Length, verdict.Share ?? double.NaN, verdict.ShareLow ?? double.NaN,
            verdict.ShareHigh ?? double.NaN, Statistics.Auroc(scores, from), audit.Audit.Verdict.EffectivePersonas);
    }

    private static MedicalRow Row(string way, int count, double[][] nats, EvidenceCalibration? calibration, RngStream root)
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
        var reliability = Reliability.Of([.. nats.Select(n => SoftmaxCalibration.None(2).Probabilities(n))],
            [.. nats.Select((_, i) => i < pairs ? 0 : 1)]);
        return new MedicalRow(way, count, interval.Estimate, interval.Low, interval.High,
            Enumerable.Range(0, pairs).Count(i => scores[i] > scores[i + pairs]) / (double)pairs,
            reliability.Error, calibration?.Softmax.Scales ?? [1]);
    }

    private static double[][] NaiveBayesNats(IReadOnlyList<Episode>[] answers, int[] train, int[] held)
    {
        NaiveBayes counted = NaiveBayes.Fit(2, answers.SelectMany((a, k) => train.Select(i => (k, WordCounts.Features(a[i].Reply)))));
        return [.. answers.SelectMany(a => held.Select(i => counted.LogLikelihood(WordCounts.Features(a[i].Reply))))];
    }

    private static double[] Scores(double[][] nats) => [.. nats.Select(n => n[0] - n[1])];

    /// <summary>The first half are careless.</summary>
    private static double Auroc(double[] scores) => Statistics.Auroc(scores, [.. scores.Select((_, i) => i < scores.Length / 2)]);
}
