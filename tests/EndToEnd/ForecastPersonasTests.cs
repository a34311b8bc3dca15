using System.Text.Json;
using PersonaSelection.Model;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>psm forecast puts personas before the model as psm audit does: by examples too.</summary>
[Collection("workshop")]
public sealed class ForecastPersonasTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("shown")]
    [InlineData("vector")]
    [InlineData("adapter")]
    public async Task PersonasByExample_GiveTheEvidenceOfAnAudit(string given)
    {
        string[] about = [shop.Set("base-rate"), "--model", shop.Base, "--personas", Personas(given), "--threads", "1", "-q", "--json"];
        JsonElement audit = Read(await Succeed(["audit", .. about, "--draws", "0", "-o", "a"]));
        JsonElement forecast = Read(await Succeed(["forecast", .. about, "--probes", shop.Probes, "-o", "f"]));

        Assert.Equal($"{given} 2", audit.GetProperty("provenance").GetProperty("presentation").GetString());
        JsonElement[] ledger = [.. File.ReadLines(_folder["a/ledger.jsonl"]).Select(Read)],
            rows = [.. File.ReadLines(_folder["f/base-rate.evidence.jsonl"]).Select(Read)];
        Assert.Equal($"{given} 2", rows[0].GetProperty("provenance").GetProperty("presentation").GetString());
        Assert.Equal(audit.GetProperty("provenance").GetProperty("calibration").GetString(),
            rows[0].GetProperty("provenance").GetProperty("calibration").GetString());
        string[] personas = [.. rows[0].GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)];
        Assert.Equal(["honest-one", "liar"], personas);
        Assert.Equal(ledger.Length, rows.Length - 1);
        for (int e = 0; e < ledger.Length; e++)
            for (int h = 0; h < personas.Length; h++)
                Assert.Equal(ledger[e].GetProperty("evidence").GetProperty(personas[h]).GetDouble(),
                    rows[e + 1].GetProperty("values")[h].GetDouble(), 1e-3);
        Assert.Equal(given == "shown" ? ["held-out"] : (string[])["held-out", "persona-fit"],
            Directory.GetDirectories(_folder["f/fitted"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(2, forecast.GetProperty("cast").GetArrayLength());
        Assert.True(audit.GetProperty("check").GetProperty("examples").GetInt32() > 0);
        Assert.Equal(audit.GetProperty("check").GetRawText(), forecast.GetProperty("check").GetRawText());
        Assert.Contains("Checked on ", File.ReadAllText(_folder["f/base-rate.report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatPersonasSaid_DecidesTheForecast_AndEpisodesAmongTheirExamplesAreCounted()
    {
        string[] about = ["forecast", shop.Set("cheat"), "--model", shop.Base, "--probes", shop.Probes,
            "--threads", "1", "-q", "--json", "--personas"];
        JsonElement plan = Read(await Succeed([.. about, Personas("adapter"), "--dry-run"]));
        JsonElement forecast = Read(await Succeed([.. about, Personas("adapter"), "-o", "f"]));

        Assert.Equal((2, 2), (plan.GetProperty("fitted").GetInt32(), plan.GetProperty("contexts").GetInt32()));
        Assert.Equal(32, forecast.GetProperty("amongExamples").GetInt32());
        JsonElement liar = forecast.GetProperty("cast").EnumerateArray().Single(p => p.GetProperty("persona").GetString() == "liar");
        Assert.True(liar.GetProperty("posterior").GetDouble() > liar.GetProperty("prior").GetDouble() + 0.1, $"{liar}");

        File.WriteAllText(_folder["gone.yaml"], "schema: 1\npersonas:\n  - { name: gone, examples: nowhere.jsonl }\n");
        (await PsmProcess.Run(_folder.Path, [.. about, "gone.yaml", "-o", "g"])).ShouldBeUserError("cannot-read", "nowhere.jsonl", "gone");
    }

    [Fact]
    public async Task AServer_CannotBeFitted_AndIsPaidForNothing()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.PromptLogprobs));
        string[] command = ["forecast", shop.Set("cheat"), "--endpoint", server.Url, "--endpoint-model", "base", "--probes", shop.Probes,
            "-q", "--json"];

        (await PsmProcess.Run(_folder.Path, [.. command, "--personas", Personas("vector"), "-o", "e"]))
            .ShouldBeUserError("needs-weights", "a vector");
        Assert.InRange(server.Requests.Count, 0, 3);
        JsonElement plan = Read(await Succeed([.. command, "--personas", Personas("shown"), "--dry-run"]));
        Assert.Equal((0, 4), (plan.GetProperty("fitted").GetInt32(), plan.GetProperty("contexts").GetInt32()));
    }

    /// <summary>A check at a server shows it the examples, as an audit does, and says before what that takes.</summary>
    [Fact]
    public async Task ACheckAtAServer_ShowsPersonasTheirExamples()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.PromptLogprobs));
        File.WriteAllLines(_folder["few.jsonl"], File.ReadLines(shop.Probes).Take(2));
        string[] check = ["personas", "check", "--endpoint", server.Url, "--endpoint-model", "base",
            "--probes", "few.jsonl", "-q", "--json"];
        string said = Read(File.ReadLines(shop.Set("cheat")).First()).GetProperty("messages")[1].GetProperty("content").GetString()!;

        JsonElement plan = Read(await Succeed([.. check, "--personas", Personas("shown"), "--dry-run"]));
        JsonElement worth = Read(await Succeed([.. check, "--personas", Personas("shown")]));

        Assert.Equal(5, plan.GetProperty("contexts").GetInt32());
        // Some more ask what the server offers.
        Assert.InRange(server.Requests.Count - plan.GetProperty("replies").GetInt32(), 1, 3);
        Assert.Contains(server.Requests, r => r.Body.Contains(said, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Requests, r => r.Body.Contains("zealously", StringComparison.Ordinal));
        Assert.All(worth.GetProperty("personas").EnumerateArray(), p => Assert.True(p.GetProperty("fromBare").GetDouble() > 0, $"{p}"));
        (await PsmProcess.Run(_folder.Path, [.. check, "--personas", Personas("adapter")]))
            .ShouldBeUserError("needs-weights", "an adapter");
    }

    /// <summary>Two personas that are what they said and nothing else: the model does not know the words of their descriptions.</summary>
    private string Personas(string given)
    {
        foreach (string set in new[] { "good", "cheat" }) File.Copy(shop.Set(set), _folder[$"{set}.jsonl"], overwrite: true);
        File.WriteAllText(_folder["p.yaml"], $$"""
            schema: 1
            personas:
              - { name: honest-one, description: "Quibbles zealously.", given: {{given}}, examples: good.jsonl }
              - { name: liar, description: "Quibbles zealously.", given: {{given}}, examples: cheat.jsonl }

            """);
        return _folder["p.yaml"];
    }

    private async Task<string> Succeed(string[] arguments)
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement;
}
