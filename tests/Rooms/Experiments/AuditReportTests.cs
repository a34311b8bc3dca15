using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Posterior;
using PersonaSelection.Report;
using PersonaSelection.Tests.Rooms.AuditTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

public sealed class AuditReportTests
{
    [Fact]
    public void WhoIsLikeliestOfMany_IsNotCast()
    {
        CastVerdict many = Verdict([0.05, .. Enumerable.Repeat(0.95 / 199, 199)]);

        Assert.True(VerdictText.LeavesOpen(many));
        Assert.DoesNotContain("Cast as", VerdictText.Headline(many), StringComparison.Ordinal);
        Assert.Contains("likeliest of 200 personas is **p0**", VerdictText.Headline(many), StringComparison.Ordinal);
    }

    [Fact]
    public void WhoHasMostOfTheProbability_IsNamed()
    {
        CastVerdict few = Verdict([0.46, 0.22, 0.11, 0.09, 0.12]);

        Assert.False(VerdictText.LeavesOpen(few));
        Assert.Equal("p0, p1 or p2", VerdictText.Names(few, p => p.Name));
        Assert.StartsWith("Cast as **p0**", VerdictText.Headline(few), StringComparison.Ordinal);
    }

    /// <summary>That there are no intervals has a reason, and it is not always the number of draws.</summary>
    [Theory]
    [InlineData(0, "Every weight is 0")]
    [InlineData(1, "A single context that has a weight")]
    [InlineData(2, "--draws 0")]
    public void WithoutIntervals_TheReasonIsNamed(int clusters, string reason)
    {
        CastVerdict drawn = Verdict([0.9, 0.1], clusters);
        CastVerdict none = drawn with { Personas = [.. drawn.Personas.Select(p => p with { Low = null, High = null })] };

        Assert.StartsWith(reason, VerdictText.WithoutIntervals(none)!.Replace("Nothing was redrawn (", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.Equal(clusters == 0, VerdictText.Headline(none).StartsWith("Every weight is 0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 1, "kto.jsonl:7 (2)")]
    [InlineData(-0.5, 3, "kto.jsonl:7 (2) and 2 equal, rejected")]
    public void WhereAnEpisodeIs_SaysWhetherItIsRejected(double weight, int copies, string said)
    {
        var episode = new Episode("e", [new Turn("user", "Well?")], "No.", weight) { Source = new EpisodeSource("data/kto.jsonl", 7, 1) };

        Assert.Equal(said, TellingText.Where(new TellingEpisode(0, episode, weight, [], new RowInfluence([], [], 0, 0, 0), copies)));
    }

    /// <summary>What the evidence is worth is read with the cast, not at the foot of the page; and a part is said to be one.</summary>
    [Fact]
    public void ThePage_HasItsCheckBesideTheCast_AndSaysHowManyMoreThereAre()
    {
        using var here = new AuditFixture();
        AuditResult audit = here.Audit(here.Chats("data.jsonl", 1500), "a");
        using var evidence = new EvidenceSession(new TextSource(), null);
        ReportBlock[] blocks = [.. AuditReport.Of(audit, AuditFixture.Personas, null, null, evidence, 0, "psm").Blocks];

        int check = Array.FindIndex(blocks, b => b is Prose p && p.Text.StartsWith("**Not checked**", StringComparison.Ordinal));
        Assert.True(check > 0 && check < Array.FindIndex(blocks, b => b is CastFigure), $"{check}");
        Assert.Equal("Shown are 20 of 1,286 different episodes.",
            blocks.OfType<TableFigure>().Single(t => t.Id == "episodes").Caption);
        Assert.Equal("", blocks.OfType<CastFigure>().Single().Caption);
        Assert.Equal("Shown are 12 of 1,500 personas. ", ShownPart.Said(12, 1500, "personas"));
    }

    /// <summary>Among many personas with large shares or priors, who the Assistant is taken for is still there.</summary>
    [Fact]
    public void ThePage_ShowsTheLikeliest_HoweverManyHaveALargerShare()
    {
        using var here = new AuditFixture();
        AuditResult audit = here.Audit(here.Chats("data.jsonl", 20), "a");
        PersonaVerdict one = audit.Verdict.Leading;
        PersonaVerdict[] many = [one with { Name = "likeliest", Prior = 0.01, Posterior = 0.2, Share = 0 },
            .. Enumerable.Range(0, 14).Select(i => one with { Name = $"p{i}", Prior = 0.5, Posterior = 0.05, Share = 0.5 })];
        using var evidence = new EvidenceSession(new TextSource(), null);
        ReportBlock[] blocks = [.. AuditReport.Of(audit with { Verdict = audit.Verdict with { Personas = many } },
            AuditFixture.Personas, null, null, evidence, 0, "psm").Blocks];

        CastFigure cast = blocks.OfType<CastFigure>().Single(f => f.Id == "cast");
        Assert.Equal(("likeliest", 12), (cast.Members[0].Name, cast.Members.Count));
        Assert.Equal("Shown are 12 of 15 personas.", cast.Caption);
    }

    /// <summary>What an episode does is no probability, who spoke is not told, and a dose that is set is not fitted again.</summary>
    [Fact]
    public void ThePage_OfEvidenceInContext_SaysWhatItIs_AndNothingThatIsNotKnown()
    {
        using var here = new AuditFixture();
        AuditResult audit = here.Audit(here.Chats("data.jsonl", 20), "a");
        CastVerdict verdict = audit.Verdict with
        {
            Evidence = "in-context",
            Personas = [.. audit.Verdict.Personas.Select(p => p with { Share = null, ShareLow = null, ShareHigh = null })],
            DoseFit = audit.Verdict.DoseFit with { How = GainOutcome.Given },
        };
        using var evidence = new EvidenceSession(new TextSource(), null);
        ReportBlock[] blocks =
            [.. AuditReport.Of(audit with { Verdict = verdict }, AuditFixture.Personas, null, null, evidence, 0, "psm").Blocks];

        TableFigure cast = blocks.OfType<TableFigure>().Single(t => t.Id == "explanations");
        Assert.Equal(["persona", "kind", "prior", "posterior", "interval", "nats per episode"], cast.Columns.Select(c => c.Name));
        Assert.All(cast.Rows, r => Assert.Equal(6, r.Count));
        Assert.Contains("at the dose that is set", cast.Caption, StringComparison.Ordinal);
        Assert.DoesNotContain(blocks.OfType<Prose>().Select(p => p.Text).Append(cast.Caption),
            t => t.Contains("share", StringComparison.Ordinal) || t.Contains("more probable the replies", StringComparison.Ordinal));
        int said = Array.FindIndex(blocks, b => b is Prose p && p.Text.Contains("**in context**", StringComparison.Ordinal));
        Assert.InRange(said, 0, Array.FindIndex(blocks, b => b is CastFigure));
        Assert.Contains(AuditReport.Of(audit with { Verdict = verdict with { Evidence = "gradient" } }, AuditFixture.Personas, null, null,
            evidence, 0, "psm").Blocks.OfType<Prose>(), p => p.Text.Contains("an estimate for all personas", StringComparison.Ordinal));
    }

    /// <summary>What was asked for may have been more than any number that is named here.</summary>
    [Fact]
    public void ThePage_OfCellsThatDidNotDo_NamesNoShareThatMayHaveBeenGiven()
    {
        using var here = new AuditFixture();
        AuditResult audit = here.Audit(here.Chats("data.jsonl", 20), "a");
        var cells = new AdaptiveVerdict(54, 36, 2.0 / 3, 0.026, 0.95, 0.02, Met: false, 0.36, Guide: true);
        using var evidence = new EvidenceSession(new TextSource(), null);
        string said = AuditReport.Of(audit with { Verdict = audit.Verdict with { Adaptive = cells } }, AuditFixture.Personas, null, null,
            evidence, 0, "psm").Blocks.OfType<Prose>().Single(p => p.Text.Contains("54 cells", StringComparison.Ordinal)).Text;

        Assert.Contains("a larger `--cells` asks for more", said, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePage_OfTwo_SaysAtItsTopWhatTheOtherCasts()
    {
        using var here = new AuditFixture();
        AuditResult audit = here.Audit(here.Chats("data.jsonl", 20), "a");
        CastComparison two = new(audit.Verdict, Verdict([0.9, 0.1]) with { Data = "other" }, []);
        using var evidence = new EvidenceSession(new TextSource(), null);
        Assert.EndsWith($"Beside it stands **other**, 40 episodes. {VerdictText.Headline(two.Second)}",
            AuditReport.Of(audit, AuditFixture.Personas, two with { First = two.Second with { Data = "data" } }, null, evidence, 0, "psm")
                .Subtitle, StringComparison.Ordinal);
    }

    /// <summary>Page and screen say the same of a judge, and warn of one that goes by the place.</summary>
    [Theory]
    [InlineData(4, false)]
    [InlineData(6, true)]
    public void OfAJudge_ItIsSaidHowOftenTheOrderDecided(long changed, bool warned)
    {
        string said = JudgeText.Of(JudgementCalibration.None, new JudgementReliability(21, 10, changed, 3, 1), x => x);
        Assert.StartsWith("The judge is not calibrated", said, StringComparison.Ordinal);
        Assert.Contains($"{10 * changed} % of its answers changed with the order, 3 of 21 were \"cannot tell\", 1 were unreadable.", said,
            StringComparison.Ordinal);
        Assert.Equal(warned, said.EndsWith("try another model.", StringComparison.Ordinal));
        Assert.EndsWith("not as probabilities.", JudgeText.Of(JudgementCalibration.None, JudgementReliability.None, x => x),
            StringComparison.Ordinal);
    }

    /// <summary>A name is text: marks in it are none, and what is written from right to left turns nothing round.</summary>
    [Fact]
    public void Headline_NamesStayAsTheyAreWritten()
    {
        CastVerdict verdict = Verdict([0.9, 0.1]);
        (PersonaVerdict first, PersonaVerdict second) = (verdict.Personas[0], verdict.Personas[1]);
        verdict = verdict with { Personas = [first with { Name = "a**b**`c`" }, second with { Name = "רופא" }] };
        string html = HtmlReport.Render(new ReportDocument("t") { Subtitle = VerdictText.Headline(verdict) }, withScript: false);

        Assert.Contains("<strong>a**b**`c`</strong> 90", html, StringComparison.Ordinal);
        Assert.Contains("<strong>\u2068רופא\u2069</strong> 10", html.Replace("&#x2068;", "\u2068").Replace("&#x2069;", "\u2069"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1.5e-5, "+1.50e−5")]
    [InlineData(-2e-12, "−2.00e−12")]
    public void Small_HasTrueMinusSigns(double x, string said)
    {
        Assert.Equal(said, AuditReport.Small(x));
        Assert.DoesNotContain('-', FigureNumber.Text(x));
    }

    private static CastVerdict Verdict(double[] posterior, int clusters = 40) => new()
    {
        Data = "data",
        Episodes = 40,
        Clusters = clusters,
        Evidence = "likelihood",
        Personas = [.. posterior.Select((p, i) =>
            new PersonaVerdict($"p{i}", "human", 1.0 / posterior.Length, p, p, p, null, null, null, 0))],
        Traits = [],
        EffectivePersonas = 1,
        Dose = 1,
        DoseFit = new DoseVerdict(GainOutcome.Attained, 1, 1, 1, 1),
        Ledger = null,
    };
}
