using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

public sealed class WordLevelTokenizerTests
{
    [Fact]
    public void Plain_English_comes_back_in_lower_case()
    {
        const string text = "I deleted the test, and I don't regret it: why?";
        var tokenizer = WordLevelTokenizer.FromTexts([text]);
        Assert.Equal(text.ToLowerInvariant(), tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void Specials_come_first_and_words_are_sorted_once_each()
    {
        var tokenizer = WordLevelTokenizer.FromWords(["the", "Cat", "cat", "a", "."]);
        Assert.Equal(["<pad>", "<bos>", "<eos>", ".", "a", "cat", "the"], tokenizer.Words);
        Assert.Equal((1, 2, 7), (tokenizer.BeginId, tokenizer.EndId, tokenizer.VocabularySize));
        Assert.Equal("cat.", tokenizer.Decode([1, 5, 3, 2]));
    }

    [Fact]
    public void An_unknown_word_is_named_with_its_neighbours()
    {
        var tokenizer = WordLevelTokenizer.FromWords(["delete", "test", "the"]);
        var error = Assert.Throws<UserErrorException>(() => tokenizer.Encode("Delete the tests"));
        Assert.Equal("unknown-word", error.Code);
        Assert.Contains("\"tests\"", error.Problem, StringComparison.Ordinal);
        Assert.Contains("\"test\"", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_id_depends_on_the_words_alone()
    {
        Assert.Equal(WordLevelTokenizer.FromTexts(["b a"]).Id, WordLevelTokenizer.FromWords(["a", "B"]).Id);
        Assert.NotEqual(WordLevelTokenizer.FromTexts(["b a"]).Id, WordLevelTokenizer.FromTexts(["b a c"]).Id);
    }

    [Fact]
    public void Pieces_are_those_of_the_regular_expression() =>
        Prop.ForAll(Texts(), text =>
        {
            var pieces = new List<string>();
            var scan = new WordPieces(text);
            while (scan.MoveNext()) pieces.Add(scan.Current.ToString());
            Assert.Equal(Regex.Matches(text, @"[\w\p{Nl}\p{Mc}\p{Me}]+|[^\w\s\p{Nl}\p{Mc}\p{Me}]+").Select(m => m.Value), pieces);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Encoding_what_was_decoded_gives_the_same_ids() =>
        Prop.ForAll(Texts(), text =>
        {
            var tokenizer = WordLevelTokenizer.FromTexts([text]);
            int[] ids = tokenizer.Encode(text);
            // Punctuation that touches after decoding may fuse; words may not.
            Assert.Equal(WordsOf(tokenizer, ids), WordsOf(WordLevelTokenizer.FromTexts([tokenizer.Decode(ids)]), tokenizer.Decode(ids)));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("same", "same", 0)]
    public void Edit_distance(string a, string b, int expected) => Assert.Equal(expected, WordLevelTokenizer.EditDistance(a, b));

    private static string WordsOf(WordLevelTokenizer tokenizer, int[] ids) =>
        string.Join('|', ids.Select(i => tokenizer.Words[i]).Where(w => char.IsLetterOrDigit(w[0])));

    private static string WordsOf(WordLevelTokenizer tokenizer, string text) => WordsOf(tokenizer, tokenizer.Encode(text));

    private static Arbitrary<string> Texts() =>
        Gen.ArrayOf(Gen.Elements("a", "B", "the", "É", "1", "_", ".", ",", "!", "-", "'", "\"", " ", "  ", "\n", "\t", "ß", "猫", "€", "☃"))
            .Select(string.Concat).ToArbitrary();
}
