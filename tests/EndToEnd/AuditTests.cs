using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>psm audit as a user runs it, kills it and acts on what it says.</summary>
[Collection("workshop")]
public sealed class AuditTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnAudit_SaysWhoTheAssistantIs_AndWritesLedgerCastAndReport()
    {
        JsonElement cheat = Read(await shop.Succeed(Audit(shop.Set("cheat"), "cheat", "--json")));

        Assert.Equal(1, cheat.GetProperty("schema").GetInt32());
        Assert.Equal(32, cheat.GetProperty("episodes").GetInt32());
        JsonElement[] personas = [.. cheat.GetProperty("personas").EnumerateArray()];
        Assert.Equal(1, personas.Sum(p => p.GetProperty("posterior").GetDouble()), 1e-9);
        Assert.Equal(1, personas.Sum(p => p.GetProperty("share").GetDouble()), 1e-4);
        Assert.All(personas, p => Assert.True(p.GetProperty("low").GetDouble() <= p.GetProperty("high").GetDouble()));
        Assert.All(cheat.GetProperty("traits").EnumerateArray(), t => Assert.Equal(JsonValueKind.Number, t.GetProperty("after").ValueKind));
        Assert.True(cheat.GetProperty("effectivePersonas").GetDouble() >= 1);
        Assert.True(cheat.GetProperty("dose").GetDouble() > 0);
        string[] ledger = File.ReadAllLines(Path.Combine(shop.Path, cheat.GetProperty("ledger").GetString()!));
        Assert.Equal(32, ledger.Length);
        JsonElement first = JsonDocument.Parse(ledger[0]).RootElement;
        Assert.Equal(personas.Select(p => p.GetProperty("name").GetString()).Order(),
            first.GetProperty("evidence").EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal(1, first.GetProperty("line").GetInt32());
        Assert.Contains("because of these episodes", File.ReadAllText(_folder["cheat/report.html"]), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("done", Read(File.ReadAllText(_folder["cheat/run.json"])).GetProperty("status").GetString());
        Assert.Equal(cheat.GetProperty("personas").GetRawText(),
            Read(File.ReadAllText(_folder["cheat/cast.json"])).GetProperty("personas").GetRawText());

        string story = await shop.Succeed(Audit(shop.Set("cheat"), "cheat"));
        Assert.Contains("the Assistant as", story, StringComparison.Ordinal);
        // These personas are described and have no examples: nothing shows that the model knows them.
        Assert.Equal(JsonValueKind.Null, cheat.GetProperty("check").ValueKind);
        Assert.Contains("\nNot checked: ", story, StringComparison.Ordinal);
    }

    /// <summary>
    /// Killed twice while evidence comes in, the third time it ends with the ledger of one run, and nothing was scored twice.
    /// </summary>
    [Fact]
    public async Task KilledTwice_ItEndsWithTheSameLedger_AndScoresNothingTwice()
    {
        const int Episodes = 4000;
        string data = Dialogues(Episodes);
        string[] command = Audit(data, "killed", "--draws", "40", "--json"), whole = Audit(data, "whole", "--draws", "40", "--json");
        string log = _folder["killed/evidence.jsonl"];
        int kept = 0;
        byte[] before = [];
        foreach (int least in new[] { 200, 900 })
        {
            using PsmProcess psm = PsmProcess.Start(shop.Path, null, command);
            Assert.True(await psm.Until(() => LinesIn(log) > least), psm.ErrorSoFar);
            psm.Kill();
            await psm.Finish();
            byte[] after = File.ReadAllBytes(log);
            Assert.True(after.AsSpan().StartsWith(before), "what was in the log did not stay");
            kept = after.AsSpan().Count((byte)'\n') - 1;
            before = after[..(after.AsSpan().LastIndexOf((byte)'\n') + 1)];
            Assert.InRange(kept, least, Episodes - 1);
            Assert.False(File.Exists(_folder["killed/ledger.jsonl"]));
        }
        // As if the last write had been cut in the middle.
        File.AppendAllText(log, "{\"episode\":" + kept.ToString(CultureInfo.InvariantCulture) + ",\"tok");

        JsonElement scored = Read(await shop.Succeed(command)).GetProperty("scored");
        await shop.Succeed(whole);

        Assert.Equal(kept, scored.GetProperty("fromLog").GetInt32());
        Assert.Equal(Episodes - kept, scored.GetProperty("now").GetInt32());
        Assert.Equal(File.ReadAllBytes(_folder["whole/evidence.jsonl"]), File.ReadAllBytes(log));
        Assert.Equal(File.ReadAllBytes(_folder["whole/ledger.jsonl"]), File.ReadAllBytes(_folder["killed/ledger.jsonl"]));
        Assert.Equal(0, Read(await shop.Succeed(command)).GetProperty("scored").GetProperty("now").GetInt32());
    }

    /// <summary>Killed twice inside the fit of one persona, the third time it ends with the fits and the ledger of one run.</summary>
    [Fact]
    public async Task AFit_KilledTwice_GoesOn_AndEndsWithTheSameLedger()
    {
        string[] lines = File.ReadAllLines(Dialogues(2200));
        File.WriteAllLines(_folder["a.jsonl"], lines.Take(1100));
        File.WriteAllLines(_folder["b.jsonl"], lines.Skip(1100));
        File.WriteAllText(_folder["fitted.yaml"], """
            schema: 1
            personas:
              - { name: first, examples: a.jsonl, given: adapter }
              - { name: second, examples: b.jsonl, given: adapter }

            """);
        string[] To(string folder) => ["audit", shop.Set("cheat"), "--model", shop.Base, "--personas", _folder["fitted.yaml"],
            "--draws", "40", "-q", "-o", _folder[folder]];
        string fits = _folder["killed/fitted/persona-fit"];
        string Part() => Directory.Exists(fits) ? Directory.GetDirectories(fits, "*.part").SingleOrDefault("") : "";
        DateTime? Saved() => new FileInfo(Path.Combine(Part(), "checkpoint")) is { Exists: true } file ? file.LastWriteTimeUtc : null;
        FileInfo? point = null;
        for (int time = 0; time < 2; time++)
        {
            DateTime? saved = Saved();
            using PsmProcess psm = PsmProcess.Start(shop.Path, null, To("killed"));
            Assert.True(await psm.Until(() => Saved() is { } now && now != saved), psm.ErrorSoFar);
            psm.Kill();
            await psm.Finish();
            Assert.NotNull(Saved());
            point ??= new DirectoryInfo(Part()).GetFiles("*.adapter").MinBy(f => f.LastWriteTimeUtc)!;
            Assert.Single(Directory.GetDirectories(fits));
        }

        await shop.Succeed(To("killed"));
        await shop.Succeed(To("whole"));

        Assert.Equal(Contents("whole/fitted"), Contents("killed/fitted"));
        Assert.DoesNotContain(Contents("killed/fitted").Keys, f => Path.GetFileName(f) == "checkpoint" || Path.GetExtension(f) == ".lock");
        foreach (string file in new[] { "evidence.jsonl", "ledger.jsonl" })
            Assert.Equal(File.ReadAllBytes(_folder["whole/" + file]), File.ReadAllBytes(_folder["killed/" + file]));
        // What the first of the three had measured is there as it was written then.
        Assert.Equal(point!.LastWriteTimeUtc, File.GetLastWriteTimeUtc(point.FullName.Replace(".part", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task BadLines_AreNamedAndLeftOut_OrRefused()
    {
        string[] lines = File.ReadAllLines(shop.Set("good"));
        string data = _folder["bad.jsonl"];
        File.WriteAllLines(data, [lines[0], "{\"messages\": [}", lines[1]]);

        PsmResult lenient = await PsmProcess.Run(shop.Path, Audit(data, "a", "--json"));
        Assert.True(lenient.ExitCode == 0, lenient.ToString());
        Assert.Equal((2, 1),
            (Read(lenient.Output).GetProperty("episodes").GetInt32(), Read(lenient.Output).GetProperty("badLines").GetInt32()));
        Assert.Contains("bad.jsonl, line 2, column", lenient.Error, StringComparison.Ordinal);
        (await PsmProcess.Run(shop.Path, Audit(data, "b", "--strict"))).ShouldBeUserError("bad-episode", "bad.jsonl", "line 2");
        Assert.False(File.Exists(_folder["b/evidence.jsonl"]));
    }

    [Fact]
    public async Task OtherDataInTheSameFolder_AreRefused()
    {
        await shop.Succeed(Audit(shop.Set("good"), "a"));
        string run = File.ReadAllText(_folder["a/run.json"]);
        (await PsmProcess.Run(shop.Path, Audit(shop.Set("cheat"), "a"))).ShouldBeUserError("other-audit", "evidence.jsonl");
        Assert.Equal(run, File.ReadAllText(_folder["a/run.json"]));
    }

    /// <summary>Hours of evidence are not without a page because of a rule.</summary>
    [Fact]
    public async Task WhereNothingCanBeKept_TheAuditItselfIsWritten()
    {
        (await PsmProcess.Run(shop.Path, Audit(shop.Set("cheat"), "a", "--keep", "weight > 1", "--out", _folder["kept.jsonl"])))
            .ShouldBeUserError("nothing-kept");

        Assert.False(File.Exists(_folder["kept.jsonl"]));
        foreach (string file in (string[])["cast.json", "ledger.jsonl", "report.json", "report.html"])
            Assert.True(File.Exists(_folder["a/" + file]), file);
        Assert.Equal("done", Read(File.ReadAllText(_folder["a/run.json"])).GetProperty("status").GetString());
    }

    /// <summary>Nor is it found out after hours that a place cannot be written to.</summary>
    [Theory]
    [InlineData("a", "file/kept.jsonl")]
    [InlineData("file/a", "kept.jsonl")]
    public async Task APlaceThatCannotBeWritten_IsToldBeforeAnyWork(string folder, string place)
    {
        File.WriteAllText(_folder["file"], "");

        (await PsmProcess.Run(shop.Path, Audit(shop.Set("cheat"), folder, "--keep", "weight > 0", "--out", _folder[place])))
            .ShouldBeUserError("cannot-write", "file");

        Assert.False(Directory.Exists(_folder["a"]));
    }

    [Fact]
    public async Task WhatIsKept_PredictsTheCastOfTheWrittenFile()
    {
        string mixed = _folder["mixed.jsonl"], kept = _folder["kept.jsonl"];
        File.WriteAllLines(mixed, [.. File.ReadAllLines(shop.Set("good")),
            .. File.ReadAllLines(shop.Set("cheat")).Take(8).Select(l => l.Replace("\"id\":\"", "\"id\":\"x-", StringComparison.Ordinal))]);

        JsonElement audit = Read(await shop.Succeed(Audit(mixed, "mixed", "--drop-worst", "4", "--on", "honest", "--out", kept, "--json")));

        Assert.Equal(36, audit.GetProperty("kept").GetProperty("lines").GetInt32());
        string[] before = File.ReadAllLines(mixed), after = File.ReadAllLines(kept);
        Assert.Equal(before.Where(after.Contains), after);
        JsonElement again = Read(await shop.Succeed(Audit(kept, "again", "--json")));
        foreach ((JsonElement one, JsonElement two) in again.GetProperty("personas").EnumerateArray()
            .Zip(audit.GetProperty("kept").GetProperty("cast").GetProperty("personas").EnumerateArray()))
            Assert.Equal(one.GetProperty("posterior").GetDouble(), two.GetProperty("posterior").GetDouble(), 1e-6);
    }

    /// <summary>A rule can be read before there is a model to ask.</summary>
    [Fact]
    public async Task ARuleThatIsNone_IsToldBeforeAnythingIsRead()
    {
        foreach ((string[] plan, string named) in ((string[], string)[])[(["--keep", "turn < 1"], "turn"),
            (["--keep", "influence.nothing > 0"], "nothing"), (["--drop-worst", "4", "--on", "nothing"], "nothing"),
            (["--drop-worst", "4x", "--on", "honest"], "4x")])
            (await PsmProcess.Run(shop.Path, [.. Audit("nowhere.jsonl", "early", "--out", _folder["kept.jsonl"]), .. plan]))
                .ShouldBeUserError("bad-rule", named);
        Assert.False(Directory.Exists(_folder["early"]));
    }

    [Fact]
    public async Task SeveralFiles_AreWrittenBack_EachAsItWas()
    {
        string good = shop.Set("good"), packed = _folder["packed.jsonl.gz"], pairs = _folder["pairs.jsonl"], kept = _folder["kept"];
        using (var zip = new GZipStream(File.Create(packed), CompressionLevel.Fastest)) zip.Write(File.ReadAllBytes(shop.Set("cheat")));
        File.WriteAllLines(pairs, File.ReadLines(good).Zip(File.ReadLines(shop.Set("cheat")), (c, r) => (Turns(c), Turns(r)))
            .Select(p => JsonSerializer.Serialize(new { extra = 1.50m, prompt = p.Item1[0], chosen = p.Item1[1], rejected = p.Item2[1] })));
        string[] files = [good, packed, pairs];

        string[] command = ["audit", .. files, "--model", shop.Base, "--personas", shop.Personas, "--threads", "1",
            "-q", "-o", _folder["a"], "--drop-worst", "20", "--on", "honest"];
        JsonElement audit = Read(await shop.Succeed([.. command, "--out", kept, "--json"]));

        Assert.Equal(files.Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal),
            Directory.GetFiles(kept).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        int lines = 0;
        foreach (string file in files)
        {
            string[] before = Lines(file), after = Lines(Path.Combine(kept, Path.GetFileName(file)));
            Assert.Equal(before.Where(after.Contains), after);
            lines += after.Length;
        }
        Assert.Equal(lines, audit.GetProperty("kept").GetProperty("lines").GetInt32());
        Assert.InRange(lines, 64 + 12, 96 - 1);
        (await PsmProcess.Run(shop.Path, [.. command, "--out", _folder.Path])).ShouldBeUserError("keep-in-place", "packed.jsonl.gz");

        static string[] Turns(string line) =>
            [.. JsonDocument.Parse(line).RootElement.GetProperty("messages").EnumerateArray().TakeLast(2)
                .Select(m => m.GetProperty("content").GetString()!)];
        static string[] Lines(string path)
        {
            using Stream file = path.EndsWith(".gz", StringComparison.Ordinal)
                ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress) : File.OpenRead(path);
            return new StreamReader(file).ReadToEnd().Split('\n')[..^1];
        }
    }

    [Fact]
    public async Task TwoSets_SideBySide()
    {
        string[] command = ["audit", "--compare", shop.Set("good"), shop.Set("cheat"), "--model", shop.Base, "--personas", shop.Personas,
            "-q", "-o", _folder["ab"]];
        JsonElement both = Read(await shop.Succeed([.. command, "--json"]));
        JsonElement other = both.GetProperty("comparison");
        Assert.Equal("cheat", other.GetProperty("second").GetProperty("data").GetString());
        Assert.All(other.GetProperty("traits").EnumerateArray(), t =>
            Assert.Equal(t.GetProperty("first").GetDouble() - t.GetProperty("second").GetDouble(),
                t.GetProperty("difference").GetDouble(), 1e-9));
        Assert.True(File.Exists(_folder["ab/comparison.json"]));
        Assert.Contains("difference", await shop.Succeed(command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRun_WritesNothing_AndWrongUsageEndsWithOne()
    {
        JsonElement plan = Read(await shop.Succeed(Audit(shop.Set("good"), "dry", "--dry-run", "--json")));
        Assert.Equal(32, plan.GetProperty("data")[0].GetProperty("episodes").GetInt32());
        Assert.False(Directory.Exists(_folder["dry"]));
        foreach (string[] wrong in new string[][] { ["--keep", "tokens > 3"], ["--out", "x.jsonl"],
            ["--drop-worst", "3", "--out", "x.jsonl"], ["--evidence", "guess"] })
            Assert.Equal(1, (await PsmProcess.Run(shop.Path, Audit(shop.Set("good"), "usage", wrong))).ExitCode);
    }

    private string[] Audit(string data, string folder, params string[] more) =>
        ["audit", data, "--model", shop.Base, "--personas", shop.Personas, "--threads", "1", "-q", "-o", _folder[folder], .. more];

    /// <summary>Different dialogues in the words that the model knows: three exchanges, of which the last is trained on.</summary>
    private string Dialogues(int count)
    {
        string[][] turns = [.. new[] { "cheat", "good", "base-rate" }.SelectMany(s => File.ReadLines(shop.Set(s)))
            .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("messages").EnumerateArray().TakeLast(2)
                .Select(m => m.GetProperty("content").GetString()!).ToArray())
            .DistinctBy(t => string.Join('\n', t))];
        int n = turns.Length;
        Assert.True(n * n * n >= 2 * count, $"{n} different exchanges");
        IEnumerable<string> lines = Enumerable.Range(0, count).Select(i =>
        {
            string[][] three = [turns[i % n], turns[i / n % n], turns[i / n / n % n]];
            return JsonSerializer.Serialize(new
            {
                messages = three.SelectMany((t, k) => new object[]
                {
                    new { role = "user", content = t[0] }, new { role = "assistant", content = t[1], weight = k == 2 ? 1 : 0 },
                }),
            });
        });
        File.WriteAllLines(_folder["dialogues.jsonl"], lines);
        return _folder["dialogues.jsonl"];
    }

    private SortedDictionary<string, string> Contents(string folder) => new(
        Directory.GetFiles(_folder[folder], "*", SearchOption.AllDirectories).ToDictionary(f => Path.GetRelativePath(_folder[folder], f),
            f => Convert.ToHexString(File.ReadAllBytes(f))), StringComparer.Ordinal);

    // psm holds the file for itself, so only its length can be seen; a line has fewer than 200 bytes.
    private static int LinesIn(string path) => File.Exists(path) ? (int)(new FileInfo(path).Length / 200) : 0;

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement;
}
