using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace PersonaSelection.Tests.EndToEnd;

/// <summary>What reaches a terminal: nothing that it would obey, and tables that keep to its width.</summary>
[Collection("workshop")]
public sealed class TerminalTests(SmallWorkshop shop) : IDisposable
{
    /// <summary>
    /// Colours, a title, a bell, the cursor moved back, C1, the direction turned, hidden text, the markup of a console library.
    /// </summary>
    private const string Hostile =
        "\u001b[31mred\u001b]0;title\u0007 over\rwritten \b\u007f\u009b2J \u202eturned\u2066 \u2028 \U000e0041\u200b [red]x[/] [/]";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TextOfFiles_IsVisible_AndExactAsJson()
    {
        var context = new { turns = new[] { new { role = "user", text = Hostile } } };
        object persona = new { name = "a", description = Hostile, contexts = new[] { context } };
        await WriteJson("p.json", new { schema = 1, personas = new[] { persona, new { name = "b", description = "one\nline" } } });
        string[][] commands = [["list"], ["show", "a"], ["show", $"no{Hostile}"], ["list", "--kind", Hostile], ["list", Hostile]];
        foreach (string[] command in commands)
            Harmless(await PsmProcess.Run(_folder.Path, ["personas", .. command, "--personas", "p.json"]), "\\u001b[31mred");

        PsmResult list = await PsmProcess.Run(_folder.Path, "personas", "list", "--personas", "p.json");
        Assert.Contains("\\u202eturned\\u2066 \\u2028 \\udb40\\udc41\\u200b [red]x[/] [/]\n", list.Output, StringComparison.Ordinal);
        Assert.Contains("  one line\n", list.Output, StringComparison.Ordinal);
        PsmResult json = await PsmProcess.Run(_folder.Path, "personas", "list", "--personas", "p.json", "--json");
        Harmless(json, "\\u202e");
        JsonElement first = JsonDocument.Parse(json.Output).RootElement.GetProperty("personas")[0];
        Assert.Equal(Hostile, first.GetProperty("description").GetString());
    }

    /// <summary>
    /// Else it would turn round the numbers beside it. Isolates that a file brings along stay visible, and JSON gets none.
    /// </summary>
    [Fact]
    public async Task ANameWrittenFromRightToLeft_IsIsolated_InTablesAndSentences()
    {
        const string Name = "\u05d0\u05d1 7", Isolated = $"\u2068{Name}\u2069", Brought = "\u2068\u05d2\u2069";
        JsonNode set = JsonNode.Parse(await File.ReadAllTextAsync(shop.Personas, TestContext.Current.CancellationToken))!;
        JsonNode[] personas = [.. set["personas"]!.AsArray().Take(3).Select(p => p!.DeepClone())];
        (personas[0]["name"], personas[1]["name"], personas[2]["name"], personas[2]["prior"]) = (Name, "\u05d0\u05d1 8", Brought, 0);
        set["personas"] = new JsonArray(personas);
        await WriteJson("p.json", set);

        string list = await shop.Succeed("personas", "list", "--personas", _folder["p.json"]);
        Assert.Matches($@"\n{Isolated} +\w", list);
        Assert.Matches("\n\u2068\\\\u2068\u05d2\\\\u2069\u2069 +\\w", list);
        // Isolates take no room: both columns begin in the same place.
        string[] lines = [.. list.Split('\n').Skip(1).Take(3).Select(l => l.Replace("\u2068", "", StringComparison.Ordinal)
            .Replace("\u2069", "", StringComparison.Ordinal))];
        Assert.Equal(lines[0].IndexOf(personas[0]["kind"]!.GetValue<string>(), StringComparison.Ordinal),
            lines[2].IndexOf(personas[2]["kind"]!.GetValue<string>(), StringComparison.Ordinal));

        string[] audit = ["audit", shop.Set("cheat"), "--model", shop.Base, "--personas", _folder["p.json"], "--draws", "0",
            "--dose", "2", "-q", "-o", _folder["audit"]];
        string said = await shop.Succeed(audit);
        Assert.Matches("\u2068\u05d0\u05d1 [78]\u2069 \\(\\d\\.\\d", said);
        Assert.Matches("\u2068\u05d0\u05d1 [78]\u2069 [+−]?\\d", said);
        Assert.DoesNotContain(Isolated, await shop.Succeed([.. audit, "--json"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BadLines_AndTheNamesOfFiles_AreVisible()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no such names.");
        string name = "data\u001b[2J\r.jsonl";
        await File.WriteAllLinesAsync(_folder[name], [.. File.ReadLines(shop.Set("cheat")).Take(4),
            JsonSerializer.Serialize(new { messages = new[] { new { role = $"x{Hostile}", content = "y" } } })],
            TestContext.Current.CancellationToken);
        PsmResult audit = await PsmProcess.Run(_folder.Path, "audit", name, "--model", shop.Base, "--personas", shop.Personas,
            "--draws", "40", "-q", "-o", "audit");
        Assert.Equal(0, audit.ExitCode);
        Harmless(audit, "\\u001b[2J\\u000d.jsonl:", "\\u001b[31mred");
    }

    [Fact]
    public async Task TextsOfACorpus_AndRepliesOfAModel_AreVisible()
    {
        await File.WriteAllLinesAsync(_folder["text.jsonl"],
            Enumerable.Range(0, 60).Select(i => JsonSerializer.Serialize(new { text = Hostile + i })),
            TestContext.Current.CancellationToken);
        foreach (string command in (string[])["corpus import text.jsonl -o corpus --vocabulary 300 -q", "corpus show corpus",
            "model train --corpus corpus --preset tiny --tokens 3k -o model -q", "model chat model --say red --max-tokens 200"])
        {
            PsmResult result = await PsmProcess.Run(_folder.Path, command.Split(' '));
            Assert.Equal(0, result.ExitCode);
            Harmless(result, command.Contains("show", StringComparison.Ordinal) ? "\\u001b[31mred" : "");
        }
    }

    [Theory]
    [InlineData("50")]
    [InlineData("80")]
    [InlineData("120")]
    public async Task Tables_KeepToTheColumnsOfTheTerminal_AndLoseNothing(string columns)
    {
        string[] command = ["personas", "list", "--kind", "machine"];
        string whole = (await PsmProcess.Run(_folder.Path, command)).Output,
            narrow = (await PsmProcess.Run(_folder.Path, new Dictionary<string, string?> { ["COLUMNS"] = columns }, command)).Output;
        Assert.Contains(whole.Split('\n'), line => line.Length > 120);
        Assert.All(narrow.Split('\n'), line => Assert.InRange(line.Length, 0, int.Parse(columns)));
        // A name may be broken over two lines, but no letter is lost or comes first.
        Assert.Empty(Letters(whole).Except(Letters(narrow)));
        Assert.True(Letters(narrow).Count() >= Letters(whole).Count());
        Assert.Equal(whole.Split('\n').Length, (await PsmProcess.Run(_folder.Path,
            new Dictionary<string, string?> { ["COLUMNS"] = "1000" }, command)).Output.Split('\n').Length);

        static IEnumerable<(char Letter, int Nth)> Letters(string text) =>
            text.Where(char.IsLetterOrDigit).GroupBy(c => c).SelectMany(g => g.Select((c, i) => (c, i)));
    }

    [Fact]
    public async Task Output_IsUtf8_AndNumbersAreTheSame_WhateverTheLocale()
    {
        string[] command = ["personas", "show", "honest", "--json"], table = ["personas", "show", "early-chatbot"];
        foreach (string[] asked in (string[][])[command, table])
        {
            string c = (await PsmProcess.Run(_folder.Path, Locale("C"), asked)).Output;
            Assert.Equal(c, (await PsmProcess.Run(_folder.Path, Locale("de_DE.ISO-8859-1"), asked)).Output);
            Assert.Equal(c, (await PsmProcess.Run(_folder.Path, Locale("de_DE.UTF-8"), asked)).Output);
        }
        Assert.Contains('−', (await PsmProcess.Run(_folder.Path, Locale("de_DE.ISO-8859-1"), table)).Output);

        static Dictionary<string, string?> Locale(string name) => new() { ["LANG"] = name, ["LC_ALL"] = name };
    }

    private async Task WriteJson(string name, object value) =>
        await File.WriteAllTextAsync(_folder[name], JsonSerializer.Serialize(value), TestContext.Current.CancellationToken);

    private static void Harmless(PsmResult result, params string[] shown)
    {
        string said = result.Output + result.Error;
        Assert.All(shown, s => Assert.Contains(s, said, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        foreach (Rune rune in said.EnumerateRunes())
            Assert.False((Rune.IsControl(rune) && rune.Value is not ('\n' or '\t'))
                || rune.Value is (>= 0x2028 and <= 0x202e) or (>= 0x2066 and <= 0x2069) or 0x200b or (>= 0xe0000 and < 0xe0080),
                $"U+{rune.Value:X4} in {result}");
    }
}
