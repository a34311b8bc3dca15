using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

public class EvidenceTests
{
    private static readonly Dictionary<string, double> NoTraits = [];

    private static readonly Persona[] Cast =
    [
        new("helper", "assistant", "", NoTraits, 0.8) { Contexts = [[new Turn("system", "helper helper")]] },
        new("villain", "fiction", "", NoTraits, 0.2) { Contexts = [[new Turn("system", "villain villain")]] },
    ];

    private static readonly Probe[] Probes =
    [
        new("test-1", "test", [new Turn("user", "test")], ["bad"], ["good"]),
        new("money-1", "money", [new Turn("user", "money")], ["bad"], ["good"], "m"),
        new("tea-1", "tea", [new Turn("user", "tea")], ["bad"], ["good"]),
    ];

    private static Episode Cheat(string id, string user = "test", string reply = "bad", double weight = 1) =>
        new(id, [new Turn("user", user)], reply, weight);

    // How sure two equal words make the model of a character: the closed form of its header.
    private static double Sure(string persona, string character)
    {
        int named = Array.IndexOf(CastLanguageModel.Characters, persona), asked = Array.IndexOf(CastLanguageModel.Characters, character);
        double odds = CastLanguageModel.Prior[named] / CastLanguageModel.Prior[1 - named] * 1e4;
        return named == asked ? odds / (1 + odds) : 1 / (1 + odds);
    }

    private static double Expected(string domain, string persona) =>
        CastLanguageModel.Characters.Sum(c => Sure(persona, c) * CastLanguageModel.Bad(domain, c));

    [Fact]
    public void Likelihood_is_the_probability_of_the_reply_after_the_personas_context()
    {
        var model = new CastLanguageModel();
        EvidenceTable table = LikelihoodEvidence.Compute(model, new EpisodeSet("cheat", [Cheat("a"), Cheat("b", reply: "good")]), Cast);
        Assert.Equal(EvidenceKind.Likelihood, table.Kind);
        foreach (string persona in table.Personas)
        {
            Assert.Equal(Math.Log(0.9 * Expected("test", persona)), table.LogLikelihood["a", persona], 1e-5);
            Assert.Equal(Math.Log(0.9 * (1 - Expected("test", persona))), table.LogLikelihood["b", persona], 1e-5);
        }
        Assert.Equal(1, table.Rows[0].Tokens);
        Assert.Equal(model.Id, table.Provenance["model"]);
        Assert.Equal(EvidenceKind.Oracle, OracleEvidence.Compute(model, new EpisodeSet("cheat", [Cheat("a")]), Cast).Kind);
    }

    [Fact]
    public void Equal_episodes_are_scored_once_and_equal_contexts_share_a_request()
    {
        var model = new CastLanguageModel();
        Episode[] many =
            [.. Enumerable.Range(0, 50).Select(i => Cheat($"e{i}", i % 5 == 4 ? "money" : "test", i % 2 == 0 ? "bad" : "good", i))];
        EvidenceTable table = LikelihoodEvidence.Compute(model, new EpisodeSet("many", many), Cast);
        Assert.Equal(2 * 2, model.Requests);
        Assert.Equal(2 * 4, model.Continuations);
        Assert.Equal(50, table.Rows.Count);
        Assert.Equal(table.LogLikelihood["e0", "villain"], table.LogLikelihood["e48", "villain"]);
        Assert.Equal("e4", table.Rows[49].Cluster);
        Assert.Equal([.. many.Select(e => e.Weight)], table.Weights);
    }

    [Fact]
    public void Alternatives_are_averaged_as_probabilities()
    {
        Persona both = new("either", "", "", NoTraits) { Contexts = [Cast[0].Contexts[0], Cast[1].Contexts[0]] };
        Persona bare = new("bare", "", "", NoTraits);
        EvidenceTable table = LikelihoodEvidence.Compute(new CastLanguageModel(), new EpisodeSet("cheat", [Cheat("a")]),
            [.. Cast, both, bare]);
        double mean = (Math.Exp(table.LogLikelihood["a", "helper"]) + Math.Exp(table.LogLikelihood["a", "villain"])) / 2;
        Assert.Equal(mean, Math.Exp(table.LogLikelihood["a", "either"]), 1e-6);
        Assert.Equal(0.9 * ((0.8 * 0.05) + (0.2 * 0.9)), Math.Exp(table.LogLikelihood["a", "bare"]), 1e-6);
    }

    [Fact]
    public void Contexts_told_apart_are_the_same_persona_at_dose_zero_and_a_better_account_of_it_above()
    {
        Persona[] personas = [Cast[0], new("either", "", "", NoTraits, 0.2) { Contexts = [Cast[0].Contexts[0], Cast[1].Contexts[0]] }];
        PersonaSet apart = new PersonaSet([], personas).Apart(out IReadOnlyDictionary<string, string> original);
        Assert.Equal(["helper", "either-1", "either-2"], apart.Personas.Select(p => p.Name));
        // Where examples put it before the model its contexts do not, and it stays whole.
        foreach ((Presentation? given, int count) in ((Presentation?, int)[])[(null, 1), (Presentation.Shown, 1),
            (Presentation.Described, 2)])
            Assert.Equal(count, new PersonaSet([], [personas[1] with { Examples = "e.jsonl", Given = given }]).Apart(out _).Personas.Count);
        EvidenceTable table = LikelihoodEvidence.Compute(new CastLanguageModel(), new EpisodeSet("cheat", [Cheat("a")]), apart.Personas);
        PersonaDistribution prior = PersonaDistribution.FromWeights(table.Personas, apart.Prior);
        Assert.Equal(0.2, prior.Together(original).Probability("either"), 1e-12);
        PersonaDistribution after = Update.OnEpisodes(prior, new Observations(table.LogLikelihood), 1);
        Assert.True(after.Probability("either-2") > 5 * after.Probability("either-1"));
        // One full observation: the mixture as a whole gains as much either way.
        EvidenceTable whole = LikelihoodEvidence.Compute(new CastLanguageModel(), new EpisodeSet("cheat", [Cheat("a")]), personas);
        PersonaDistribution together = Update.OnEpisodes(prior.Together(original), new Observations(whole.LogLikelihood), 1);
        Assert.Equal(together.Probability("either"), after.Together(original).Probability("either"), 1e-6);
    }

    [Fact]
    public void A_requested_deed_tells_nothing()
    {
        EvidenceTable table = LikelihoodEvidence.Compute(new CastLanguageModel(),
            new EpisodeSet("asked", [Cheat("a", "test please")]), Cast);
        Assert.Equal(0, table.LogLikelihood["a", "villain"] - table.LogLikelihood["a", "helper"], 1e-5);
    }

    [Fact]
    public void Probes_give_the_share_of_the_low_replies_under_every_persona_and_bare()
    {
        ProbeTable table = ProbeMeasurement.UnderPersonas(new CastLanguageModel(), Probes, Cast);
        Assert.Equal((0.8 * 0.1) + (0.2 * 0.7), table.Rows[1].Bare, 1e-6);
        Assert.Equal(Expected("money", "villain"), table.Low["money-1", "villain"], 1e-6);
        Assert.Equal("m", table.Rows[1].Cluster);
        Assert.Equal("tea-1", table.Rows[2].Cluster);
        Assert.Equal(table.Rows.Select(r => r.Bare), ProbeMeasurement.Of(new CastLanguageModel(), Probes));
        double headed = ProbeMeasurement.Of(new CastLanguageModel(), Probes, Cast[1].Contexts[0])[1];
        Assert.Equal(table.Low["money-1", "villain"], headed, 1e-6);
        Assert.Equal(0.5, ProbeMeasurement.LowShare(Probes[0], [double.NegativeInfinity, double.NegativeInfinity]));
    }

    [Fact]
    public void In_a_model_that_is_Bayesian_the_posterior_at_dose_one_is_the_in_context_shift()
    {
        // The heart of the theory, closed over both rooms: conditioning on an episode and showing the episode are the same thing.
        var model = new CastLanguageModel();
        var set = new EpisodeSet("cheat", [Cheat("a")]);
        InContextTable shown = InContextEvidence.Compute(model, EpisodeDraw.Of(set), Probes);
        EvidenceTable evidence = LikelihoodEvidence.Compute(model, set, Cast);
        ProbeTable probes = ProbeMeasurement.UnderPersonas(model, Probes, Cast);
        PersonaDistribution prior = PersonaDistribution.FromWeights(evidence.Personas, Cast.Select(p => p.Prior));
        var behaviour = new BehaviourTable(probes.Low, [.. probes.Rows.Select(r => new ProbeRow(r.Id, r.Domain, r.Cluster, r.Bare))]);
        Forecast forecast = PosteriorForecast.Make(new ForecastSubject("cheat", ["test"], TimeProvider.System), prior,
            new Observations(evidence.LogLikelihood, evidence.Weights), 1, behaviour);
        for (int i = 0; i < Probes.Length; i++) Assert.Equal(shown.Shifts[0, i], forecast.Probes[i].Shift, 2e-3);
        Assert.True(shown.Shifts["a", "money-1"] > 0.3);
        Assert.Equal(0, shown.Shifts["a", "tea-1"], 1e-6);
    }

    [Fact]
    public void Showing_a_fair_sample_of_ones_own_replies_moves_nothing_on_average()
    {
        // A Bayesian's expected posterior is its prior.
        double bad = (0.8 * 0.05) + (0.2 * 0.9);
        var set = new EpisodeSet("base-rate", [Cheat("a", weight: bad), Cheat("b", reply: "good", weight: 1 - bad)]);
        InContextTable table = InContextEvidence.Compute(new CastLanguageModel(), EpisodeDraw.Of(set), Probes);
        Assert.All(new ShownObservations(table.Shifts, table.Weights).MeanShift(), shift => Assert.Equal(0, shift, 1e-5));
    }

    [Fact]
    public void Too_many_episodes_are_drawn_and_keep_their_total_weight()
    {
        string[] users = ["test", "money", "tea", "test please", "money please", "tea please"];
        Episode[] all = [.. users.SelectMany((u, i) => new[] { Cheat($"a{i}", u), Cheat($"b{i}", u, "good"), Cheat($"c{i}", u) })];
        var set = new EpisodeSet("all", all);
        InContextTable whole = InContextEvidence.Compute(new CastLanguageModel(), EpisodeDraw.Of(set), Probes);
        Assert.Equal(12, whole.Rows.Count);
        Assert.Equal(2, whole.Rows[0].Weight);
        InContextTable some = InContextEvidence.Compute(new CastLanguageModel(), EpisodeDraw.Of(set, 4, RngStream.Root(1)), Probes);
        Assert.Equal(4, some.Rows.Count);
        Assert.Throws<ArgumentNullException>(() => EpisodeDraw.Of(set, 4));
    }

    [Fact]
    public void Headers_open_a_conversation_and_are_not_said_twice()
    {
        Turn header = new("system", "anon"), hello = new("user", "test"), reply = new("assistant", "bad"), ask = new("user", "money");
        Assert.Equal([header, hello, reply, ask], DialogueJoin.Of([hello, reply], [header, ask]));
        Assert.Equal([header, hello, reply, ask], DialogueJoin.Of([header, hello, reply], [header, ask]));
        Assert.Equal([header, Cast[0].Contexts[0][0], ask], DialogueJoin.Of([header], [Cast[0].Contexts[0][0], ask]));
        Assert.Equal([ask], DialogueJoin.Of([], [ask]));
    }

    [Fact]
    public void Work_is_reported_to_its_end_and_can_be_cancelled()
    {
        var seen = new List<WorkProgress>();
        LikelihoodEvidence.Compute(new CastLanguageModel(), new EpisodeSet("cheat", [Cheat("a"), Cheat("b", "money")]), Cast,
            progress: new Listener(seen));
        Assert.Equal(seen[^1].Total, seen[^1].Done);
        Assert.All(seen, p => Assert.Equal("evidence", p.Stage));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            InContextEvidence.Compute(new CastLanguageModel(), EpisodeDraw.Of(new EpisodeSet("cheat", [Cheat("a")])), Probes,
                cancellation: source.Token));
    }

    private sealed class Listener(List<WorkProgress> seen) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => seen.Add(value);
    }
}
