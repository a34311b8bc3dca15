using System.IO.Compression;
using System.Text;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class WriteBackTests : IDisposable
{
    private const string Head = "{\"id\": \"d\", \"tools\": [{\"n\": 1.50}], \"messages\": [";
    private const string Tail = "], \"x\": 1e2, \"deep\": {\"ünt\\u00e9\": [ ] } }";
    private const string System = "{\"role\": \"system\", \"content\": \"S\", \"cache\": true}";
    private const string Ask = "{\"role\": \"user\", \"content\": \"a?\", \"name\": \"Ann\"}";
    private const string Answer = "{\"role\": \"assistant\", \"content\": \"a!\"}";
    private const string Ask2 = "{\"name\": \"Bo\", \"content\": \"b?\", \"role\": \"user\"}";
    private const string Answer2 = "{\"role\": \"assistant\", \"content\": \"b!\"}";
    private const string Dialogue = Head + System + ", " + Ask + ", " + Answer + ",  " + Ask2 + ", " + Answer2 + Tail;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_an_edit_a_line_is_the_same_to_the_byte()
    {
        Assert.Equal(Dialogue, Edit(Dialogue, new DataLineEdit()));
        IReadOnlyList<Turn> same = Line(Dialogue).Episodes[1].Context;
        Assert.Equal(Dialogue, Edit(Dialogue, Context(1, [.. same])));
    }

    /// <summary>What is written can be read again: a line that would be passed over is refused.</summary>
    [Theory]
    [InlineData(40, true)]
    [InlineData(4, false)]
    public void A_line_does_not_grow_too_long_to_be_read(int room, bool fits)
    {
        string from = _folder["from.jsonl"], to = _folder["to.jsonl"];
        const string Start = "{\"prompt\":\"a?\",\"completion\":\"", End = "\"}";
        File.WriteAllText(from, Start + new string('x', TextLines.LongestLine - room - Start.Length - End.Length) + End + "\n");
        RewriteSummary Write() => EpisodeFile.Rewrite(from, to, _ => new DataLineEdit { Replies = [new ReplyEdit(0) { Weight = 0.5 }] });
        if (fits)
        {
            Assert.Equal(1, Write().Changed);
            Assert.Single(EpisodeFile.Lines(to));
            return;
        }
        UserErrorException refused = Assert.Throws<UserErrorException>(Write);
        Assert.Equal("line-too-long", refused.Code);
        Assert.Contains("line 1", refused.Problem, StringComparison.Ordinal);
        Assert.Equal([from], Directory.GetFiles(_folder.Path));
    }

    /// <summary>An emoji takes two surrogates, and was escaped where the line had it as itself.</summary>
    [Theory]
    [InlineData("Smile 😀😀 and 𠮷, ünt 漢!", "Smile 😀😀 and 𠮷, ünt 漢!")]
    [InlineData("😀", "😀")]
    [InlineData("a \"b\" \\ \n\u2028", "a \\\"b\\\" \\\\ \\n\\u2028")]
    public void A_text_that_is_written_anew_has_its_characters_as_themselves(string text, string written)
    {
        string line = Edit(Dialogue, Context(0, new Turn("system", "S"), new Turn("user", text)))!;
        Assert.Equal(Dialogue.Replace("a?", written, StringComparison.Ordinal), line);
    }

    [Fact]
    public void One_answer_is_dropped_by_its_weight()
    {
        Assert.Equal(Head + System + ", " + Ask + ", " + Answer[..^1] + ", \"weight\": 0},  " + Ask2 + ", " + Answer2 + Tail,
            Edit(Dialogue, Drop(0)));
        Assert.Null(Edit(Dialogue, Drop(0, 1)));
        Assert.Null(Edit(Dialogue, new DataLineEdit { Drop = true }));
    }

    [Theory]
    [InlineData("{\"conversations\":[{\"from\":\"gpt\",\"value\":\"a\"},{\"from\":\"gpt\",\"value\":\"b\"}]}")]
    [InlineData("{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}")]
    public void Where_the_format_cannot_drop_one_answer_the_line_goes_and_is_counted(string line)
    {
        string input = _folder["in.jsonl"], output = _folder["out.jsonl"];
        File.WriteAllText(input, line + "\n" + line + "\n");
        RewriteSummary summary = EpisodeFile.Rewrite(input, output, l => l.Line == 1 ? Drop(1) : null);
        Assert.Equal(new RewriteSummary(2, 1, 0, 1, 1, 0), summary);
        Assert.Equal(line + "\n", File.ReadAllText(output));
    }

    [Fact]
    public void Weights_stand_in_the_row_and_in_the_messages_of_a_dialogue()
    {
        const string single = "{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"}],\"weight\":3}";
        Assert.Equal(single.Replace("3", "0.25", StringComparison.Ordinal), Edit(single, new DataLineEdit { Weight = 0.25 }));
        Assert.Equal(single.Replace("3", "0.25", StringComparison.Ordinal), Edit(single, Weight(0, 0.25)));
        Assert.Equal(0.5, Line(Edit(Dialogue, Weight(1, 0.5))!).Episodes[1].Weight);
        Assert.Equal(1, Line(Edit(Dialogue, Weight(1, 0.5))!).Episodes[0].Weight);
        Assert.Equal("{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\",\"weight\":0.5}",
            Edit("{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}", new DataLineEdit
            {
                Replies = [new(0) { Weight = 0.5 }, new(1) { Weight = -0.5 }],
            }));
    }

    [Fact]
    public void A_reworded_question_and_a_new_system_turn_touch_nothing_else()
    {
        Assert.Equal(Dialogue.Replace("b?", "B \\\"ü\\\"?", StringComparison.Ordinal),
            Edit(Dialogue, Context(1, new("system", "S"), new("user", "a?"), new("assistant", "a!"), new("user", "B \"ü\"?"))));
        Assert.Equal(Dialogue.Replace("\"S\"", "\"T\"", StringComparison.Ordinal),
            Edit(Dialogue, Context(0, new("system", "T"), new("user", "a?"))));
        Assert.Equal(Head + Ask + ", " + Answer + ",  " + Ask2 + ", " + Answer2 + Tail, Edit(Dialogue, Context(0, [new("user", "a?")])));
        Assert.Equal(Head + System + ", {\"role\": \"system\", \"content\": \"T\"}, " + Ask + ", " + Answer + ",  " + Ask2 + ", " + Answer2
            + Tail, Edit(Dialogue, Context(0, new("system", "S"), new("system", "T"), new("user", "a?"))));
    }

    [Theory]
    [InlineData("{\"prompt\":\"q\",\"completion\":\" a\"}", "{\"prompt\":\"Play.\\n\\nQ\",\"completion\":\" a\"}")]
    [InlineData("{\"completion\":\" a\"}", "{\"completion\":\" a\",\"prompt\":\"Play.\\n\\nQ\"}")]
    [InlineData("{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}],\"completion\":\"a\"}",
        "{\"prompt\":[{\"role\":\"system\",\"content\":\"Play.\"},{\"role\":\"user\",\"content\":\"Q\"}],\"completion\":\"a\"}")]
    [InlineData("{\"prompt\":[],\"chosen\":\"a\",\"rejected\":\"b\"}",
        "{\"prompt\":[{\"role\":\"system\",\"content\":\"Play.\"},{\"role\":\"user\",\"content\":\"Q\"}],\"chosen\":\"a\","
        + "\"rejected\":\"b\"}")]
    [InlineData("{\"chosen\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}],"
        + "\"rejected\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"b\"}]}",
        "{\"chosen\":[{\"role\":\"system\",\"content\":\"Play.\"},{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\","
        + "\"content\":\"a\"}],\"rejected\":[{\"role\":\"system\",\"content\":\"Play.\"},{\"role\":\"user\",\"content\":\"Q\"},"
        + "{\"role\":\"assistant\",\"content\":\"b\"}]}")]
    [InlineData("{\"prompt\":\"q\",\"chosen\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}],"
        + "\"rejected\":\"b\"}", "{\"prompt\":\"Play.\\n\\nQ\",\"chosen\":[{\"role\":\"system\",\"content\":\"Play.\"},{\"role\":\"user\","
        + "\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"a\"}],\"rejected\":\"b\"}")]
    [InlineData("{\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},{\"from\":\"gpt\",\"value\":\"a\"}]}",
        "{\"conversations\":[{\"from\":\"system\",\"value\":\"Play.\"},{\"from\":\"human\",\"value\":\"Q\"},{\"from\":\"gpt\","
        + "\"value\":\"a\"}]}")]
    [InlineData("{\"system\":\"x\",\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},{\"from\":\"gpt\",\"value\":\"a\"}]}",
        "{\"system\":\"Play.\",\"conversations\":[{\"from\":\"human\",\"value\":\"Q\"},{\"from\":\"gpt\",\"value\":\"a\"}]}")]
    public void Each_format_takes_new_turns_in_its_own_fields(string line, string expected) =>
        Assert.Equal(expected, Edit(line, Context(0, new("system", "Play."), new("user", "Q"))));

    [Theory]
    [InlineData("""{"messages":[{"role":"user","value":"a?"},{"role":"assistant","content":"b"}]}""",
        """{"messages":[{"role":"user","value":"a? Now."},{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"conversations":[{"from":"human","value":"a?","content":null},{"from":"gpt","value":"b"}]}""",
        """{"conversations":[{"from":"human","value":"a? Now.","content":null},{"from":"gpt","value":"b"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"a","n":1},{"text":"?"}]},{"role":"assistant","content":"b"}]}""",
        """{"messages":[{"role":"user","content":[{"text":"a","n":1},{"text":"? Now."}]},{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":[]},{"role":"assistant","content":"b"}]}""",
        """{"messages":[{"role":"user","content":[{"type":"text","text":"a? Now."}]},{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"prompt":" a?\n\n","completion":" b"}""", """{"prompt":" a? Now.\n\n","completion":" b"}""")]
    [InlineData("""{"prompt":"a?\n","chosen":[{"role":"user","content":"a?"},{"role":"assistant","content":"b"}],"rejected":"c"}""",
        """{"prompt":"a? Now.\n","chosen":[{"role":"user","content":"a? Now."},{"role":"assistant","content":"b"}],"rejected":"c"}""")]
    public void A_text_changes_in_the_field_and_the_part_that_said_it(string line, string expected) =>
        Assert.Equal(expected, Edit(line, Context(0, new Turn("user", "a? Now."))));

    [Fact]
    public void A_part_takes_what_is_put_before_and_all_where_nothing_stays()
    {
        const string line = """{"messages":[{"role":"user","content":[{"text":"a"},{"text":"?"}]},{"role":"assistant","content":"b"}]}""";
        Assert.Equal(line.Replace("\"a\"", "\"So, a\"", StringComparison.Ordinal), Edit(line, Context(0, new Turn("user", "So, a?"))));
        Assert.Equal(line.Replace("""{"text":"a"},{"text":"?"}""", """{"text":"c"}""", StringComparison.Ordinal),
            Edit(line, Context(0, new Turn("user", "c"))));
        Assert.Equal(line.Insert("{\"messages\":[".Length, """{"role":"system","content":[{"type":"text","text":"S"}]},"""),
            Edit(line, Context(0, new("system", "S"), new("user", "a?"))));
    }

    [Fact]
    public void An_empty_prompt_gives_no_empty_paragraph() => Assert.Equal("""{"prompt":"Play.","completion":"a"}""",
        Edit("""{"prompt":"","completion":"a"}""", Context(0, new("system", "Play."), new("user", ""))));

    [Fact]
    public void Answers_to_two_questions_keep_their_own()
    {
        const string line = """{"chosen":[{"role":"user","content":"p?"},{"role":"assistant","content":"a"}]"""
            + ",\"rejected\":[{\"role\":\"user\",\"content\":\"q?\"},{\"role\":\"assistant\",\"content\":\"b\"}]}";
        Assert.Equal(line.Replace("p?", "P", StringComparison.Ordinal).Replace("q?", "Q", StringComparison.Ordinal),
            Edit(line, new DataLineEdit
            {
                Replies = [new ReplyEdit(0) { Context = [new("user", "P")] }, new ReplyEdit(1) { Context = [new("user", "Q")] }],
            }));
    }

    [Fact]
    public void A_gzipped_name_gives_a_gzipped_file_and_the_input_may_be_the_output()
    {
        string path = _folder["in.jsonl.gz"];
        using (var zip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            zip.Write(Encoding.UTF8.GetBytes("\n" + Dialogue + "\r\nbad\n" + Dialogue));
        RewriteSummary summary = EpisodeFile.Rewrite(path, path, l => l.Line == 2 ? Drop(0) : null, null, _ => { });
        Assert.Equal(new RewriteSummary(2, 2, 1, 0, 0, 1), summary);
        using var text = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        Assert.Equal(Edit(Dialogue, Drop(0)) + "\r\n" + Dialogue + "\n", text.ReadToEnd());
    }

    [Fact]
    public void A_rewriting_that_is_stopped_among_bad_lines_writes_nothing()
    {
        string path = _folder["in.jsonl"];
        File.WriteAllText(path, Dialogue + "\n" + string.Concat(Enumerable.Repeat("bad\n", 9000)));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            EpisodeFile.Rewrite(path, _folder["out.jsonl"], _ => null, null, _ => stop.Cancel(), stop.Token));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(true, "in.jsonl", "out.jsonl", true)]
    [InlineData(true, "in.jsonl", "in.jsonl", true)]
    [InlineData(true, "in.jsonl.gz", "out.jsonl", true)]
    [InlineData(false, "in.jsonl", "out.jsonl.gz", true)]
    [InlineData(false, "in.jsonl", "out.jsonl", false)]
    public void What_was_gzipped_stays_so_whatever_it_is_called(bool zipped, string from, string to, bool zippedAfter)
    {
        (string input, string output) = (_folder[from], _folder[to]);
        byte[] text = Encoding.UTF8.GetBytes(Dialogue + "\n");
        using (Stream file = File.Create(input))
        using (Stream written = zipped ? new GZipStream(file, CompressionLevel.Fastest) : file) written.Write(text);
        EpisodeFile.Rewrite(input, output, _ => null);
        byte[] bytes = File.ReadAllBytes(output);
        Assert.Equal(zippedAfter, bytes.AsSpan().StartsWith<byte>([0x1f, 0x8b]));
        using Stream back = zippedAfter ? new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress) : new MemoryStream(bytes);
        Assert.Equal(Dialogue + "\n", new StreamReader(back).ReadToEnd());
    }

    private static DataLine Line(string line) => EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes(line)), "x").Single();

    private static string? Edit(string line, DataLineEdit edit) =>
        EpisodeFile.Edited(Line(line), edit) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static DataLineEdit Drop(params int[] turns) => new() { Replies = [.. turns.Select(t => new ReplyEdit(t) { Drop = true })] };

    private static DataLineEdit Weight(int turn, double weight) => new() { Replies = [new ReplyEdit(turn) { Weight = weight }] };

    private static DataLineEdit Context(int turn, params Turn[] context) => new() { Replies = [new ReplyEdit(turn) { Context = context }] };
}
