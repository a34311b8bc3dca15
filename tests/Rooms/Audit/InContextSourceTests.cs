using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Tests.Rooms.EvidenceTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.AuditTests;

public sealed class InContextSourceTests
{
    private static readonly PersonaSet Cast = CastLanguageModel.Personas;
    private static readonly Probe[] Probes = CastLanguageModel.Probes;

    private static Episode Said(string user, string reply) =>
        new(user + reply, [.. user.Split('|').Select(u => new Turn("user", u))], reply);

    private static InContextSource Source(CastLanguageModel model, bool strict = false)
    {
        using PresentedPersonas presented = PresentedPersonas.Of(Cast, model, new PresentationOptions { Calibrate = false });
        PersonaContrast answers = PersonaContrast.Measure(presented.Personas, model, Probes);
        return InContextSource.Of(new ShownShifts(model, Probes, answers.BareLow, new LikelihoodOptions { Strict = strict }),
            answers, presented.Source);
    }

    [Fact]
    public void In_a_model_that_is_Bayesian_evidence_has_the_sign_of_the_exact_one_and_a_requested_deed_tells_nothing()
    {
        var model = new CastLanguageModel();
        InContextSource source = Source(model);
        Assert.Equal((EvidenceKind.InContext, 2), (source.Kind, source.Personas.Count));
        double[][] nats = source.Compute([Said("test", "bad"), Said("test", "good"), Said("test please", "bad"), Said("tea", "bad")]).Nats;
        Assert.All(nats, row => Assert.Equal(0, row.Sum(), 1e-9));
        Assert.True(nats[0][1] - nats[0][0] > 0.3, $"{nats[0][1]}");
        Assert.True(nats[1][1] - nats[1][0] < -0.03, $"{nats[1][1]}");
        Assert.Equal(0, nats[2][1], 1e-3);
        Assert.Equal(0, nats[3][1], 1e-3);
    }

    /// <summary>The same model behind a chat that says no probabilities: its choices are drawn from them, from fixed streams.</summary>
    [Fact]
    public void A_chat_model_that_gives_no_probabilities_is_sampled_to_about_the_same_evidence()
    {
        var chat = new ChoosingChat();
        Episode[] episodes = [Said("test", "bad"), Said("test", "good"), Said("tea", "bad")];
        var answers = new SampledAnswers(chat, Cast, samples: 100);
        ProbeTable measured = answers.UnderPersonas(Probes);
        SampledRates rates = answers.Rates(Probes);
        InContextSource sampled = InContextSource.Of(answers, Probes, rates);
        double[][] exact = Source(new CastLanguageModel()).Compute(episodes).Nats;
        EvidenceBlock block = sampled.Compute(episodes);
        double[][] nats = block.Nats;

        Assert.Equal(EvidenceKind.InContext, sampled.Kind);
        Assert.Equal(["helper", "villain"], sampled.Personas);
        Assert.Equal(0.9, measured.Low["test-1", "villain"], 0.1);
        Assert.Equal(0.05, measured.Low["test-1", "helper"], 0.1);
        Assert.Equal(0.9, rates.Mean(0, 2), 0.1);
        Assert.Equal(0.05, rates.Mean(0, 1), 0.1);
        for (int e = 0; e < episodes.Length; e++) Assert.Equal(exact[e][1] - exact[e][0], nats[e][1] - nats[e][0], 0.35);
        Assert.True(nats[0][1] - nats[0][0] > 0.3, $"{nats[0][1]}");
        Assert.Null(answers.Overlap);
        // What evidence was made of goes with it, so that the errors that all episodes share can be drawn anew.
        for (int e = 0; e < episodes.Length; e++) Assert.Equal(sampled.Answers!.Expected.Explain(block.Shifts![e]), block.Nats[e]);
        // Shares of 100 answers less the share before: neither is drawn elsewhere.
        foreach ((int i, double shift) in block.Shifts![0].Index())
            Assert.Equal(0, Math.IEEERemainder((shift + rates.Share(i, 0)) * 100, 1), 1e-9);
        Assert.Null(Source(new CastLanguageModel()).Compute(episodes).Shifts);
        // What an episode gets does not hang on the others.
        Assert.Equal(nats[1], sampled.Compute([episodes[1]]).Nats[0]);
        Assert.Equal((2 * 3 * 400 * 3) + (3 * 100 * 3) + (100 * 3), chat.Asked);
        Assert.Equal((EvidenceKind.Judgement, 400.0), (measured.Kind, measured.Answers));
        // The answers of a persona are dealt out over its contexts.
        var several = new PersonaSet(Cast.Traits, [Cast.Personas[0], Cast.Personas[1] with
        {
            Contexts = [[new Turn("system", "villain")], [new Turn("system", "villain villain")], [new Turn("system", "villain tea")]],
        }]);
        int before = chat.Asked;
        ProbeTable dealt = new SampledAnswers(chat, several, samples: 50).UnderPersonas(Probes);
        Assert.Equal((200 + 200 + (3 * 68)) * 3, chat.Asked - before);
        Assert.Equal(0.9, dealt.Low["test-1", "villain"], 0.1);
        Assert.Equal(200, dealt.Answers!.Value, 0.01);
        Assert.Equal((before, 0), (answers.Answered, answers.Unreadable));
        Assert.NotEqual(answers.Provenance["sampled"], new SampledAnswers(chat, Cast, samples: 2).Provenance["sampled"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SampledAnswers(chat, Cast, samples: 3));
    }

    [Fact]
    public void A_chat_model_cannot_be_fitted_and_one_that_chooses_nothing_is_refused()
    {
        var fitted = new PersonaSet(Cast.Traits, [Cast.Personas[0] with { Examples = "e.jsonl", Given = Presentation.Adapter }]);
        Assert.Equal("needs-weights", Assert.Throws<UserErrorException>(() => new SampledAnswers(new ChoosingChat(), fitted, 2)).Code);
        Assert.Equal("judge-unreadable", Assert.Throws<UserErrorException>(() => new SampledAnswers(new ChoosingChat { Mute = true }, Cast,
            2).UnderPersonas(Probes)).Code);
    }

    [Fact]
    public void Shifts_are_those_of_the_forecast_and_do_not_hang_on_the_other_episodes_or_the_personas_asked_for()
    {
        var model = new CastLanguageModel();
        Episode[] episodes = [Said("test", "bad"), Said("money", "good")];
        double[] before = ProbeMeasurement.Of(model, Probes);
        ShownBlock shown = new ShownShifts(model, Probes, before, new LikelihoodOptions()).Compute(episodes);
        InContextTable table = InContextEvidence.Compute(model, EpisodeDraw.Of(new EpisodeSet("e", episodes)), Probes);
        for (int e = 0; e < 2; e++)
            for (int i = 0; i < Probes.Length; i++) Assert.Equal(table.Shifts[e, i], shown.Shifts[e][i], 1e-6);
        InContextSource source = Source(model);
        Assert.Equal(source.Compute(episodes).Nats[1], source.Compute([episodes[1]]).Nats[0]);
        Assert.Equal(source.Compute(episodes).Nats[0][1], source.Compute(episodes, [1]).Nats[0][0]);
    }

    [Fact]
    public void A_long_episode_is_cut_so_that_the_probes_fit_and_one_with_an_unknown_word_says_nothing()
    {
        var model = new CastLanguageModel { ContextLength = 40 };
        Episode @long = Said(string.Join('|', Enumerable.Repeat("tea tea tea", 12).Append("test")), "bad"), strange = Said("test", "zebra");
        EvidenceBlock block = Source(model).Compute([@long, strange, Said("test", "bad")]);
        Assert.Equal([0, 1], block.Cuts.Select(c => c.Episode));
        Assert.True(block.Cuts[0].TurnsLeftOut > 0 && block.Cuts[1].Unread is not null);
        Assert.Equal(0, block.Nats[1][0]);
        Assert.Equal(block.Nats[2][1], block.Nats[0][1], 0.1);
        Assert.Equal("prompt-too-long", Assert.Throws<UserErrorException>(() => Source(model, strict: true).Compute([@long])).Code);
        Assert.Equal("prompt-too-long", Assert.Throws<UserErrorException>(() => Source(new CastLanguageModel { ContextLength = 10 })).Code);
    }
}
