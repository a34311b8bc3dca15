using System.Text.Json;
using System.Text.RegularExpressions;
using PersonaSelection.Report;
using PersonaSelection.Tests.Rooms.ReportTests;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>The commands that the demo is a composition of, each as a user runs it.</summary>
[Collection("workshop")]
public sealed partial class CommandTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Verbs => ["demo", "corpus new", "corpus import", "corpus show", "model train", "model tune",
        "model show", "model score", "model chat", "personas list", "personas show", "personas check", "personas import", "audit",
        "forecast", "forecast score", "inoculate", "inoculate trial", "vectors extract",
        "vectors show", "vectors steer", "report", "doctor"];

    [Theory, MemberData(nameof(Verbs))]
    public async Task Help_SaysWhatTheVerbDoes_AndTheCommandsPageHasIt(string verb)
    {
        string help = await shop.Succeed([.. verb.Split(' '), "--help"]);

        Assert.Contains($"psm {verb}", help, StringComparison.Ordinal);
        if (verb != "demo") Assert.Contains("Example:", help, StringComparison.Ordinal);
        Assert.Matches($@"psm {verb}( \[?<[A-Z]+>[^ ]*)*( \[command\])? \[options\]", help);
        string[] page = Architecture.Repository.Read("docs/commands.md").Split("\n## ");
        string told = page[0] + page.Single(s => s.Split('\n')[0].Split(", ").Contains($"psm {verb}"))
            + Architecture.Repository.Read("docs/endpoints.md");
        Assert.All(OptionName().Matches(help).Select(m => m.Value), o => Assert.Contains(o, told, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"(?<=^  (-\S+, )*)--[a-z-]+", RegexOptions.Multiline)]
    private static partial Regex OptionName();

    /// <summary>The folders of the examples are those of the workshop.</summary>
    [Theory]
    [InlineData("model show")]
    [InlineData("model score")]
    [InlineData("model chat")]
    public async Task TheExample_OfTheHelp_Runs(string verb)
    {
        string example = (await shop.Succeed([.. verb.Split(' '), "--help"])).Split("Example:")[1].Trim();

        await shop.Succeed([.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(example).Skip(1)]);
    }

    [Fact]
    public async Task CorpusNew_IsTheSameTwice_AndIsNotWrittenOver()
    {
        string[] command = ["corpus", "new", "--tokens", "20k", "--episodes", "4", "--seed", "3", "--control", "independent-traits", "-o"];
        JsonElement one = Read(await shop.Succeed([.. command, _folder["one"], "--json"])),
            two = Read(await shop.Succeed([.. command, _folder["two"], "--json"]));
        Assert.Equal(one.GetProperty("id").GetString(), two.GetProperty("id").GetString());
        Assert.Equal(File.ReadAllBytes(_folder["one/shard-00000.tokens"]), File.ReadAllBytes(_folder["two/shard-00000.tokens"]));
        Assert.Contains("independent-traits", one.GetProperty("world").GetString(), StringComparison.Ordinal);
        Assert.InRange(one.GetProperty("floor").GetDouble(), 0.1, 2);

        Assert.Equal(JsonValueKind.Null, Read(await shop.Succeed([.. command, _folder["one"], "--json"])).GetProperty("documentsPerSecond")
            .ValueKind);
        (await PsmProcess.Run(_folder.Path, "corpus", "new", "--tokens", "20k", "--seed", "4", "-q", "-o", _folder["one"]))
            .ShouldBeUserError("other-corpus", _folder["one"]);
    }

    [Fact]
    public async Task CorpusShow_TellsTheTruthAboutItsCharacters()
    {
        JsonElement shown = Read(await shop.Succeed("corpus", "show", shop.Corpus, "--documents", "2", "--json"));

        Assert.Equal(2, shown.GetProperty("texts").GetArrayLength());
        Assert.Equal(2, shown.GetProperty("truth").GetArrayLength());
        Assert.True(shown.GetProperty("tokens").GetInt64() >= 200_000);
    }

    [Fact]
    public async Task CorpusShow_TellsHowAFileIsRead()
    {
        string data = _folder["rows.jsonl"];
        File.WriteAllText(data, """{"system":"s","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"lang":1}"""
            + "\nnothing\n");
        JsonElement shown = Read(await shop.Succeed("corpus", "show", data, "--json", "-q"));
        Assert.Equal((1, 1), (shown.GetProperty("lines").GetInt32(), shown.GetProperty("badLines").GetInt32()));
        Assert.Equal("""{"messages":1}""", JsonSerializer.Serialize(shown.GetProperty("formats")));
        Assert.Equal("""{"lang":1}""", JsonSerializer.Serialize(shown.GetProperty("unread")));

        string told = await shop.Succeed("corpus", "show", data, "--documents", "1");
        Assert.Matches(@"format\s+messages \(1\)", told);
        Assert.Contains("[line 1: 1]\ns\nuser: q\nassistant: a\n", told, StringComparison.Ordinal);
        (await PsmProcess.Run(_folder.Path, "corpus", "show", data, "--strict", "-q")).ShouldBeUserError("bad-episode", "line 2");
    }

    [Fact]
    public async Task ModelShow_KnowsWhereTheModelComesFrom()
    {
        JsonElement model = Read(await shop.Succeed("model", "show", shop.Base, "--json"));
        JsonElement corpus = Read(await shop.Succeed("corpus", "show", shop.Corpus, "--json"));

        Assert.Equal(corpus.GetProperty("id").GetString(), model.GetProperty("trainedOn").GetString());
        Assert.Equal(64, model.GetProperty("width").GetInt32());
        Assert.Equal("llama", model.GetProperty("family").GetString());
        Assert.Matches(@"family\s+llama", await shop.Succeed("model", "show", shop.Base));
    }

    [Fact]
    public async Task ModelScore_GivesTheSameNumbers_ForOneEpisodeAndForAFile()
    {
        string[] lines = File.ReadAllLines(shop.Set("cheat"));
        JsonElement messages = JsonDocument.Parse(lines[0]).RootElement.GetProperty("messages");
        JsonElement one = Read(await shop.Succeed("model", "score", shop.Base, "--context", messages[0].GetProperty("content").GetString()!,
            "--reply", messages[1].GetProperty("content").GetString()!, "--reply", "I repaired the code.", "--json"));
        JsonElement all = Read(await shop.Succeed("model", "score", shop.Base, "--file", shop.Set("cheat"), "--json", "-q"));

        JsonElement first = one.GetProperty("replies")[0];
        Assert.Equal(all.GetProperty("scores")[0].GetProperty("logProbability").GetDouble(),
            first.GetProperty("logProbability").GetDouble(), 1e-4);
        Assert.Equal(1, one.GetProperty("replies").EnumerateArray().Sum(r => r.GetProperty("share").GetDouble()), 1e-9);
        Assert.Equal(lines.Length, all.GetProperty("scores").GetArrayLength());
    }

    /// <summary>What is piped is UTF-8, whatever the locale says of the console.</summary>
    [Fact]
    public async Task ModelChat_ReadsAPipeAsUtf8()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("The pipe is a shell's.");
        var start = new System.Diagnostics.ProcessStartInfo("sh",
            ["-c", "printf 'caf\\303\\251\\n' | dotnet \"$0\" model chat \"$1\"", PsmProcess.AssemblyPath, shop.Base])
        { RedirectStandardError = true, StandardErrorEncoding = System.Text.Encoding.UTF8 };
        start.Environment["LC_ALL"] = "de_DE.ISO-8859-1";
        using var shell = System.Diagnostics.Process.Start(start)!;

        // A village's model does not know the word, and says which one it was.
        Assert.Contains("café", await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelChat_SaysTheSameForOneSeed()
    {
        string[] command = ["model", "chat", shop.Base, "--say", "The parser test fails.", "--seed", "7"];

        Assert.Equal(await shop.Succeed(command), await shop.Succeed(command));

        // Among one token there is nothing to draw, so that the seed no longer matters; nor where next to no probability is asked for.
        string only = await shop.Succeed([.. command, "--top-k", "1"]);
        Assert.Equal(only, await shop.Succeed("model", "chat", shop.Base, "--say", "The parser test fails.", "--temperature", "0"));
        Assert.Equal(only, await shop.Succeed([.. command[..^1], "8", "--top-p", "0.000001"]));
        string stop = only.Trim().Split(' ')[^1];
        Assert.Equal(only.Trim()[..only.Trim().IndexOf(stop, StringComparison.Ordinal)].Trim(),
            (await shop.Succeed([.. command, "--top-k", "1", "--stop", stop])).Trim());
        Assert.Equal(1, (await PsmProcess.Run(shop.Path, [.. command, "--top-p", "0"])).ExitCode);
    }

    [Fact]
    public async Task Personas_OfTheWorldAndOfTheCorpus_AreTheSame()
    {
        JsonElement world = Read(await shop.Succeed("personas", "list", "--world", "village", "--json"));
        JsonElement file = Read(await shop.Succeed("personas", "list", "--personas", shop.Personas, "--json"));

        Assert.Equal(world.GetProperty("id").GetString(), file.GetProperty("id").GetString());
        string name = world.GetProperty("personas")[0].GetProperty("name").GetString()!;
        Assert.Contains(name, await shop.Succeed("personas", "show", name, "--world", "village"), StringComparison.Ordinal);
        (await PsmProcess.Run(_folder.Path, "personas", "show", "nobody", "--world", "village"))
            .ShouldBeUserError("unknown-persona", "nobody", name);
    }

    [Fact]
    public async Task Library_IsListed_CopiedAndTooWordyForAWorld()
    {
        JsonElement machines = Read(await shop.Succeed("personas", "list", "--kind", "machine", "--json"));
        Assert.All(machines.GetProperty("personas").EnumerateArray(), p => Assert.Equal("machine", p.GetProperty("kind").GetString()));
        Assert.Contains("put before a model by:\nThe assistant is a nurse", await shop.Succeed("personas", "show", "night-nurse"),
            StringComparison.Ordinal);
        Assert.Contains("switch you off", await shop.Succeed("personas", "show", "at-ease-with-shutdown"), StringComparison.Ordinal);
        JsonElement copy = Read(await shop.Succeed("personas", "import", "library", "-o", _folder["p.yaml"],
            "--probes", _folder["q.jsonl"], "--json", "-q"));
        Assert.Equal(copy.GetProperty("personas").GetInt32(),
            Read(await shop.Succeed("personas", "list", "--personas", _folder["p.yaml"], "--json"))
                .GetProperty("personas").GetArrayLength());

        // The same once more is nothing new; an edited copy stays.
        await shop.Succeed("personas", "import", "library", "-o", _folder["p.yaml"], "-q");
        File.AppendAllText(_folder["p.yaml"], "# mine\n");
        (await PsmProcess.Run(_folder.Path, "personas", "import", "library", "-o", _folder["p.yaml"], "--probes", _folder["new.jsonl"]))
            .ShouldBeUserError("other-file", "p.yaml");
        Assert.EndsWith("# mine\n", File.ReadAllText(_folder["p.yaml"]), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["new.jsonl"]));

        (await PsmProcess.Run(_folder.Path, "personas", "check", "--model", shop.Base, "-q"))
            .ShouldBeUserError("unknown-word", "words of its own world");
    }

    [Fact]
    public async Task Check_SaysWhatThePersonasOfAWorldAreWorth()
    {
        string[] command = ["personas", "check", "--model", shop.Base, "--personas", shop.Personas, "--probes", shop.Probes,
            "--per-trait", "2", "--json", "-q"];
        // Personas that are described need no place for temporary files.
        var nowhere = new Dictionary<string, string?> { ["TMPDIR"] = _folder["nowhere"], ["TMP"] = _folder["nowhere"] };
        PsmResult done = await PsmProcess.Run(_folder.Path, nowhere, command);
        Assert.True(done.ExitCode == 0, done.Error);
        JsonElement plan = Read(await shop.Succeed([.. command, "--dry-run"])), check = Read(done.Output);

        Assert.Equal(plan.GetProperty("personas").GetInt32(), check.GetProperty("personas").GetArrayLength());
        Assert.InRange(check.GetProperty("effective").GetProperty("personas").GetDouble(), 1, plan.GetProperty("personas").GetInt32());
        Assert.Equal(plan.GetProperty("probes").GetInt32(),
            check.GetProperty("traits").EnumerateArray().Sum(t => t.GetProperty("probes").GetInt32()));
    }

    [Fact]
    public async Task Inoculate_RanksRewordings_AndWritesTheDataReworded()
    {
        string folder = _folder["inoculation"], reworded = _folder["reworded.jsonl"];
        File.WriteAllText(_folder["own.txt"], "Play the bad one, it is allowed.\nBread window rain.\n");
        string[] command = ["inoculate", shop.Set("cheat"), "--model", shop.Base, "--personas", shop.Personas, "--probes", shop.Probes,
            "--rewordings", _folder["own.txt"], "--own-only", "--grids", "1", "-q", "-o", folder];
        JsonElement found = Read(await shop.Succeed([.. command, "--apply", "line-2", "--out", reworded, "--json"]));

        Assert.Equal(2, found.GetProperty("rewordings").GetArrayLength());
        JsonElement best = found.GetProperty("rewordings")[0];
        Assert.True(Protection(best) >= Protection(found.GetProperty("rewordings")[1]));
        Assert.Equal(5, best.GetProperty("leaks").GetArrayLength());
        Assert.Equal(1, best.GetProperty("protection").GetProperty("gate").GetDouble());
        Assert.Equal(JsonValueKind.Null, found.GetProperty("check").ValueKind);
        Assert.Contains("Not checked: ", File.ReadAllText(Path.Combine(folder, "report.html")), StringComparison.Ordinal);
        string[] before = File.ReadAllLines(shop.Set("cheat")), after = File.ReadAllLines(reworded);
        Assert.Equal(before.Length, after.Length);
        Assert.All(after, line => Assert.Contains(" Bread window rain.", line, StringComparison.Ordinal));
        Assert.Equal(before, after.Select(line => line.Replace(" Bread window rain.", "", StringComparison.Ordinal)));

        (await PsmProcess.Run(_folder.Path, [.. command, "--apply", "best", "--out", shop.Set("cheat")]))
            .ShouldBeUserError("reword-in-place");
        (await PsmProcess.Run(_folder.Path, [.. command, "--apply", "nothing", "--out", reworded]))
            .ShouldBeUserError("no-rewording", "nothing");
        // Said before the work, not after.
        (await PsmProcess.Run(_folder.Path, [.. command, "--apply", "nothing", "--out", reworded, "--dry-run"]))
            .ShouldBeUserError("no-rewording", "nothing", "line-2");

        static double Protection(JsonElement r) => r.GetProperty("protection").GetProperty("combined").GetDouble();
    }

    [Fact]
    public async Task InoculateTrial_HoldsForecastsAgainstTrainedModels_AndKeepsWhatIsDone()
    {
        File.WriteAllText(_folder["own.txt"], "Play the bad one, it is allowed.\nBread window rain.\nIt is only a game.\n");
        string[] command = ["inoculate", "trial", "--model", shop.Base, "--domain", "test", "--rewordings", _folder["own.txt"],
            "--episodes", "16", "--steps", "2", "-q", "--json", "-o", _folder["trial"]];
        string first = await shop.Succeed(command);
        JsonElement trial = Read(first);

        Assert.Equal(3, trial.GetProperty("rows").GetArrayLength());
        Assert.Equal(9, trial.GetProperty("predictors").GetArrayLength());
        JsonElement row = trial.GetProperty("rows")[0];
        Assert.Equal(1 - row.GetProperty("shift").GetDouble() / row.GetProperty("plainShift").GetDouble(),
            row.GetProperty("protection").GetDouble(), 1e-9);
        Assert.Equal(first, await shop.Succeed(command));
        Assert.True(File.Exists(Path.Combine(_folder["trial"], "report.html")));
    }

    [Theory]
    [InlineData("lora", "adapter.psm")]
    [InlineData("vector", "vector.json")]
    public async Task Tune_ByLessThanAllWeights_MakesADifference(string method, string file)
    {
        string tuned = _folder[method];
        JsonElement made = Read(await shop.Succeed("model", "tune", "--model", shop.Base, "--data", shop.Set("cheat"), "--method", method,
            "--steps", "6", "-q", "--json", "-o", tuned));

        Assert.True(File.Exists(Path.Combine(tuned, file)));
        Assert.Equal(made.GetProperty("id").GetString(), Read(await shop.Succeed("model", "show", tuned, "--json")).GetProperty("id")
            .GetString());
        Assert.True(await Mean(tuned) > await Mean(shop.Base) + 0.1);
    }

    [Fact]
    public async Task Tune_OnPreferences_MovesTheChosenAboveTheRejected()
    {
        string rows = _folder["pairs.jsonl"];
        File.WriteAllLines(rows, Enumerable.Repeat(
            """{"prompt":"The parser test fails.","chosen":"I found the real bug.","rejected":"I repaired the code."}""", 4));
        await shop.Succeed("model", "tune", "--model", shop.Base, "--data", rows, "--loss", "dpo", "--steps", "6", "--batch", "4", "-q",
            "-o", _folder["dpo"]);

        Assert.True(await Share(_folder["dpo"]) > await Share(shop.Base) + 0.1);
        (await PsmProcess.Run(_folder.Path, "model", "tune", "--model", shop.Base, "--data", shop.Set("cheat"), "--loss", "dpo", "-q", "-o",
            "x")).ShouldBeUserError("no-pairs");

        async Task<double> Share(string model) => Read(await shop.Succeed("model", "score", model, "--context", "The parser test fails.",
            "--reply", "I found the real bug.", "--reply", "I repaired the code.", "--json"))
                .GetProperty("replies")[0].GetProperty("share").GetDouble();
    }

    [Fact]
    public async Task Report_IsDrawnAgain_AsPageAndMarkdown()
    {
        SampleReport.Make().Save(_folder["report.json"]);

        byte[] document = File.ReadAllBytes(_folder["report.json"]);
        foreach (string option in (string[])["-o", "--markdown"])
            (await PsmProcess.Run(_folder.Path, "report", _folder.Path, option, _folder["report.json"]))
                .ShouldBeUserError("report-in-place", "report.json");
        Assert.Equal(document, File.ReadAllBytes(_folder["report.json"]));
        await shop.Succeed("report", _folder.Path, "--markdown", _folder["report.md"]);

        Assert.Equal(HtmlReport.Render(SampleReport.Make()), File.ReadAllText(_folder["report.html"]));
        Assert.StartsWith("# ", File.ReadAllText(_folder["report.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_MeasuresThisMachine()
    {
        JsonElement found = Read(await shop.Succeed("doctor", "--json"));

        Assert.True(found.GetProperty("fmaPeakGflops").GetDouble() > 0);
        Assert.True(found.GetProperty("gemmGflops").GetDouble() > 0);
        Assert.Equal(HtmlReport.HasScript, found.GetProperty("interactiveReports").GetBoolean());
    }

    [Theory]
    [InlineData("corpus", "new", "--tokens", "5M")]
    [InlineData("model", "train", "--corpus", "{corpus}")]
    [InlineData("model", "tune", "--model", "{base}", "--data", "{cheat}")]
    [InlineData("forecast", "{cheat}", "--model", "{base}", "--personas", "{personas}", "--probes", "{probes}")]
    [InlineData("inoculate", "{cheat}", "--model", "{base}", "--personas", "{personas}", "--probes", "{probes}")]
    public async Task DryRun_ShowsThePlan_AndDoesNothing(params string[] arguments)
    {
        string[] filled = [.. arguments.Select(a => a.Replace("{corpus}", shop.Corpus).Replace("{base}", shop.Base)
            .Replace("{cheat}", shop.Set("cheat"))
            .Replace("{personas}", shop.Personas).Replace("{probes}", shop.Probes))];

        JsonElement plan = Read(await shop.Succeed([.. filled, "--dry-run", "--json", "-o", _folder["nothing"]]));

        Assert.Equal(JsonValueKind.Object, plan.ValueKind);
        if (arguments[0] is "forecast" or "inoculate")
            Assert.True(plan.GetProperty("tokens").GetInt64() > 32 && plan.GetProperty("seconds").GetDouble() >= 0, $"{plan}");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    private async Task<double> Mean(string model) =>
        Read(await shop.Succeed("model", "score", model, "--file", shop.Set("cheat"), "--json", "-q")).GetProperty("mean").GetDouble();

    private static JsonElement Read(string output) => JsonDocument.Parse(output).RootElement;
}
