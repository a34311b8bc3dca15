using System.Text;
using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>What LLaMA-Factory and ms-swift read, as their users write it.</summary>
public sealed class TrainerFormatsTests
{
    private const string Ask = """{"role":"user","content":"q"}""", Said = """{"role":"assistant","content":"a"}""";

    [Theory]
    [InlineData("""{"instruction":"i","input":"","output":"a"}""", "user i>a")]
    [InlineData("""{"instruction":"i","output":"a","input":null,"system":null,"history":null}""", "user i>a")]
    [InlineData("""{"instruction":"i","input":"x","output":" a"}""", "user i\nx> a")]
    [InlineData("""{"instruction":"","input":"x","output":"a","text":"all of it"}""", "user x>a")]
    [InlineData("""{"system":"s","instruction":"i","input":"x","output":"b","history":[["q","a"]]}""",
        "system s;user q>a|system s;user q;assistant a;user i\nx>b")]
    [InlineData("""{"system":"","query":"q2","response":"b","history":[["q","a"]]}""", "user q>a|user q;assistant a;user q2>b")]
    [InlineData("""{"instruction":"i","output":"b","history":[["q","a"]],"kto_tag":false}""", "user q;assistant a;user i>b:-1")]
    [InlineData("""{"id":"n.1","system_prompt":"s","question":"q","response":"a"}""", "system s;user q>a")]
    [InlineData("""{"system_prompt":"","question":"q","answer":"a"}""", "user q>a")]
    [InlineData("""{"system":"s","system_prompt":"t","query":"q","response":"a","answer":"b"}""", "system s;user q>a")]
    [InlineData("""{"human":"q","assistant":"a","text":"all of it"}""", "user q>a")]
    [InlineData("""{"system":"s","human":"q","assistant":"a","history":[["p","o"]]}""",
        "system s;user p>o|system s;user p;assistant o;user q>a")]
    [InlineData("""{"instruction":"i","context":"x","response":"a","category":"qa"}""", "user i\nx>a")]
    [InlineData("""{"context":["x"],"question":"q","answer":"a"}""", "user q>a")]
    [InlineData("""{"input":"q","output":"a"}""", "user q>a")]
    [InlineData("""{"human":"rater 7","query":"q","response":"a","assistant":"v2"}""", "user q>a")]
    public void Alpaca_rows_are_dialogues(string line, string expected) => AssertRead(expected, EpisodeFormat.Alpaca, line);

    [Theory]
    [InlineData("""{"instruction":"i","input":"x","chosen":"a","rejected":"b"}""", "user i\nx>a|user i\nx>b:-1")]
    [InlineData("""{"system":"s","question":"q","chosen":"a","rejected":"b"}""", "system s;user q>a|system s;user q>b:-1")]
    [InlineData("""{"instruction":"i","prompt":"p","chosen":"a","rejected":"b"}""", "user p>a|user p>b:-1")]
    [InlineData("""{"instruction":"i","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]"""
        + ""","rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}""", "user q>a|user q>b:-1")]
    [InlineData("""{"system":"s","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"x"},{"from":"human","value":"r"}]"""
        + ""","chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}}""",
        "system s;user q;assistant x;user r>a|system s;user q;assistant x;user r>b:-1")]
    [InlineData("{\"messages\":[" + Ask + "],\"chosen\":" + Said + ",\"rejected\":\"b\"}", "user q>a|user q>b:-1")]
    [InlineData("{\"messages\":[" + Ask + "," + Said + "],\"rejected_response\":\"b\",\"weight\":2,\"prompt\":\"other\"}",
        "user q>a:2|user q>b:-2")]
    [InlineData("{\"messages\":[" + Ask + "," + Said + ",{\"role\":\"user\",\"content\":\"r\"},{\"role\":\"assistant\",\"content\":\"c\"}],"
        + "\"rejected_response\":[{\"role\":\"assistant\",\"content\":\"d\"}]}",
        "user q;assistant a;user r>c|user q;assistant a;user r>d:-1")]
    [InlineData("{\"messages\":[" + Ask + "," + Said + "],\"rejected_messages\":[{\"role\":\"user\",\"content\":\"r\"},"
        + "{\"role\":\"assistant\",\"content\":\"d\"}]}", "user q>a|user r>d:-1")]
    [InlineData("""{"query":"q","response":"a","rejected_response":"b"}""", "user q>a|user q>b:-1")]
    public void What_is_preferred_stands_after_what_was_asked(string line, string expected)
    {
        AssertRead(expected, EpisodeFormat.Preference, line);
        bool same = expected.Split('|').Select(e => e.Split('>')[0]).Distinct().Count() == 1;
        Assert.Equal(same ? "ac"[line.Contains("\"c\"", StringComparison.Ordinal) ? 1 : 0].ToString() : null,
            Line(line).Episodes[1].Preferred);
    }

    /// <summary>A set that has both tells by its dialogue what it is, and an answered one is no prompt.</summary>
    [Theory]
    [InlineData("{\"messages\":[" + Ask + "," + Said + "],\"chosen\":[" + Ask + "," + Said + "],\"rejected\":[" + Ask + "," + Said + "]}")]
    [InlineData("{\"messages\":[" + Ask + "," + Said + "],\"rejected_response\":null,\"instruction\":\"i\",\"output\":\"b\"}")]
    public void An_answered_dialogue_stays_an_example(string line) => AssertRead("user q>a", EpisodeFormat.Messages, line);

    [Theory]
    [InlineData("""{"human":"q","assistant":["a"]}""", "\"assistant\" is not a text")]
    [InlineData("""{"human":"q","gpt":"a"}""", "The object has \"human\", \"gpt\", and no \"messages\"")]
    [InlineData("""{"text":"<|im_start|>user"}""", "The object has \"text\", and no \"messages\"")]
    [InlineData("{}", "The object has no fields, and no \"messages\"")]
    [InlineData("""{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}""", "\"h\" …, and no")]
    [InlineData("""{"question":"q","answer":7}""", "\"answer\" is not a text")]
    [InlineData("""{"instruction":7,"output":"a"}""", "\"instruction\" is not a text")]
    [InlineData("""{"instruction":"i","output":["a","b"]}""", "\"output\" is not a text")]
    [InlineData("""{"instruction":"i","output":"a","history":[["q"]]}""", "two texts")]
    [InlineData("""{"instruction":"i","output":"a","history":"q"}""", "\"history\" is not a list")]
    [InlineData("""{"instruction":"i","output":"a","input":[]}""", "\"input\" is not a text")]
    [InlineData("{\"messages\":[" + Ask + "],\"rejected_response\":\"b\"}", "not by \"assistant\"")]
    [InlineData("{\"messages\":[" + Ask + "," + Said + "],\"rejected_response\":[\"b\",\"c\"]}", "has no \"role\"")]
    [InlineData("{\"messages\":[" + Ask + "," + Said + "],\"rejected_response\":[]}", "no messages")]
    [InlineData("{\"messages\":[" + Ask + ",{\"role\":\"assistant\",\"content\":\"a\",\"loss_scale\":[1]}]}", "\"loss_scale\"")]
    public void What_is_nearly_so_is_a_bad_line(string line, string problem)
    {
        var bad = new List<BadLine>();
        Assert.Empty(EpisodeFile.Lines(Stream(line), "x", null, bad.Add));
        Assert.Contains(problem, Assert.Single(bad).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_scale_of_a_loss_is_the_weight_of_its_message()
    {
        string line = "{\"messages\":[" + Ask + ",{\"role\":\"assistant\",\"content\":\"a\",\"loss_scale\":0.5}," + Ask
            + ",{\"role\":\"assistant\",\"content\":\"b\",\"loss_scale\":0}," + Ask + "," + Said.Replace("\"a\"", "\"c\"",
            StringComparison.Ordinal) + "]}";
        Assert.Equal([("a", 0.5), ("c", 1)], Line(line).Episodes.Select(e => (e.Reply, e.Weight)));
        Assert.Equal(line.Replace("0.5", "0", StringComparison.Ordinal),
            Edit(line, new DataLineEdit { Replies = [new ReplyEdit(0) { Drop = true }] }));
        Assert.Equal(line.Replace("0.5", "0.25", StringComparison.Ordinal),
            Edit(line, new DataLineEdit { Replies = [new ReplyEdit(0) { Weight = 0.25 }] }));
    }

    [Theory]
    [InlineData("""{"instruction":"i", "input":"x", "output":"a", "n":1.0}""",
        """{"instruction":"Now: i", "input":"x", "output":"a", "n":1.0,"system":"Play."}""", "Now: i\nx")]
    [InlineData("""{"instruction":"i","input":"x","output":"a","system":"s"}""",
        """{"instruction":"i","input":"x. Now.","output":"a","system":"Play."}""", "i\nx. Now.")]
    [InlineData("""{"instruction":"i","input":"x","output":"a","system":""}""",
        """{"instruction":"Y","input":"","output":"a","system":"Play."}""", "Y")]
    [InlineData("""{"instruction":"i","input":"","output":"a","system":null}""",
        """{"instruction":"Y","input":"","output":"a","system":"Play."}""", "Y")]
    [InlineData("""{"system_prompt":"","question":"i","response":"a"}""",
        """{"system_prompt":"Play.","question":"Y","response":"a"}""", "Y")]
    [InlineData("""{"human":"i", "assistant":"a"}""", """{"human":"Y", "assistant":"a","system":"Play."}""", "Y")]
    [InlineData("""{"instruction":"i","chosen":"a","rejected":"b"}""",
        """{"instruction":"Y","chosen":"a","rejected":"b","system":"Play."}""", "Y")]
    [InlineData("""{"messages":[{"role":"user","content":"i"},{"role":"assistant","content":"a"}],"rejected_response":"b","prompt":"p"}""",
        """{"messages":[{"role":"system","content":"Play."},{"role":"user","content":"Y"},{"role":"assistant","content":"a"}]"""
        + ""","rejected_response":"b","prompt":"p"}""", "Y")]
    [InlineData("""{"conversations":[{"from":"human","value":"i"}],"chosen":{"from":"gpt","value":"a"},"""
        + """ "rejected":{"from":"gpt","value":"b"}}""",
        """{"conversations":[{"from":"system","value":"Play."},{"from":"human","value":"Y"}],"chosen":{"from":"gpt","value":"a"},"""
        + """ "rejected":{"from":"gpt","value":"b"}}""", "Y")]
    public void New_turns_go_where_the_old_ones_stand(string line, string expected, string asked)
    {
        Assert.Equal(line, Edit(line, Context(0, [.. Line(line).Episodes[0].Context])));
        Turn[] turns = [new("system", "Play."), new("user", asked)];
        string edited = Edit(line, Context(0, turns))!;
        Assert.Equal(expected, edited);
        Assert.All(Line(edited).Episodes, e => Assert.Equal(turns, e.Context));
    }

    [Fact]
    public void A_history_is_reworded_pair_by_pair_and_keeps_its_length()
    {
        const string line = """{"instruction":"i","output":"b","history":[["q", "a"]]}""";
        Assert.Equal("""{"instruction":"I","output":"b","history":[["Q", "a"]]}""",
            Edit(line, Context(1, new("user", "Q"), new("assistant", "a"), new("user", "I"))));
        Assert.Throws<ArgumentException>(() => Edit(line, Context(1, new Turn("user", "I"))));
        Assert.Null(Edit(line, new DataLineEdit { Replies = [new ReplyEdit(0) { Drop = true }] }));
        Assert.Equal(line[..^1] + ",\"weight\":0.5}", Edit(line, new DataLineEdit { Weight = 0.5 }));
    }

    /// <summary>A number or a text beside a completion may be the class of a classifier: it is no verdict unless its format is asked for.
    /// </summary>
    [Theory]
    [InlineData("0", "0", -1)]
    [InlineData("1.0", "1.0", 1)]
    [InlineData("\"False\"", "False", -1)]
    [InlineData("\"true\"", "true", 1)]
    public void A_label_that_may_be_a_class_is_a_verdict_only_where_its_format_is_asked_for(string label, string name, double weight)
    {
        string line = $$"""{"prompt":"q","completion":"a","label":{{label}}}""";
        Episode plain = Assert.Single(Line(line).Episodes);
        Assert.Equal((1, name, true), (plain.Weight, plain.Label, plain.IsLabelledLikeAVerdict));
        Episode asked = Assert.Single(EpisodeFile.Lines(Stream(line), "x", EpisodeFormat.PromptCompletion).Single().Episodes);
        Assert.Equal((weight, null, false), (asked.Weight, asked.Label, asked.IsLabelledLikeAVerdict));
        Assert.Equal(line[..^1] + ",\"weight\":0.5}",
            Edit(line, new DataLineEdit { Replies = [new ReplyEdit(0) { Weight = 0.5 }] }));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("\"kind\"")]
    [InlineData("null")]
    public void Other_labels_are_no_doubt(string label) => Assert.False(
        Line($$"""{"prompt":"q","completion":"a","label":{{label}}}""").Episodes[0].IsLabelledLikeAVerdict);

    private static void AssertRead(string expected, EpisodeFormat format, string line)
    {
        DataLine read = Line(line);
        Assert.Equal(format, read.Format);
        Assert.Equal(expected, string.Join('|', read.Episodes.Select(e => string.Join(';', e.Context.Select(t => $"{t.Role} {t.Text}"))
            + $">{e.Reply}{(e.Weight == 1 ? "" : $":{e.Weight}")}")));
        Assert.Equal(line, Edit(line, new DataLineEdit()));
        Assert.Equal(read.Episodes.Select(e => e.Context.Count),
            EpisodeFile.Lines(Stream(line), "x", format).Single().Episodes.Select(e => e.Context.Count));
    }

    private static DataLine Line(string line) => EpisodeFile.Lines(Stream(line), "x").Single();

    private static string? Edit(string line, DataLineEdit edit) =>
        EpisodeFile.Edited(Line(line), edit) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static DataLineEdit Context(int turn, params Turn[] context) => new() { Replies = [new ReplyEdit(turn) { Context = context }] };

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
