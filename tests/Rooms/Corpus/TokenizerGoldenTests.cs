using System.Text.Json;
using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>
/// Our tokenizers, their files and the chat template against the Hugging Face libraries: <c>tests/Goldens/tokenizers.mjs</c> made the ids.
/// </summary>
public sealed class TokenizerGoldenTests
{
    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "tokenizers.json"))).RootElement;

    private static string[] Texts => [.. Golden.GetProperty("texts").EnumerateArray().Select(t => t.GetString()!)];

    [Fact]
    public void Byte_level_ids_are_those_of_Hugging_Face() => Check(ByteLevelBpeTokenizer.Train(Texts, 300), "bpe");

    [Fact]
    public void Word_level_ids_are_those_of_Hugging_Face() => Check(WordLevelTokenizer.FromTexts(Texts), "words");

    [Fact]
    public void The_jinja_template_is_the_plain_template()
    {
        foreach (JsonElement chat in Golden.GetProperty("chats").EnumerateArray())
        {
            Turn[] turns = [.. chat.GetProperty("messages").EnumerateArray().Select(m =>
                new Turn(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];
            Assert.Equal(chat.GetProperty("prompt").GetString(), "<bos>" + ChatTemplate.Plain.Render(turns));
            Assert.Equal(chat.GetProperty("whole").GetString(), "<bos>" + ChatTemplate.Plain.RenderTurns(turns));
        }
    }

    private static void Check(ITokenizer tokenizer, string name)
    {
        using var folder = new TemporaryFolder();
        string path = folder["tokenizer.json"];
        TokenizerFile.Save(path, tokenizer);
        ITokenizer back = TokenizerFile.Load(path);
        foreach ((string text, JsonElement expected) in Texts.Zip(Golden.GetProperty(name).EnumerateArray()))
        {
            if (expected.ValueKind == JsonValueKind.Null) continue;
            int[] ids = [.. expected.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32())];
            Assert.Equal(ids, back.Encode(text).Prepend(back.BeginId));
            Assert.Equal(expected.GetProperty("decoded").GetString(), back.Decode(ids));
        }
    }
}
