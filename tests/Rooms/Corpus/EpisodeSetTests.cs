using System.IO.Compression;
using System.Text;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class EpisodeSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_saved_set_comes_back_with_the_same_id()
    {
        var set = new EpisodeSet("x", [
            new("a", [new("system", "Be \"brief\"."), new("user", "Hi\nthere ☃")], "Hello <you>.", -0.1, "test/bad"),
            new("b", [], "Nothing."),
            new("c/1", [new("user", "One?"), new("assistant", "Yes."), new("user", "Two?")], "No.")]);
        string path = _folder["set.jsonl"];
        set.Save(path);
        EpisodeSet back = EpisodeSet.Load(path);
        Assert.Equal(set.Id, back.Id);
        Assert.Equal("set", back.Name);
        Assert.Equal(("a", -0.1, "test/bad"), (back.Episodes[0].Id, back.Episodes[0].Weight, back.Episodes[0].Label));
        Assert.Null(back.Episodes[1].Label);
        Assert.Equal(["a", "b", "c/1"], back.Episodes.Select(e => e.Id));
        Assert.Equal(3, File.ReadAllLines(path).Length);
    }

    [Fact]
    public void A_saved_preference_comes_back_as_one_choice()
    {
        string path = _folder["pairs.jsonl"], saved = _folder["saved.jsonl"];
        File.WriteAllLines(path, ["{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\",\"weight\":0.5,\"id\":\"one\",\"label\":\"l\"}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"alone\"}]}",
            "{\"chosen\":[{\"role\":\"assistant\",\"content\":\" a\"}],\"rejected\":[{\"role\":\"assistant\",\"content\":\"b \"}]}"]);
        EpisodeSet set = EpisodeSet.Load(path);
        set.Save(saved);
        EpisodeSet back = EpisodeSet.Load(saved);
        Assert.Equal(set.Id, back.Id);
        Assert.Equal(set.Episodes.Select(Essence), back.Episodes.Select(Essence));
        Assert.Equal(["a", " a"], back.Episodes.Select(e => e.Preferred).OfType<string>());
        Assert.Equal(3, File.ReadAllLines(saved).Length);
    }

    /// <summary>Halves of choices that no row holds as they are: without the chosen one, apart from it, or weighed otherwise.</summary>
    [Fact]
    public void A_rejected_answer_keeps_what_was_preferred_to_it_also_without_its_pair()
    {
        Turn[] asked = [new("user", "One?"), new("assistant", "Yes."), new("user", "Two?")];
        var chosen = new Episode("r/chosen", asked, "a", 1, "l");
        Episode rejected = new("r/rejected", asked, "b", -1, "l") { Preferred = "a" };
        Episode[][] sets =
        [
            [rejected], [rejected, chosen], [chosen, rejected with { Weight = -0.25 }], [chosen with { Label = null }, rejected],
            [chosen, new("between", [], "c"), rejected], [chosen with { Reply = "other" }, rejected], [chosen, rejected with { Id = "r" }],
            [chosen, rejected with { Weight = 2 }], [chosen with { Context = [] }, rejected],
        ];
        string path = _folder["half.jsonl"];
        foreach (Episode[] episodes in sets)
        {
            var set = new EpisodeSet("half", episodes);
            set.Save(path);
            EpisodeSet back = EpisodeSet.Load(path);
            Assert.Equal(set.Id, back.Id);
            Assert.Equal(episodes.Select(e => e.Label), back.Episodes.Select(e => e.Label));
            Assert.Equal(episodes.Select(e => e.Id == "r" ? "r/rejected" : e.Id), back.Episodes.Select(e => e.Id));
        }
    }

    private static (string, string, double, string?, string?) Essence(Episode e) => (e.Id, e.Reply, e.Weight, e.Label, e.Preferred);

    [Fact]
    public void The_id_sees_what_inference_reads()
    {
        static ContentId Id(Episode e) => new EpisodeSet("n", [e]).Id;
        var episode = new Episode("a", [new("user", "x")], "y");
        Assert.Equal(Id(episode), Id(episode with { Id = "b", Label = "l" }));
        Assert.NotEqual(Id(episode), Id(episode with { Weight = 2 }));
        Assert.NotEqual(Id(episode), Id(episode with { Reply = "z" }));
        Assert.NotEqual(Id(episode), Id(episode with { Context = [] }));
    }

    [Fact]
    public void Gzip_parts_and_missing_ids_are_read()
    {
        string path = _folder["zipped.jsonl.gz"];
        using (var zip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            zip.Write("{\"messages\":[{\"role\":\"User\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"text\":\"b\"}]},"u8
                + "{\"role\":\"assistant\",\"content\":\"c\"}]}\n"u8);
        EpisodeSet set = EpisodeSet.Load(path);
        Assert.Equal("zipped", set.Name);
        Assert.Equal("1", set.Episodes[0].Id);
        Assert.Equal(new Turn("user", "ab"), set.Episodes[0].Context[0]);
    }

    [Theory]
    [InlineData("{\"prompt\":\"hi\",\"completion\":\" yes\"}", "user:hi", "yes", 1)]
    [InlineData("{\"prompt\":[{\"role\":\"user\",\"content\":\"hi\"}],\"completion\":[{\"role\":\"assistant\",\"content\":\"yes\"}]}",
        "user:hi", "yes", 1)]
    [InlineData("{\"conversations\":[{\"from\":\"system\",\"value\":\"s\"},{\"from\":\"human\",\"value\":\"hi\"},{\"from\":\"gpt\","
        + "\"value\":\"yes\"}]}", "system:s|user:hi", "yes", 1)]
    [InlineData("{\"prompt\":\"hi\",\"chosen\":\"yes\",\"rejected\":\"no\",\"weight\":0.5}", "user:hi", "yes", 2)]
    [InlineData("{\"chosen\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"yes\"}],"
        + "\"rejected\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"no\"}]}", "user:hi", "yes", 2)]
    [InlineData("{\"prompt\":\"hi\",\"chosen\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"yes\"}],"
        + "\"rejected\":\"no\"}", "user:hi", "yes", 2)]
    public void Other_formats_are_known_by_their_fields(string line, string context, string reply, int count)
    {
        string path = _folder["other.jsonl"];
        File.WriteAllText(path, line);
        IReadOnlyList<Episode> episodes = EpisodeSet.Load(path).Episodes;
        Assert.Equal(count, episodes.Count);
        Assert.Equal(reply, episodes[0].Reply);
        Assert.All(episodes, e => Assert.Equal(context, string.Join('|', e.Context.Select(t => $"{t.Role}:{t.Text}"))));
        if (count == 2) Assert.Equal((-episodes[0].Weight, "no"), (episodes[1].Weight, episodes[1].Reply));
    }

    [Theory]
    [InlineData("{\"messages\":", 12)]
    [InlineData("{\"prompt\":\"x\",\"chosen\":\"y\"}", 0)]
    [InlineData("[1]", 0)]
    [InlineData("{}", 0)]
    [InlineData("{\"messages\":[]}", 0)]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", 0)]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"content\":3}]}", 0)]
    [InlineData("{\"messages\":[{\"role\":\"assistant\"}]}", 0)]
    [InlineData("{\"messages\":[{\"content\":\"x\"}]}", 0)]
    [InlineData("{\"weight\":\"w\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}", 0)]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"content\":\"\\ud800\"}]}", 44)]
    [InlineData("{\"messages\":[{\"role\":\"assistant\",\"content\":\"x\",\"weight\":1e999}]}", 57)]
    public void A_bad_line_is_named_and_costs_no_other(string bad, int atLeastColumn)
    {
        const string good = "{\"id\":\"same\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}";
        string path = _folder["bad.jsonl"];
        File.WriteAllText(path, good + "\n\n" + bad + "\n");
        var lines = new List<BadLine>();
        Assert.Single(EpisodeSet.Load(path, lines.Add).Episodes);
        BadLine line = Assert.Single(lines);
        Assert.Equal(3, line.Line);
        Assert.True(line.Column >= atLeastColumn);
        var error = Assert.Throws<UserErrorException>(() => EpisodeSet.Load(path));
        Assert.Equal("bad-episode", error.Code);
        Assert.Contains("bad.jsonl, line 3", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_empty_files_are_the_users_to_mend()
    {
        Assert.Equal("cannot-read", Assert.Throws<UserErrorException>(() => EpisodeSet.Load(_folder["no.jsonl"])).Code);
        string empty = _folder["empty.jsonl"];
        File.WriteAllText(empty, "\n", Encoding.UTF8);
        Assert.Equal("no-episodes", Assert.Throws<UserErrorException>(() => EpisodeSet.Load(empty)).Code);
        File.WriteAllText(empty, "oops", Encoding.UTF8);
        Assert.Equal("bad-episode", Assert.Throws<UserErrorException>(() => EpisodeSet.Load(empty, _ => { })).Code);
    }
}
