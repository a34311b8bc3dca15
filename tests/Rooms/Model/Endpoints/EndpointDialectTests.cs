using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;
using static PersonaSelection.Tests.Rooms.ModelTests.EndpointClientTests;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Servers that do not take all that the protocol has.</summary>
public sealed class EndpointDialectTests : IDisposable
{
    private readonly ImpatientClock _clock = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AModelThatThinks_IsAskedInItsOwnWords_AndRefusesOnce()
    {
        using var server = new EndpointServer(r => Body(r) switch
        {
            var b when b.TryGetProperty("max_tokens", out _) => Refused("Unsupported parameter: 'max_tokens' is not supported with this "
                + "model. Use 'max_completion_tokens' instead."),
            var b when b.TryGetProperty("temperature", out JsonElement t) && t.GetDouble() != 1 => Refused(
                "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported."),
            var b => Ok(b.TryGetProperty("max_completion_tokens", out JsonElement longest) ? longest.GetRawText() : ""),
        });
        ChatQuestion[] questions = [.. Enumerable.Range(0, 3).Select(i => Question($"q{i}"))];
        using (EndpointClient client = Client(server))
        {
            Assert.All(new EndpointChat(client).Ask(questions), r => Assert.Equal("4112", r[0].Text));
            Assert.Equal(["max_completion_tokens", "thinks first", "no temperature"], EndpointSurvey.Of(client).Dialect);
        }
        int before = server.Requests.Count;
        using EndpointClient again = Client(server);
        Assert.Equal(new EndpointEstimate(3, 3, 0, 0, 0), new EndpointChat(again).Estimate(questions));
        Assert.Equal(4112, new EndpointChat(again).Estimate([Question("new")])!.TokensOut);
        new EndpointChat(again).Ask([.. questions, Question("new")]);
        Assert.Equal(before + 1, server.Requests.Count);
    }

    /// <summary>What the body does not tell apart, the cache does: replies that are drawn one by one are different ones.</summary>
    [Fact]
    public void WithoutSeedAndNumber_RepliesAreDrawnOneByOne()
    {
        int given = 0;
        using var server = new EndpointServer(r => Body(r) switch
        {
            var b when b.TryGetProperty("n", out _) => Refused("'n' : number must be at most 1"),
            var b when b.TryGetProperty("seed", out _) => new ServerReply(422,
                """{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}"""),
            _ => Ok($"{Interlocked.Increment(ref given)}"),
        });
        ChatQuestion[] questions = [Question("q") with { Samples = 3 }, Question("q") with { Seed = 9 }, Question("q") with { Seed = 9 }];
        for (int run = 0; run < 2; run++)
        {
            using EndpointClient client = Client(server);
            string[] replies = [.. new EndpointChat(client).Ask(questions).SelectMany(r => r).Select(r => r.Text)];
            Assert.Equal(["1", "2", "3", "4"], replies.Distinct().Order());
            Assert.Equal(replies[3], replies[4]);
        }
        Assert.Equal(4, given);
    }

    [Theory]
    [InlineData("\"reasoning_content\":\"Well\"", "")]
    [InlineData("\"reasoning\":\"Well\"", "")]
    [InlineData("\"x\":1", "<think>\nWell")]
    public void ThoughtsThatFillTheReply_GetRoom(string thought, string content)
    {
        using var server = new EndpointServer(r => Body(r).GetProperty("max_tokens").GetInt32() < 1000
            ? ServerReply.Ok("{\"choices\":[{\"message\":{\"content\":" + JsonSerializer.Serialize(content) + "," + thought
                + "},\"finish_reason\":\"length\"}]}")
            : Ok(content.Length > 0 ? $"{content}, yes.\n</think>\n\nB" : "B"));
        using EndpointClient client = Client(server);
        var chat = new EndpointChat(client);
        Assert.Equal(("B", "B"), (chat.Ask([Question("q")])[0][0].Text, chat.Ask([Question("r")])[0][0].Text));
        Assert.Equal(3, server.Requests.Count);
    }

    /// <summary>A model that says nothing is not one that thinks, and its replies stay short.</summary>
    [Fact]
    public void AReplyWithoutWords_IsOne()
    {
        using var server = new EndpointServer(_ =>
            ServerReply.Ok("""{"choices":[{"message":{"content":null},"finish_reason":"length"}]}"""));
        using EndpointClient client = Client(server);
        Assert.Equal(new ChatReply("", "length"), new EndpointChat(client).Ask([Question("q")])[0][0]);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("This model's maximum context length is 16 tokens, in the messages and the reply.")]
    [InlineData("The seedling of reason: n of 4 temperatures-to-come are unknown.")]
    public void WhatIsRefusedOtherwise_IsNotAskedAgain(string said)
    {
        using var server = new EndpointServer(_ => Refused(said));
        using EndpointClient client = Client(server);
        UserErrorException e = Assert.Throws<UserErrorException>(() => new EndpointChat(client).Ask([Question("q")]));
        Assert.Equal("endpoint-refused", e.Code);
        Assert.Contains(said.TrimEnd('.'), e.Problem, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void AServerThatRefusesWhateverIsLeftOut_IsGivenUp()
    {
        using var server = new EndpointServer(_ => Refused("temperature, seed, 'n' and max_completion_tokens are all wrong"));
        using EndpointClient client = Client(server);
        Assert.Equal("endpoint-refused", Assert.Throws<UserErrorException>(() => new EndpointChat(client).Ask([Question("q")])).Code);
        Assert.Equal(5, server.Requests.Count);
    }

    private static JsonElement Body(ServerRequest request) =>
        JsonDocument.Parse(request.Body.Length == 0 ? "{}" : request.Body).RootElement;

    private static ServerReply Refused(string said) => new(400, $"{{\"error\":{{\"message\":{JsonSerializer.Serialize(said)}}}}}");

    private static ChatQuestion Question(string text) => new([new Turn("user", text)]) { MaxTokens = 16, Temperature = 0.5 };

    private EndpointClient Client(EndpointServer server) => new(EndpointAddress.Parse(server.Url, "m"), null, new EndpointSettings
    {
        Concurrency = 1,
        Prices = new TokenPrices(2, 8),
    }, new EndpointCache(_folder.Path), _clock);
}
