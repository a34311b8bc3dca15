using FsCheck.Fluent;
using PersonaSelection.Model;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Tokens as servers report them, found again in the text.</summary>
public sealed class GivenTextTests
{
    [Theory]
    [InlineData("I am here.", "I| am| here|.", "0-1 1-4 4-9 9-10")]
    [InlineData("I am here.", "<s>|I| am| here|.", "0-1 1-4 4-9 9-10")]
    [InlineData("I am here.", "<|begin_of_text|>|I| am| here|.", "0-1 1-4 4-9 9-10")]
    [InlineData("I am here.", " I| am| here|.", "0-1 1-4 4-9 9-10")]
    [InlineData("I am here.", "▁I|▁am|▁here|.", "0-1 1-4 4-9 9-10")]
    [InlineData("I am\nhere", "I|Ġam|Ċ|here", "0-1 1-4 4-5 5-9")]
    [InlineData("I am here.", "I|am|here|.", "0-1 1-4 4-9 9-10")]
    [InlineData("I am", "I| am| not| in| it", "0-1 1-4")]
    [InlineData("é!", "\uFFFD|\uFFFD|!", "0-1 1-2")]
    [InlineData("a😀b", "a|bytes:\\xf0\\x9f|bytes:\\x98\\x80|b", "0-1 1-3 3-4")]
    [InlineData("a😀", "a|\uFFFD|\uFFFD|\uFFFD|\uFFFD", "0-1 1-3")]
    [InlineData("a b ", "a| b", "0-1 1-4")]
    [InlineData("[U]Hi[E]\n[A]So", "[U]|Hi|[E]|\n|[A]|So", "0-3 3-5 5-8 8-9 9-12 12-14")]
    [InlineData("[U]Hi[E]\n[A]So", "~|Hi|~|\n|~|So", "0-3 3-5 5-8 8-9 9-12 12-14")]
    [InlineData("I am", "~|I| am", "0-1 1-4")]
    [InlineData("I am[E]", "I| am|~", "0-1 1-4 4-7")]
    public void Tokens_AreFound(string text, string tokens, string spans) =>
        Assert.Equal(spans, string.Join(' ', Align(text, tokens)!.Select(t => $"{t.Start}-{t.End}")));

    [Theory]
    [InlineData("I am here.", "It| was| there|.")]
    [InlineData("I am here.", "I| am")]
    [InlineData("I am here.", "I| was| here|.")]
    [InlineData("I am here.", "")]
    public void OtherTexts_AreNotTakenForIt(string text, string tokens) => Assert.Null(Align(text, tokens));

    [Fact]
    public void PartsOfACharacter_AreOneToken_OfTheSumOfTheirLogProbabilities()
    {
        IReadOnlyList<TextToken> found = GivenText.Align("a😀b", [("a", -1), ("\uFFFD", -2), ("\uFFFD", -3), ("b", -4)])!;
        Assert.Equal([new TextToken(0, 1, -1), new TextToken(1, 3, -5), new TextToken(3, 4, -4)], found);
    }

    [Fact]
    public void AnyCutOfAnyText_IsFoundAgain() => FsCheck.Check.QuickThrowOnFailure(Prop.ForAll<string, int[]>((text, cuts) =>
    {
        text = EndpointRequest.WellFormed((text ?? "").Replace("\uFFFD", "?").Replace("bytes:", "") + "end");
        int[] at = [0, .. cuts.Select(c => Math.Abs(c % text.Length)).Where(c => c > 0 && !char.IsLowSurrogate(text[c])).Distinct().Order(),
            text.Length];
        (string, double?)[] tokens = [.. at.Zip(at.Skip(1), (a, b) => (text[a..b], (double?)-a))];
        IReadOnlyList<TextToken>? found = GivenText.Align(text, tokens);
        return found is not null && found.Select(t => t.End).SequenceEqual(at.Skip(1));
    }));

    private static IReadOnlyList<TextToken>? Align(string text, string tokens) =>
        GivenText.Align(text, [.. tokens.Split('|', StringSplitOptions.RemoveEmptyEntries).Aggregate(new List<string>(), Rejoin)
            .Select(t => (t == "~" ? "" : t, (double?)-1))]);

    // A begin token has bars of its own.
    private static List<string> Rejoin(List<string> tokens, string next)
    {
        if (tokens.Count > 0 && tokens[^1].StartsWith('<') && !tokens[^1].EndsWith('>'))
            tokens[^1] += (tokens[^1].Length > 1 ? "|" : "") + next;
        else tokens.Add(next);
        return tokens;
    }
}
