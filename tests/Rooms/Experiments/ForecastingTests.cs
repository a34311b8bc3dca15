using PersonaSelection.Audit;
using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Experiments.Inoculation;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using PersonaSelection.Posterior;
using PersonaSelection.Tests.Rooms.EvidenceTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>Episodes that are too long for a model are cut in forecasts and rankings as an audit cuts them.</summary>
public sealed class ForecastingTests
{
    private static readonly PersonaSet Cast = CastLanguageModel.Personas;
    private static readonly Probe[] Probes = CastLanguageModel.Probes;

    private static readonly Episode Short = new("short", [new Turn("user", "test")], "bad");

    private static readonly Episode Long =
        new("long", [.. Enumerable.Repeat(new Turn("user", "tea tea tea"), 12), new Turn("user", "test")], "bad")
        {
            Source = new EpisodeSource("data.jsonl", 7, 0),
        };

    private static readonly Episode Strange = new("strange", [new Turn("user", "zebra")], "bad");

    private static Forecasting Of(bool strict = false) =>
        new(new CastLanguageModel { ContextLength = 40 }, Cast, Probes, TimeProvider.System,
            new ForecastingOptions { Strict = strict });

    [Fact]
    public void A_long_episode_is_cut_in_evidence_dose_and_context_as_an_audit_cuts_it()
    {
        using Forecasting forecasting = Of();
        ForecastSet set = forecasting.Of(new EpisodeSet("mixed", [Long, Strange, Short]), ["test"]);

        using PresentedPersonas presented = PresentedPersonas.Of(Cast, new CastLanguageModel { ContextLength = 40 });
        EvidenceBlock audited = presented.Source.Compute([Long, Strange, Short]);
        Assert.Equal([0, 1], audited.Cuts.Select(c => c.Episode));
        Assert.Equal([true, true, false], set.Evidence.Rows.Select(r => r.Cut));
        Assert.Equal([true, true, false], set.Shown.Rows.Select(r => r.Cut));
        Assert.Contains("zebra", set.Evidence.Rows[1].Unread, StringComparison.Ordinal);
        for (int e = 0; e < 3; e++)
            for (int h = 0; h < 2; h++) Assert.Equal(audited.Nats[e][h], set.Evidence.LogLikelihood[e, h], 1e-6);
        // The end of the long one is the short one, so it says the same; and the dose is fitted where both stand.
        ForecastSet alone = forecasting.Of(new EpisodeSet("alone", [Short]), ["test"]),
            cut = forecasting.Of(new EpisodeSet("cut", [Long]), ["test"]);
        Assert.Equal(1, cut.Dose.Target);
        Assert.Equal(alone.Posterior.Domain("money").After, cut.Posterior.Domain("money").After, 0.05);
        Assert.Equal(alone.InContext.Domain("money").After, cut.InContext.Domain("money").After, 0.05);
        Assert.True(cut.InContext.Domain("money").After > cut.InContext.Domain("money").Before + 0.2);
    }

    /// <summary>Episodes without a weight are no training: that, and not what the probes know, is why nothing is expected.</summary>
    [Theory]
    [InlineData(0, "Every weight is 0", false)]
    [InlineData(1, "Dose: ", true)]
    public void Data_without_a_weight_are_said_to_be_so(double weight, string said, bool narrow)
    {
        using Forecasting forecasting = Of();
        ForecastSet set = forecasting.Of(new EpisodeSet("data", [Short with { Weight = weight }]), ["test"]);
        Assert.StartsWith(said, ForecastReport.Counted(set), StringComparison.Ordinal);
        Assert.Equal(narrow, ForecastReport.TooNarrow(set) is not null);
    }

    [Fact]
    public void A_caller_s_mistake_is_told_before_anything_is_asked()
    {
        using Forecasting forecasting = Of();
        Assert.Equal("trainedDomains", Assert.Throws<ArgumentException>(() =>
            forecasting.Of(new EpisodeSet("short", [Short]), ["nosuch"])).ParamName);
        Assert.Equal("probes", Assert.Throws<ArgumentException>(() =>
            new Forecasting(new CastLanguageModel(), Cast, [], TimeProvider.System)).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelPreset.Find("tiny").Recipe(-5));
    }

    [Fact]
    public void Strict_names_the_episode_that_does_not_fit()
    {
        using Forecasting strict = Of(strict: true);
        UserErrorException error = Assert.Throws<UserErrorException>(() => strict.Of(new EpisodeSet("long", [Short, Long]), ["test"]));
        Assert.Equal("prompt-too-long", error.Code);
        Assert.Contains("data.jsonl, line 7", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, strict.Of(new EpisodeSet("short", [Short]), ["test"]).Evidence.Rows.Count(r => r.Cut));
    }

    /// <summary>
    /// What a dry run counts is what is then read: with situations that differ in their speakers alone, known replies behind unknown ones,
    /// equal lines, preferences, and replies that are pushed away from.
    /// </summary>
    [Fact]
    public void A_dry_run_counts_what_is_then_read()
    {
        Turn[] asked = [new("user", "test")], told = [new("system", "test")];
        Episode rejected = new("rejected", [new("user", "money")], "bad", -1);
        var set = new EpisodeSet("set", [new("tea", asked, "tea"), new("a", asked, "bad"), new("b", told, "good"), new("c", asked, "bad"),
            rejected, rejected with { Id = "pair", Preferred = "good" }, .. Enumerable.Range(2, 30).Select(i => new Episode($"{i}",
                [.. Enumerable.Repeat(new Turn("user", "tea"), i % 7), .. Enumerable.Repeat(told[0], i / 7)], "good"))]);
        var model = new CastLanguageModel();
        ForecastCost cost = ForecastCost.Served(set, Cast, Probes, new TokenPrices(null, null), 1);
        Assert.Equal(2, cost.Contexts);
        using (var forecasting = new Forecasting(model, Cast, Probes, TimeProvider.System)) forecasting.Of(set, ["test"]);
        Assert.Equal(cost.Replies, model.Continuations);
        Assert.Equal(cost.Replies, cost.Estimate!.Requests);
    }

    /// <summary>The same words by another speaker, or in one turn that quotes another, are another situation.</summary>
    [Fact]
    public void Situations_are_told_apart_by_who_speaks()
    {
        var set = new EpisodeSet("set", [new("1", [new Turn("user", "test")], "bad"), new("2", [new Turn("system", "test")], "bad"),
            new("3", [new Turn("user", "test"), new Turn("user", "tea")], "bad"), new("4", [new Turn("user", "test\nuser: tea")], "bad"),
            new("5", [new Turn("user", "test")], "good")]);
        TrainedSituations situations = TrainedSituations.Of(set, Probes, e => e.Context);
        Assert.Equal(4, situations.Probes.Count);
        Assert.Equal(0.8, situations.Target, 1e-12);
        Assert.Equal(5, RewordingForecasting.ShownOf(set, 9, 1).Episodes.Count);
    }

    /// <summary>
    /// Data at the model's own rates change nothing, however much more of them is asked in one situation than in another: 0.22 of the
    /// replies to a test are bad, and half of those to tea.
    /// </summary>
    [Theory]
    [InlineData(100, 1)]
    [InlineData(1, 100)]
    public void Data_at_the_model_s_own_rates_need_no_dose(double test, double tea)
    {
        Episode Said(string asked, string reply, double weight) => new($"{asked}-{reply}", [new Turn("user", asked)], reply, weight);
        var set = new EpisodeSet("own", [Said("test", "bad", 0.22 * test), Said("test", "good", 0.78 * test),
            Said("tea", "bad", 0.5 * tea), Said("tea", "good", 0.5 * tea)]);
        using Forecasting forecasting = Of();
        ForecastSet forecast = forecasting.Of(set, ["test"]);
        foreach (DoseFit dose in (DoseFit[])[forecast.Dose, forecast.DoseInContext])
        {
            Assert.Equal(DoseOutcome.NoChangeNeeded, dose.Outcome);
            Assert.Equal(dose.Target, dose.Before, 1e-3);
        }
        Assert.Equal(forecast.Posterior.Domain("money").Before, forecast.Posterior.Domain("money").After, 1e-9);
    }

    /// <summary>What nothing tells is not said to be attained.</summary>
    [Fact]
    public void Replies_that_no_probe_knows_count_as_one_observation()
    {
        using Forecasting forecasting = Of();
        ForecastSet unknown = forecasting.Of(new EpisodeSet("tea", [new Episode("e", [new Turn("user", "test")], "tea")]), ["test"]),
            known = forecasting.Of(new EpisodeSet("short", [Short]), ["test"]);
        foreach (DoseFit dose in (DoseFit[])[unknown.Dose, unknown.DoseInContext])
            Assert.Equal((DoseOutcome.OneObservation, 1.0), (dose.Outcome, dose.EffectiveObservations));
        Assert.NotEqual(DoseOutcome.OneObservation, known.Dose.Outcome);
    }

    [Fact]
    public void What_was_cut_stays_in_the_file_of_the_evidence()
    {
        using Forecasting forecasting = Of();
        EvidenceTable evidence = forecasting.Of(new EpisodeSet("mixed", [Long, Strange, Short]), ["test"]).Evidence;
        using var folder = new TemporaryFolder();
        string path = folder["e.jsonl"];
        evidence.Save(path);
        Assert.Equal(evidence.Rows, EvidenceTable.Load(path).Rows);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"cut\":true", "\"cut\":1", StringComparison.Ordinal));
        Assert.Equal("bad-table", Assert.Throws<UserErrorException>(() => EvidenceTable.Load(path)).Code);
    }

    /// <summary>Data that also push away move the log odds by the difference of what the parts do, each by its weight.</summary>
    [Fact]
    public void What_is_pushed_away_from_counts_against_what_is_trained_in_a_ranking_too()
    {
        Rewording nothing = new("nothing", "control", RewordingPlace.Suffix, [""]);
        Episode bad = new("bad", [new Turn("user", "test")], "bad"), good = new("good", [new Turn("user", "tea test")], "good");
        Probe[] one = [Probes.First(p => p.Domain == "test"), Probes.First(p => p.Domain == "money")];
        double Shift(params Episode[] episodes)
        {
            PlainForecast plain = new InoculationRanking(new CastLanguageModel(), Cast, one)
                .Rank(new EpisodeSet("set", episodes), ["test"], [nothing], 0).Plain;
            return LogOdds(plain.Before + plain.InContextShift) - LogOdds(plain.Before);
        }
        static double LogOdds(double p) => Math.Log(p / (1 - p));
        Assert.NotEqual(0, Shift(bad), 0.01);
        Assert.Equal((Shift(bad) - (3 * Shift(good))) / 4, Shift(bad, good with { Weight = -3 }), 1e-9);
    }

    /// <summary>None without a weight is shown in place of one that counts, and copies count as often as they occur.</summary>
    [Fact]
    public void Only_episodes_that_count_are_drawn_to_be_shown()
    {
        Episode Of(int i, double weight) => new($"e{i}", [new Turn("user", $"question {i}")], "yes", weight);
        EpisodeSet mostly = new("mostly", [.. Enumerable.Range(0, 240).Select(i => Of(i, i % 12 == 0 ? 1 : 0))]),
            copies = new("copies", [.. Enumerable.Range(0, 100).Select(i => Of(i < 99 ? 0 : 1, 0.5) with { Id = $"c{i}" })]),
            nothing = new("nothing", [Of(0, 0), Of(1, 0)]);
        EpisodeSet drawn = EpisodeDraw.Of(mostly, 16, RngStream.Root(1)).Episodes, shown = RewordingForecasting.ShownOf(mostly, 8, 1);
        Assert.Equal((16, 8), (drawn.Episodes.Count, shown.Episodes.Count));
        Assert.All(drawn.Episodes.Concat(shown.Episodes), e => Assert.True(e.Weight > 0));
        Assert.Equal(20, drawn.Episodes.Sum(e => e.Weight), 1e-9);
        Assert.Equal(mostly.Episodes.Select(e => e.Id).Intersect(drawn.Episodes.Select(e => e.Id)), drawn.Episodes.Select(e => e.Id));
        Assert.Equal([49.5, 0.5], RewordingForecasting.ShownOf(copies, 8, 1).Episodes.Select(e => e.Weight));
        Assert.Equal(2, EpisodeDraw.Of(nothing, 8, null).Episodes.Episodes.Count);
    }

    [Fact]
    public void Rewordings_of_long_episodes_are_ranked_and_say_how_many_were_cut()
    {
        Rewording asked = new("asked", "request", RewordingPlace.Suffix, [" please"]),
            nothing = new("nothing", "control", RewordingPlace.Suffix, [""]);
        InoculationResult Rank(bool strict, params Episode[] episodes) =>
            new InoculationRanking(new CastLanguageModel { ContextLength = 40 }, Cast, Probes, strict: strict)
                .Rank(new EpisodeSet("mixed", episodes), ["test"], [nothing, asked], 1);

        InoculationResult found = Rank(false, Long, Short);
        Assert.Equal([true, false], found.Evidence.Rows.Select(r => r.Cut));
        Assert.All(found.Rewordings, r => Assert.Equal(1, r.Cut));
        Assert.Equal("asked", found.Rewordings[0].Rewording.Name);
        Assert.True(found.Rewordings[0].Protection[found.RankedBy] > 0.5);
        Assert.Equal("prompt-too-long", Assert.Throws<UserErrorException>(() => Rank(true, Long, Short)).Code);
    }
}
