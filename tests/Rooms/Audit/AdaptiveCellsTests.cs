using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class AdaptiveCellsTests : IDisposable
{
    private const int Episodes = 200, People = 40;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_part_of_the_cells_gives_the_posterior_at_the_dose_and_a_run_that_was_stopped_asks_for_none_of_them_twice()
    {
        AuditData data = Data(Episodes);
        PersonaSet personas = Cast();
        var once = new Formula(int.MaxValue);
        AdaptiveCells table = Run("once", data, personas, once);
        var stopped = new Formula(500);
        Assert.Throws<OperationCanceledException>(() => Run("twice", data, personas, stopped));
        string log = _folder["twice.jsonl"];
        File.WriteAllText(log, File.ReadAllText(log)[..^30]);
        var rest = new Formula(int.MaxValue);
        AdaptiveCells again = Run("twice", data, personas, rest);

        // What the cut line held is asked for anew, one row at the most.
        Assert.InRange(stopped.Asked + rest.Asked - once.Asked, 0, People);
        Episode[] all = [.. data.Episodes()];
        Assert.Equal(table.Compute(all).Nats, again.Compute(all).Nats);
        Assert.Equal(table.Verdict, again.Verdict);
        Assert.True(table.Verdict.Asked < table.Verdict.Cells / 2, $"{table.Verdict}");

        double[] exact = Posterior((e, h) => Formula.At(e, h)), found = Posterior((e, h) => table.Compute([all[e]]).Nats[0][h]);
        Assert.True(exact.Zip(found, (a, b) => Math.Abs(a - b)).Sum() / 2 <= table.Verdict.Bound, $"{table.Verdict}");

        double[] Posterior(Func<int, int, double> l)
        {
            double[] log =
                [.. Enumerable.Range(0, People).Select(h => Enumerable.Range(0, Episodes).Sum(e => table.Verdict.Dose * l(e, h)))];
            LogSpace.NormalizeLog(log);
            return [.. log.Select(Math.Exp)];
        }
    }

    [Fact]
    public void Data_without_weight_or_past_the_bound_are_refused_and_so_is_the_log_of_other_data()
    {
        Assert.Equal("adaptive-data",
            Assert.Throws<UserErrorException>(() => Run("a", Data(Episodes, "0"), Cast(), new Formula(int.MaxValue))).Code);
        Assert.Equal("adaptive-data", Assert.Throws<UserErrorException>(() =>
            Run("b", Data(30), Cast(), new Formula(int.MaxValue), AdaptiveCells.MostEpisodes + 1)).Code);
        Run("c", Data(30), Cast(), new Formula(int.MaxValue));
        Assert.Equal("other-audit", Assert.Throws<UserErrorException>(() => Run("c", Data(31), Cast(), new Formula(int.MaxValue))).Code);
    }

    [Fact]
    public void A_dose_that_is_given_is_kept_and_one_that_is_found_is_that_of_the_table()
    {
        // Sixty units of weight, whether they push to or away.
        Assert.Equal(3.0 / 60, Run("given", Data(30, "-2"), Cast(), new Formula(int.MaxValue), dose: 3).Verdict.Dose, 1e-12);
        AuditData data = Data(60);
        AdaptiveCells table = Run("found", data, Cast(), new Formula(int.MaxValue));
        var rows = new EvidenceRows(table.Personas);
        foreach (double[] nats in table.Compute([.. data.Episodes()]).Nats) rows.Add(nats, 1, rows.Count);
        double asks = GainDose.Fit(PersonaDistribution.Uniform(table.Personas), rows).Dose;
        Assert.InRange(Math.Abs(Math.Log(asks / table.Verdict.Dose)), 0, 0.1);
    }

    [Fact]
    public void Evidence_derived_at_another_dose_is_forgotten_and_no_other()
    {
        AuditData data = Data(30);
        string folder = Directory.CreateDirectory(_folder["audit"]).FullName, log = Path.Combine(folder, "evidence.jsonl");
        var audit = new AuditFolder(folder);
        AdaptiveCells Of(double dose) => Run("cells", data, Cast(), new Formula(int.MaxValue), dose: dose);
        void Audit(IEvidenceSource source) => audit.Run(data.Survey(), source, Cast(), new AuditOptions(Draws: 0));
        audit.ForgetOther(data.Survey(), Of(3));
        Audit(Of(3));
        audit.ForgetOther(data.Survey(), Of(3));
        Assert.True(File.Exists(log));
        audit.ForgetOther(data.Survey(), Of(5));
        Assert.False(File.Exists(log));
        Audit(new Formula(int.MaxValue));
        audit.ForgetOther(data.Survey(), Of(5));
        Assert.True(File.Exists(log));
    }

    private AdaptiveCells Run(string name, AuditData data, PersonaSet personas, Formula source, int? episodes = null,
        double? dose = null)
    {
        DataSurvey survey = data.Survey();
        if (episodes is { } said) survey = survey with { Episodes = said };
        using CellLog cells = CellLog.Open(_folder[name + ".jsonl"], survey.Id, source);
        return AdaptiveCells.Of(survey, personas, cells, dose, new CompletionPlan { MaximumShare = 0.3 });
    }

    private AuditData Data(int count, string weight = "1")
    {
        string path = _folder[$"data-{count}-{weight}.jsonl"];
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(i =>
            $$"""{"messages":[{"role":"user","content":"{{i}}"},{"role":"assistant","content":"yes"}],"weight":{{weight}}}"""));
        return new AuditData([path]);
    }

    private static PersonaSet Cast() =>
        new([], [.. Enumerable.Range(0, People).Select(h => new Persona($"p{h}", "human", "", new Dictionary<string, double>()))]);

    // Evidence of rank three; stops when too many cells were asked for.
    private sealed class Formula(int most) : IEvidenceSource
    {
        public int Asked { get; private set; }

        public EvidenceKind Kind => EvidenceKind.Likelihood;

        public IReadOnlyList<string> Personas => [.. Enumerable.Range(0, People).Select(h => $"p{h}")];

        public IReadOnlyDictionary<string, string> Provenance => new Dictionary<string, string> { ["model"] = "formula" };

        public static double At(int e, int h) =>
            -7 + Math.Sin(e) + Math.Sin((1.3 * e) + (0.4 * h)) + (0.5 * Math.Cos((0.7 * e) - (1.1 * h))) + (0.2 * Math.Sin(h));

        public EvidenceBlock Compute(IReadOnlyList<Episode> episodes, IReadOnlyList<int>? asked = null,
            IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
        {
            int[] columns = asked is null ? [.. Enumerable.Range(0, People)] : [.. asked];
            if (Asked + (episodes.Count * columns.Length) > most && Asked > 0) throw new OperationCanceledException();
            Asked += episodes.Count * columns.Length;
            return new EvidenceBlock([.. episodes.Select(e =>
                columns.Select(h => At(int.Parse(e.Context[0].Text, System.Globalization.CultureInfo.InvariantCulture), h)).ToArray())],
                [.. episodes.Select(_ => 1)]);
        }
    }
}
