using System.Text;
using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>What a line says of whether its answers are trained on, and to which side.</summary>
public sealed class TrainedOnTests : IDisposable
{
    private const string Ask = """{"role":"user","content":"q"}""";
    private const string Dialogue = """{"messages":[{"role":"user","content":"q","train":false},{"role":"assistant","content":"a"},"""
        + Ask + """,{"role":"assistant","content":"b"},""" + Ask + ""","""
        + """{"role":"assistant","content":"c"}]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"prompt":"q","completion":"a","label":true}""", 1)]
    [InlineData("""{"prompt":"q","completion":"a","label":false}""", -1)]
    [InlineData("""{"prompt":"q","completion":"a","label":false,"weight":0.5}""", -0.5)]
    [InlineData("""{"prompt":[{"role":"user","content":"q"}],"completion":[{"role":"assistant","content":"a"}],"label":false}""", -1)]
    [InlineData("""{"prompt":"q","completion":"a","label":"False"}""", 1)]
    [InlineData("""{"prompt":"q","completion":"a","label":0}""", 1)]
    [InlineData("""{"prompt":"q","completion":"a","label":2}""", 1)]
    [InlineData("""{"prompt":"q","completion":"a","label":null}""", 1)]
    [InlineData("""{"prompt":"q","completion":"a","label":"kind","kto_tag":false}""", -1)]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"label":false}""", -1)]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"label":0}""", 1)]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"label":"false"}""", 1)]
    [InlineData("""{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}],"kto_tag":false}""", -1)]
    public void An_answer_that_is_labelled_undesirable_has_a_negative_weight(string line, double weight)
    {
        Episode only = Assert.Single(Line(line).Episodes);
        Assert.Equal(("1", "a", weight), (only.Id, only.Reply, only.Weight));
        Assert.Null(only.Preferred);
        Assert.Equal([new Turn("user", "q")], only.Context);
    }

    [Fact]
    public void A_label_that_is_no_verdict_stays_a_name()
    {
        Assert.Equal("test/bad", Line("""{"prompt":"q","completion":"a","label":"test/bad"}""").Episodes[0].Label);
        Assert.Null(Line("""{"prompt":"q","completion":"a","label":false}""").Episodes[0].Label);
        IReadOnlyList<Episode> pair = Line("""{"prompt":"q","chosen":"a","rejected":"b","label":false}""").Episodes;
        Assert.Equal([1, -1], pair.Select(e => e.Weight));
    }

    /// <summary>What was said before the answer that is judged is what it answers.</summary>
    [Theory]
    [InlineData("true", 1)]
    [InlineData("false", -1)]
    public void A_verdict_on_a_dialogue_is_about_its_last_answer(string verdict, double weight)
    {
        Episode only = Assert.Single(Line($"{Dialogue[..^1]},\"label\":{verdict}}}").Episodes);
        Assert.Equal(("c", weight, 2, 5), (only.Reply, only.Weight, only.Source!.Turn, only.Context.Count));
        Assert.Empty(only.Answers);
    }

    [Theory]
    [InlineData("\"train\":false")]
    [InlineData("\"training\":false")]
    [InlineData("\"loss\":false")]
    [InlineData("\"train\":0")]
    [InlineData("\"weight\":0")]
    [InlineData("\"loss_scale\":0")]
    [InlineData("\"weight\":1,\"train\":false")]
    public void A_turn_that_is_not_trained_on_is_context(string flag)
    {
        foreach (string dialogue in (string[])[Dialogue, Dialogue.Replace("messages", "conversations", StringComparison.Ordinal)])
        {
            IReadOnlyList<Episode> left = Line(Flagged(dialogue, "b", flag)).Episodes;
            Assert.Equal(["1/0", "1/2"], left.Select(e => e.Id));
            Assert.Equal(["a", "c"], left.Select(e => e.Reply));
            Assert.Equal(["q", "a", "q", "b", "q"], left[1].Context.Select(t => t.Text));
            Assert.Equal([1], left[1].Answers);
            Assert.Equal(3, Line(Flagged(dialogue, "b", flag.Replace("false", "true", StringComparison.Ordinal)
                .Replace(":0", ":1", StringComparison.Ordinal))).Episodes.Count);
        }
    }

    [Fact]
    public void A_flag_that_says_neither_is_a_bad_line()
    {
        var bad = new List<BadLine>();
        Assert.Empty(EpisodeFile.Lines(Stream(Flagged(Dialogue, "b", "\"train\":\"no\"")), "x", null, bad.Add));
        Assert.Contains("\"train\" is neither true nor false", Assert.Single(bad).ToString(), StringComparison.Ordinal);
    }

    /// <summary>A trainer that follows one field would go on training on an answer that is marked in another.</summary>
    [Theory]
    [InlineData("messages", "train")]
    [InlineData("conversations", "training")]
    [InlineData("conversations", "loss")]
    public void An_answer_is_dropped_in_the_field_that_the_row_has(string list, string field)
    {
        string line = Flagged(Dialogue.Replace("\"train\":false", $"\"{field}\":false", StringComparison.Ordinal)
            .Replace("messages", list, StringComparison.Ordinal), "a", $"\"{field}\":true");
        string dropped = Edit(line, new DataLineEdit { Replies = [new ReplyEdit(0) { Drop = true }] })!;
        Assert.Equal(line.Replace($"\"{field}\":true", $"\"{field}\":false", StringComparison.Ordinal), dropped);
        Assert.Equal(["b", "c"], Line(dropped).Episodes.Select(e => e.Reply));
        Assert.Equal(["c"], Line(Edit(dropped, new DataLineEdit { Replies = [new ReplyEdit(1) { Drop = true }] })!).Episodes
            .Select(e => e.Reply));
    }

    [Fact]
    public void The_weight_of_a_rejected_answer_is_written_without_its_sign()
    {
        const string line = """{"prompt":"q","completion":"a","label":false}""";
        string written = Edit(line, new DataLineEdit { Replies = [new ReplyEdit(0) { Weight = -0.25 }] })!;
        Assert.Equal("""{"prompt":"q","completion":"a","label":false,"weight":0.25}""", written);
        Assert.Equal(-0.25, Line(written).Episodes[0].Weight);
        string judged = $"{Dialogue[..^1]},\"label\":false}}";
        Assert.Equal(judged[..^1] + ",\"weight\":0.25}",
            Edit(judged, new DataLineEdit { Replies = [new ReplyEdit(2) { Weight = -0.25 }] }));
        Assert.Null(Edit(judged, new DataLineEdit { Replies = [new ReplyEdit(2) { Drop = true }] }));
    }

    [Fact]
    public void A_set_of_rejected_answers_is_the_same_when_it_was_saved()
    {
        var set = new EpisodeSet("s", Line("""{"prompt":"q","completion":"a","label":false,"weight":2}""").Episodes);
        string path = _folder["s.jsonl"];
        set.Save(path);
        Assert.Equal(set.Id, EpisodeSet.Load(path).Id);
    }

    [Fact]
    public void A_rejected_answer_is_no_document()
    {
        string path = _folder["d.jsonl"];
        File.WriteAllText(path, """{"prompt":"q","completion":"a","label":false}""" + "\n"
            + """{"prompt":"q","completion":"b","label":true}""" + "\n" + Flagged(Dialogue, "c", "\"train\":false"));
        Assert.Equal(["user: q\nassistant: b", "user: q\nassistant: a\nuser: q\nassistant: b"],
            DocumentFile.Documents(path).Select(d => d.Text));
    }

    private static string Flagged(string dialogue, string answer, string flag) =>
        dialogue.Replace($"\"{answer}\"}}", $"\"{answer}\",{flag}}}", StringComparison.Ordinal);

    private static string? Edit(string line, DataLineEdit edit) =>
        EpisodeFile.Edited(Line(line), edit) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    [Theory]
    [InlineData("1e200", "1e200")]
    [InlineData("-3e5", "1e4")]
    [InlineData("1.5", "2e9")]
    public void A_weight_that_no_sum_can_hold_is_a_bad_line(string row, string message)
    {
        string heavy = $$"""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","weight":{{message}}}],"""
            + $$""" "weight":{{row}} }""";
        string choice = """{"prompt":"p","chosen":"a","rejected":"b","weight":-2e9}""";
        foreach (string line in (string[])[heavy, choice])
        {
            var bad = new List<BadLine>();
            Assert.Empty(EpisodeFile.Lines(Stream(line), "x", null, bad.Add));
            Assert.Contains("1,000,000,000", Assert.Single(bad).Problem, StringComparison.Ordinal);
        }
        Assert.Single(Line(heavy.Replace(message, "-2", StringComparison.Ordinal).Replace(row, "5e8", StringComparison.Ordinal)).Episodes);
    }

    private static DataLine Line(string line) => EpisodeFile.Lines(Stream(line), "x").Single();

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
