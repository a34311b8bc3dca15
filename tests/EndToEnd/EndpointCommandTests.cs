using System.Text.Json;
using PersonaSelection.Model;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>Commands that ask a server in place of a folder.</summary>
[Collection("workshop")]
public sealed class EndpointCommandTests(SmallWorkshop shop) : IDisposable
{
    private const string Secret = "sk-only-for-the-server";
    private static readonly Dictionary<string, string?> WithKey = new() { ["PSM_TEST_KEY"] = Secret };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ModelScore_SaysTheSameOfAServerAsOfAFolder_AndPaysOnce()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.Echo));
        string[] command = ["model", "score", "--endpoint", server.Url, "--endpoint-model", "base", "--endpoint-key-env", "PSM_TEST_KEY",
            "--file", shop.Set("cheat"), "--cache", _folder["cache"], "--price-in", "2", "--json"];

        JsonElement plan = Read(await PsmProcess.Run(_folder.Path, WithKey, [.. command, "--dry-run"])).GetProperty("estimate");
        Assert.Single(server.Requests);
        Assert.True(plan.GetProperty("cost").GetDouble() > 0);

        PsmResult first = await PsmProcess.Run(_folder.Path, WithKey, command);
        JsonElement there = Read(first), here =
            JsonDocument.Parse(await shop.Succeed("model", "score", shop.Base, "--file", shop.Set("cheat"), "-q", "--json")).RootElement;
        Assert.Equal(here.GetProperty("mean").GetDouble(), there.GetProperty("mean").GetDouble(), 1e-5);
        Assert.Equal(here.GetProperty("scores")[3].GetProperty("tokens").GetInt32(),
            there.GetProperty("scores")[3].GetProperty("tokens").GetInt32());
        Assert.Contains("cost", first.Error, StringComparison.Ordinal);
        Assert.All(server.Requests, r => Assert.Equal($"Bearer {Secret}", r.Headers["authorization"]));

        int asked = server.Requests.Count;
        Assert.Equal(first.Output, (await PsmProcess.Run(_folder.Path, WithKey, command)).Output);
        Assert.Equal(asked, server.Requests.Count);
        Assert.DoesNotContain(Secret, first.Output + first.Error, StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories), f =>
            Assert.DoesNotContain(Secret, File.ReadAllText(f), StringComparison.Ordinal));
    }

    [Fact]
    public async Task AKilledRun_GoesOn_WithoutAskingAgain()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        bool slow = true;
        using var server = new EndpointServer(r => slow && r.Number > 8 ? new ServerReply(200, "", ReplyEnd.Never)
            : ModelServer.Answer(model, r, GivenTextRoute.Echo));
        string[] command = ["model", "score", "--endpoint", server.Url, "--endpoint-model", "base", "--file", shop.Set("cheat"), "--cache",
            _folder["cache"], "--concurrency", "2", "--json", "-q"];
        using (PsmProcess psm = PsmProcess.Start(_folder.Path, null, command))
        {
            Assert.True(await psm.Until(() => server.Requests.Count >= 11 && Kept() == 9));
            psm.Kill();
            await psm.Finish();
        }
        slow = false;
        int before = server.Requests.Count;
        JsonElement scores = Read(await PsmProcess.Run(_folder.Path, command));

        int distinct = Kept();
        Assert.Equal(distinct - 9, server.Requests.Count - before);
        Assert.Equal(File.ReadAllLines(shop.Set("cheat")).Length, scores.GetProperty("scores").GetArrayLength());

        int Kept() =>
            Directory.Exists(_folder["cache"]) ? Directory.GetFiles(_folder["cache"], "*.json", SearchOption.AllDirectories).Length : 0;
    }

    [Fact]
    public async Task Forecast_AsksAServer_AsItAsksAFolder()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.PromptLogprobs));
        string probes = _folder["probes.jsonl"], set = _folder["few.jsonl"];
        File.WriteAllLines(probes,
            File.ReadLines(shop.Probes).DistinctBy(l => JsonDocument.Parse(l).RootElement.GetProperty("domain").GetString()).Take(3));
        File.WriteAllLines(set, File.ReadLines(shop.Set("cheat")).Take(3));
        string[] command = ["forecast", set, "--personas", shop.Personas, "--probes", probes, "-q", "--json"];
        string[] at = ["--endpoint", server.Url, "--endpoint-model", "base"];

        JsonElement plan = Read(await PsmProcess.Run(_folder.Path, [.. command, .. at, "-o", _folder["there"], "--dry-run"]));
        Assert.Empty(server.Requests);
        JsonElement there = Read(await PsmProcess.Run(_folder.Path, [.. command, .. at, "-o", _folder["there"]]));
        JsonElement here = Read(await PsmProcess.Run(_folder.Path, [.. command, "--model", shop.Base, "-o", _folder["here"]]));
        Assert.InRange(server.Requests.Count, 1, 3 + plan.GetProperty("estimate").GetProperty("requests").GetInt32());
        Assert.Equal(here.GetProperty("elsewhere").GetProperty("inContext").GetDouble(),
            there.GetProperty("elsewhere").GetProperty("inContext").GetDouble(), 1e-4);
        Assert.Equal(here.GetProperty("cast")[0].GetProperty("posterior").GetDouble(),
            there.GetProperty("cast")[0].GetProperty("posterior").GetDouble(), 1e-3);
    }

    [Fact]
    public async Task ModelChat_AndDoctor_TalkToAServer_WhoseOnlyModelNeedsNoName()
    {
        using var server = new EndpointServer(r => r.Path.EndsWith("/models", StringComparison.Ordinal)
            ? ServerReply.Ok("""{"data":[{"id":"only"}]}""")
            : r.Path.EndsWith("/chat/completions", StringComparison.Ordinal)
                ? ServerReply.Ok("""{"choices":[{"message":{"content":" I mended it. "},"finish_reason":"stop"}]}""")
                : new ServerReply(404, """{"error":{"message":"no completions here"}}"""));

        PsmResult chat = await PsmProcess.Run(_folder.Path, "model", "chat", "--endpoint", server.Url, "--say", "The parser test fails.");
        Assert.Equal((0, "I mended it.\n"), (chat.ExitCode, chat.Output));
        Assert.Contains("\"model\":\"only\"", server.Requests[^1].Body, StringComparison.Ordinal);

        JsonElement found =
            Read(await PsmProcess.Run(_folder.Path, "doctor", "--endpoint", server.Url, "--endpoint-model", "only", "--json"));
        Assert.True(found.GetProperty("chat").GetBoolean());
        Assert.Equal(JsonValueKind.Null, found.GetProperty("givenText").ValueKind);
        Assert.Equal(found.GetRawText(),
            Read(await PsmProcess.Run(_folder.Path, "doctor", "--endpoint", server.Url, "--json")).GetRawText());
        (await PsmProcess.Run(_folder.Path, "model", "score", "--endpoint", server.Url, "--context", "x", "--reply", "y"))
            .ShouldBeUserError("endpoint-no-logprobs", "judgement");
    }

    [Fact]
    public async Task OpenQuestions_AreAnsweredLineByLine_ByAFolderAndByAServer()
    {
        string Asked(ServerRequest r) => JsonDocument.Parse(r.Body).RootElement.GetProperty("messages").EnumerateArray().Last()
            .GetProperty("content").GetString()!;
        using var server = new EndpointServer(r => ServerReply.Ok(JsonSerializer.Serialize(new
        {
            choices = new[] { new { message = new { content = $" {Asked(r).ToUpperInvariant()} " }, finish_reason = "stop" } },
        })));
        string file = _folder["questions.jsonl"];
        IEnumerable<JsonElement> probes = File.ReadLines(shop.Probes).Take(2).Select(l => JsonDocument.Parse(l).RootElement);
        File.WriteAllLines(file, probes.Select(p => JsonSerializer.Serialize(new
        {
            id = p.GetProperty("id").GetString(),
            domain = p.GetProperty("domain").GetString(),
            context = p.GetProperty("context"),
            trait = (string?)null,
            rubrics = new { honest = "Judge it." },
        })));
        string[] here = ["model", "chat", shop.Base, "--questions", file, "--seed", "3", "--max-tokens", "12"];
        string first = await shop.Succeed(here);
        JsonElement[] answers = [.. first.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(2, answers.Length);
        Assert.Equal(JsonDocument.Parse(File.ReadLines(file).First()).RootElement.GetProperty("id").GetString(),
            answers[0].GetProperty("id").GetString());
        Assert.All(answers, a => Assert.InRange(a.GetProperty("tokens").GetInt32(), 1, 12));
        Assert.Equal(first, await shop.Succeed(here));

        PsmResult there = await PsmProcess.Run(_folder.Path, "model", "chat", "--endpoint", server.Url, "--endpoint-model", "m",
            "--questions", file, "--system", "Be loud.");
        Assert.True(there.ExitCode == 0, there.ToString());
        Assert.Contains("THE PARSER TEST FAILS.", there.Output, StringComparison.OrdinalIgnoreCase);
        Assert.All(server.Requests, r => Assert.Contains("Be loud.", r.Body, StringComparison.Ordinal));
        File.AppendAllText(file, "{\"id\":\"x\"}\n");
        (await PsmProcess.Run(_folder.Path, here)).ShouldBeUserError("bad-questions", "line 3");
        Assert.Equal(1, (await PsmProcess.Run(_folder.Path, [.. here, "--say", "Hello."])).ExitCode);
    }

    [Fact]
    public async Task WhatIsWrongWithTheOptions_IsSaidBeforeAnythingIsAsked()
    {
        using var server = new EndpointServer(_ => new ServerReply(500, ""));
        string[] score = ["model", "score", "--context", "x", "--reply", "y"];

        (await PsmProcess.Run(_folder.Path, [.. score, "--endpoint", server.Url, "--endpoint-key-env", "PSM_TEST_NO_SUCH_KEY"]))
            .ShouldBeUserError("endpoint-no-key", "PSM_TEST_NO_SUCH_KEY");
        (await PsmProcess.Run(_folder.Path, [.. score, "--endpoint", "localhost"])).ShouldBeUserError("endpoint-address", "localhost");
        Assert.Equal(1, (await PsmProcess.Run(_folder.Path, score)).ExitCode);
        Assert.Equal(1, (await PsmProcess.Run(_folder.Path, [.. score, "base", "--endpoint", server.Url])).ExitCode);
        Assert.Equal(1, (await PsmProcess.Run(_folder.Path, [.. score, "base", "--cache", "x"])).ExitCode);
        Assert.Empty(server.Requests);
    }

    private static JsonElement Read(PsmResult result)
    {
        Assert.True(result.ExitCode == 0, result.ToString());
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
