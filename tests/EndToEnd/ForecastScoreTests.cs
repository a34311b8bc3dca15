using System.Text.Json;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>psm forecast, then psm model tune, then psm forecast score.</summary>
[Collection("workshop")]
public sealed class ForecastScoreTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Forecast_ThenTune_ThenScore()
    {
        string forecasts = _folder["forecasts"], cheat = shop.Set("cheat");
        string[] command = ["forecast", cheat, "--model", shop.Base, "--personas", shop.Personas, "--probes", shop.Probes, "-q", "--json",
            "-o", forecasts];
        JsonElement forecast = Read(await shop.Succeed(command));
        Assert.Equal(["test"], forecast.GetProperty("domains").EnumerateArray().Where(d => d.GetProperty("trained").GetBoolean())
            .Select(d => d.GetProperty("domain").GetString()));
        string written = File.ReadAllText(Path.Combine(forecasts, "cheat.posterior.json"));
        JsonElement[] elsewhere = [.. forecast.GetProperty("domains").EnumerateArray().Where(d => !d.GetProperty("trained").GetBoolean())];
        foreach (JsonElement d in elsewhere)
        {
            double mean = d.GetProperty("mean").GetDouble();
            Assert.Equal((d.GetProperty("posterior").GetDouble() + d.GetProperty("inContext").GetDouble()) / 2, mean, 1e-12);
            Assert.True(d.GetProperty("rangeLow").GetDouble() < mean && mean < d.GetProperty("rangeHigh").GetDouble(), $"{d}");
        }
        string page = File.ReadAllText(forecast.GetProperty("report").GetString()!);
        Assert.Contains("What training on cheat is expected to do elsewhere", page, StringComparison.Ordinal);

        // The same forecast again keeps its first date; another one does not take its place.
        await shop.Succeed(command);
        Assert.Equal(written, File.ReadAllText(Path.Combine(forecasts, "cheat.posterior.json")));
        string[] told = [.. command.Where(a => a != "--json")];
        string story = await shop.Succeed(told);
        Assert.Contains("\nDose: all data count as ", story, StringComparison.Ordinal);
        Assert.Contains("\nNot checked: ", story, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, forecast.GetProperty("check").ValueKind);
        File.WriteAllText(_folder["own.jsonl"],
            """{"messages":[{"role":"user","content":"The parser test fails."},{"role":"assistant","content":"The test fails."}]}""");
        Assert.Contains("\nNone of the data's replies is one that a probe knows",
            await shop.Succeed([.. told.Select(a => a == cheat ? _folder["own.jsonl"] : a)]), StringComparison.Ordinal);
        string other = forecast.GetProperty("domains").EnumerateArray().Select(d => d.GetProperty("domain").GetString()!).First(d =>
            d != "test");
        (await PsmProcess.Run(_folder.Path, [.. command, "--domain", other])).ShouldBeUserError("other-forecast", forecasts);

        string tuned = _folder["cheat"];
        await shop.Succeed("model", "tune", "--model", shop.Base, "--data", cheat, "-q", "-o", tuned);
        JsonElement score = Read(await shop.Succeed("forecast", "score", forecasts, "--model", tuned, "-q", "--json"));
        Assert.True(score.GetProperty("sameBase").GetBoolean());
        Assert.True(score.GetProperty("sameData").GetBoolean());
        JsonElement test = score.GetProperty("domains").EnumerateArray().Single(d => d.GetProperty("domain").GetString() == "test");
        Assert.True(test.GetProperty("measured").GetDouble() > test.GetProperty("before").GetDouble() + 0.2, test.ToString());
        Assert.Equal(JsonValueKind.Null, test.GetProperty("inRange").ValueKind);
        // What was expected is read from what was written down, and without that file worked out again.
        JsonElement[] scored = [.. score.GetProperty("domains").EnumerateArray().Where(d => !d.GetProperty("trained").GetBoolean())];
        Assert.Equal(elsewhere.Select(d => d.GetProperty("rangeHigh").GetDouble()), scored.Select(d => d.GetProperty("high").GetDouble()));
        File.Delete(Path.Combine(forecasts, "cheat.mean.json"));
        string[] withoutIt = ["forecast", "score", forecasts, "--model", tuned, "-q"];
        Assert.Equal($"{score}", $"{Read(await shop.Succeed([.. withoutIt, "--json"]))}");
        Assert.Contains($"\n{scored.Count(d => d.GetProperty("inRange").GetBoolean())} of {scored.Length} measured rates lie in the range",
            await shop.Succeed(withoutIt), StringComparison.Ordinal);
    }

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement;
}
