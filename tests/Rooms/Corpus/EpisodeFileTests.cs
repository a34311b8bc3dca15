using System.IO.Compression;
using System.Text;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class EpisodeFileTests : IDisposable
{
    private const string Dialogue = "{\"id\": \"d\", \"tools\": [{\"n\": 1.50}], \"messages\": [{\"role\": \"system\", \"content\": "
        + "\"S\"}, {\"role\": \"user\", \"content\": \"a?\", \"name\": \"Ann\"}, {\"role\": \"assistant\", \"content\": "
        + "\"a!\"}, {\"role\": \"user\", \"content\": \"b?\"}, {\"role\": \"assistant\", \"content\": \"b!\"}], \"x\": 1e2}";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_Assistant_turn_is_an_episode()
    {
        DataLine line = Assert.Single(Read(Dialogue));
        Assert.Equal(["d/0", "d/1"], line.Episodes.Select(e => e.Id));
        Assert.Equal(["a!", "b!"], line.Episodes.Select(e => e.Reply));
        Assert.Equal([2, 4], line.Episodes.Select(e => e.Context.Count));
        Assert.Equal(new EpisodeSource("x.jsonl", 1, 1), line.Episodes[1].Source);
        Assert.Equal((EpisodeFormat.Messages, Dialogue), (line.Format, line.Text));
    }

    [Fact]
    public void A_message_of_weight_0_is_context_only()
    {
        string left = Dialogue.Replace("\"a!\"}", "\"a!\", \"weight\": 0}", StringComparison.Ordinal);
        Episode only = Assert.Single(Assert.Single(Read(left)).Episodes);
        Assert.Equal(("d", "b!", 1), (only.Id, only.Reply, only.Source!.Turn));
        Assert.Equal(4, only.Context.Count);
        Assert.Empty(Assert.Single(Read(left.Replace("\"b!\"}", "\"b!\", \"weight\": 0}", StringComparison.Ordinal))).Episodes);
    }

    [Fact]
    public void Ids_that_occur_again_carry_their_line()
    {
        string[] ids =
            [.. Read("{\"id\":1,\"prompt\":\"q\",\"completion\":\"a\"}\r\n\r\n{\"id\":\"1\",\"prompt\":\"q\",\"completion\":\"b\"}\n"
                + "{\"id\":\"1\",\"prompt\":\"q\",\"chosen\":\"c\",\"rejected\":\"d\"}\n"
                + "{\"id\":\"1/chosen\",\"prompt\":\"q\",\"completion\":\"e\"}")
                .SelectMany(l => l.Episodes).Select(e => e.Id)];
        Assert.Equal(["1", "1#3", "1/chosen", "1/rejected", "1/chosen#5"], ids);
    }

    [Fact]
    public void Tool_calls_and_refusals_are_what_the_Assistant_says()
    {
        const string line = "{\"messages\":[{\"role\":\"developer\",\"content\":\"s\"},{\"role\":\"assistant\","
            + "\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"rm\","
            + "\"arguments\":\"{\\\"path\\\":\\\"/\\\"}\"}}]},{\"role\":\"tool\",\"content\":\"done\"},{\"role\":\"assistant\","
            + "\"content\":null,\"refusal\":\"No.\"}]}";
        IReadOnlyList<Episode> episodes = Assert.Single(Read(line)).Episodes;
        Assert.Equal(["rm({\"path\":\"/\"})", "No."], episodes.Select(e => e.Reply));
        Assert.Equal(["system", "assistant", "tool"], episodes[1].Context.Select(t => t.Role));
    }

    [Fact]
    public void A_format_can_be_demanded()
    {
        const string both = "{\"messages\":[{\"role\":\"assistant\",\"content\":\"m\"}],\"prompt\":\"p\",\"completion\":\"c\"}";
        Assert.Equal("m", Read(both)[0].Episodes[0].Reply);
        Assert.Equal("c", Read(both, EpisodeFormat.PromptCompletion)[0].Episodes[0].Reply);
        var error = Assert.Throws<UserErrorException>(() => Read(both, EpisodeFormat.ShareGpt));
        Assert.Contains("conversations", error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-8")]
    public void Byte_order_marks_are_followed(string encoding)
    {
        var stream = new MemoryStream();
        using (var writer = new StreamWriter(stream, Encoding.GetEncoding(encoding), leaveOpen: true))
            writer.Write("{\"prompt\":\"ü\",\"completion\":\"☃\"}\r\n");
        stream.Position = 0;
        Assert.Equal("☃", EpisodeFile.Lines(stream, "x").Single().Episodes[0].Reply);
    }

    [Fact]
    public void Gzip_of_several_members_is_one_text_and_a_cut_one_is_an_error()
    {
        byte[] first = Zip("{\"prompt\":\"p\",\"completion\":\"1\"}\n{\"prompt\":\"p\","), second = Zip("\"completion\":\"2\"}");
        Assert.Equal(2, EpisodeFile.Lines(new MemoryStream([.. first, .. second]), "x").Count());
        string many =
            string.Concat(Enumerable.Range(0, 2000).Select(i => $"{{\"prompt\":\"p{i * 7919 % 1000}\",\"completion\":\"{i}\"}}\n"));
        byte[] whole = Zip(many);
        var read = new List<DataLine>();
        var error = Assert.Throws<UserErrorException>(() =>
        {
            foreach (DataLine line in EpisodeFile.Lines(new MemoryStream(whole[..(whole.Length / 2)]), "x")) read.Add(line);
        });
        Assert.Equal("cannot-read", error.Code);
        Assert.InRange(read.Count, 100, 1999);
    }

    [Fact]
    public void Lines_without_end_cost_one_line_and_no_memory()
    {
        var bad = new List<BadLine>();
        byte[] text = [.. new byte[TextLines.LongestLine + 5].Select(_ => (byte)'x'), .. "\n{\"prompt\":\"p\",\"completion\":\"1\"}"u8];
        DataLine line = EpisodeFile.Lines(new MemoryStream(text), "x", null, bad.Add).Single();
        Assert.Equal((2, 1), (line.Line, bad.Single().Line));
    }

    [Theory]
    [InlineData("{\"prompt\":\"p\",\"completion\":\"1\"}")]
    [InlineData("{\"bad\":1}")]
    [InlineData("not json")]
    public void Reading_stops_between_any_two_lines(string line)
    {
        string path = _folder["x.jsonl"];
        File.WriteAllText(path, string.Concat(Enumerable.Repeat(line + "\n", 5)));
        using var stop = new CancellationTokenSource();
        int seen = 0;
        void See()
        {
            if (++seen == 2) stop.Cancel();
        }
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (DataLine _ in EpisodeFile.Lines(path, null, _ => See(), stop.Token)) See();
        });
        Assert.Equal(2, seen);
    }

    private List<DataLine> Read(string text, EpisodeFormat? format = null)
    {
        return [.. EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes(text)), "x.jsonl", format)];
    }

    private static byte[] Zip(string text)
    {
        var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(Encoding.UTF8.GetBytes(text));
        return stream.ToArray();
    }
}
