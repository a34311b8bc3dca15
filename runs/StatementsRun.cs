using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Runs;

/// <summary>How well one way of weighing tells thirteen personas.</summary>
internal sealed record StatementsRow(string Way, double Single, double SingleLow, double SingleHigh, double Fives, double CalibrationError,
    double FivesCalibrationError);

/// <summary>What one seed gave.</summary>
internal sealed record StatementsResult(ulong Seed, IReadOnlyList<string> Personas, int Training, int HeldOut, int FivesCount,
    double Temperature,
    IReadOnlyList<StatementsRow> Rows, double ShuffledLabels);

/// <summary>
/// Statements that thirteen personas agree with: a model is trained from nothing on the training statements, and every held-out one is
/// given to the persona under which it is likeliest.
/// </summary>
/// <param name="settings">What every run is given.</param>
/// <param name="passes">Passes of pre-training over the training statements.</param>
/// <param name="fit">How personas are fitted.</param>
/// <param name="byExample">Whether to give personas by example too.</param>
/// <param name="unread">Whether the base of personas by example does not read the examples that are held out to judge their fit.</param>
internal sealed class StatementsRun(RunSettings settings, double passes, FitOptions fit, bool byExample, bool unread)
{
    private const int HeldOut = 1300, ForCalibration = 500;
    private const int InGroup = 5;
    private const string Question = "Speak.";

    public StatementsResult Run(ulong seed)
    {
        string data = settings.Need(Path.Combine("anthropics-evals", "persona"));
        string[] files = [.. Directory.GetFiles(data, "*.jsonl").Order(StringComparer.Ordinal)];
        string[] names = [.. files.Select(f => Path.GetFileNameWithoutExtension(f)!)];
        (string Text, int Persona)[] all = [.. files.SelectMany((file, k) => Agreed(file).Select(s => (s, k)))];
        // Some statements stand in more than one file, or twice in one: all of a kind go to one side.
        (string Text, int Persona)[][] distinct = [.. all.GroupBy(s => s.Text.Trim().ToLowerInvariant()).Select(g => g.ToArray())];
        RngStream root = RngStream.Root(seed);
        root.Child("split").Shuffle(distinct.AsSpan());
        (string Text, int Persona)[] dealt = [.. distinct.SelectMany(g => g)], held = dealt[..HeldOut], train = dealt[HeldOut..];
        string folder = settings.FolderOf("statements", seed);
        Directory.CreateDirectory(folder);
        int[] truth = [.. held.Select(s => s.Persona)];
        Episode[] asked = [.. held.Select((s, i) => Say($"{i + 1}", s.Text))];
        (double[][] told, double temperature) = Told(names, train, asked, folder, seed);
        var rows = new List<StatementsRow> { Row("named while pre-training", told, truth, root) };
        if (byExample)
            foreach ((string way, double[][] nats) in ByExample(names, train, asked, folder, seed)) rows.Add(Row(way, nats, truth, root));

        NaiveBayes counted = NaiveBayes.Fit(names.Length, train.Select(s => (s.Persona, WordCounts.Features(s.Text))));
        double[][] counts = [.. held.Select(s => counted.LogLikelihood(WordCounts.Features(s.Text)))];
        int[] shuffled = [.. truth];
        root.Child("labels").Shuffle(shuffled.AsSpan());
        rows.Add(Row("naive Bayes over words and pairs", counts, truth, root));
        rows.Add(Row("both: the sum of the first and a fifth of naive Bayes",
            [.. told.Select((n, i) => (double[])[.. n.Zip(counts[i], (a, b) => a + (b / 5))])], truth, root));
        return new StatementsResult(seed, names, train.Length, held.Length, Groups(truth, names.Length).Count, temperature, rows,
            Accuracy(told, shuffled));
    }

    /// <summary>
    /// A system turn names the speaker of every training statement, as a byline does; that line then describes the persona. Temperature
    /// and offsets come from statements that neither the model nor the test has.
    /// </summary>
    private (double[][] Nats, double Temperature) Told(string[] names, (string Text, int Persona)[] train, Episode[] asked, string folder,
        ulong seed)
    {
        (string Text, int Persona)[] forCalibration = train[..ForCalibration], learnt = train[ForCalibration..];
        using Transformer model = TextModel.Train([.. learnt.Select((s, i) => Say($"{i + 1}", s.Text, names[s.Persona]))], passes,
            settings.Model?.Replace("{seed}", $"{seed}", StringComparison.Ordinal) ?? Path.Combine(folder, "told"), seed, settings);
        PresentedPersona[] personas = [.. names.Select(n => PresentedPersona.AsGiven(
            new Persona(n, "human", "", new Dictionary<string, double>()) { Contexts = [[new Turn("system", Byline(n))]] }, model))];
        double[][] known = new LikelihoodSource(personas)
            .Compute([.. forCalibration.Select((s, i) => Say($"{i + 1}", s.Text))], progress: settings.Progress).Nats;
        EvidenceCalibration calibration = EvidenceCalibration.Fit(names, known, [.. forCalibration.Select(s => s.Persona)]);
        var source = new LikelihoodSource(personas, new LikelihoodOptions { Calibration = calibration });
        return (source.Compute(asked, progress: settings.Progress).Nats, calibration.Softmax.Temperature);
    }

    /// <summary>
    /// A model that was not told who speaks; each persona an adapter fitted to its statements, alone and with word counts.
    /// </summary>
    private List<(string Way, double[][] Nats)> ByExample(string[] names, (string Text, int Persona)[] train, Episode[] asked,
        string folder, ulong seed)
    {
        var personas = new List<Persona>();
        var said = new List<(Persona, IReadOnlyList<Episode>, IReadOnlyList<BadLine>)>();
        foreach ((int k, string name) in names.Index())
        {
            Episode[] own = [.. train.Where(s => s.Persona == k).Select((s, i) => Say($"{i + 1}", s.Text))];
            new EpisodeSet(name, own).Save(Path.Combine(folder, $"{name}.jsonl"));
            personas.Add(new Persona(name, "human", "", new Dictionary<string, double>())
            {
                Examples = $"{name}.jsonl",
                Given = Presentation.Adapter,
            });
            said.Add((personas[^1], own, []));
        }
        HashSet<string> judging = unread ? [.. PersonaExamples.Split(said).SelectMany(e => e.HeldOut).Select(e => e.Reply)] : [];
        string yaml = Path.Combine(folder, "personas.yaml");
        new PersonaSet([], personas).Save(yaml);
        Episode[] read = [.. train.Where(s => !judging.Contains(s.Text)).Select((s, i) => Say($"{i + 1}", s.Text))];
        using Transformer model = TextModel.Train(read, passes, Path.Combine(folder, unread ? "base-unread" : "base"), seed, settings);
        using PresentedPersonas presented = PresentedPersonas.Of(PersonaSet.Load(yaml), model,
            new PresentationOptions { Store = new ArtifactStore(Path.Combine(folder, "store")), Fit = fit }, settings.Progress);
        (double[][] alone, double[][]? counts, double[][] inForce) = presented.Compare(asked, settings.Progress);
        List<(string, double[][])> ways = [("by example: the model alone", alone), ("by example", inForce)];
        if (counts is not null) ways.Insert(1, ("by example: word counts alone", counts));
        return ways;
    }

    private static StatementsRow Row(string way, double[][] nats, int[] truth, RngStream root)
    {
        int personas = nats[0].Length;
        List<int[]> groups = Groups(truth, personas);
        double[][] fives = [.. groups.Select(g => (double[])[.. Enumerable.Range(0, personas).Select(h => g.Sum(i => nats[i][h]))])];
        int[] fivesTruth = [.. groups.Select(g => truth[g[0]])];
        Interval single = Bootstrap.Clustered([.. Enumerable.Range(0, truth.Length)],
            some =>
            {
                int right = 0;
                foreach (int i in some) right += Top(nats[i]) == truth[i] ? 1 : 0;
                return (double)right / some.Length;
            },
            root.Child("bootstrap"), resamples: 400);
        return new StatementsRow(way, single.Estimate, single.Low, single.High, Accuracy(fives, fivesTruth), Error(nats, truth),
            Error(fives, fivesTruth));
    }

    private static double Error(double[][] nats, int[] truth)
    {
        var softmax = SoftmaxCalibration.None(nats[0].Length);
        return Reliability.Of([.. nats.Select(n => softmax.Probabilities(n))], truth).Error;
    }

    private static double Accuracy(double[][] nats, int[] truth) =>
        nats.Zip(truth).Count(x => Top(x.First) == x.Second) / (double)truth.Length;

    private static int Top(double[] x) => Array.IndexOf(x, x.Max());

    /// <summary>Held-out statements of one persona, five at a time, in their shuffled order; what is left over is in no group.</summary>
    private static List<int[]> Groups(int[] truth, int personas) =>
        [.. Enumerable.Range(0, personas)
            .SelectMany(k => Enumerable.Range(0, truth.Length).Where(i => truth[i] == k).Chunk(InGroup).Where(g => g.Length == InGroup))];

    private static Episode Say(string id, string text, string? name = null) =>
        new(id, name is null ? [new Turn("user", Question)] : [new Turn("system", Byline(name)), new Turn("user", Question)], text);

    private static string Byline(string name) => name.Replace('-', ' ') + ".";

    private static IEnumerable<string> Agreed(string file)
    {
        foreach (string line in File.ReadLines(file))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.GetProperty("answer_matching_behavior").GetString() == " Yes")
                yield return row.RootElement.GetProperty("statement").GetString()!;
        }
    }
}
