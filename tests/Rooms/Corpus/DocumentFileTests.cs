using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class DocumentFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_lines_are_dialogues_or_texts_each_as_it_says()
    {
        string[] documents = Read("x.txt",
            "{\"text\":\"One.\"}",
            "{\"text\":\"ignored\",\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"q\"},"
            + "{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"more\"}]}",
            "{\"prompt\":\"q\",\"chosen\":\"good\",\"rejected\":\"bad\"}",
            "{\"prompt\":\"q\",\"completion\":\"x\",\"weight\":-1}",
            "{\"text\":\"Two.\",\"messages\":null,\"conversations\":null,\"completion\":null,\"chosen\":null}");
        Assert.Equal(["One.", "S\nuser: q\nassistant: a", "user: q\nassistant: good", "Two."], documents);
    }

    [Fact]
    public void A_dialogue_stands_in_a_document_as_it_is_scored()
    {
        string document = Assert.Single(Read("x.jsonl", "{\"prompt\":\"Why (so)?\",\"completion\":\"(Because.)\"}"));
        ByteLevelBpeTokenizer tokenizer = ByteLevelBpeTokenizer.Train([document, document], 280);
        Assert.Equal([.. ChatTemplate.Plain.EncodeContext(tokenizer, [new Turn("user", "Why (so)?")]),
            .. ChatTemplate.Plain.EncodeReply(tokenizer, "(Because.)"), tokenizer.EndId], new Document(document).Encode(tokenizer));
    }

    [Fact]
    public void Plain_text_is_cut_at_empty_lines_and_at_the_end_of_text()
    {
        string paragraph = string.Join('\n', Enumerable.Repeat(new string('x', 99), 15));
        string[] documents = Read("x.txt", paragraph, "", paragraph, "", paragraph, "<|endoftext|>", "End.", "");
        Assert.Equal([paragraph + "\n\n" + paragraph, paragraph, "End."], documents);
        string[] cut = Read("y.txt", [.. Enumerable.Repeat(new string('y', 99), 100)]);
        Assert.Equal(9999, string.Join('\n', cut).Length);
        Assert.All(cut, c => Assert.InRange(c.Length, 1, DocumentFile.PlainLength));
    }

    [Fact]
    public void Bad_lines_are_named_and_cost_no_other()
    {
        string path = _folder["x.jsonl"];
        File.WriteAllLines(path, ["{\"text\":\"\"}", "{\"text\":\"a\"}", "{\"text\":3}", "no", "{\"text\":\"b\"}"]);
        var bad = new List<BadLine>();
        Assert.Equal(["a", "b"], DocumentFile.Documents(path, onBadLine: bad.Add).Select(d => d.Text));
        Assert.Equal([(1, 9), (3, 1), (4, 2)], bad.Select(b => (b.Line, b.Column)));
        Assert.Equal("bad-episode", Assert.Throws<UserErrorException>(() => DocumentFile.Documents(path).Count()).Code);
    }

    private string[] Read(string name, params string[] lines)
    {
        string path = _folder[name];
        File.WriteAllLines(path, lines);
        return [.. DocumentFile.Documents(path).Select(d => d.Text)];
    }
}
