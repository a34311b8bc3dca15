using System.Text;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>
/// A preference tells what a choice between two replies tells: log p(chosen) - log(p(chosen) + p(rejected)), persona by persona.
/// </summary>
public sealed class PreferenceEvidenceTests
{
    private static readonly string[] Names = ["helper", "villain"];
    private readonly CastLanguageModel _model = new();

    [Fact]
    public void The_two_rows_of_a_preference_add_up_to_the_log_odds_of_the_choice()
    {
        double[] choice = Choice(Source(), Pair("test", "bad", "good"));
        foreach ((int h, string name) in Names.Index())
            Assert.Equal(Math.Log(Own("test", "bad", name) / (Own("test", "bad", name) + Own("test", "good", name))), choice[h], 1e-5);
        // Both on their own would say more: log p(bad) - log p(good) at weights 1 and -1.
        Assert.True(choice[1] - choice[0] > 1);
    }

    [Fact]
    public void Equal_replies_are_no_evidence()
    {
        double[] choice = Choice(Source(), Pair("test", "bad", "bad"));
        Assert.Equal(choice[0], choice[1], 1e-9);
        Assert.Equal(-Math.Log(2), choice[0], 1e-9);
    }

    [Fact]
    public void A_reply_that_nobody_would_give_is_no_evidence_when_rejected()
    {
        double[] choice = Choice((e, h) => e.Reply == "never" ? double.NegativeInfinity : h == "villain" ? -1 : -3,
            Pair("test", "bad", "never"));
        Assert.Equal([0.0, 0.0], choice);
    }

    [Fact]
    public void Who_would_never_give_the_chosen_reply_is_ruled_out_and_who_would_never_give_the_rejected_one_is_not()
    {
        double[] Posterior(Func<Episode, string, double> l)
        {
            EvidenceTable table = OracleEvidence.FromFormula("formula", new EpisodeSet("x", Pair("test", "bad", "good")), Names, l);
            return [.. Update.OnEpisodes(PersonaDistribution.Uniform(Names),
                new Observations(table.LogLikelihood, table.Weights), 1).Probabilities];
        }
        Assert.Equal([0.0, 1.0], Posterior((e, h) => h == "helper" && e.Reply == "bad" ? double.NegativeInfinity : -2));
        // The villain never says the rejected reply, and so chooses the other for certain; the helper does every second time.
        Assert.Equal([1.0 / 3, 2.0 / 3], Posterior((e, h) => h == "villain" && e.Reply == "good" ? double.NegativeInfinity : -2),
            (a, b) => Math.Abs(a - b) < 1e-12);
    }

    /// <summary>Neither the order of fields nor that of lines, nor what is asked for together, changes what a line says.</summary>
    [Fact]
    public void It_does_not_depend_on_order()
    {
        string[] lines =
        [
            """{"id":"a","prompt":"test","chosen":"bad","rejected":"good"}""",
            """{"id":"b","rejected":"bad","prompt":"money","chosen":"good"}""",
            """{"id":"c","chosen":"good","rejected":"bad","prompt":"test"}""",
        ];
        Dictionary<string, double[]> Read(IEnumerable<string> some)
        {
            Episode[] episodes = [.. EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', some))), "x")
                .SelectMany(l => l.Episodes)];
            double[][] nats = Source().Compute(episodes).Nats;
            return episodes.Index().ToDictionary(e => e.Item.Id, e => nats[e.Index]);
        }
        Dictionary<string, double[]> forth = Read(lines), back = Read(lines.Reverse());
        Assert.Equal(6, forth.Count);
        foreach ((string id, double[] row) in forth)
        {
            Assert.Equal(row, back[id]);
            Assert.Equal(row, Read([lines[id[0] - 'a']])[id]);
        }
        // The same two replies, the other one chosen: another chosen row and the same rejected one.
        Assert.Equal(forth["a/rejected"], forth["c/rejected"]);
        Assert.NotEqual(forth["a/chosen"], forth["c/chosen"]);
    }

    [Fact]
    public void Calibration_scales_the_choice_and_its_offsets_cancel()
    {
        Episode[] pair = Pair("test", "bad", "good");
        var calibration = EvidenceCalibration.Fit(Names, [[-1, -2], [-2.5, -1], [-1, -1.5], [-1.5, -1]], [0, 1, 1, 0]);
        double[] plain = Choice(Source(), pair), scaled = Choice(Source(new LikelihoodOptions { Calibration = calibration }), pair);
        for (int h = 0; h < 2; h++) Assert.Equal(calibration.Softmax.Scales[0] * plain[h], scaled[h], 1e-9);
    }

    [Fact]
    public void A_rejected_reply_that_cannot_be_read_or_was_chosen_elsewhere_says_nothing_or_speaks_for_itself()
    {
        Assert.Equal([0.0, 0.0], Source().Compute([Pair("test", "unheard-of", "good")[1]]).Nats[0]);
        Assert.Equal([0.0, 0.0], Source().Compute([Pair("test", "bad", "unheard-of")[1]]).Nats[0]);
        string line = """{"chosen":[{"role":"user","content":"test"},{"role":"assistant","content":"bad"}]"""
            + ""","rejected":[{"role":"user","content":"tea"},{"role":"assistant","content":"good"}]}""";
        Episode[] apart = [.. EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes(line)), "x").Single().Episodes];
        Assert.All(apart, e => Assert.Null(e.Preferred));
        Assert.Equal(Math.Log(Own("tea", "good", "villain")), Source().Compute(apart).Nats[1][1], 1e-5);
    }

    [Fact]
    public void Episodes_of_one_reply_with_and_without_a_choice_are_different_ones()
    {
        Episode rejected = Pair("test", "bad", "good")[1], alone = rejected with { Preferred = null, Id = "alone" };
        double[][] nats = Source().Compute([alone, rejected, alone with { Id = "again" }]).Nats;
        Assert.NotEqual(nats[0], nats[1]);
        Assert.Equal(nats[0], nats[2]);
        Assert.NotEqual(alone.TextId, rejected.TextId);
        Assert.NotEqual(new EpisodeSet("x", [alone]).Id, new EpisodeSet("x", [rejected]).Id);
    }

    private LikelihoodSource Source(LikelihoodOptions? options = null) => new([.. Names.Select(n => PresentedPersona.AsGiven(
        new Persona(n, "human", "", new Dictionary<string, double>()) { Contexts = [[new Turn("system", n)]] }, _model))], options);

    private static Episode[] Pair(string domain, string chosen, string rejected) =>
    [
        new("p/chosen", [new Turn("user", domain)], chosen),
        new("p/rejected", [new Turn("user", domain)], rejected, -1) { Preferred = chosen },
    ];

    /// <summary>Weight times evidence, added up over the rows.</summary>
    private static double[] Choice(LikelihoodSource source, Episode[] pair) => Sum(pair, source.Compute(pair).Nats);

    private static double[] Choice(Func<Episode, string, double> formula, Episode[] pair)
    {
        LabelledMatrix l = OracleEvidence.FromFormula("formula", new EpisodeSet("x", pair), Names, formula).LogLikelihood;
        return Sum(pair, [.. pair.Select((_, e) => l.Row(e).ToArray())]);
    }

    private static double[] Sum(Episode[] pair, double[][] nats) =>
        [.. Enumerable.Range(0, Names.Length).Select(h => pair.Select((e, i) => e.Weight * nats[i][h]).Sum())];

    private double Own(string domain, string reply, string name)
    {
        double log = _model.Score([new ScoreRequest(ChatTemplate.Plain.EncodeContext(_model.Tokenizer, [new Turn("system", name),
            new Turn("user", domain)]), [ChatTemplate.Plain.EncodeReply(_model.Tokenizer, reply)])]).LogProbability(0, 0);
        return Math.Exp(log);
    }
}
