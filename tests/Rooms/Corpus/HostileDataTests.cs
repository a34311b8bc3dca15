using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>Files by somebody who means harm: nothing but a user error comes out, bad lines are named, good ones are kept.</summary>
public sealed class HostileDataTests
{
    private const string Good =
        "{\"id\":\"g\",\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}],\"n\":1.0}";

    private static readonly string[] Pieces =
    [
        "{", "}", "[", "]", "\"", "\\", ",", ":", "\0", "\r", "\t", "\u2028", "\"messages\"", "\"role\"", "\"content\"",
        "\"assistant\"", "\"weight\"", "\"id\"", "1e999", "-0", "1E-999", "99999999999999999999999999", "null", "NaN", "true",
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\\u00", "{\"messages\":[{\"role\":\"assistant\",\"content\":",
        "}]}", "\"prompt\":\"p\",\"completion\":", "\"chosen\":", "\"rejected\":", "\"conversations\":[", "\"from\":\"gpt\"",
        "\"value\":", "\"instruction\":", "\"input\":", "\"output\":\"a\"",
        "\"history\":[[\"q\",\"a\"]]", "\"system\":\"s\"", "\"rejected_response\":", "\"loss_scale\":", "\"\\u006dessages\":",
        "\"\\ud800\":1", "\"tool_calls\":[{}]", "{\"text\":", new string('[', 300),
        string.Concat(Enumerable.Repeat("{\"a\":", 300)), "☃", "\ufeff",
    ];

    [Fact]
    public void Lines_of_anything_cost_only_themselves()
    {
        Gen<byte[]> raw = Gen.ArrayOf(Gen.Choose(0, 255).Select(b => (byte)b)).Where(b => !b.Contains((byte)'\n'));
        Gen<byte[]> assembled = Gen.ArrayOf(Gen.Elements(Pieces)).Select(p => Encoding.UTF8.GetBytes(string.Concat(p)));
        Gen<byte[]> damaged = from at in Gen.Choose(0, Good.Length - 1)
                              from with in Gen.Choose(0, 255).Where(b => b != '\n')
                              select Damage(at, (byte)with);
        Gen<byte[][]> lines = Gen.ArrayOf(Gen.OneOf(raw, assembled, damaged, Gen.Constant(Encoding.UTF8.GetBytes(Good))));
        Prop.ForAll(lines.ToArbitrary(), Survives).Check(Config.QuickThrowOnFailure.WithMaxTest(1500).WithReplay(1, 1));
    }

    [Fact]
    public void Gzip_cut_or_damaged_anywhere_gives_its_lines_or_a_user_error()
    {
        byte[] text = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 200).Select(i => Good.Replace("\"q\"", $"\"{i * 7919}\"", StringComparison.Ordinal) + "\n")));
        var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(text);
        byte[] whole = packed.ToArray();
        Assert.Equal(200, EpisodeFile.Lines(new MemoryStream(whole), "x").Count());
        for (int cut = 2; cut < whole.Length; cut += 1 + cut / 20)
            Assert.Equal("cannot-read",
                Assert.Throws<UserErrorException>(() => EpisodeFile.Lines(new MemoryStream(whole[..cut]), "x").Count()).Code);
        for (int at = 2; at < whole.Length; at += 13)
        {
            byte[] bad = [.. whole];
            bad[at] ^= 0x55;
            try
            {
                Assert.Equal(200, EpisodeFile.Lines(new MemoryStream(bad), "x", null, _ => { }).Count());
            }
            catch (UserErrorException e)
            {
                Assert.Equal("cannot-read", e.Code);
            }
        }
    }

    [Fact]
    public void A_long_stream_is_read_in_constant_memory()
    {
        var stream =
            new EndlessStream(Encoding.UTF8.GetBytes(Good.Replace("\"id\":\"g\",", "", StringComparison.Ordinal) + "\n"), 64 << 20);
        // Weak references, not bytes: other tests of the process use memory at the same time.
        var passed = new List<WeakReference>();
        long lines = 0;
        int most = 0;
        foreach (DataLine line in EpisodeFile.Lines(stream, "x", null, _ => { }))
        {
            if (++lines % 1000 == 0) passed.Add(new WeakReference(line));
            if (lines % 100_000 != 0) continue;
            GC.Collect();
            most = Math.Max(most, passed.Count(p => p.IsAlive));
        }
        Assert.InRange(lines, 500_000, 1_000_000);
        // The line at hand, and what the reader may still be holding of the last.
        Assert.InRange(most, 0, 3);
    }

    /// <summary>What is given for JSONL by mistake is named, with what to do, by every reader of lines.</summary>
    [Theory]
    [InlineData("PAR1\u0015\u0004\u0015", "Parquet")]
    [InlineData("ARROW1\0\0", "Arrow")]
    [InlineData("PK\u0003\u0004\u0014\0", "zip")]
    [InlineData("BZh91AY&SY", "bzip2")]
    [InlineData("\u00fd7zXZ\0", "xz")]
    [InlineData("(\u00b5/\u00fd\u0004", "Zstandard")]
    [InlineData("tar", "tar archive")]
    public void A_file_that_is_no_text_is_refused_at_once(string head, string what)
    {
        byte[] bytes = [.. head == "tar" ? "data.jsonl"u8.ToArray() : Encoding.Latin1.GetBytes(head), .. new byte[600]];
        if (head == "tar") "ustar"u8.CopyTo(bytes.AsSpan(257));
        using var file = new TemporaryFile("data.jsonl", bytes);
        UserErrorException error = Assert.Throws<UserErrorException>(() => EpisodeFile.Lines(file.Path, null, _ => { }).Count());
        Assert.Equal("foreign-file", error.Code);
        Assert.Contains(what, error.Problem, StringComparison.Ordinal);
        Assert.Equal("foreign-file",
            Assert.Throws<UserErrorException>(() => DocumentFile.Documents(file.Path, onBadLine: _ => { }).Count()).Code);
        var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(bytes);
        using var twice = new TemporaryFile("data.jsonl.gz", packed.ToArray());
        Assert.Equal("foreign-file", Assert.Throws<UserErrorException>(() => EpisodeFile.Lines(twice.Path, null, _ => { }).Count()).Code);
    }

    [Theory]
    [InlineData("[{\"messages\":[]}]", 1, "jq -c")]
    [InlineData("[\n {\"messages\":[]}\n]", 1, "jq -c")]
    [InlineData("{\0\"\0m\0", 1, "UTF-16")]
    [InlineData("7", 1, "not a JSON object")]
    public void What_is_nearly_JSONL_is_told_how_to_become_it(string text, int line, string hint)
    {
        var bad = new List<BadLine>();
        Assert.Empty(EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes(text)), "x", null, bad.Add));
        Assert.Equal(line, bad[0].Line);
        Assert.Contains(hint, bad[0].Problem, StringComparison.Ordinal);
    }

    /// <summary>What exporters really write, read (L is the number of the line) and written back untouched.</summary>
    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"Ann"},"""
        + """{"role":"assistant","content":"c"}],"id":17}""", "17:user ab>c")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},"""
        + """{"role":"assistant","content":null,"tool_calls":null,"function_call":{"name":"f","arguments":"{}"}}]}""", "L:user q>f({})")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},"""
        + """{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"x": 1}}}]}]}""",
        """L:user q>f({"x": 1})""")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"I """
        + """look.","tool_calls":[{"function":{"name":"f","arguments":"1"}}],"function_call":null,"refusal":null}]}""",
        "L:user q>I look.\nf(1)")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}]"""
        + ""","id":null}""", "L/0:user q>a|L/1:user q;assistant a>b")]
    [InlineData("""{"messages":null,"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}],"tools":"[]"}""",
        "L:user q>a")]
    [InlineData("""{"prompt":null,"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]"""
        + ""","rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}],"score":0.50}""",
        "L/chosen:user q>a|L/rejected:user q>b")]
    [InlineData("""{"prompt":"q","completion":"a","chosen":null,"rejected":null,"messages":null}""", "L:user q>a")]
    [InlineData("""{"messages":[{"role":"User","content":"q"},{"from":"model","value":"a"},"""
        + """{"role":"tool","tool_call_id":"1","content":[]},{"role":"assistant","content":"b","weight":0}]}""", "L:user q>a")]
    public void What_exporters_write_is_read(string line, string expected)
    {
        foreach (string text in (string[])[line, "\ufeff" + line, line + "\r\n", "\n\n" + line])
        {
            DataLine read = Assert.Single(EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes(text)), "x"));
            Assert.Equal(expected.Replace("L", $"{read.Line}", StringComparison.Ordinal),
                string.Join('|', read.Episodes.Select(e =>
                    $"{e.Id}:{string.Join(';', e.Context.Where(t => t.Role != "tool").Select(t => $"{t.Role} {t.Text}"))}>{e.Reply}")));
            Assert.Equal(line, read.Text.TrimEnd('\r'));
            Assert.Equal(read.Text, Encoding.UTF8.GetString(EpisodeFile.Edited(read, new DataLineEdit())!));
        }
    }

    [Fact]
    public void A_line_of_twenty_megabytes_costs_only_itself()
    {
        string huge = Good.Replace("\"q\"", $"\"{new string('x', 20 << 20)}\"", StringComparison.Ordinal);
        var bad = new List<BadLine>();
        int[] read = [.. EpisodeFile.Lines(new MemoryStream(Encoding.UTF8.GetBytes($"{Good}\n{huge}\n{Good}\n")), "x", null, bad.Add)
            .Select(l => l.Line)];
        Assert.Equal([1, 3], read);
        Assert.Equal(2, Assert.Single(bad).Line);
    }

    private sealed class TemporaryFile : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public TemporaryFile(string name, byte[] bytes) => File.WriteAllBytes(Path = _folder[name], bytes);

        public string Path { get; }

        public void Dispose() => _folder.Dispose();
    }

    private static bool Survives(byte[][] lines)
    {
        var text = new MemoryStream();
        foreach (byte[] line in lines)
        {
            text.Write(line);
            text.WriteByte((byte)'\n');
        }
        byte[] all = text.ToArray();
        // What starts like gzip or UTF-16 is read as that.
        if (all is [0x1f, 0x8b, ..] or [0xff, 0xfe, ..] or [0xfe, 0xff, ..]) return true;
        var bad = new List<BadLine>();
        List<DataLine> read = [.. EpisodeFile.Lines(new MemoryStream(all), "x", null, bad.Add)];
        if (bad.Any(b => b.Line < 1 || b.Line > lines.Length || b.Column < 0 || b.Column > lines[b.Line - 1].Length + 1)) return false;
        byte[] good = Encoding.UTF8.GetBytes(Good);
        for (int i = 0; i < lines.Length; i++)
            if (lines[i].AsSpan().SequenceEqual(good) && !read.Any(l => l.Line == i + 1)) return false;
        string[] ids = [.. read.SelectMany(l => l.Episodes).Select(e => e.Id)];
        if (ids.Distinct().Count() != ids.Length) return false;
        foreach (DataLine line in read.Where(l => l.Episodes.Count > 0))
        {
            if (!EpisodeFile.Edited(line, new DataLineEdit())!.AsSpan().SequenceEqual(line.Utf8.Span)) return false;
            byte[] heavier = EpisodeFile.Edited(line, new DataLineEdit { Weight = 0.5 })!;
            DataLine back = EpisodeFile.Lines(new MemoryStream(heavier), "x").Single();
            if (back.Episodes.Count != line.Episodes.Count
                || back.Episodes.Any(e => Math.Abs(e.Weight) is not 0.5 && back.Episodes.Count == 1 && line.Episodes[0].Weight is 1))
                return false;
        }
        return true;
    }

    private static byte[] Damage(int at, byte with)
    {
        byte[] line = Encoding.UTF8.GetBytes(Good);
        line[at] = with;
        return line;
    }

    private sealed class EndlessStream(byte[] line, long length) : MemoryStream
    {
        private long _at;

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(Math.Min(buffer.Length, line.Length - _at % line.Length), length - _at);
            line.AsSpan((int)(_at % line.Length), count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    }
}
