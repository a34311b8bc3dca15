using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class DataOverviewTests : IDisposable
{
    private const string Chat = """{"role":"user","content":"ask"},{"role":"assistant","content":"said"}""";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_counts_what_is_read_and_names_what_is_not()
    {
        var bad = new List<BadLine>();
        DataOverview data = Of(bad.Add,
            """{"id":"a","system":"s","messages":[""" + Chat + """],"tools":[{"name":"messages"}],"label":"kind","lang":"en","no":null}""",
            """{"messages":[""" + Chat + "," + Chat + """],"tools":[],"label":"kind"}""",
            """{"prompt":"p","chosen":"yes","rejected":"no","score":7}""",
            """{"prompt":"p","completion":"yes","label":false}""",
            """{"instruction":"i","input":"x","output":"o","weight":2}""",
            "{}");
        Assert.Single(bad);
        Assert.Equal((5, 1, 7, 2, 1, 1, 3),
            (data.Lines, data.BadLines, data.Episodes, data.Rejected, data.Choices, data.Instructed, data.MostTurns));
        Assert.Equal((4 * 3 + 3 + 2 + 3 + 1, 4 + 3 + (3 + 4 + 3) + 1 + 1 + 1 + 3), (data.ReplyCharacters, data.ContextCharacters));
        Assert.Equal([(EpisodeFormat.Messages, 2), (EpisodeFormat.Preference, 1), (EpisodeFormat.PromptCompletion, 1),
            (EpisodeFormat.Alpaca, 1)], data.Formats.Select(f => (f.Key, f.Value)));
        Assert.Equal([("kind", 3)], data.Labels.Select(l => (l.Key, l.Value)));
        Assert.Equal([("tools", 2), ("lang", 1), ("score", 1)], data.Unread.Select(f => (f.Key, f.Value)));
        Assert.Equal(["a", "2/0"], data.First.Select(e => e.Id));
    }

    /// <summary>What a row is read from is a field, not a name: the same fields are read in one row and not in another.</summary>
    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"prompt":"q","response":"a"}""",
        "prompt response")]
    [InlineData("""{"prompt":"q","response":"a","messages":null}""", "")]
    [InlineData("""{"prompt":"q","completion":"a","label":"x","kto_tag":1}""", "")]
    [InlineData("""{"prompt":"q","completion":"a","kto_tag":1}""", "kto_tag")]
    [InlineData("""{"x":[[1,2],{"y":"z"}],"input":{"messages":[{"role":"user","content":"q"}]},"preferred_output":"a","""
        + """ "non_preferred_output":"b","z":0}""", "x z")]
    [InlineData("""{"messages":[{"role":"user","content":"q","name":"Ann"},{"role":"assistant","content":"a","reasoning_content":"r"},"""
        + """{"role":"user","content":"q","name":"Ann","refusal":null}]}""", "messages[].name messages[].reasoning_content")]
    [InlineData("""{"context":["c"],"question":"q","answer":"a","history":[["p","o"]]}""", "context")]
    public void A_field_is_read_or_not_by_line(string line, string unread) =>
        Assert.Equal(unread, string.Join(' ', Of(null, line).Unread.Keys));

    [Fact]
    public void A_file_without_episodes_says_what_is_wrong_with_it() => Assert.Equal("bad-episode",
        Assert.Throws<UserErrorException>(() => Of(_ => { }, "[]")).Code);

    private DataOverview Of(Action<BadLine>? onBadLine, params string[] lines)
    {
        File.WriteAllLines(_folder["data.jsonl"], lines);
        return DataOverview.Of(_folder["data.jsonl"], null, first: 2, onBadLine);
    }
}
