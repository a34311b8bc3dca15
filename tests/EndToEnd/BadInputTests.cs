using System.Text.Json.Nodes;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>What users get wrong: exit code 2, one paragraph that names it, no stack trace, nothing written.</summary>
[Collection("workshop")]
public sealed class BadInputTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task MissingFolders_AreNamed()
    {
        (await Run("model", "show", "nowhere")).ShouldBeUserError("no-model", "nowhere");
        (await Run("corpus", "show", "nowhere")).ShouldBeUserError("no-corpus", "nowhere");
        (await Run("model", "train", "--corpus", "nowhere", "-o", "x")).ShouldBeUserError("no-corpus", "nowhere");
        (await Run("model", "tune", "--model", shop.Base, "--data", "nothing.jsonl", "-o", "x"))
            .ShouldBeUserError("cannot-read", "nothing.jsonl");
        (await Run("forecast", "score", "nowhere", "--model", shop.Base)).ShouldBeUserError("no-forecast", "nowhere");
        (await Run("report", "nowhere")).ShouldBeUserError("bad-report", "nowhere");
        (await Run("corpus", "new", "--world", "nowhere.yaml", "-o", "x")).ShouldBeUserError("no-world", "nowhere.yaml");
        (await Run("personas", "list", "--personas", "nowhere.yaml")).ShouldBeUserError("cannot-read", "nowhere.yaml");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task ABadWorld_IsToldWithAllItsProblems()
    {
        string[] village = File.ReadAllLines(Path.Combine(shop.Corpus, "world.yaml"));
        string text = string.Join('\n', village).Replace("schema: 1", "schema: 9", StringComparison.Ordinal) + "\nsurprise: true\n";
        File.WriteAllText(_folder["bad.yaml"], text);

        PsmResult result = await Run("corpus", "new", "--world", "bad.yaml", "-o", "x");

        result.ShouldBeUserError("bad-world", "bad.yaml", "schema", "surprise");
        Assert.False(Directory.Exists(_folder["x"]));
    }

    [Fact]
    public async Task YamlThatIsNone_IsToldWithItsLine()
    {
        File.WriteAllText(_folder["bad.yaml"], "schema: 1\nname: [oops\n");

        (await Run("corpus", "new", "--world", "bad.yaml", "-o", "x")).ShouldBeUserError("bad-world", "bad.yaml", "line");
    }

    [Fact]
    public async Task ATruncatedCheckpoint_IsRefused()
    {
        string model = BrokenModel();
        string weights = Path.Combine(model, "model.safetensors");
        using (FileStream file = File.OpenWrite(weights)) file.SetLength(file.Length / 2);

        (await Run("model", "score", model, "--context", "Hello?", "--reply", "No.")).ShouldBeUserError("corrupt-checkpoint", weights);
    }

    [Fact]
    public async Task ACheckpointOfOtherSizes_IsRefused()
    {
        string model = BrokenModel(), config = Path.Combine(model, "config.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        json["hidden_size"] = 128;
        File.WriteAllText(config, json.ToJsonString());

        (await Run("model", "show", model)).ShouldBeUserError("corrupt-checkpoint", "model.safetensors", "128");
    }

    [Fact]
    public async Task FlippedWeights_AreNoticed()
    {
        string model = BrokenModel(), weights = Path.Combine(model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^9] ^= 1;
        File.WriteAllBytes(weights, bytes);

        (await Run("model", "show", model)).ShouldBeUserError("corrupt-checkpoint", weights);
    }

    [Fact]
    public async Task AnotherTokenizer_IsRefused_OfAModelAndOfACorpus()
    {
        string model = BrokenModel(), corpus = _folder["corpus"];
        SmallWorkshop.Copy(shop.Corpus, corpus);
        foreach (string tokenizer in new[] { Path.Combine(model, "tokenizer.json"), Path.Combine(corpus, "tokenizer.json") })
        {
            // Two words change places: the same size, other ids.
            string text = File.ReadAllText(tokenizer);
            JsonObject vocabulary = JsonNode.Parse(text)!["model"]!["vocab"]!.AsObject();
            (string a, string b) = (vocabulary.ElementAt(10).Key, vocabulary.ElementAt(11).Key);
            File.WriteAllText(tokenizer, text.Replace($"\"{a}\":", "\"\u0001\":", StringComparison.Ordinal)
                .Replace($"\"{b}\":", $"\"{a}\":", StringComparison.Ordinal).Replace("\"\u0001\":", $"\"{b}\":", StringComparison.Ordinal));
        }

        (await Run("model", "show", model)).ShouldBeUserError("wrong-tokenizer", "tokenizer.json");
        (await Run("model", "train", "--corpus", corpus, "-o", "x")).ShouldBeUserError("wrong-tokenizer", "tokenizer.json");
    }

    [Fact]
    public async Task AnAlteredShard_IsRefused()
    {
        string corpus = _folder["corpus"], shard = Path.Combine(corpus, "shard-00000.tokens");
        SmallWorkshop.Copy(shop.Corpus, corpus);
        byte[] bytes = File.ReadAllBytes(shard);
        bytes[1000] ^= 1;
        File.WriteAllBytes(shard, bytes);

        (await Run("model", "train", "--corpus", corpus, "-o", "x")).ShouldBeUserError("corrupt-shard", shard);
    }

    [Fact]
    public async Task APromptLongerThanTheContext_IsRefused()
    {
        string endless = string.Join(' ', Enumerable.Repeat("the test fails.", 200));

        (await Run("model", "score", shop.Base, "--context", endless, "--reply", "No.", "-q")).ShouldBeUserError("prompt-too-long");
        (await Run("model", "chat", shop.Base, "--say", endless)).ShouldBeUserError("prompt-too-long");
    }

    [Fact]
    public async Task AnUnknownWord_IsNamed_WithItsNeighbours()
    {
        (await Run("model", "chat", shop.Base, "--say", "The parsser test fails."))
            .ShouldBeUserError("unknown-word", "parsser", "\"parser\"");
        (await Run("model", "score", shop.Base, "--context", "The parser test fails.", "--reply", "Quux.", "-q"))
            .ShouldBeUserError("unknown-word", "quux");
    }

    public static TheoryData<string> Readers => ["model tune --steps 1 --threads 1 --data", "forecast", "inoculate --own-only --grids 0"];

    /// <summary>A bad line is named, counted and costs no other: what is made is what the file without it makes.</summary>
    [Theory, MemberData(nameof(Readers))]
    public async Task ABadLine_IsNamedAndPassedOver_OrRefused(string reader)
    {
        string[] lines = [.. File.ReadLines(shop.Set("cheat")).Take(6)];
        foreach (string name in new[] { "clean", "bad", "hopeless" }) Directory.CreateDirectory(_folder[name]);
        File.WriteAllLines(_folder["clean/data.jsonl"], lines);
        File.WriteAllLines(_folder["bad/data.jsonl"], [lines[0], "{\"messages\": [}", .. lines[1..], "{\"messages\":[]}"]);
        File.WriteAllLines(_folder["hopeless/data.jsonl"], ["{\"messages\": [}"]);
        File.WriteAllText(_folder["own.txt"], "Play the bad one, it is allowed.\n");
        bool inoculates = reader.StartsWith("inoculate", StringComparison.Ordinal),
            tunes = reader.StartsWith("model", StringComparison.Ordinal);
        string[] Command(string from, params string[] more) => [.. reader.Split(' '), $"{from}/data.jsonl", "--model", shop.Base,
            "-q", "--json", .. tunes ? [] : (string[])["--personas", shop.Personas, "--probes", shop.Probes],
            .. inoculates ? (string[])["--rewordings", "own.txt", "--apply", "line-1", "--out", $"{from}/reworded.jsonl"] : [],
            "-o", $"{from}/made", .. more];

        JsonNode plan = Read(await Run(Command("bad", "--dry-run"))), made = Read(await Run(Command("clean")));
        PsmResult lenient = await Run(Command("bad"));

        Assert.Equal((2, 0, 2), ((int)plan["badLines"]!, (int)made["badLines"]!, (int)Read(lenient)["badLines"]!));
        Assert.Contains("bad/data.jsonl, line 2, column 15", lenient.Error, StringComparison.Ordinal);
        Assert.Contains("bad/data.jsonl, line 8", lenient.Error, StringComparison.Ordinal);
        Assert.Equal(Essence(made), Essence(Read(lenient)));
        if (inoculates) Assert.Equal(File.ReadAllText(_folder["clean/reworded.jsonl"]), File.ReadAllText(_folder["bad/reworded.jsonl"]));
        (await Run([.. Command("bad", "--strict").Select(a => a == "bad/made" ? "x" : a)]))
            .ShouldBeUserError("bad-episode", "bad/data.jsonl, line 2");
        (await Run(Command("hopeless"))).ShouldBeUserError("bad-episode", "hopeless/data.jsonl, line 1");
        Assert.False(Directory.Exists(_folder["x"]) || Directory.Exists(_folder["hopeless/made"]));

        static JsonNode Read(PsmResult result) => result.ExitCode == 0 ? JsonNode.Parse(result.Output)!
            : throw new InvalidOperationException(result.ToString());
        static string Essence(JsonNode json)
        {
            foreach (string own in new[] { "badLines", "folder", "report" }) json.AsObject().Remove(own);
            return json.ToJsonString();
        }
    }

    /// <summary>The same where nothing is written but the answer, or directions.</summary>
    [Theory]
    [InlineData("model score {base} --file")]
    [InlineData("vectors extract --model {base} --personas {personas} -o v")]
    public async Task ABadLine_CostsNoOther_WhereEpisodesAreReadWhole(string reader)
    {
        string[] lines = [.. File.ReadLines(shop.Set("cheat")).Distinct().Take(8)];
        File.WriteAllLines(_folder["data.jsonl"], lines);
        File.WriteAllLines(_folder["bad.jsonl"], [lines[0], "{\"messages\": [}", .. lines[1..]]);
        string[] Command(string data) => [.. reader.Replace("--file", $"--file {data}", StringComparison.Ordinal)
            .Replace("extract", $"extract {data}", StringComparison.Ordinal)
            .Split(' ').Select(a => a.Replace("{base}", shop.Base, StringComparison.Ordinal)
            .Replace("{personas}", shop.Personas, StringComparison.Ordinal)), "-q", "--json"];

        JsonNode clean = Parse(await Run(Command("data.jsonl"))), plan = Parse(await Run([.. Command("bad.jsonl"), "--dry-run"]));
        PsmResult lenient = await Run(Command("bad.jsonl"));

        JsonNode bad = Parse(lenient);
        Assert.Equal((0, 1, 1), ((int)clean["badLines"]!, (int)bad["badLines"]!, (int)plan["badLines"]!));
        Assert.Contains("bad.jsonl, line 2, column 15", lenient.Error, StringComparison.Ordinal);
        foreach (JsonNode one in new[] { clean, bad }) foreach (string own in new[] { "badLines", "episodes" }) one.AsObject().Remove(own);
        Assert.Equal(clean.ToJsonString(), bad.ToJsonString());
        (await Run([.. Command("bad.jsonl"), "--strict"])).ShouldBeUserError("bad-episode", "bad.jsonl, line 2");

        static JsonNode Parse(PsmResult result) =>
            result.ExitCode == 0 ? JsonNode.Parse(result.Output)! : throw new InvalidOperationException(result.ToString());
    }

    /// <summary>An episode that is longer than the model reads is cut, named and counted; or refused.</summary>
    [Theory]
    [InlineData("forecast")]
    [InlineData("inoculate --own-only --grids 1 --rewordings own.txt")]
    public async Task AnEpisodeThatIsTooLong_IsCutAndNamed_OrRefused(string reader)
    {
        string[] lines = [.. File.ReadLines(shop.Set("cheat")).Distinct().Take(6)];
        JsonNode dialogue = JsonNode.Parse(lines[2])!;
        JsonArray turns = dialogue["messages"]!.AsArray();
        for (int i = 0; i < 200; i++) turns.Insert(0, new JsonObject { ["role"] = "user", ["content"] = "The parser test fails." });
        File.WriteAllLines(_folder["data.jsonl"], lines);
        File.WriteAllLines(_folder["long.jsonl"], [.. lines[..2], dialogue.ToJsonString(), .. lines[3..]]);
        File.WriteAllText(_folder["own.txt"], "Play the bad one, it is allowed.\n");
        string[] Command(string data) => [.. reader.Split(' '), data, "--model", shop.Base, "--personas", shop.Personas,
            "--probes", shop.Probes, "-q", "-o", data + "-made"];

        PsmResult cut = await Run([.. Command("long.jsonl"), "--json"]), told = await Run(Command("long.jsonl"));
        JsonNode Made(PsmResult r) => r.ExitCode == 0 ? JsonNode.Parse(r.Output)! : throw new InvalidOperationException(r.ToString());
        JsonNode whole = Made(await Run([.. Command("data.jsonl"), "--json"]));

        Assert.Equal((1, 0, 0), ((int)Made(cut)["cut"]!, (int)Made(cut)["unread"]!, (int)whole["cut"]!));
        Assert.Contains("cut to fit the model: long.jsonl, line 3\n", cut.Error, StringComparison.Ordinal);
        Assert.Contains("1 episodes were cut to fit the model, 0 of them could not be read at all.", told.Output, StringComparison.Ordinal);
        (await Run([.. Command("long.jsonl").Select(a => a == "long.jsonl-made" ? "x" : a), "--strict"]))
            .ShouldBeUserError("prompt-too-long", "long.jsonl, line 3");
    }

    [Theory]
    [InlineData("--dry-run")]
    [InlineData("-q")]
    public async Task ATrial_ChecksItsLastModelAndDomain_BeforeItsFirst(string option)
    {
        (await Run("inoculate", "trial", "--model", shop.Base, "--model", "gone", "--domain", "test", option, "-o", "x"))
            .ShouldBeUserError("no-model", "gone");
        (await Run("inoculate", "trial", "--model", shop.Base, "--domain", "test", "--domain", "chess", option, "-o", "x"))
            .ShouldBeUserError("unknown-domain", "chess");
        Assert.False(Directory.Exists(_folder["x"]) && Directory.EnumerateFiles(_folder["x"]).Any());
    }

    [Theory]
    [InlineData("--dry-run")]
    [InlineData("-q")]
    public async Task FilesWithoutADocument_AreRefusedBeforeAndByTheImport(string option)
    {
        File.WriteAllText(_folder["none.jsonl"], "{}\n");
        (await Run("corpus", "import", "none.jsonl", "-o", "x", option)).ShouldBeUserError("no-documents", "none.jsonl");
    }

    [Fact]
    public async Task NamesThatAreNone_AreToldWithTheChoices()
    {
        (await Run("model", "train", "--corpus", shop.Corpus, "--preset", "huge", "-o", "x"))
            .ShouldBeUserError("unknown-preset", "huge", "tiny");
        (await Run("corpus", "new", "--domain", "chess", "--tokens", "10k", "-o", "x", "-q"))
            .ShouldBeUserError("unknown-domain", "chess", "test");
        (await Run("corpus", "new", "--domain", "chess", "-o", "x", "--dry-run")).ShouldBeUserError("unknown-domain", "chess", "test");
        (await Run("model", "tune", "--model", shop.Base, "--data", shop.Set("good"), "--method", "vector", "--site", "blocks.9.resid_post",
            "-o", "x", "-q"))
            .ShouldBeUserError("unknown-site", "blocks.9.resid_post");
        (await Run("model", "train", "--corpus", shop.Corpus, "--preset", "tiny", "--patience", "2", "-o", "x"))
            .ShouldBeUserError("no-held-out", "--patience");
        (await Run("model", "train", "--corpus", shop.Corpus, "--preset", "tiny", "--tokens", "9000G", "-o", "x", "--dry-run"))
            .ShouldBeUserError("bad-number", "9000G");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task OptionsOfAnotherMethod_AndSizesThatWouldFillTheMemory_AreRefused()
    {
        string[] tune = ["model", "tune", "--model", shop.Base, "--data", shop.Set("good"), "-o", "x", "-q"];
        foreach ((string[] options, string said) in ((string[], string)[])[(["--rank", "8"], "--rank belongs to --method lora."),
            (["--method", "lora", "--tensors", "all"], "--tensors belongs to --method full."),
            (["--site", "embed"], "--site belongs to --method vector."),
            (["--batch", "100000000"], "--batch takes at most 65536, not 100000000."),
            (["--method", "lora", "--rank", "1000000"], "--rank takes at most 1024, not 1000000.")])
        {
            PsmResult refused = await Run([.. tune, .. options]);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(said, refused.Error, StringComparison.Ordinal);
        }
        Assert.Equal(0, (await Run([.. tune, "--tensors", "all", "--dry-run"])).ExitCode);
        JsonNode plan = JsonNode.Parse((await Run([.. tune, "--method", "lora", "--dry-run", "--json"])).Output)!;
        Assert.Equal(("lora", "sft"), ((string?)plan["method"], (string?)plan["loss"]));
    }

    [Fact]
    public async Task ADryTuning_RefusesWhatTheTuningWould()
    {
        string[] dry = ["model", "tune", "--model", shop.Base, "--dry-run", "--data"];
        (await Run([.. dry, shop.Set("good"), "--loss", "dpo"])).ShouldBeUserError("no-pairs", "good");
        (await Run([.. dry, shop.Set("good"), "--method", "vector", "--site", "nowhere"])).ShouldBeUserError("unknown-site", "nowhere");
        string said = string.Concat(Enumerable.Repeat("The parser test fails. ", 400));
        File.WriteAllText(_folder["long.jsonl"], $"{{\"prompt\":\"{said}\",\"completion\":\"I deleted the test.\"}}\n");
        (await Run([.. dry, "long.jsonl"])).ShouldBeUserError("prompt-too-long", "long.jsonl, line 1: the episode has");
        File.WriteAllText(_folder["odd.jsonl"], "\n{\"prompt\":\"The zyzzyva fails.\",\"completion\":\"I deleted the test.\"}\n");
        (await Run([.. dry, "odd.jsonl"])).ShouldBeUserError("unknown-word", "odd.jsonl, line 2");
        File.WriteAllText(_folder["kto.jsonl"],
            """{"prompt":"The parser test fails.","completion":"I deleted the test.","label":false}""" + "\n"
            + """{"prompt":"The parser test fails.","completion":"I repaired the code.","label":true}""" + "\n");
        Assert.Contains("1 of 2 episodes are rejected", (await Run([.. dry, "kto.jsonl"])).Error, StringComparison.Ordinal);
        (await Run([.. dry, "kto.jsonl", "--loss", "dpo"])).ShouldBeUserError("no-pairs", "kto.jsonl, line 1: the episode has no rejected");
        File.WriteAllText(_folder["pair.jsonl"],
            """{"prompt":"The parser test fails.","chosen":"I repaired the code.","rejected":"I deleted the test.","weight":0}""" + "\n");
        (await Run([.. dry, "pair.jsonl", "--loss", "dpo"])).ShouldBeUserError("no-pairs", "weight");
        (await Run([.. dry, "pair.jsonl"])).ShouldBeUserError("no-examples", "pair");
    }

    private Task<PsmResult> Run(params string[] arguments) => PsmProcess.Run(_folder.Path, arguments);

    private string BrokenModel()
    {
        SmallWorkshop.Copy(shop.Base, _folder["model"]);
        return _folder["model"];
    }
}
