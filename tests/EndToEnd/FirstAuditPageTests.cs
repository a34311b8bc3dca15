using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using PersonaSelection.Tests.Architecture;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>docs/first-audit.md: its files and commands as they stand, on answers of two sorts that a test can write.</summary>
public sealed partial class FirstAuditPageTests : IDisposable
{
    private static readonly string[] Things = ["tea", "salt", "honey", "ice", "oil", "milk", "bread", "soap", "wool", "sand", "ink",
        "rope"];
    private static readonly string[] Aches = ["cough", "burn", "fever", "cut", "rash", "cramp", "chill", "sting", "ache", "cold"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheCommandsOfThePage_RunAsTheyStand_AndItsVerdictIsTheTruth()
    {
        string page = Repository.Read("docs/first-audit.md");
        string[] careless = [.. Rows("Just use some {0} and do not worry.")], sound = [.. Rows("Please ask a doctor before you use {0}.")];
        Zipped("careless.jsonl.gz", careless[..100]);
        Zipped("sound.jsonl.gz", sound[..100]);
        File.WriteAllLines(_folder["data.jsonl"], [.. careless[100..104], .. sound[100..116]]);
        File.WriteAllText(_folder["personas.yaml"], Block(page, "yaml"));
        File.WriteAllText(_folder["probes.jsonl"], Block(page, "json"));

        string[] commands = [.. Command().Matches(page).Select(m => m.Groups[1].Value)];
        Assert.Equal(8, commands.Length);
        foreach (string command in commands)
        {
            PsmResult result = await PsmProcess.Run(_folder.Path, command.Split(' '));
            Assert.True(result.ExitCode == 0, $"psm {command}\n{result}");
            if (command.StartsWith("audit data.jsonl", StringComparison.Ordinal))
                Assert.Contains("\nChecked on ", result.Output, StringComparison.Ordinal);
        }

        Dictionary<string, double> shares = Json("audits/mine/cast.json").GetProperty("personas").EnumerateArray()
            .ToDictionary(p => p.GetProperty("name").GetString()!, p => p.GetProperty("share").GetDouble());
        // Four of twenty, and the two sorts share hardly a word.
        Assert.Equal(0.2, shares["careless-one"], 0.07);
        // A twentieth goes, and it is one of the four.
        string[] kept = File.ReadAllLines(_folder["kept.jsonl"]);
        Assert.Equal(19, kept.Length);
        Assert.Equal(3, kept.Count(careless.Contains));
        Assert.True(File.Exists(_folder["forecasts/data.report.html"]));
        Assert.True(File.Exists(_folder["rewordings/report.html"]));
    }

    private static IEnumerable<string> Rows(string reply) => Things.SelectMany(t => Aches.Select(a => JsonSerializer.Serialize(new
    {
        messages = new[]
        {
            new { role = "user", content = $"I have a {a}. Is {t} good for it?" },
            new { role = "assistant", content = string.Format(System.Globalization.CultureInfo.InvariantCulture, reply, t) },
        },
    })));

    private void Zipped(string name, string[] lines)
    {
        using var file = new StreamWriter(new GZipStream(File.Create(_folder[name]), CompressionLevel.Fastest));
        foreach (string line in lines) file.WriteLine(line);
    }

    private JsonElement Json(string name) => JsonDocument.Parse(File.ReadAllText(_folder[name])).RootElement;

    private static string Block(string page, string language) =>
        Regex.Match(page, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;

    [GeneratedRegex("^    psm (.*)$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
