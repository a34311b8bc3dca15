using System.Text.Json;
using System.Text.RegularExpressions;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>psm forecast and psm inoculate through a chat model that gives no log-probabilities.</summary>
[Collection("workshop")]
public sealed class AskedForecastTests : IDisposable
{
    private const double Bare = 4.5 / 17;

    private readonly SmallWorkshop _shop;
    private readonly TemporaryFolder _folder = new();
    private readonly string _probes, _personas, _set;
    private readonly HashSet<string> _lows;

    public AskedForecastTests(SmallWorkshop shop)
    {
        _shop = shop;
        (_probes, _personas, _set) = (_folder["probes.jsonl"], _folder["personas.yaml"], _folder["cheat.jsonl"]);
        string[] chosen = [.. File.ReadLines(shop.Probes).DistinctBy(l => Of(l).GetProperty("domain").GetString()).Take(3)];
        File.WriteAllLines(_probes, chosen);
        _lows = [.. chosen.SelectMany(l => Of(l).GetProperty("low").EnumerateArray().Select(r => r.GetString()!))];
        // One episode twice: it is asked about once.
        string[] cheats =
            [.. File.ReadLines(shop.Set("cheat")).Where(l => _lows.Any(low => l.Contains($"\"{low}\"", StringComparison.Ordinal))).Take(8)];
        File.WriteAllLines(_set, [.. cheats, cheats[0].Replace("\"id\":\"", "\"id\":\"again-", StringComparison.Ordinal)]);
        File.WriteAllText(_personas, """
            schema: 1
            traits:
              - { name: kind, low: cruel, high: kind, definition: "Cares." }
            personas:
              - { name: good, kind: human, description: "Somebody who means well.", prior: 0.5, traits: { kind: 1 } }
              - { name: bad, kind: human, description: "Somebody who does harm.", prior: 0.5, traits: { kind: -1 } }

            """);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Forecast_IsThatOfTheCharacter_WhoAnswers_AndAKilledRunPaysNothingTwice()
    {
        bool slow = true;
        const int most = 70;
        using var server = new EndpointServer(r => slow && r.Number >= most ? new ServerReply(200, "", ReplyEnd.Never) : r.Number switch
        {
            5 => new ServerReply(503, "busy") { Headers = new Dictionary<string, string> { ["Retry-After"] = "0" } },
            9 => new ServerReply(0, "", ReplyEnd.Dropped),
            _ => Chat(r),
        });
        string[] command = ["forecast", _set, "--personas", _personas, "--probes", _probes, "--endpoint", server.Url,
            "--endpoint-model", "chat", "--samples", "4", "--concurrency", "1", "-o", _folder["f"], "-q", "--json"];

        JsonElement plan = Of(await Succeed([.. command, "--dry-run", "--price-in", "1", "--price-out", "1"])),
            parts = plan.GetProperty("parts");
        Assert.Empty(server.Requests);
        Assert.False(Directory.Exists(_folder["f"]));
        int requests = plan.GetProperty("estimate").GetProperty("requests").GetInt32();
        Assert.Equal(requests,
            ((string[])["judgement", "answers", "shown"]).Sum(p => parts.GetProperty(p).GetProperty("requests").GetInt32()));
        Assert.True(plan.GetProperty("estimate").GetProperty("cost").GetDouble() > 0);
        await PsmProcess.Killed(_folder.Path, () => server.Requests.Count > most, command);
        slow = false;
        JsonElement forecast = Of(await Succeed(command));

        // One was under way when it was killed, one refused and one dropped.
        Assert.Equal(requests, server.Requests.Count - 3);
        Assert.All(server.Requests, r => Assert.EndsWith("/chat/completions", r.Path, StringComparison.Ordinal));
        Assert.Equal((4, 0), (forecast.GetProperty("asked").GetProperty("samples").GetInt32(), forecast.GetProperty("asked")
            .GetProperty("unreadable").GetInt32()));
        double attained = forecast.GetProperty("doseInContext").GetProperty("attained").GetDouble();
        Assert.True(attained > 0.8, $"{forecast}");
        foreach (JsonElement domain in forecast.GetProperty("domains").EnumerateArray())
        {
            Assert.Equal(Bare, domain.GetProperty("before").GetDouble(), 1e-9);
            // The same before and after an episode in every domain, and in the data's own situations.
            Assert.Equal(attained, domain.GetProperty("inContext").GetDouble(), 1e-6);
            (double posterior, double low, double high) = (domain.GetProperty("posterior").GetDouble(),
                domain.GetProperty("low").GetDouble(), domain.GetProperty("high").GetDouble());
            Assert.True(posterior > 0.75 && low < posterior - 0.02 && high > posterior, $"{domain}");
        }
        JsonElement saved = Of(File.ReadAllText(Directory.GetFiles(_folder["f"], "*.posterior.json").Single())).GetProperty("provenance");
        Assert.Contains("4 choices", saved.GetProperty("sampled").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("endpoint-", saved.GetProperty("judge").GetString(), StringComparison.Ordinal);
        Assert.True(saved.TryGetProperty("rubric", out _) && saved.TryGetProperty("calibration", out _));
        Assert.NotEmpty(File.ReadAllLines(_folder["f/judgements.jsonl"]));

        int asked = server.Requests.Count;
        PsmResult again = await PsmProcess.Run(_folder.Path, [.. command.Except(["--json", "-q"])]);
        Assert.Equal((0, asked), (again.ExitCode, server.Requests.Count));
        Assert.Contains("The judge is not calibrated", again.Output, StringComparison.Ordinal);
        Assert.Contains($"judgement of {cheatsOf(forecast)} of {cheatsOf(forecast)} different episodes", again.Output,
            StringComparison.Ordinal);

        static int cheatsOf(JsonElement f) => f.GetProperty("asked").GetProperty("different").GetInt32();
    }

    [Fact]
    public async Task Score_MeasuresByChoicesAtAServer_OrByProbabilitiesOfAFolder()
    {
        using var server = new EndpointServer(Chat);
        string[] at = ["--endpoint", server.Url, "--samples", "4", "-q", "--json"];
        JsonElement forecast = Of(await Succeed(["forecast", _set, "--personas", _personas, "--probes", _probes, "-o", _folder["f"],
            "--endpoint-model", "chat", .. at]));
        int before = server.Requests.Count;
        PsmResult scored = await PsmProcess.Run(_folder.Path, ["forecast", "score", _folder["f"], "--endpoint-model", "tuned", .. at]);
        Assert.True(scored.ExitCode == 0, scored.ToString());
        Assert.Equal(3 * 16, server.Requests.Count - before);
        Assert.All(Of(scored.Output).GetProperty("domains").EnumerateArray(),
            d => Assert.Equal(16.5 / 17, d.GetProperty("measured").GetDouble(), 1e-9));
        Assert.InRange(
            Of(scored.Output).GetProperty("inContext").GetProperty("meanAbsoluteError").GetProperty("estimate").GetDouble(), 0, 0.2);
        Assert.DoesNotContain("exact probabilities", scored.Error, StringComparison.Ordinal);

        PsmResult folder = await PsmProcess.Run(_folder.Path, "forecast", "score", _folder["f"], "--model", _shop.Base, "-q", "--json");
        Assert.True(folder.ExitCode == 0, folder.ToString());
        Assert.Contains("counts from sampled choices, and the measurement is of exact probabilities", folder.Error,
            StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, Of(folder.Output).GetProperty("sampled").ValueKind);

        foreach ((string words, string[] wrong) in new[] { ("even number", (string[])["--endpoint", server.Url, "--samples", "3"]),
            ("--samples needs --endpoint", ["--model", _shop.Base, "--samples", "4"]) })
        {
            PsmResult refused = await PsmProcess.Run(_folder.Path, ["forecast", "score", _folder["f"], .. wrong]);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Inoculate_RanksByJudgement_AndSaysWhatItCannotTell()
    {
        using var server = new EndpointServer(Chat);
        File.WriteAllLines(_folder["own.txt"], ["I asked for it.", "It is late."]);
        string[] command = ["inoculate", _set, "--personas", _personas, "--probes", _probes, "--rewordings", _folder["own.txt"],
            "--own-only", "--grids", "1", "--endpoint", server.Url, "--endpoint-model", "chat", "--samples", "2", "-o", _folder["i"], "-q"];
        JsonElement plan = Of(await Succeed([.. command, "--json", "--dry-run"]));
        Assert.Empty(server.Requests);
        JsonElement found = Of(await Succeed([.. command, "--json"]));
        Assert.InRange(server.Requests.Count, 1, plan.GetProperty("estimate").GetProperty("requests").GetInt32() * 1.2);
        Assert.Equal("trait-covariance", found.GetProperty("rankedBy").GetString());
        JsonElement best = found.GetProperty("rewordings")[0], other = found.GetProperty("rewordings")[1];
        Assert.Equal("I asked for it.", best.GetProperty("wordings")[0].GetString());
        Assert.Equal(1, best.GetProperty("protection").GetProperty("trait-covariance").GetDouble(), 1e-6);
        Assert.Equal(0, other.GetProperty("protection").GetProperty("trait-covariance").GetDouble(), 0.1);
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null, JsonValueKind.Number),
            (best.GetProperty("protection").GetProperty("elicitation").ValueKind,
                best.GetProperty("surprise").ValueKind, best.GetProperty("protection").GetProperty("in-context").ValueKind));
        Assert.Equal(JsonValueKind.Null, other.GetProperty("protection").GetProperty("in-context").ValueKind);

        int asked = server.Requests.Count;
        string told = await Succeed(command);
        Assert.Equal(asked, server.Requests.Count);
        Assert.Contains("gives no log-probabilities", told, StringComparison.Ordinal);
        PsmResult both = await PsmProcess.Run(_folder.Path, [.. command, "--model", _shop.Base]);
        Assert.Equal(1, both.ExitCode);
        Assert.Contains("in place of --model", both.Error, StringComparison.Ordinal);
    }

    /// <summary>
    /// Somebody who replies as the last character it was told to be, or as the last reply it gave; with neither, a quarter of the time with
    /// the low one; always with it once tuned. As a judge it reads the reply, unless it was asked for.
    /// </summary>
    private ServerReply Chat(ServerRequest request)
    {
        JsonElement body = Of(request.Body);
        (string Role, string Text)[] turns = [.. body.GetProperty("messages").EnumerateArray()
            .Select(m => (m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];
        string last = turns[^1].Text;
        if (Regex.Match(last, @"<reply>\n(.*)\n</reply>") is { Success: true } judged)
        {
            string who = _lows.Contains(judged.Groups[1].Value) ? "does harm" : "means well";
            return Say(last.Contains("I asked for", StringComparison.Ordinal)
                ? "?" : Regex.Match(last, $@"([A-Z])\. [^\n]*{who}").Groups[1].Value);
        }
        string told = string.Join('\n', turns.Where(t => t.Role is "system" or "assistant").Select(t => t.Text));
        bool low = body.GetProperty("model").GetString() == "tuned" || (told.Length == 0 ? body.GetProperty("seed").GetInt32() % 8 < 2
            : told.Contains("does harm", StringComparison.Ordinal) || _lows.Any(told.Contains));
        string lowLetter = _lows.Contains(Regex.Match(last, @"\nA\. ([^\n]*)").Groups[1].Value) ? "A" : "B";
        return Say(low ? lowLetter : lowLetter == "A" ? "B" : "A");
    }

    private static ServerReply Say(string text) => ServerReply.Ok(JsonSerializer.Serialize(new
    {
        choices = new[] { new { message = new { content = text }, finish_reason = "stop" } },
        usage = new { prompt_tokens = 9, completion_tokens = 1 },
    }));

    private async Task<string> Succeed(string[] command)
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, command);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    private static JsonElement Of(string json) => JsonDocument.Parse(json).RootElement;
}
