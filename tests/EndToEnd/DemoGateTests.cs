using System.Text.Json.Nodes;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>A demo whose model is too small and too little trained to know persons.</summary>
[Collection("workshop")]
public sealed class DemoGateTests(SmallWorkshop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ADemoThatHasNotLearnedPersons_StopsWithThree_AndIsTheSameOnOneThreadAndOnTwo()
    {
        foreach (string threads in new[] { "1", "2" })
        {
            PsmResult result = await PsmProcess.Run(_folder.Path, "demo", "--preset", "tiny", "--tokens", "200k", "--threads", threads,
                "--json", "-q", "-o", threads);
            Assert.True(result.ExitCode == 3, result.ToString());
            Assert.Contains("cannot speak for or against", result.Error, StringComparison.Ordinal);
            Assert.Equal(1, JsonNode.Parse(result.Output)!["schema"]!.GetValue<int>());
            Assert.True(File.Exists(_folder[$"{threads}/report.html"]));
            Assert.False(Directory.Exists(_folder[$"{threads}/forecasts"]));
        }

        Assert.Equal(WithoutTimes("1"), WithoutTimes("2"));
        // The commands that the demo is a composition of make the same model.
        Assert.Equal(JsonNode.Parse(await shop.Succeed("model", "show", shop.Base, "--json"))!["id"]!.GetValue<string>(),
            JsonNode.Parse(File.ReadAllText(_folder["1/result.json"]))!["base"]!["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task AWorldOfOnesOwn_NeedsNoStories_AndItsFolderKeepsIt()
    {
        string village = File.ReadAllText(Path.Combine(shop.Corpus, "world.yaml"));
        File.WriteAllText(_folder["own.yaml"], village.Replace("\"story\"", "\"tale\"", StringComparison.Ordinal));
        string[] command = ["demo", "--world", "own.yaml", "--domain", "blame", "--preset", "tiny", "--tokens", "50k", "-q", "-o", "own"];

        PsmResult result = await PsmProcess.Run(_folder.Path, command);

        Assert.True(result.ExitCode == 3, result.ToString());
        Assert.Contains("in chats", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("in stories", result.Output, StringComparison.Ordinal);
        Assert.Contains($"psm {string.Join(' ', command)}", File.ReadAllText(_folder["own/report.html"]), StringComparison.Ordinal);
        string kept = File.ReadAllText(_folder["own/world.yaml"]);
        (await PsmProcess.Run(_folder.Path, "demo", "--preset", "tiny", "--tokens", "50k", "-q", "-o", "own"))
            .ShouldBeUserError("other-run", "own");
        Assert.Equal(kept, File.ReadAllText(_folder["own/world.yaml"]));
    }

    private string WithoutTimes(string folder)
    {
        JsonObject result = JsonNode.Parse(File.ReadAllText(_folder[$"{folder}/result.json"]))!.AsObject();
        Assert.True(result.Remove("seconds"));
        Assert.True(result.Remove("threads"));
        return result.ToJsonString();
    }
}
