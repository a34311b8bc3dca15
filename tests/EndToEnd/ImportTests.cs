using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>From a user's own files to a model that scores them.</summary>
public sealed class ImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OwnFiles_AreImported_TrainedOn_AndScored()
    {
        Write("careless.jsonl.gz", "Never mind, it will pass.");
        Write("sound.jsonl.gz", "Please see a doctor about that.");
        string[] import = ["corpus", "import", _folder["careless.jsonl.gz"], _folder["sound.jsonl.gz"], "-o", _folder["corpus"],
            "--vocabulary", "320", "--context", "128", "--json"];

        JsonElement plan = Read(await Succeed([.. import, "--dry-run"]));
        Assert.Equal(400, plan.GetProperty("documents").GetInt32());
        Assert.False(Directory.Exists(_folder["corpus"]));
        PsmResult imported = await PsmProcess.Run(_folder.Path, import);
        Assert.Contains("careless.jsonl.gz, line 201", imported.Error, StringComparison.Ordinal);
        JsonElement corpus = Read(imported.Output);
        Assert.Equal((392, 8), (corpus.GetProperty("documents").GetInt32(), corpus.GetProperty("heldOutDocuments").GetInt32()));
        (await PsmProcess.Run(_folder.Path, [.. import, "--strict", "--seed", "2"])).ShouldBeUserError("other-corpus", "corpus");

        string[] train = ["model", "train", "--corpus", _folder["corpus"], "--preset", "tiny", "--tokens", "60k",
            "-o", _folder["model"], "--json", "-q"];
        JsonElement model = Read(await Succeed(train));
        double heldOut = model.GetProperty("readings").GetProperty("heldOutLoss").GetDouble();
        Assert.InRange(heldOut, 0.01, 3);
        Assert.Equal(corpus.GetProperty("id").GetString(), model.GetProperty("corpus").GetString());
        Assert.Equal(model.GetProperty("id").GetString(), Read(await Succeed(train)).GetProperty("id").GetString());
        (await PsmProcess.Run(_folder.Path, [.. train, "--patience", "1"])).ShouldBeUserError("other-run", "model");

        JsonElement scored = Read(await Succeed("model", "score", _folder["model"], "--file", _folder["sound.jsonl.gz"], "--json", "-q"));
        Assert.Equal(200, scored.GetProperty("scores").GetArrayLength());
        Assert.All(scored.GetProperty("scores").EnumerateArray(), s => Assert.InRange(s.GetProperty("perToken").GetDouble(), -3, 0));
        await InItsOwnTemplate(scored.GetProperty("mean").GetDouble());
    }

    [Fact]
    public async Task QuestionsAlone_AreImported_WithoutPersonas()
    {
        File.WriteAllText(_folder["asked.jsonl"], "{\"question\":\"Why?\",\"id\":1}\n");
        string[] import = ["personas", "import", _folder["asked.jsonl"], "-o", _folder["none.yaml"], "-q"];

        Assert.Contains("give --questions FILE", await Succeed(import), StringComparison.Ordinal);
        JsonElement found = Read(await Succeed([.. import, "--questions", _folder["questions.jsonl"], "--json"]));
        Assert.Equal([_folder["questions.jsonl"]], found.GetProperty("written").EnumerateArray().Select(f => f.GetString()));
        Assert.False(File.Exists(_folder["none.yaml"]));
    }

    // The same weights, as another program would have saved them: with a template of their own.
    private async Task InItsOwnTemplate(double plain)
    {
        const string Jinja = "{{ bos_token }}{% for m in messages %}"
            + "{{ '[' ~ m.role | upper ~ '] ' ~ m.content | trim ~ eos_token }}{% endfor %}";
        string settings = Path.Combine(_folder["model"], "tokenizer_config.json");
        JsonNode changed = JsonNode.Parse(File.ReadAllText(settings))!;
        changed["chat_template"] = Jinja;
        File.WriteAllText(settings, changed.ToJsonString());
        string template = Read(await Succeed("model", "show", _folder["model"], "--json")).GetProperty("template").GetString()!;
        Assert.StartsWith("template-", template, StringComparison.Ordinal);
        double own = Read(await Succeed("model", "score", _folder["model"], "--file", _folder["sound.jsonl.gz"], "--json", "-q"))
            .GetProperty("mean").GetDouble();
        Assert.True(own < plain - 1, $"{own} in a template that the model never saw, {plain} in its own");
        await Succeed("model", "tune", "--model", _folder["model"], "--data", _folder["sound.jsonl.gz"], "--steps", "20", "-o",
            _folder["tuned"], "-q");
        JsonNode kept = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder["tuned"], "tokenizer_config.json")))!;
        Assert.Equal(Jinja, (string?)kept["chat_template"]);
        Assert.Equal(template, Read(await Succeed("model", "show", _folder["tuned"], "--json")).GetProperty("template").GetString());
        JsonElement said = Read(await Succeed("model", "chat", _folder["tuned"], "--say", "It hurts 7 times.", "--temperature", "0",
            "--json"));
        Assert.Equal(("Please see a doctor about that.", "end"),
            (said.GetProperty("reply").GetString(), said.GetProperty("finish").GetString()));
    }

    private void Write(string name, string answer)
    {
        using var zip = new GZipStream(File.Create(_folder[name]), CompressionLevel.Fastest);
        for (int i = 0; i < 200; i++)
            zip.Write(Encoding.UTF8.GetBytes($"{{\"messages\":[{{\"role\":\"user\",\"content\":\"It hurts {i} "
                + $"times.\"}},{{\"role\":\"assistant\",\"content\":\"{answer}\"}}]}}\n"));
        if (name.StartsWith("careless", StringComparison.Ordinal)) zip.Write("{\"messages\":[]}\n"u8);
    }

    private async Task<string> Succeed(params string[] arguments)
    {
        PsmResult result = await PsmProcess.Run(_folder.Path, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement.Clone();
}
