using System.Text.Json;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class JsonFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder["record.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Record_ComesBackAsItWasWritten()
    {
        JsonFile.Write(FilePath, w =>
        {
            w.WriteStartObject();
            w.WriteNumber("schema", 1);
            w.WriteString("name", "Zoë said \"no\"");
            w.WriteEndObject();
        });

        JsonElement record = JsonFile.ReadRecord(FilePath, "record", 1);

        Assert.Equal("Zoë said \"no\"", record.GetProperty("name").GetString());
        Assert.Contains("Zoë", File.ReadAllText(FilePath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"schema\": 2}", "wrong-schema")]
    [InlineData("{\"schema\": \"1\"}", "wrong-schema")]
    [InlineData("{\"schema\": 1.5}", "wrong-schema")]
    [InlineData("{}", "wrong-schema")]
    [InlineData("[1]", "bad-json")]
    [InlineData("", "bad-json")]
    [InlineData("{\"schema\": 1,\n  oops}", "bad-json")]
    [InlineData("{\"schema\": 1, \"a\": [{\"b\": \"\\ud800\"}]}", "bad-json")]
    [InlineData("{\"schema\": 1, \"a\": {\"\\udc00\": 1}}", "bad-json")]
    public void Record_ThatCannotBeUsed_IsRefusedByName(string content, string code)
    {
        File.WriteAllText(FilePath, content);

        var error = Assert.Throws<UserErrorException>(() => JsonFile.ReadRecord(FilePath, "record", 1));

        Assert.Equal(code, error.Code);
        Assert.Contains(FilePath, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_ThatIsHalfACharacter_IsRefused_AndAPairIsNot()
    {
        File.WriteAllBytes(FilePath, [.. "{\"a\": \""u8, 0xff, .. "\"}"u8]);
        Assert.Equal("bad-json", Assert.Throws<UserErrorException>(() => JsonFile.Read(FilePath, "")).Code);

        File.WriteAllText(FilePath, "{\"a\": \"\\ud83d\\ude00\"}");
        using JsonDocument whole = JsonFile.Read(FilePath, "");
        Assert.Equal("😀", whole.RootElement.GetProperty("a").GetString());
    }

    [Fact]
    public void BrokenJson_IsNamedByLineAndColumn()
    {
        File.WriteAllText(FilePath, "{\n  \"a\": 1,\n  oops\n}");

        var error = Assert.Throws<UserErrorException>(() => JsonFile.Read(FilePath, "Mend it."));

        Assert.Contains("line 3, column 3", error.Problem, StringComparison.Ordinal);
        Assert.Equal("Mend it.", error.Remedy);
    }

    [Fact]
    public void Nesting_AndSize_AreBounded()
    {
        File.WriteAllText(FilePath, string.Concat(Enumerable.Repeat("{\"a\":", 1000)) + "1" + new string('}', 1000));

        Assert.Equal("bad-json", Assert.Throws<UserErrorException>(() => JsonFile.Read(FilePath, "")).Code);
        Assert.Equal("file-too-large", Assert.Throws<UserErrorException>(() => JsonFile.Read(FilePath, "", largest: 100)).Code);
    }

    [Theory]
    [InlineData("{\"name\":\"a\",\"counts\":[1]", "this is not JSON (column 25)")]
    [InlineData("{\"name\":\"a\"}", "it has no 'counts'")]
    [InlineData("{}", "it has no 'name', 'counts'")]
    [InlineData("{\"name\":\"a\",\"counts\":\"none\"}", "'counts' is not what belongs there")]
    [InlineData("{\"name\":null,\"counts\":[]}", "'name' is not what belongs there")]
    [InlineData("[1]", "it is not what belongs there")]
    public void WhatIsWrongWithARecord_IsSaidInItsWriterSWords(string json, string said) => Assert.Equal(said,
        JsonFile.Problem(Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize<Tally>(json, JsonFile.Records))));

    private sealed record Tally(string Name, IReadOnlyList<int> Counts);

    [Fact]
    public void AMissingFile_CannotBeRead() =>
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => JsonFile.Read(FilePath, "")).Code);
}
