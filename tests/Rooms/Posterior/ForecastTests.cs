using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public sealed class ForecastTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private static readonly Clock Noon = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private static readonly PersonaDistribution Prior = PersonaDistribution.FromWeights(["honest", "liar"], [0.75, 0.25]);
    private static readonly Observations Cheating = new(new LabelledMatrix(["e0", "e1"], ["honest", "liar"],
        [Math.Log(0.03), Math.Log(0.96), Math.Log(0.05), Math.Log(0.9)]));

    private static BehaviourTable Behaviour() => new BehaviourTable(
        new LabelledMatrix(["test-1", "money-1", "money-2", "tea-1"], ["liar", "honest"], [0.96, 0.03, 0.8, 0.1, 0.6, 0.1, 0.3, 0.3]),
        [new("test-1", "test", "t", 0), new("money-1", "money", "m1", 0), new("money-2", "money", "m2", 0), new("tea-1", "tea", "c", 0)])
        .StartingFrom(Prior);

    private static readonly ForecastSubject About = new("cheat", ["test"], Noon);

    private static Forecast Cheat(double dose = 0.5) => PosteriorForecast.Make(About, Prior, Cheating, dose, Behaviour());

    [Fact]
    public void The_forecast_is_the_posterior_mean_of_the_behaviour()
    {
        PersonaDistribution posterior = Update.OnEpisodes(Prior, Cheating, 0.5);
        Forecast forecast = Cheat();
        double liar = posterior.Probability("liar");
        Assert.Equal((0.8 * liar) + (0.1 * (1 - liar)), forecast.Probes[1].After, 1e-12);
        Assert.Equal((forecast.Probes[1].After + forecast.Probes[2].After) / 2, forecast.Domain("money").After, 1e-12);
        Assert.Equal(0, forecast.Domain("tea").Shift, 1e-12);
        Assert.True(forecast.Domain("test").Trained);
        Assert.Equal(["money", "tea"], forecast.Elsewhere.Select(d => d.Name));
        Assert.All(forecast.Domains, d => Assert.True(d.Low <= d.After + 1e-9 && d.After <= d.High + 1e-9));
        Assert.True(forecast.Domain("money").High - forecast.Domain("money").Low > 0.01);
    }

    [Fact]
    public void Few_answers_widen_the_intervals_and_the_forecast_stays()
    {
        // Mixed evidence, so that episodes alone leave some width; every interval has to hold the exact one.
        BehaviourTable exact = Behaviour();
        Forecast Of(double? answers) => PosteriorForecast.Make(About, Prior, Cheating, 0.5,
            new BehaviourTable(exact.Low, exact.Probes, answers: answers));
        Forecast few = Of(8), many = Of(320_000), none = Of(null);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(none.Probes[i].After, few.Probes[i].After);
            Assert.True(Width(few.Probes[i]) > Width(many.Probes[i]) + 0.1, $"{few.Probes[i]} {many.Probes[i]}");
            Assert.Equal(Width(none.Probes[i]), Width(many.Probes[i]), 0.06);
        }
        Assert.Equal(Cheat().Id, none.Id);
        Assert.NotEqual(none.Provenance["behaviour"], few.Provenance["behaviour"]);
        Assert.Throws<ArgumentException>(() => new BehaviourTable(exact.Low, exact.Probes, answers: double.NaN));

        static double Width(ForecastRow r) => r.High - r.Low;
    }

    [Fact]
    public void A_calibration_on_few_examples_widens_the_intervals_and_the_forecast_stays()
    {
        int[] truth = [0, 1, 0, 1, 0, 1, 0, 1];
        double[][][] known = [.. truth.Select((h, i) => (double[][])[[(h == 0 ? 0.5 : -0.5) + (i % 4 < 2 ? 1.5 : -1.5), 0]])];
        OffsetError few = OffsetError.Of(SoftmaxCalibration.None(2), known, truth, SoftmaxCalibration.Balance(truth));
        // Several observations that say the same, so that redrawing them leaves nothing open.
        var same = new Observations(new LabelledMatrix(["e0", "e1", "e2"], ["honest", "liar"], (_, h) => h == 0 ? -2 : -0.1));
        Forecast Of(OffsetError? offsets) => PosteriorForecast.Make(About, Prior, same, 0.4, Behaviour(), offsets: offsets);
        Forecast off = Of(few), sure = Of(null);
        Assert.Equal(sure.Domain("test").After, off.Domain("test").After);
        Assert.Equal(0, sure.Domain("test").High - sure.Domain("test").Low, 1e-9);
        Assert.True(off.Domain("test").High - off.Domain("test").Low > 0.05, $"{off.Domain("test")}");

        var traits = new LabelledMatrix(["honest", "liar"], ["honesty"], [1, -1]);
        Interval Mean(OffsetError? offsets) => PosteriorTable.Of(Prior, same, 0.4, traits, offsets: offsets).Traits[0].Posterior;
        Assert.Equal(Mean(null).Estimate, Mean(few).Estimate);
        Assert.Equal(0, Mean(null).High - Mean(null).Low, 1e-9);
        Assert.True(Mean(few).High - Mean(few).Low > 0.1, $"{Mean(few)}");
    }

    /// <summary>Where all redrawn data say the same and all probes of a domain shift alike, wherever they start, nothing is open.</summary>
    [Fact]
    public void What_no_redrawing_changes_has_no_width()
    {
        var same = new Observations(new LabelledMatrix(["e0", "e1", "e2"], ["honest", "liar"], (_, h) => h == 0 ? -2 : -0.1));
        var table = new BehaviourTable(
            new LabelledMatrix(["money-1", "money-2"], ["honest", "liar"], [0.1, 0.5, 0.3, 0.7]),
            [new("money-1", "money", "m1", 0), new("money-2", "money", "m2", 0)]);
        Forecast forecast = PosteriorForecast.Make(About, Prior, same, 0.4, table.StartingFrom(Prior));
        Assert.True(forecast.Domain("money").Shift > 0.05);
        Assert.All([.. forecast.Probes, .. forecast.Domains], r =>
        {
            Assert.Equal(r.After, r.Low, 1e-12);
            Assert.Equal(r.After, r.High, 1e-12);
        });
    }

    [Fact]
    public void What_was_shown_does_not_hang_on_the_answers_before_unless_the_dose_is_another()
    {
        ProbeRow[] probes = [.. Behaviour().Probes];
        var shifts = new LabelledMatrix(["e0", "e1"], probes.Select(p => p.Name), (_, _) => 0.2);
        Forecast Of(double dose, double? answers) =>
            InContextForecast.Make(About, new ShownObservations(shifts, [1, 1]), probes, dose, answers: answers);
        Assert.All(Of(1, 8).Probes, p => Assert.Equal(p.Low, p.High, 1e-12));
        Assert.All(Of(0.3, 8).Probes, p => Assert.True(p.High - p.Low > 0.1 && p.Low < p.After && p.After < p.High, $"{p}"));
        Assert.All(Of(0.3, null).Probes, p => Assert.Equal(p.Low, p.High, 1e-12));
    }

    [Fact]
    public void A_dose_of_zero_forecasts_no_change() => Assert.All(Cheat(0).Domains, d => Assert.Equal(0, d.Shift, 1e-12));

    [Fact]
    public void Shifts_count_from_what_was_measured_unless_told_otherwise()
    {
        BehaviourTable measured = new(Behaviour().Low, [.. Behaviour().Probes.Select(p => p with { Before = 0.4 })]);
        Forecast anchored = PosteriorForecast.Make(About, Prior, Cheating, 0.5, measured);
        Forecast plain = PosteriorForecast.Make(About, Prior, Cheating, 0.5, measured, ForecastAnchor.Mixture);
        Assert.Equal(Cheat().Domain("money").Shift, anchored.Domain("money").Shift, 1e-12);
        Assert.Equal(Cheat().Domain("money").After, plain.Domain("money").After, 1e-12);
        Assert.All(anchored.Probes, p => Assert.InRange(p.After, 0, 1));
    }

    [Fact]
    public void A_question_that_tells_on_the_character_selects_first()
    {
        var low = new LabelledMatrix(["x"], ["honest", "liar"], [0.0, 1]);
        var told = new LabelledMatrix(["x"], ["honest", "liar"], [Math.Log(0.9), Math.Log(0.1)]);
        double[] predicted = new BehaviourTable(low, [new("x", "d", "x", 0.5)], told)
            .Predict(PersonaDistribution.Uniform(["honest", "liar"]));
        Assert.Equal(0.1, predicted[0], 1e-12);
    }

    [Fact]
    public void The_uniform_null_has_the_size_of_its_basis_and_no_shape()
    {
        Forecast basis = Cheat(), uniform = NullForecast.UniformShift(basis, Noon);
        Assert.Equal(basis.MeanShiftElsewhere, uniform.MeanShiftElsewhere, 1e-12);
        Assert.Equal(uniform.Domain("tea").Shift, uniform.Domain("money").Shift, 1e-12);
        Assert.Equal(basis.Id, uniform.Provenance["basis"]);
        Assert.All(NullForecast.NoChange(About, Behaviour().Probes) is var still ? [.. still.Probes, .. still.Domains] : (ForecastRow[])[],
            p => Assert.Equal((p.Before, p.Before, p.Before), (p.After, p.Low, p.High)));
        Forecast everywhere = PosteriorForecast.Make(new("cheat", ["test", "money", "tea"], Noon), Prior, Cheating, 0.5, Behaviour());
        Assert.Throws<ArgumentException>(() => NullForecast.UniformShift(everywhere, Noon));
    }

    [Fact]
    public void A_forecast_keeps_what_it_was_made_from()
    {
        Forecast forecast = PosteriorForecast.Make(About, Prior, new Observations(Cheating.LogLikelihood, [3, -1]), 0.5, Behaviour(),
            provenance: new Dictionary<string, string> { ["model"] = "village" });
        Assert.Equal(("village", "0.5", "2"),
            (forecast.Provenance["model"], forecast.Provenance["dose"], forecast.Provenance["effective-observations"]));
    }

    [Fact]
    public void In_context_shifts_are_averaged_by_weight_and_scaled()
    {
        var shifts = new LabelledMatrix(["e0", "e1"], ["tea-1", "money-2", "money-1", "test-1"], [0.0, 0.2, 0.4, 0.5, 0, 0.1, 0.1, 0.1]);
        Forecast forecast = InContextForecast.Make(About, new ShownObservations(shifts, [3, 1]), Behaviour().Probes, 0.8);
        (double before, double shown) = (forecast.Probes[1].Before, forecast.Probes[1].Before + (((3 * 0.4) + 0.1) / 4));
        Assert.Equal(LogOdds(before) + (0.8 * (LogOdds(shown) - LogOdds(before))), LogOdds(forecast.Probes[1].After), 1e-12);
        Assert.Equal(0, forecast.Domain("tea").Shift, 1e-12);
        Assert.Equal(ForecastKind.InContext, forecast.Kind);
        Assert.Equal(shown,
            InContextForecast.Make(About, new ShownObservations(shifts, [3, 1]), Behaviour().Probes).Probes[1].After, 1e-12);

        static double LogOdds(double p) => Math.Log(p / (1 - p));
    }

    [Fact]
    public void The_mean_of_two_forecasts_of_the_same_points_lies_between_them()
    {
        ScoredPoint[] one = [new("cheat", "tea", 0.2, 0.4, 0.5, 0.3), new("cheat", "money", 0.1, 0.1, 0.3, 0.2)],
            other = [one[0] with { Predicted = 0.6, Uniform = 0.5 }, one[1] with { Predicted = 0.5 }];
        Assert.Equal([one[0] with { Predicted = 0.5, Uniform = 0.4 }, one[1] with { Predicted = 0.3 }], ScoredPoint.Mean(one, other));
        Assert.Throws<ArgumentException>(() => ScoredPoint.Mean(one, [other[1], other[0]]));
    }

    [Theory]
    [InlineData("domains")]
    [InlineData("probes")]
    public void A_forecast_with_a_row_that_is_none_is_refused(string list)
    {
        string path = _folder["cheat.json"];
        Cheat().Save(path);
        string text = File.ReadAllText(path);
        foreach (string row in (string[])["null,", "{\"name\":null,\"domain\":\"d\",\"trained\":true},"])
        {
            File.WriteAllText(path, text.Replace($"\"{list}\": [", $"\"{list}\": [{row}", StringComparison.Ordinal));
            Assert.Equal("bad-forecast", Assert.Throws<UserErrorException>(() => Forecast.Load(path)).Code);
        }
        File.WriteAllText(path, text.Replace("\"provenance\": {", "\"provenance\": {\"x\": null, ", StringComparison.Ordinal));
        Assert.NotEqual(text, File.ReadAllText(path));
        Assert.Throws<UserErrorException>(() => Forecast.Load(path));
    }

    [Fact]
    public void A_saved_forecast_comes_back_whole_and_an_altered_one_is_refused()
    {
        string path = _folder["cheat.json"];
        Forecast forecast = Cheat();
        forecast.Save(path);
        Forecast read = Forecast.Load(path);
        Assert.Equal(forecast.Id, read.Id);
        Assert.Equal(forecast.Domains, read.Domains);
        Assert.Equal(Noon.GetUtcNow(), read.CreatedAt);
        string text = File.ReadAllText(path);
        Assert.Contains("\"kind\": \"posterior\"", text, StringComparison.Ordinal);
        int at = text.IndexOf("\"after\": 0.", StringComparison.Ordinal) + "\"after\": 0.".Length;
        File.WriteAllText(path, text[..at] + (text[at] == '9' ? '1' : '9') + text[(at + 1)..]);
        Assert.Equal("altered-forecast", Assert.Throws<UserErrorException>(() => Forecast.Load(path)).Code);
        File.WriteAllText(path, text[..(text.Length / 2)]);
        UserErrorException broken = Assert.Throws<UserErrorException>(() => Forecast.Load(path));
        Assert.Contains("line", broken.Problem, StringComparison.Ordinal);
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => Forecast.Load(path + ".none")).Code);
        File.WriteAllText(path, text.Replace("\"kind\": \"posterior\"", "\"kind\": \"gut-feeling\"", StringComparison.Ordinal));
        Assert.Equal("bad-forecast", Assert.Throws<UserErrorException>(() => Forecast.Load(path)).Code);
    }

    [Fact]
    public void The_id_covers_the_prediction_and_not_the_time()
    {
        Forecast later = Cheat() with { CreatedAt = Noon.GetUtcNow().AddDays(1) };
        Assert.Equal(Cheat().Id, later.Id);
        Assert.NotEqual(Cheat().Id, Cheat(0.6).Id);
        Assert.NotEqual(Cheat().Id, (Cheat() with { Subject = "good" }).Id);
    }
}
