using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class TokenizerFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["tokenizer.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_word_level_vocabulary_comes_back()
    {
        var tokenizer = WordLevelTokenizer.FromTexts(["I don't \"quote\" <odd> words\\, ünicode 猫."]);
        TokenizerFile.Save(Target, tokenizer);
        Assert.Equal(tokenizer.Id, TokenizerFile.Load(Target).Id);
    }

    [Theory]
    [InlineData("{\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":\"WordLevel\","
        + "\"vocab\":{\"a\":0}}}")]
    [InlineData("{\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}}")]
    [InlineData("{\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":\"WordLevel\","
        + "\"vocab\":{\"<pad>\":0,\"<bos>\":1,\"<eos>\":3}}}")]
    [InlineData("{\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"Whitespace\"},"
        + "\"model\":{\"type\":\"WordLevel\",\"vocab\":[1]}}")]
    [InlineData("{\"model\":3}")]
    public void What_cannot_be_followed_exactly_is_refused(string json)
    {
        File.WriteAllText(Target, json);
        Assert.Equal("bad-tokenizer", Assert.Throws<UserErrorException>(() => TokenizerFile.Load(Target)).Code);
    }
}
