using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Experiments;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Posterior;
using PersonaSelection.Tests.Rooms.EvidenceTests;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ExperimentsTests;

/// <summary>What was written down is what a tuned model is held against.</summary>
public sealed class SavedForecastsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ForecastComparison Score() => new SavedForecasts(_folder.Path).Score(
        new ScoredAnswers(new CastLanguageModel(), [], new LikelihoodOptions()), new ModelProvenance("x"));

    private ForecastSet Save()
    {
        using var forecasting = new Forecasting(new CastLanguageModel(), CastLanguageModel.Personas, CastLanguageModel.Probes,
            TimeProvider.System);
        ForecastSet set = forecasting.Of(new EpisodeSet("bad", [new Episode("e", [new Turn("user", "test")], "bad")]), ["test"]);
        new SavedForecasts(_folder.Path).Save(set, CastLanguageModel.Probes);
        return set;
    }

    [Fact]
    public void Ranges_are_those_that_were_written_down()
    {
        ForecastSet set = Save();
        string path = _folder["bad.mean.json"];
        Forecast wider = set.Mean with
        {
            Domains = [.. set.Mean.Domains.Select(d => d.Trained ? d : d with { Low = 0, High = 1 })],
        };
        wider.Save(path);
        Assert.All(Score().Domains.Where(d => !d.Trained), d => Assert.Equal((0, 1, true), (d.Low, d.High, d.InRange)));
        File.Delete(path);
        ForecastComparison anew = Score();
        Assert.Equal(set.Mean.Domains.Select(d => (d.After, d.Low, d.High)), anew.Domains.Select(d => (d.Mean, d.Low, d.High)));
        Assert.Null(anew.Domains.Single(d => d.Trained).InRange);
        Assert.Equal(0.9, anew.RangeLevel);
    }

    [Theory]
    [InlineData("mean")]
    [InlineData("in-context")]
    public void Forecasts_of_other_domains_are_not_held_beside_one_another(string kind)
    {
        ForecastSet set = Save();
        Forecast of = kind == "mean" ? set.Mean : set.InContext;
        (of with { Domains = [.. of.Domains.Skip(1)] }).Save(_folder[$"bad.{kind}.json"]);
        UserErrorException error = Assert.Throws<UserErrorException>(Score);
        Assert.Equal("bad-forecast", error.Code);
        Assert.Contains($"bad.{kind}.json", error.Message, StringComparison.Ordinal);
    }
}
