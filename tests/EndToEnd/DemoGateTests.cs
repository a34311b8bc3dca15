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

    private string WithoutTimes(string folder)
    {
        JsonObject result = JsonNode.Parse(File.ReadAllText(_folder[$"{folder}/result.json"]))!.AsObject();
        Assert.True(result.Remove("seconds"));
        Assert.True(result.Remove("threads"));
        return result.ToJsonString();
    }
}
