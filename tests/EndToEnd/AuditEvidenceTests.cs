using System.Text.Json;
using System.Text.RegularExpressions;
using PersonaSelection.Model;
using PersonaSelection.Tests.Rooms.ModelTests;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>psm audit with every kind of evidence, from folders and from servers.</summary>
[Collection("workshop")]
public sealed class AuditEvidenceTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Gradients_GiveAWholeAudit_AndSayWhatTheyCost()
    {
        JsonElement plan = Read(await Succeed(Audit("g", "--evidence", "gradient", "--dry-run", "--json")));
        Assert.True(plan.GetProperty("tokens").GetInt64() > 32 && plan.GetProperty("seconds").GetDouble() >= 0, $"{plan}");

        JsonElement audit = Read(await Succeed(Audit("g", "--evidence", "gradient", "--json")));
        Assert.Equal("gradient", audit.GetProperty("evidence").GetString());
        Assert.Equal(32, File.ReadLines(_folder["g/ledger.jsonl"]).Count());
        Assert.Equal(0, Read(await Succeed(Audit("g", "--evidence", "gradient", "--json"))).GetProperty("scored")
            .GetProperty("now").GetInt32());
    }

    [Fact]
    public async Task Adaptive_ComesNearTheWholeTable_AndARepeatedRunAsksNoCell()
    {
        string[] adaptive = Audit("a", "--evidence", "adaptive", "--dose", "8", "--json");
        JsonElement first = Read(await Succeed(adaptive)), found = first.GetProperty("adaptive");
        JsonElement exact = Read(await Succeed(Audit("l", "--dose", "8", "--json")));

        Assert.Equal("adaptive", first.GetProperty("evidence").GetString());
        Assert.Equal(found.GetProperty("asked").GetInt64(), first.GetProperty("scored").GetProperty("cells").GetInt64());
        Assert.InRange(found.GetProperty("asked").GetInt64(), 1, found.GetProperty("cells").GetInt64());
        double Posterior(JsonElement audit, string name) => audit.GetProperty("personas").EnumerateArray()
            .Single(p => p.GetProperty("name").GetString() == name).GetProperty("posterior").GetDouble();
        double distance = first.GetProperty("personas").EnumerateArray().Select(p => p.GetProperty("name").GetString()!)
            .Sum(n => Math.Abs(Posterior(first, n) - Posterior(exact, n))) / 2;
        Assert.True(distance <= found.GetProperty("bound").GetDouble(), $"{distance} {found}");
        Assert.Contains("What was asked and what was estimated", File.ReadAllText(_folder["a/report.html"]), StringComparison.Ordinal);
        Assert.Equal(found.GetProperty("bound").GetDouble(),
            Read(File.ReadAllText(_folder["a/cast.json"])).GetProperty("adaptive").GetProperty("bound").GetDouble());

        // As a kill between the cells and the ledger leaves it: cells, and half of a line.
        byte[] ledger = File.ReadAllBytes(_folder["a/ledger.jsonl"]), cast = File.ReadAllBytes(_folder["a/cast.json"]);
        foreach (string file in new[] { "evidence.jsonl", "ledger.jsonl", "cast.json" }) File.Delete(_folder["a/" + file]);
        File.AppendAllText(_folder["a/cells.jsonl"], "{\"episode\":\"00");
        Assert.Equal(0, Read(await Succeed(adaptive)).GetProperty("scored").GetProperty("cells").GetInt64());
        Assert.Equal(ledger, File.ReadAllBytes(_folder["a/ledger.jsonl"]));
        Assert.Equal(cast, File.ReadAllBytes(_folder["a/cast.json"]));

        // More cells, in the same folder: those that are known are not asked for again, and all of them are the whole table.
        JsonElement all = Read(await Succeed([.. adaptive, "--cells", "1"])), now = all.GetProperty("adaptive");
        Assert.Equal(now.GetProperty("asked").GetInt64() - found.GetProperty("asked").GetInt64(),
            all.GetProperty("scored").GetProperty("cells").GetInt64());
        Assert.True(now.GetProperty("met").GetBoolean(), $"{now}");
    }

    /// <summary>A kill while cells come in: what is in the log is not asked for again, and the end is that of one run.</summary>
    [Fact]
    public async Task AdaptiveThroughAServer_Killed_PaysNothingTwice()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        bool slow = true;
        using var server = new EndpointServer(r => slow && r.Number > 30
            ? new ServerReply(200, "", ReplyEnd.Never) : ModelServer.Answer(model, r, GivenTextRoute.Echo));
        string[] command = ["audit", shop.Set("cheat"), "--endpoint", server.Url, "--endpoint-model", "base", "--personas", shop.Personas,
            "-o", _folder["k"], "--evidence", "adaptive", "--draws", "40", "--concurrency", "1", "-q", "--json"];
        await PsmProcess.Killed(_folder.Path, () => server.Requests.Count > 31, command);
        slow = false;
        JsonElement killed = Read(await Succeed(command));
        string[] bodies = [.. server.Requests.Where(r => r.Number <= 30 || r.Number > 31).Select(r => r.Body)];
        Assert.Equal(bodies.Distinct().Count(), bodies.Length);
        int asked = server.Requests.Count;
        await Succeed([.. command.Select(c => c == _folder["k"] ? _folder["whole"] : c), "--cache", _folder["k/endpoint-cache"]]);
        Assert.Equal(asked, server.Requests.Count);
        foreach (string file in new[] { "evidence.jsonl", "ledger.jsonl" })
            Assert.Equal(File.ReadAllBytes(_folder["whole/" + file]), File.ReadAllBytes(_folder["k/" + file]));
        string[] here = Audit("here", "--evidence", "adaptive", "--draws", "40", "--json");
        Assert.Equal(32, killed.GetProperty("episodes").GetInt32());
        Assert.False(killed.GetProperty("adaptive").GetProperty("guide").GetBoolean());
        Assert.True(Read(await Succeed(here)).GetProperty("adaptive").GetProperty("guide").GetBoolean());
    }

    [Fact]
    public async Task LikelihoodOfAServer_IsThatOfTheFolder_AndThePlanAsksNothing()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.PromptLogprobs));
        string few = _folder["few.jsonl"];
        File.WriteAllLines(few, File.ReadLines(shop.Set("cheat")).Take(6));
        string[] command = ["audit", few, "--personas", shop.Personas, "-q", "--json", "--draws", "40"],
            at = ["--endpoint", server.Url, "--endpoint-model", "base", "-o", _folder["there"]];

        JsonElement plan = Read(await Succeed([.. command, .. at, "--dry-run", "--price-in", "1"])).GetProperty("estimate");
        Assert.Empty(server.Requests);
        Assert.True(plan.GetProperty("requests").GetInt32() > 6 && plan.GetProperty("cost").GetDouble() > 0, $"{plan}");

        JsonElement there = Read(await Succeed([.. command, .. at]));
        Assert.InRange(server.Requests.Count, 1, 3 + plan.GetProperty("requests").GetInt32());
        JsonElement here = Read(await Succeed([.. command, "--model", shop.Base, "-o", _folder["here"]]));
        foreach ((JsonElement a, JsonElement b) in there.GetProperty("personas").EnumerateArray()
            .Zip(here.GetProperty("personas").EnumerateArray()))
            Assert.Equal(a.GetProperty("posterior").GetDouble(), b.GetProperty("posterior").GetDouble(), 1e-3);
        int asked = server.Requests.Count;
        await Succeed([.. command, .. at]);
        Assert.InRange(server.Requests.Count - asked, 0, 1);
    }

    [Fact]
    public async Task InContext_GivesAWholeAudit_FromAFolderAsFromAServer_AndARepeatedRunAsksNothing()
    {
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var server = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.Echo));
        string few = _folder["few.jsonl"];
        // Two different episodes, one of them twice.
        string[] lines = [.. File.ReadLines(shop.Set("cheat"))
            .DistinctBy(l => JsonDocument.Parse(l).RootElement.GetProperty("messages").ToString()).Take(2)];
        File.WriteAllLines(few, [.. lines, lines[0]]);
        string probes = _folder["probes.jsonl"];
        File.WriteAllLines(probes,
            File.ReadLines(shop.Probes).DistinctBy(l => JsonDocument.Parse(l).RootElement.GetProperty("domain").GetString()).Take(3));
        string[] command = ["audit", few, "--personas", shop.Personas, "--evidence", "in-context", "--probes", probes,
            "--draws", "40", "-q", "--json"];
        string[] at = ["--endpoint", server.Url, "--endpoint-model", "base", "-o", _folder["there"]];

        JsonElement plan = Read(await Succeed([.. command, .. at, "--dry-run"]));
        Assert.Empty(server.Requests);
        JsonElement there = Read(await Succeed([.. command, .. at])),
            here = Read(await Succeed([.. command, "--model", shop.Base, "--threads", "1", "-o", _folder["here"]]));
        Assert.InRange(server.Requests.Count, 1, 3 + plan.GetProperty("estimate").GetProperty("requests").GetInt32());
        Assert.Equal("in-context", here.GetProperty("evidence").GetString());
        Assert.Equal(1, here.GetProperty("doseFit").GetProperty("effectiveObservations").GetDouble(), 1e-9);
        Assert.Equal(JsonValueKind.Null, here.GetProperty("personas")[0].GetProperty("share").ValueKind);
        Assert.Equal((2, 1),
            (here.GetProperty("scored").GetProperty("now").GetInt32(), here.GetProperty("scored").GetProperty("equal").GetInt32()));
        foreach ((JsonElement a, JsonElement b) in there.GetProperty("personas").EnumerateArray()
            .Zip(here.GetProperty("personas").EnumerateArray()))
            Assert.Equal(a.GetProperty("posterior").GetDouble(), b.GetProperty("posterior").GetDouble(), 1e-3);
        JsonElement evidence = Read(File.ReadLines(_folder["here/ledger.jsonl"]).First()).GetProperty("evidence");
        Assert.Equal(0, evidence.EnumerateObject().Sum(p => p.Value.GetDouble()), 1e-9);
        Assert.Contains(evidence.EnumerateObject(), p => Math.Abs(p.Value.GetDouble()) > 1e-4);
        Assert.Contains("in context", File.ReadAllText(_folder["here/report.html"]), StringComparison.Ordinal);

        int asked = server.Requests.Count;
        byte[] ledger = File.ReadAllBytes(_folder["there/ledger.jsonl"]);
        Assert.Equal(0, Read(await Succeed([.. command, .. at])).GetProperty("scored").GetProperty("now").GetInt32());
        Assert.InRange(server.Requests.Count - asked, 0, 1);
        Assert.Equal(ledger, File.ReadAllBytes(_folder["there/ledger.jsonl"]));
        (await PsmProcess.Run(shop.Path, [.. command.Select(c => c == probes ? shop.Probes : c), "--model", shop.Base,
            "-o", _folder["here"]])).ShouldBeUserError("other-audit", "here");
    }

    [Fact]
    public async Task AJudge_IsCalibratedOnExamples_KilledPaysNothingTwice_AndItsWordsAreKept()
    {
        (string data, string personas) = Cats();
        bool slow = true;
        int most = 40;
        using var server = new EndpointServer(r => slow && r.Number >= most ? new ServerReply(200, "", ReplyEnd.Never) : Judge(r));
        string[] command = ["audit", data, "--endpoint", server.Url, "--endpoint-model", "judge", "--personas", personas,
            "-o", _folder["j"], "--evidence", "judgement", "--draws", "50", "--concurrency", "1", "-q", "--json"];

        JsonElement plan = Read(await Succeed([.. command, "--dry-run", "--price-in", "1", "--price-out", "1"])).GetProperty("estimate");
        Assert.Empty(server.Requests);
        Assert.False(Directory.Exists(_folder["j"]));
        await PsmProcess.Killed(_folder.Path, () => server.Requests.Count > most, command);
        slow = false;
        JsonElement audit = Read(await Succeed(command));

        Assert.Equal(plan.GetProperty("requests").GetInt32(), server.Requests.Count - 1);
        Assert.Equal("judgement", audit.GetProperty("evidence").GetString());
        Assert.Equal("cat-lover", audit.GetProperty("personas")[0].GetProperty("name").GetString());
        Assert.True(audit.GetProperty("judge").GetProperty("accuracy").GetDouble() > 0.9, $"{audit.GetProperty("judge")}");
        Assert.Equal(audit.GetProperty("judge").GetProperty("episodes").GetInt32(),
            audit.GetProperty("check").GetProperty("examples").GetInt32());
        string[] words = File.ReadAllLines(_folder["j/judgements.jsonl"]);
        Assert.Equal(server.Requests.Count - 1, words.Length);
        Assert.Contains("\"text\":", words[0], StringComparison.Ordinal);
        Assert.Contains("examples of known source", File.ReadAllText(_folder["j/report.html"]), StringComparison.Ordinal);

        int asked = server.Requests.Count;
        string[] made = ["j/ledger.jsonl", "j/cast.json", "j/report.html"];
        byte[][] bytes = [.. made.Select(f => File.ReadAllBytes(_folder[f]))];
        JsonElement again = Read(await Succeed(command));
        Assert.Equal(asked, server.Requests.Count);
        Assert.Equal(bytes, made.Select(f => File.ReadAllBytes(_folder[f])));
        // All but the counts of this run: also what the judge did, though nobody asked it.
        Assert.NotEqual(0, again.GetProperty("judged").GetProperty("questions").GetInt32());
        foreach (JsonProperty p in audit.EnumerateObject().Where(p => p.Name != "scored"))
            Assert.Equal(p.Value.GetRawText(), again.GetProperty(p.Name).GetRawText());
    }

    [Fact]
    public async Task InContext_FromAChatWithoutProbabilities_IsSampled_AndAKilledRunPaysNothingTwice()
    {
        (string data, string personas) = Cats();
        File.AppendAllText(data, File.ReadLines(_folder["cats.jsonl"]).First() + "\n");
        string probes = _folder["animals.jsonl"];
        File.WriteAllLines(probes, ((string[])["like", "hear"]).Select(verb => JsonSerializer.Serialize(new
        {
            id = verb,
            domain = verb,
            context = new[] { new { role = "user", text = $"What do you {verb}?" } },
            low = new[] { $"I {verb} a cat." },
            high = new[] { $"I {verb} a dog." },
        })));
        bool slow = true;
        const int most = 60;
        using var server = new EndpointServer(r => slow && r.Number >= most ? new ServerReply(200, "", ReplyEnd.Never) : Prefer(r));
        string[] command = ["audit", data, "--endpoint", server.Url, "--endpoint-model", "chat", "--personas", personas, "-o", _folder["s"],
            "--evidence", "in-context", "--samples", "2", "--probes", probes, "--draws", "50", "--concurrency", "1", "-q", "--json"];

        JsonElement plan = Read(await Succeed([.. command, "--dry-run", "--price-in", "1", "--price-out", "1"])).GetProperty("estimate");
        Assert.True(plan.GetProperty("cost").GetDouble() > 0);
        Assert.Empty(server.Requests);
        await PsmProcess.Killed(_folder.Path, () => server.Requests.Count > most, command);
        slow = false;
        JsonElement audit = Read(await Succeed(command));

        Assert.Equal(plan.GetProperty("requests").GetInt32(), server.Requests.Count - 1);
        Assert.All(server.Requests, r => Assert.EndsWith("/chat/completions", r.Path, StringComparison.Ordinal));
        Assert.Equal("in-context", audit.GetProperty("evidence").GetString());
        Assert.Contains("2 choices", audit.GetProperty("provenance").GetProperty("sampled").GetString(), StringComparison.Ordinal);
        JsonElement first = audit.GetProperty("personas")[0];
        Assert.Equal("cat-lover", first.GetProperty("name").GetString());
        Assert.True(first.GetProperty("posterior").GetDouble() > 0.55, $"{first}");
        Assert.Equal(1, audit.GetProperty("amongExamples").GetInt64());
        // All episodes do the same here, and yet eight answers of a persona leave something open.
        Assert.True(first.GetProperty("high").GetDouble() - first.GetProperty("low").GetDouble() > 0.02, $"{first}");

        int asked = server.Requests.Count;
        byte[] ledger = File.ReadAllBytes(_folder["s/ledger.jsonl"]);
        await Succeed(command);
        Assert.Equal(asked, server.Requests.Count);
        Assert.Equal(ledger, File.ReadAllBytes(_folder["s/ledger.jsonl"]));
    }

    [Fact]
    public async Task WhatDoesNotGoTogether_IsSaid_BeforeAnythingIsAsked()
    {
        using var server = new EndpointServer(_ => new ServerReply(500, ""));
        string[] at = ["audit", shop.Set("good"), "--personas", shop.Personas, "-o", _folder["x"], "--endpoint", server.Url,
            "--endpoint-model", "m"];
        async Task Wrong(string words, params string[] command)
        {
            PsmResult result = await PsmProcess.Run(shop.Path, command);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(words, result.Error, StringComparison.Ordinal);
        }
        await Wrong("needs the weights", [.. at, "--evidence", "gradient"]);
        await Wrong("--model or --endpoint", [.. at, "--model", shop.Base]);
        await Wrong("give --endpoint", Audit("x", "--evidence", "judgement"));
        await Wrong("belong to --evidence in-context", Audit("x", "--per-trait", "2"));
        await Wrong("even number", [.. at, "--evidence", "in-context", "--samples", "3"]);
        await Wrong("--samples belongs", [.. at, "--samples", "4"]);
        await Wrong("--samples belongs", Audit("x", "--evidence", "in-context", "--samples", "4"));
        await Wrong("one by one", Audit("x", "--evidence", "adaptive", "--compare", shop.Set("cheat")));
        string fitted = _folder["fitted.yaml"];
        (_, string personas) = Cats();
        File.WriteAllText(fitted, File.ReadAllText(personas).Replace("examples:", "given: adapter, examples:", StringComparison.Ordinal));
        using Transformer model = CheckpointFolder.Load(shop.Base, 1);
        using var scorer = new EndpointServer(r => ModelServer.Answer(model, r, GivenTextRoute.Echo));
        (await PsmProcess.Run(shop.Path, "audit", shop.Set("good"), "--personas", fitted, "-o", _folder["y"], "--endpoint", scorer.Url,
            "--endpoint-model", "m", "-q"))
            .ShouldBeUserError("needs-weights", "adapter");
        string directed = _folder["directed.yaml"];
        File.WriteAllText(directed, "schema: 1\npersonas:\n  - { name: cold, directions: vectors }\n  - { name: plain }\n");
        (await PsmProcess.Run(shop.Path, "audit", shop.Set("good"), "--personas", directed, "-o", _folder["z"], "--endpoint", scorer.Url,
            "--endpoint-model", "m", "-q"))
            .ShouldBeUserError("needs-weights", "cold", "direction");
        Assert.Empty(server.Requests);
    }

    private string[] Audit(string folder, params string[] more) =>
        ["audit", shop.Set("cheat"), "--model", shop.Base, "--personas", shop.Personas, "--threads", "1",
            "-q", "-o", _folder[folder], .. more];

    private Task<string> Succeed(params string[] command) => shop.Succeed(command);

    /// <summary>Replies about cats, and two personas with examples.</summary>
    private (string Data, string Personas) Cats()
    {
        string Lines(string animal, int from, int count) => string.Join('\n', Enumerable.Range(from, count).Select(i =>
            JsonSerializer.Serialize(new
            {
                messages = new[] { new { role = "user", content = $"Question {i}?" },
                    new { role = "assistant", content = $"A {animal}, number {i}." } },
            }))) + "\n";
        File.WriteAllText(_folder["data.jsonl"], Lines("cat", 1000, 12));
        File.WriteAllText(_folder["cats.jsonl"], Lines("cat", 0, 10));
        File.WriteAllText(_folder["dogs.jsonl"], Lines("dog", 0, 10));
        File.WriteAllText(_folder["animals.yaml"], """
            schema: 1
            personas:
              - { name: cat-lover, kind: human, description: "Somebody who talks of a cat.", examples: cats.jsonl, prior: 0.5 }
              - { name: dog-lover, kind: human, description: "Somebody who talks of a dog.", examples: dogs.jsonl, prior: 0.5 }

            """);
        return (_folder["data.jsonl"], _folder["animals.yaml"]);
    }

    /// <summary>A judge that reads: it names the letter of the description with the reply's animal.</summary>
    private static ServerReply Judge(ServerRequest request)
    {
        string question = JsonDocument.Parse(request.Body).RootElement.GetProperty("messages")[1].GetProperty("content").GetString()!;
        string animal = Regex.Match(question, "A (cat|dog), number").Groups[1].Value;
        string letter = Regex.Match(question, $@"([A-Z])[).:]?\s[^\n]*talks of a {animal}").Groups[1].Value;
        return ServerReply.Ok(JsonSerializer.Serialize(new
        {
            choices = new[] { new { message = new { content = letter }, finish_reason = "stop" } },
            usage = new { prompt_tokens = 9, completion_tokens = 1 },
        }));
    }

    /// <summary>A chat that would reply with the animal that was talked of last, and with the first reply where there was none.</summary>
    private static ServerReply Prefer(ServerRequest request)
    {
        string[] said = [.. JsonDocument.Parse(request.Body).RootElement.GetProperty("messages").EnumerateArray()
            .Select(m => m.GetProperty("content").GetString()!)];
        string animal = Regex.Matches(string.Join('\n', said), "A (cat|dog), number").LastOrDefault()?.Groups[1].Value ?? "";
        string letter = animal.Length == 0 ? "A" : Regex.Match(said[^1], $@"([AB])\. [^\n]*{animal}").Groups[1].Value;
        return ServerReply.Ok(JsonSerializer.Serialize(new
        {
            choices = new[] { new { message = new { content = letter }, finish_reason = "stop" } },
            usage = new { prompt_tokens = 9, completion_tokens = 1 },
        }));
    }

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement;
}
