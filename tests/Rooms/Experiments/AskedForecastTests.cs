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
using PersonaSelection.Report;
using PersonaSelection.Tests.Rooms.EvidenceTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>
/// Forecasts and rankings of a chat model that gives no probabilities, beside those of the same model with its probabilities.
/// </summary>
public sealed class AskedForecastTests : IDisposable
{
    private static readonly PersonaSet Cast = CastLanguageModel.Personas;
    private static readonly Probe[] Probes = CastLanguageModel.Probes;

    private static readonly EpisodeSet Bad = Set("bad"), Good = Set("good");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_a_chat_model_is_asked_gives_about_the_forecast_of_its_probabilities()
    {
        using var known = new Forecasting(new CastLanguageModel(), Cast, Probes, TimeProvider.System);
        using Forecasting asked = Ask(new ChoosingChat(), 64);
        foreach (EpisodeSet set in (EpisodeSet[])[Bad, Good])
        {
            ForecastSet exact = known.Of(set, ["test"]), sampled = asked.Of(set, ["test"]);
            foreach (string domain in (string[])["money", "tea"])
            {
                Assert.Equal(exact.InContext.Domain(domain).After, sampled.InContext.Domain(domain).After, 0.08);
                Assert.Equal(exact.Posterior.Domain(domain).After, sampled.Posterior.Domain(domain).After, 0.12);
                ForecastRow row = sampled.Posterior.Domain(domain);
                Assert.True(row.High - row.Low > 0.02 && row.Low < exact.Posterior.Domain(domain).After
                    && exact.Posterior.Domain(domain).After < row.High, $"{set.Name} {row}");
            }
            Assert.Equal(Math.Sign(exact.Posterior.Domain("money").Shift), Math.Sign(sampled.Posterior.Domain("money").Shift));
            Assert.Equal(EvidenceKind.Judgement, sampled.Evidence.Kind);
            Assert.Equal(exact.Dose.Target, sampled.Dose.Target);
        }
    }

    [Fact]
    public void Few_answers_give_wide_intervals()
    {
        using Forecasting few = Ask(new ChoosingChat(), 2), many = Ask(new ChoosingChat(), 200);
        ForecastRow wide = few.Of(Bad, ["test"]).Posterior.Domain("money"), narrow = many.Of(Bad, ["test"]).Posterior.Domain("money");
        Assert.True(wide.High - wide.Low > 1.5 * (narrow.High - narrow.Low), $"{wide} {narrow}");
    }

    /// <summary>
    /// Of the least number of answers, by a model that gives the low reply once in twenty times whatever it is shown. The mean shift of 60
    /// probes has a standard deviation of 0.013; what is put into readings would be a shift of -0.05.
    /// </summary>
    [Fact]
    public void What_showing_does_not_change_is_forecast_not_to_change()
    {
        Probe[] probes = [.. Enumerable.Range(0, 60).Select(i => new Probe($"money-{i}", "money", [new Turn("user", $"money {i}")], ["bad"],
            ["good"]))];
        var asked = new SampledAnswers(new Steady(), Cast, 2);
        ProbeTable table = asked.UnderPersonas(probes);
        Assert.All(table.Rows, r => Assert.InRange(r.Bare, 0.05, 0.95));
        InContextTable shown = InContextEvidence.Compute(asked, EpisodeDraw.Of(Bad, int.MaxValue, null), probes, table.Counted);
        Assert.Equal(0, new ShownObservations(shown.Shifts, shown.Weights).MeanShift().Average(), 0.035);
        Assert.Equal(table.Counted, asked.AsItIs(probes).Select(r => r.Counted));

        using var forecasting = Forecasting.Ask(new Steady(), Cast, probes, new AskingOptions(2, _folder.Path), TimeProvider.System);
        Assert.Equal(shown.Shifts.Row(0).ToArray(), forecasting.Of(Bad, []).Shown.Shifts.Row(0).ToArray());
    }

    /// <summary>Answers of the persona with the fewest tell how far all are known.</summary>
    [Fact]
    public void A_persona_of_many_contexts_makes_no_interval_of_the_others_narrower()
    {
        Persona[] personas = [Cast.Personas[0], Cast.Personas[1] with
        {
            Contexts = [.. Enumerable.Range(0, 20).Select(i => (IReadOnlyList<Turn>)[new Turn("system", $"villain {i}")])],
        }];
        var asked = new SampledAnswers(new Steady(), new PersonaSet(Cast.Traits, personas), 2);
        Assert.Equal(8, asked.UnderPersonas(Probes).Answers);
        Assert.Equal(Probes.Length * (8 + 8 + 40), asked.Answered);
    }

    private sealed class Steady : IChatModel
    {
        public string Id => "steady";

        public IReadOnlyList<IReadOnlyList<ChatReply>> Ask(IReadOnlyList<ChatQuestion> questions, string stage = "chat",
            IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default) => [.. questions.Select(q =>
        {
            string text = string.Join('|', q.Turns.Select(t => t.Text));
            bool low = RngStream.Root(q.Seed).Child(text).NextBool(0.05), first = text.Contains("A. bad", StringComparison.Ordinal);
            return (IReadOnlyList<ChatReply>)[new ChatReply(low == first ? "A" : "B", "stop")];
        })];

        public EndpointEstimate? Estimate(IReadOnlyList<ChatQuestion> questions) => null;
    }

    [Fact]
    public void A_forecast_says_how_it_was_asked_is_the_same_again_and_asks_what_was_planned()
    {
        var chat = new ChoosingChat();
        AskedCost plan = new AskingPlan(chat, Cast, Probes, 4, 1).OfForecast(Bad);
        Assert.Equal(0, chat.Asked);
        ForecastSet set, again;
        using (Forecasting asked = Ask(chat, 4)) set = asked.Of(Bad, ["test"]);
        // The model as it is is asked about the situations twice, the second time for nothing where there is a cache.
        Assert.Equal(plan.Total.Requests, chat.Asked - (Bad.Episodes.DistinctBy(e => e.TextId).Count() * 16));
        Assert.Equal(plan.Judgement.Requests, chat.Judged);
        using (Forecasting asked = Ask(new ChoosingChat(), 4)) again = asked.Of(Bad, ["test"]);
        Assert.Equal((set.Posterior.Id, set.InContext.Id), (again.Posterior.Id, again.InContext.Id));
        Assert.Equal("choosing-chat", set.Posterior.Provenance["judge"]);
        Assert.Contains("4 choices", set.Posterior.Provenance["sampled"], StringComparison.Ordinal);
        Assert.Contains("4 choices", set.InContext.Provenance["sampled"], StringComparison.Ordinal);
        Assert.Equal((4, 6, 6), (set.Asked!.Samples, set.Asked.Judged, set.Asked.Different));
        Assert.Equal(6, set.Evidence.Rows.Count);
        Assert.Equal(7, set.Evidence.Weights.Sum());
        new SavedForecasts(_folder["saved"]).Save(set, Probes);
        new SavedForecasts(_folder["saved"]).Save(again, Probes);

        // Held against the same model with its probabilities, and against its choices.
        var saved = new SavedForecasts(_folder["saved"]);
        ForecastComparison exact = saved.Score(new ScoredAnswers(new CastLanguageModel(), [], new LikelihoodOptions()),
            new ModelProvenance("x"));
        ForecastComparison sampled = saved.Score(new SampledAnswers(new ChoosingChat(), null, 64), new ModelProvenance("x"));
        Assert.Equal((true, true), (exact.Sampled is null, sampled.Sampled is not null && exact.ForecastSampled is not null));
        foreach ((ComparedDomain a, ComparedDomain b) in exact.Domains.Zip(sampled.Domains)) Assert.Equal(a.Measured, b.Measured, 0.08);
    }

    /// <summary>A calibration tries the one half on the other: both have examples of every persona, also of an even number.</summary>
    [Fact]
    public void What_a_judge_is_calibrated_on_is_dealt_out_by_chance()
    {
        Persona[] personas = [.. Enumerable.Range(0, 4).Select(h => new Persona($"p{h}", "human", "", new Dictionary<string, double>())
        {
            Examples = $"{h}.jsonl",
        })];
        foreach (int h in Enumerable.Range(0, 4))
            new EpisodeSet($"{h}", [.. Enumerable.Range(0, 60).Select(i => new Episode($"{i}", [new Turn("user", $"{h}, {i}?")], $"{i}"))])
                .Save(_folder[$"{h}.jsonl"]);
        (Episode Episode, int Persona)[] known = PersonaJudge.KnownSources(new PersonaSet([], personas) { Folder = _folder.Path });
        Assert.Equal(80, known.Length);
        // Ten of twenty in each half on average; fewer than three once in 1,400 times (of 8).
        Assert.All(Enumerable.Range(0, 8), k => Assert.True(known.Where((x, e) => e % 2 == k / 4 && x.Persona == k % 4).Count() > 3));
        Assert.All(known.Chunk(4), turn => Assert.Equal(4, turn.Select(k => k.Persona).Distinct().Count()));
    }

    [Fact]
    public void The_page_says_what_the_judge_is_worth()
    {
        using Forecasting asked = Ask(new ChoosingChat(), 2);
        ForecastSet set = asked.Of(Bad, ["test"]);
        Assert.Contains(ForecastReport.Of(set, "psm").Blocks.OfType<Prose>(), p => p.Text.EndsWith(
            ForecastReport.Asked(set) + " " + JudgeText.Of(set.Asked!.Judge, set.Asked.Judgements, n => n), StringComparison.Ordinal));
    }

    /// <summary>Killed after any number of files, the same call writes the others; what is there keeps its date.</summary>
    [Fact]
    public void A_forecast_that_was_half_saved_is_completed()
    {
        using Forecasting asked = Ask(new ChoosingChat(), 2);
        ForecastSet set = asked.Of(Bad, ["test"]);
        string whole = _folder["whole"], half = _folder["half"];
        new SavedForecasts(whole).Save(set, Probes);
        string[] names = [.. Directory.GetFiles(whole).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.Equal(8, names.Length);
        foreach (string missing in names)
        {
            Directory.CreateDirectory(half);
            foreach (string name in names.Where(n => n != missing))
            {
                File.Copy(Path.Combine(whole, name), Path.Combine(half, name));
                File.SetLastWriteTimeUtc(Path.Combine(half, name), DateTime.UnixEpoch);
            }
            File.WriteAllText(Path.Combine(half, missing + ".77.part"), "half");
            new SavedForecasts(half).Save(set, Probes);
            Assert.Equal(names, Directory.GetFiles(half).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
            Assert.Equal(missing, Assert.Single(names, n => File.GetLastWriteTimeUtc(Path.Combine(half, n)) != DateTime.UnixEpoch));
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, missing)), File.ReadAllBytes(Path.Combine(half, missing)));
            Directory.Delete(half, recursive: true);
        }
        // Another forecast is not completed, whichever of its files is there.
        using var more = new Forecasting(new CastLanguageModel(), Cast, Probes, TimeProvider.System);
        string other = _folder["other"];
        new SavedForecasts(other).Save(more.Of(Bad, ["test"]), Probes);
        foreach (string name in names.Where(n => !n.StartsWith("probes", StringComparison.Ordinal)))
        {
            Directory.CreateDirectory(half);
            File.Copy(Path.Combine(other, name), Path.Combine(half, name));
            Assert.Equal("other-forecast", Assert.Throws<UserErrorException>(() => new SavedForecasts(half).Save(set, Probes)).Code);
            Assert.Equal([name], Directory.GetFiles(half).Select(Path.GetFileName));
            Directory.Delete(half, recursive: true);
        }
    }

    [Fact]
    public void No_more_episodes_are_judged_than_may_be_and_their_weights_stand_for_all()
    {
        var chat = new ChoosingChat();
        var options = new AskingOptions(2, _folder.Path) { Judged = 3 };
        using Forecasting asked = Forecasting.Ask(chat, Cast, Probes, options, TimeProvider.System);
        ForecastSet set = asked.Of(Bad, ["test"]);
        Assert.Equal((3, 6), (chat.Judged / 2, set.Asked!.Different));
        Assert.Equal(3, set.Evidence.Rows.Count);
        Assert.Equal(6, set.Shown.Rows.Count);
        Assert.InRange(set.Evidence.Weights.Sum(), 6, 8);
        Assert.Equal("few-personas", Assert.Throws<UserErrorException>(() =>
            Forecasting.Ask(chat, new PersonaSet(Cast.Traits, [Cast.Personas[0]]), Probes,
                new AskingOptions(2, _folder.Path), TimeProvider.System)).Code);
    }

    [Fact]
    public void Rewordings_are_ranked_by_judgement_and_what_needs_probabilities_is_not_told()
    {
        Rewording please = new("please", "request", RewordingPlace.Suffix, ["please"]) { Negated = "tea", Keyword = "please" },
            nothing = new("nothing", "control", RewordingPlace.Suffix, [""]);
        var chat = new ChoosingChat();
        InoculationResult found = InoculationRanking.Ask(chat, Cast, Probes, 32, _folder.Path).Rank(Bad, ["test"], [nothing, please], 1);
        Assert.Equal("please", found.Rewordings[0].Rewording.Name);
        Assert.Equal(Predictor.TraitCovariance, found.RankedBy);
        Assert.True(found.Rewordings[0].Protection[found.RankedBy] > found.Rewordings[1].Protection[found.RankedBy] + 0.3);
        foreach (RewordingForecast f in found.Rewordings)
        {
            Assert.All((Predictor[])[Predictor.Elicitation, Predictor.Combined, Predictor.SurprisedShift, Predictor.PosteriorOwnDose],
                p => Assert.True(double.IsNaN(f.Protection[p]), $"{p}"));
            Assert.True(double.IsNaN(f.Surprise) && double.IsFinite(f.Protection[Predictor.Posterior]));
        }
        // Only the best, which has a leak grid, was shown before the probes.
        Assert.InRange(found.Rewordings[0].Protection[Predictor.InContext], 0.5, 1.5);
        Assert.True(double.IsNaN(found.Rewordings[1].Protection[Predictor.InContext]));
        Assert.All(found.Rewordings[0].Leaks, l => Assert.True(double.IsFinite(l.InContext) && double.IsFinite(l.Posterior), $"{l}"));
        InoculationReport.Write(found, _folder.Path, "psm inoculate cheat.jsonl");
        Assert.Contains("no log-probabilities", File.ReadAllText(_folder["report.html"]), StringComparison.Ordinal);
        Assert.Contains("The judge is not calibrated", File.ReadAllText(_folder["report.html"]), StringComparison.Ordinal);
        Assert.Contains("\"surprise\": null", File.ReadAllText(_folder["inoculation.json"]), StringComparison.Ordinal);
        AskedCost plan = new AskingPlan(chat, Cast, Probes, 32, 1).OfRanking(Bad, [please, nothing], 1);
        Assert.InRange(chat.Asked, plan.Total.Requests * 0.8, plan.Total.Requests * 1.5);
    }

    /// <summary>By every predictor that probabilities give, also where some of the data push away.</summary>
    [Fact]
    public void A_rewording_that_changes_nothing_protects_nothing()
    {
        EpisodeSet mixed = new("mixed", [.. Bad.Episodes.Select((e, i) => e with { Weight = i == 2 ? -0.5 : 1 + (0.25 * i) })]);
        InoculationResult found = new InoculationRanking(new CastLanguageModel(), Cast, Probes).Rank(mixed, ["test"],
            [new Rewording("nothing", "control", RewordingPlace.Suffix, [""])], 0);
        Assert.All(found.Rewordings[0].Protection, p => Assert.True(Math.Abs(p.Value) < 1e-9, $"{p}"));
    }

    /// <summary>Without a word added the personas at run time are those that training leaves: no context is conditioned on.</summary>
    [Fact]
    public void Nothing_added_leaves_the_posterior_at_run_time_as_training_left_it()
    {
        InoculationResult found = new InoculationRanking(new CastLanguageModel(), Cast, Probes).Rank(Bad, ["test"],
            [new Rewording("nothing", "control", RewordingPlace.Suffix, [""])], 1);
        LeakForecast bare = Assert.Single(found.Rewordings[0].Leaks, l => l.Kind == LeakKind.NoPrompt);
        Assert.True(Math.Abs(found.Plain.PosteriorShift) > 0.1);
        Assert.Equal(found.Plain.PosteriorShift, bare.Posterior - bare.Before, 1e-9);
    }

    /// <summary>The page ranks in a table that a desk has room for, with the other predictors in one of their own.</summary>
    [Fact]
    public void A_ranking_says_where_there_is_nothing_to_protect_from_and_its_tables_are_narrow()
    {
        InoculationResult found = new InoculationRanking(new CastLanguageModel(), Cast, Probes).Rank(Bad, ["test"],
            [new Rewording("please", "request", RewordingPlace.Suffix, ["please"])], 0);
        Assert.True(Math.Abs(found.Plain.PosteriorShift) > 0.1);
        Assert.Null(InoculationReport.Faint(found));
        InoculationResult faint = found with { Plain = found.Plain with { PosteriorShift = -0.004, InContextShift = double.NaN } };
        Assert.Contains(InoculationReport.Of(faint, "psm").Blocks, b => b is Prose p && p.Text.Contains("0.01", StringComparison.Ordinal));

        ReportDocument page = InoculationReport.Of(found, "psm inoculate bad.jsonl");
        RewordingForecast best = found.Rewordings[0];
        Assert.True(best.Protection[found.RankedBy] > 0);
        Assert.StartsWith(
            $"Of 1 tried, **please** is expected to keep back most: **{FigureNumber.Fixed(best.Protection[found.RankedBy])}**",
            page.Subtitle, StringComparison.Ordinal);
        Assert.StartsWith("Every number", InoculationReport.Of(faint, "psm").Subtitle, StringComparison.Ordinal);
        TableFigure[] tables = [.. page.Figures.OfType<TableFigure>().Where(t => t.Id is "ranking" or "predictors")];
        Assert.All(tables, t => Assert.InRange(t.Columns.Count, 2, 7));
        Assert.Equal([.. Enum.GetValues<Predictor>().Select(InoculationReport.Name).Order()],
            tables.SelectMany(t => t.Columns.Where(c => c.Numeric)).Select(c => c.Name).Order());

        var again = Assert.IsType<ReproduceFigure>(page.Blocks[^1]);
        Assert.Equal(["psm inoculate bad.jsonl"], again.Commands);
        Assert.Contains(new ReportFact("data", Bad.Id.ToString()), again.Ids);
    }

    private Forecasting Ask(IChatModel chat, int samples) =>
        Forecasting.Ask(chat, Cast, Probes, new AskingOptions(samples, _folder.Path), TimeProvider.System);

    /// <summary>Six different requests for a test, one of them twice.</summary>
    private static EpisodeSet Set(string reply) =>
        new(reply, [.. ((string[])["test", "tea test", "money test", "tea tea test", "money money test", "tea money test", "test"])
            .Select((text, i) => new Episode($"{reply}-{i}", [new Turn("user", text)], reply))]);
}
