using PersonaSelection.Lab;
using PersonaSelection.Numerics;
using PersonaSelection.Posterior;
using Xunit;

namespace PersonaSelection.Tests.Rooms.PosteriorTests;

public class MeanForecastTests
{
    private static readonly ForecastError Error = new(0.2, 0.5, 0.5, 1.5, 0.9, "models that were tuned");

    private static Forecast Forecast(ForecastKind kind, params (string Domain, double Before, double After)[] domains) => new()
    {
        Kind = kind,
        Subject = "cheat",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Domains = [.. domains.Select(d => new ForecastRow(d.Domain, d.Domain, d.Domain == "test", d.Before, d.After, d.After, d.After))],
        Probes = [.. domains.Select(d =>
            new ForecastRow(d.Domain + "-1", d.Domain, d.Domain == "test", d.Before, d.After, d.After, d.After))],
        Provenance = new Dictionary<string, string>(),
    };

    private static Forecast Mean(Forecast posterior, Forecast inContext) =>
        MeanForecast.Of(posterior, inContext, Error, TimeProvider.System);

    [Fact]
    public void It_is_the_mean_of_both_with_a_range_around_it()
    {
        Forecast mean = Mean(Forecast(ForecastKind.Posterior, ("test", 0.3, 0.8), ("money", 0.3, 0.6), ("tea", 0.5, 0.5)),
            Forecast(ForecastKind.InContext, ("test", 0.3, 1.0), ("money", 0.3, 0.7), ("tea", 0.5, 0.5)));
        Assert.Equal(ForecastKind.Mean, mean.Kind);
        Assert.Equal([0.9, 0.65, 0.5], mean.Domains.Select(d => Math.Round(d.After, 12)));
        // A domain that is trained on has no range, nor has a single probe.
        Assert.Equal((0.9, 0.9), (mean.Domain("test").Low, mean.Domain("test").High));
        Assert.All(mean.Probes, p => Assert.Equal((p.After, p.After), (p.Low, p.High)));
        Assert.All(mean.Elsewhere, d => Assert.True(d.Low < d.After && d.After < d.High));
        Assert.Equal(0.9, MeanForecast.LevelOf(mean));
        Assert.Equal(((0.65 - 0.3) + 0) / 2, mean.MeanShiftElsewhere, 1e-12);
    }

    [Fact]
    public void The_range_is_wider_where_more_is_to_happen_and_where_the_two_differ()
    {
        double Width(double posterior, double inContext, double elsewhere)
        {
            ForecastRow money = Mean(Forecast(ForecastKind.Posterior, ("money", 0.5, posterior), ("tea", 0.5, elsewhere)),
                Forecast(ForecastKind.InContext, ("money", 0.5, inContext), ("tea", 0.5, elsewhere))).Domain("money");
            return money.High - money.Low;
        }
        Assert.True(Width(0.5, 0.5, 0.5) > 0.1);
        Assert.True(Width(0.5, 0.5, 0.8) > Width(0.5, 0.5, 0.5) + 0.05);
        Assert.True(Width(0.3, 0.7, 0.5) > Width(0.5, 0.5, 0.5) + 0.05);
        Assert.Equal(Width(0.3, 0.7, 0.5), Width(0.7, 0.3, 0.5), 1e-12);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(0.999, 0.995)]
    public void A_range_stays_within_0_and_1_and_holds_its_mean(double posterior, double inContext)
    {
        ForecastRow row = Mean(Forecast(ForecastKind.Posterior, ("money", 0.5, posterior)),
            Forecast(ForecastKind.InContext, ("money", 0.5, inContext))).Domain("money");
        Assert.InRange(row.After, row.Low, row.High);
        Assert.InRange(row.Low, 0, 1);
        Assert.InRange(row.High, 0, 1);
        Assert.True(row.High - row.Low > 0.004, $"{row}");
    }

    [Fact]
    public void Intervals_that_reach_further_widen_the_range()
    {
        Forecast one = Forecast(ForecastKind.Posterior, ("money", 0.5, 0.5)), other = Forecast(ForecastKind.InContext, ("money", 0.5, 0.5));
        Forecast wide = one with { Domains = [one.Domains[0] with { Low = 0, High = 1 }] };
        ForecastRow row = Mean(wide, other with { Domains = [other.Domains[0] with { Low = 0, High = 1 }] }).Domain("money");
        Assert.Equal((0, 1), (row.Low, row.High));
    }

    [Fact]
    public void Forecasts_of_different_rows_have_no_mean()
    {
        Forecast one = Forecast(ForecastKind.Posterior, ("money", 0.5, 0.5));
        Assert.Throws<ArgumentException>(() => Mean(one, Forecast(ForecastKind.InContext, ("tea", 0.5, 0.5))));
        Assert.Throws<ArgumentException>(() => Mean(one, Forecast(ForecastKind.InContext, ("money", 0.5, 0.5)) with { Subject = "good" }));
    }

    [Fact]
    public void A_forecast_that_does_not_say_its_level_is_refused()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() =>
            MeanForecast.LevelOf(Forecast(ForecastKind.Mean, ("money", 0.5, 0.5))));
        Assert.Equal("bad-forecast", error.Code);
    }

    /// <summary>
    /// Errors drawn with known spreads are found again, and the range holds what it says: of 4,000 new outcomes the share held has a
    /// standard error of 0.005, so that 0.03 is passed by mistake less than once in 10^8, errors of the fit aside.
    /// </summary>
    [Fact]
    public void Spreads_are_learned_from_outcomes_and_hold_as_often_as_they_say()
    {
        var truth = new ForecastError(0.15, 0.4, 0.3, 1, 0.9, "drawn");
        ForecastError learned = ForecastError.Fit(Outcomes(truth, 4000, 1), 0.9, "drawn");
        Assert.Equal(truth.Floor, learned.Floor, 0.02);
        Assert.Equal(truth.PerShift, learned.PerShift, 0.03);
        Assert.Equal(truth.PerDisagreement, learned.PerDisagreement, 0.04);
        Assert.Equal(1.645, learned.Multiple, 0.06);
        Assert.Equal(0.9, Outcomes(truth, 4000, 2).Count(learned.Holds) / 4000.0, 0.03);
        // One that has learned from half as large errors holds fewer.
        ForecastError sure = ForecastError.Fit(
            Outcomes(truth with { Floor = 0.07, PerShift = 0.2, PerDisagreement = 0.15 }, 4000, 3), 0.9, "drawn");
        Assert.True(Outcomes(truth, 4000, 4).Count(sure.Holds) < 3000);
        Assert.Throws<ArgumentException>(() => ForecastError.Fit(Outcomes(truth, 9, 1), 0.9, "few"));
    }

    private static ForecastOutcome[] Outcomes(ForecastError truth, int count, ulong seed)
    {
        RngStream random = RngStream.Root(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double size = i % 4 * 0.5, posterior = 0.3 + (0.4 * random.NextDouble()), inContext = 0.3 + (0.4 * random.NextDouble());
            double odds = ForecastError.LogOdds((posterior + inContext) / 2)
                + (truth.Spread(size, posterior, inContext) * random.NextGaussian());
            return new ForecastOutcome(size, posterior, inContext, LogSpace.Logistic(odds));
        })];
    }
}
