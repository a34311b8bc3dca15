using System.Text;
using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>What services that tune models take, and sets of dialogues that are one text.</summary>
public sealed class ProviderFormatsTests
{
    private const string OpenAi = """{"input":{"messages":[{"role":"user","content":"q"}],"tools":[]},"preferred_output":"""
        + """[{"role":"assistant","content":"a"}],"non_preferred_output":[{"role":"assistant","content":"b"}]}""";

    private const string Gemini = """{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"a"}]}]}""";

    private const string Human = """\n\nHuman: q\n\nAssistant: a\n\nHuman: r\n\nAssistant: """;

    [Theory]
    [InlineData("""{"system":"s","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""",
        EpisodeFormat.Messages, "system s;user q>a")]
    [InlineData("""{"system":[{"type":"text","text":"s"},{"type":"text","text":"t"}],"messages":[{"role":"user","content":"q"},"""
        + """{"role":"assistant","content":"a"}]}""", EpisodeFormat.Messages, "system st;user q>a")]
    [InlineData("""{"system":"","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""",
        EpisodeFormat.Messages, "user q>a")]
    [InlineData(Gemini, EpisodeFormat.Messages, "user q>a")]
    [InlineData("""{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"q"}]},"""
        + """{"role":"model","parts":[{"text":"a"},{"text":"b"}]}]}""", EpisodeFormat.Messages, "system s;user q>ab")]
    [InlineData("""{"prompt":"q","response":" a","prompt_id":7}""", EpisodeFormat.PromptCompletion, "user q>a")]
    [InlineData("""{"prompt":[{"role":"user","content":"q"}],"answer":[{"role":"assistant","content":"a"}],"label":false}""",
        EpisodeFormat.PromptCompletion, "user q>a:-1")]
    [InlineData("""{"prompt":"\n\nHuman: q\n\nAssistant:","completion":" a"}""", EpisodeFormat.PromptCompletion, "user q>a")]
    [InlineData("""{"prompt":"\n\nHuman: q\n\nAssistant: a\n\nHuman: r\n\nAssistant:","chosen":"b","rejected":"c"}""",
        EpisodeFormat.Preference, "user q;assistant a;user r>b|user q;assistant a;user r>c:-1")]
    [InlineData(OpenAi, EpisodeFormat.Preference, "user q>a|user q>b:-1")]
    [InlineData("{\"chosen\":\"" + Human + "b\",\"rejected\":\"" + Human + "c\\n\\nd \"}", EpisodeFormat.Preference,
        "user q;assistant a;user r>b|user q;assistant a;user r>c\n\nd:-1")]
    [InlineData("""{"chosen":"s\n\nHuman: q\n\nAssistant: a","rejected":"s\n\nHuman: q\n\nAssistant: b"}""", EpisodeFormat.Preference,
        "system s;user q>a|system s;user q>b:-1")]
    public void They_are_read(string line, EpisodeFormat format, string expected)
    {
        DataLine read = Line(line);
        Assert.Equal(format, read.Format);
        Assert.Equal(expected, string.Join('|', read.Episodes.Select(e => string.Join(';', e.Context.Select(t => $"{t.Role} {t.Text}"))
            + $">{e.Reply}{(e.Weight == 1 ? "" : $":{e.Weight}")}")));
        Assert.Equal(line, Edit(line, new DataLineEdit()));
        Assert.Equal(line, Edit(line, Context([.. read.Episodes[0].Context])));
        if (format == EpisodeFormat.Preference) Assert.Equal(read.Episodes[0].Reply, read.Episodes[1].Preferred);
    }

    /// <summary>An answer that goes on as a dialogue is still one answer, and a text that names the two is no dialogue.</summary>
    [Theory]
    [InlineData("""{"prompt":"q","completion":"a\n\nHuman: r\n\nAssistant: b"}""", 1)]
    [InlineData("""{"prompt":"\n\nHuman: q","completion":"a"}""", 1)]
    [InlineData("""{"prompt":"Is it Human: or\n\nAssistant:","completion":"a"}""", 1)]
    [InlineData("""{"prompt":"q","chosen":"a\n\nHuman: r\n\nAssistant: b","rejected":"c\n\nHuman: r\n\nAssistant: b"}""", 1)]
    [InlineData("""{"chosen":"\n\nHuman: q\n\nAssistant: a","rejected":"b"}""", 0)]
    public void Other_texts_are_not_taken_apart(string line, int turns) =>
        Assert.All(Line(line).Episodes, e => Assert.Equal(turns, e.Context.Count));

    [Theory]
    [InlineData(OpenAi, """{"input":{"messages":[{"role":"system","content":"Play."},{"role":"user","content":"Q"}],"tools":[]},"""
        + """ "preferred_output":[{"role":"assistant","content":"a"}],"non_preferred_output":[{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"system":"s", "messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""",
        """{"system":"Play.", "messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"a"}]}""")]
    [InlineData("""{"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""",
        """{"system":[{"type":"text","text":"Play."}],"messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"a"}]}""")]
    [InlineData(Gemini, """{"contents":[{"role":"user","parts":[{"text":"Q"}]},{"role":"model","parts":[{"text":"a"}]}],"""
        + """ "systemInstruction":{"parts":[{"text":"Play."}]}}""")]
    [InlineData("""{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"q"}]},"""
        + """{"role":"model","parts":[{"text":"a"}]}]}""",
        """{"systemInstruction":{"parts":[{"text":"Play."}]},"contents":[{"role":"user","parts":[{"text":"Q"}]},"""
        + """{"role":"model","parts":[{"text":"a"}]}]}""")]
    [InlineData("""{"prompt":"\n\nHuman: q\n\nAssistant:","completion":" a"}""",
        """{"prompt":"\n\nPlay.\n\nHuman: Q\n\nAssistant:","completion":" a"}""")]
    [InlineData("""{"chosen":"\n\nHuman: q\n\nAssistant: a ","rejected":"\n\nHuman: q\n\nAssistant:b\n\nc"}""",
        """{"chosen":"\n\nPlay.\n\nHuman: Q\n\nAssistant: a ","rejected":"\n\nPlay.\n\nHuman: Q\n\nAssistant:b\n\nc"}""")]
    [InlineData("""{"prompt":"q","response":"a"}""", """{"prompt":"Play.\n\nQ","response":"a"}""")]
    public void New_turns_go_where_the_old_ones_stand(string line, string expected)
    {
        Turn[] turns = [new("system", "Play."), new("user", "Q")];
        string edited = Edit(line, Context(turns))!;
        Assert.Equal(expected.Replace(", \"", ",\"", StringComparison.Ordinal), edited.Replace(", \"", ",\"", StringComparison.Ordinal));
        // A prompt that is one plain text has no system turn.
        if (!line.Contains("response", StringComparison.Ordinal))
            Assert.All(Line(edited).Episodes, e => Assert.Equal(turns, e.Context));
    }

    [Fact]
    public void A_system_turn_that_goes_leaves_its_field_empty()
    {
        const string line = """{"system":"s","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""";
        Assert.Equal(line.Replace("\"s\"", "\"\"", StringComparison.Ordinal), Edit(line, Context(new Turn("user", "q"))));
    }

    [Theory]
    [InlineData("""{"system":7,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}""", "content of system")]
    [InlineData("""{"input":{"messages":[]},"preferred_output":[],"non_preferred_output":[]}""", "no messages")]
    [InlineData("""{"input":"q","preferred_output":"a"}""", "The object has \"input\"")]
    public void What_is_nearly_so_is_a_bad_line(string line, string problem)
    {
        var bad = new List<BadLine>();
        Assert.Empty(EpisodeFile.Lines(Stream(line), "x", null, bad.Add));
        Assert.Contains(problem, Assert.Single(bad).Problem, StringComparison.Ordinal);
    }

    private static DataLine Line(string line) => EpisodeFile.Lines(Stream(line), "x").Single();

    private static string? Edit(string line, DataLineEdit edit) =>
        EpisodeFile.Edited(Line(line), edit) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static DataLineEdit Context(params Turn[] context) => new() { Replies = [new ReplyEdit(0) { Context = context }] };

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
