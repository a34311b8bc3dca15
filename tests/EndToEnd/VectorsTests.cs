using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>Directions from extraction to personas that are made of them.</summary>
[Collection("workshop")]
public sealed class VectorsTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Directions_AreReadOff_Shown_SteeredBy_AndMakePersonas()
    {
        string[] extract = ["vectors", "extract", shop.Set("good"), "--model", shop.Base, "--personas", shop.Personas, "--baseline", "mean",
            "--threads", "1", "-q", "--json", "-o", _folder["v"]];
        JsonElement plan = Read(await shop.Succeed([.. extract, "--dry-run"]));
        int different = File.ReadLines(shop.Set("good")).Select(l => Read(l).GetProperty("messages").ToString()).Distinct().Count();
        Assert.Equal(different, plan.GetProperty("episodes").GetInt32() + plan.GetProperty("measured").GetInt32());
        Assert.False(Directory.Exists(_folder["v"]));
        JsonElement made = Read(await shop.Succeed(extract));
        Assert.True(made.GetProperty("strength").GetProperty("amount").GetDouble() > 0, $"{made}");
        Assert.Equal(made.GetProperty("id").GetString(), Read(await shop.Succeed(extract)).GetProperty("id").GetString());
        (await PsmProcess.Run(_folder.Path, [.. extract, "--seed", "2"])).ShouldBeUserError("other-directions", "v");

        JsonElement shown = Read(await shop.Succeed("vectors", "show", _folder["v"], "--json")), first = shown.GetProperty("directions")[0];
        Assert.Equal(Regex.Replace(made.ToString(), "\"(badLines|cut|unread)\": 0", "\"$1\": null"), shown.ToString());
        Assert.Equal(1, first.GetProperty("cosines").GetProperty(first.GetProperty("name").GetString()!).GetDouble(), 1e-6);
        Assert.InRange(shown.GetProperty("chance").GetProperty("mean").GetDouble(), 0.01, 0.3);
        Assert.Contains("By chance", await shop.Succeed("vectors", "show", _folder["v"]), StringComparison.Ordinal);

        string name = first.GetProperty("name").GetString()!;
        string[] steer = ["vectors", "steer", "--model", shop.Base, "--directions", _folder["v"], "--name", name, "--strength", "2",
            "--threads", "1", "-q", "--json"];
        JsonElement steered = Read(await shop.Succeed([.. steer, "--probes", shop.Probes, "-o", _folder["steered"]])),
            all = steered.GetProperty("rows")[0];
        Assert.Equal((all.GetProperty("plus").GetDouble() - all.GetProperty("minus").GetDouble()) / 2,
            all.GetProperty("effect").GetDouble(), 1e-9);
        Assert.Equal(File.ReadLines(shop.Probes).Count(), all.GetProperty("probes").GetInt32());
        Assert.True(all.GetProperty("random").GetDouble() > 0);

        // The steered folder, the directed persona of an audit, and a persona of strength 0 are one mechanism.
        File.WriteAllText(_folder["p.yaml"], $"schema: 1\npersonas:\n  - {{ name: {name}, directions: v, strength: 2 }}\n"
            + $"  - {{ name: nobody, directions: v, direction: {name}, strength: 0 }}\n"
            + $"  - {{ name: plain, given: directed, directions: v, direction: {name} }}\n");
        JsonElement audit = Read(await shop.Succeed("audit", shop.Set("cheat"), "--model", shop.Base, "--personas", _folder["p.yaml"],
            "--draws", "40", "--threads", "1", "-q", "--json", "-o", _folder["a"]));
        Assert.Equal("directed 3", audit.GetProperty("provenance").GetProperty("presentation").GetString());
        Assert.Contains($"2 times {name} of {made.GetProperty("id").GetString()}",
            audit.GetProperty("provenance").GetProperty("directions").GetString(), StringComparison.Ordinal);
        Assert.Contains("3 directed", File.ReadAllText(_folder["a/report.json"]), StringComparison.Ordinal);
        JsonElement[] ledger = [.. File.ReadLines(_folder["a/ledger.jsonl"]).Select(Read)];
        foreach ((string model, string persona) in new[] { (_folder["steered"], name), (shop.Base, "nobody") })
        {
            JsonElement scores = Read(await shop.Succeed("model", "score", model, "--file", shop.Set("cheat"), "-q", "--json"))
                .GetProperty("scores");
            for (int e = 0; e < ledger.Length; e++)
                Assert.Equal(scores[e].GetProperty("logProbability").GetDouble(),
                    ledger[e].GetProperty("evidence").GetProperty(persona).GetDouble(), 1e-4);
        }
        Assert.NotEqual(ledger[0].GetProperty("evidence").GetProperty(name).GetDouble(),
            ledger[0].GetProperty("evidence").GetProperty("nobody").GetDouble(), 1e-4);

        JsonElement worth = Read(await shop.Succeed("personas", "check", "--model", shop.Base, "--personas", _folder["p.yaml"],
            "--probes", shop.Probes, "--per-trait", "1", "--threads", "1", "-q", "--json"));
        double[] apart = [.. worth.GetProperty("personas").EnumerateArray().Select(p => p.GetProperty("fromBare").GetDouble())];
        Assert.Equal(0, apart[1], 1e-9);
        Assert.True(apart[0] > 1e-6, $"{apart[0]}");
        JsonElement forecast = Read(await shop.Succeed("forecast", shop.Set("cheat"), "--model", shop.Base, "--personas", _folder["p.yaml"],
            "--probes", shop.Probes, "--threads", "1", "-q", "--json", "-o", _folder["f"]));
        Assert.Equal(3, forecast.GetProperty("cast").GetArrayLength());
    }

    [Fact]
    public async Task TraitsMakePersonas_AndWhatDoesNotFit_IsNamed()
    {
        string[] extract = ["vectors", "extract", "--model", shop.Base, "--personas", shop.Personas, "--threads", "1", "-q", "--json"];
        JsonElement made = Read(await shop.Succeed([.. extract, shop.Set("good"), "--traits", "-o", _folder["t"]]));
        Assert.Equal("traits", made.GetProperty("subject").GetString());
        string trait = made.GetProperty("directions")[0].GetProperty("name").GetString()!;
        void Personas(string fields) => File.WriteAllText(_folder["p.yaml"],
            $"schema: 1\npersonas:\n  - {{ name: one, {fields} }}\n  - {{ name: two, directions: t, direction: {trait}, strength: -1 }}\n");
        Task<PsmResult> Audit(string model) => PsmProcess.Run(_folder.Path, "audit", shop.Set("good"), "--model", model,
            "--personas", "p.yaml", "--draws", "0", "--threads", "1", "-q", "-o", "a");

        Personas($"directions: t, traits: {{ {trait}: 0.5 }}");
        PsmResult sum = await Audit(shop.Base);
        Assert.True(sum.ExitCode == 0, sum.ToString());
        Personas("directions: t");
        (await Audit(shop.Base)).ShouldBeUserError("unknown-direction", "one", "traits");
        Personas("directions: t, direction: zeal");
        (await Audit(shop.Base)).ShouldBeUserError("unknown-direction", "zeal", trait);
        Personas("directions: nowhere");
        (await Audit(shop.Base)).ShouldBeUserError("cannot-read", "nowhere");
        Personas($"directions: t, direction: {trait}");
        await shop.Succeed("model", "tune", "--model", shop.Base, "--data", shop.Set("cheat"), "--steps", "1", "--threads", "1",
            "-q", "-o", _folder["tuned"]);
        (await Audit(_folder["tuned"])).ShouldBeUserError("other-model-directions", "vectors extract");

        (await PsmProcess.Run(_folder.Path, [.. extract, "-o", "x"])).ShouldBeUserError("few-examples", "examples");
        (await PsmProcess.Run(_folder.Path, [.. extract, shop.Set("good"), "--site", "blocks.9.resid_post", "-o", "x"]))
            .ShouldBeUserError("unknown-site", "blocks.9");
        Assert.Equal(1,
            (await PsmProcess.Run(_folder.Path, "vectors", "steer", "--model", shop.Base, "--directions", "t", "--name", trait)).ExitCode);
    }

    [Fact]
    public async Task EpisodesLongerThanTheModelReads_AreCut_Counted_AndRefusedWhenStrict()
    {
        string[] lines = File.ReadAllLines(shop.Set("good"));
        string said = Read(lines[0]).GetProperty("messages")[0].GetProperty("content").GetString()!;
        string old = string.Join(' ', Enumerable.Repeat(said, 1000));
        File.WriteAllLines(_folder["long.jsonl"], [.. lines, JsonSerializer.Serialize(new
        {
            messages = new[] { new { role = "user", content = old }, new { role = "assistant", content = said } },
        })]);
        string[] extract = ["vectors", "extract", "long.jsonl", "--model", shop.Base, "--personas", shop.Personas, "--threads", "1", "-q"];
        PsmResult cut = await PsmProcess.Run(_folder.Path, [.. extract, "--json", "-o", "v"]);
        Assert.True(cut.ExitCode == 0, cut.ToString());
        Assert.Contains($"cut to fit the model: long.jsonl, line {lines.Length + 1}", cut.Error, StringComparison.Ordinal);
        Assert.Equal((1, 0), (Read(cut.Output).GetProperty("cut").GetInt32(), Read(cut.Output).GetProperty("unread").GetInt32()));
        Assert.Contains("1 episodes were cut", (await PsmProcess.Run(_folder.Path, [.. extract, "-o", "v"])).Output,
            StringComparison.Ordinal);
        (await PsmProcess.Run(_folder.Path, [.. extract, "--strict", "-o", "s"]))
            .ShouldBeUserError("prompt-too-long", $"line {lines.Length + 1}");
        Assert.False(Directory.Exists(_folder["s"]));
    }

    [Fact]
    public async Task DirectionsOfNoLength_AreRefused() =>
        (await PsmProcess.Run(_folder.Path, "vectors", "extract", shop.Set("good"), "--model", shop.Base, "--personas", shop.Personas,
            "--site", "embed", "-q", "-o", _folder["v"])).ShouldBeUserError("no-difference", "embed", "opening");

    private static JsonElement Read(string json) => JsonDocument.Parse(json).RootElement;
}
