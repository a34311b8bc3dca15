using System.Text;
using System.Text.Json;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>A client against servers that misbehave in every way a server on the other side of a network can.</summary>
public sealed class EndpointClientTests : IDisposable
{
    private const string Key = "sk-very-secret-0123456789";
    private readonly ImpatientClock _clock = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(500, "Whole")]
    [InlineData(503, "Whole")]
    [InlineData(429, "Whole")]
    [InlineData(408, "Whole")]
    [InlineData(200, "Half")]
    [InlineData(200, "HalfUnannounced")]
    [InlineData(200, "Dropped")]
    public void Trouble_ThatPasses_IsWaitedFor(int status, string end)
    {
        using var server = new EndpointServer(r => r.Number == 0
            ? new ServerReply(status, Chat("hello"), Enum.Parse<ReplyEnd>(end)) : Ok("hello"));
        using EndpointClient client = Client(server);

        Assert.Equal("hello", Ask(client, "q"));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(1, client.Usage.Retries);
        Assert.InRange(Assert.Single(_clock.Waits).TotalSeconds, 0.5, 1);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    [InlineData("Sat, 21 Nov 2026 00:00:30 GMT", 30)]
    [InlineData("Sat, 21 Nov 2020 00:00:30 GMT", 0)]
    public void RetryAfter_IsHonoured(string header, double seconds)
    {
        using var server = new EndpointServer(r => r.Number == 0
            ? new ServerReply(429, "{}") { Headers = new Dictionary<string, string> { ["Retry-After"] = header } } : Ok("hello"));
        using EndpointClient client = Client(server);

        Assert.Equal("hello", Ask(client, "q"));
        Assert.Equal(seconds, _clock.GetUtcNow().Subtract(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero)).TotalSeconds, 1e-6);
    }

    [Fact]
    public void RetryAfter_OfHours_IsAnErrorThatSaysSo()
    {
        using var server = new EndpointServer(_ =>
            new ServerReply(429, "{}") { Headers = new Dictionary<string, string> { ["Retry-After"] = "7200" } });
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-busy", e.Code);
        Assert.Contains("120 minutes", e.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Pauses_Grow_AreTheSameInEveryRun_AndEnd()
    {
        using var server = new EndpointServer(_ => new ServerReply(500, """{"error":{"message":"out of order"}}"""));
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));

        Assert.Equal("endpoint-busy", e.Code);
        Assert.Contains("out of order", e.Message);
        Assert.Equal(7, server.Requests.Count);
        Assert.All(_clock.Waits.Select((w, i) => (w, i)), p => Assert.InRange(p.w.TotalSeconds, Math.Pow(2, p.i) / 2, Math.Pow(2, p.i)));
        TimeSpan[] first = [.. _clock.Waits];
        Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal(first, _clock.Waits.Skip(first.Length));
    }

    [Theory]
    [InlineData(400, "endpoint-refused")]
    [InlineData(401, "endpoint-key")]
    [InlineData(403, "endpoint-key")]
    [InlineData(404, "endpoint-not-found")]
    [InlineData(422, "endpoint-refused")]
    public void Refusals_AreNotRepeated_AndNeverTellTheKey(int status, string code)
    {
        using var server = new EndpointServer(_ => new ServerReply(status, $$$"""{"error":{"message":"Bad\nkey {{{Key}}} given"}}"""));
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));

        Assert.Equal(code, e.Code);
        Assert.Contains("Bad key … given", e.Problem);
        Assert.DoesNotContain(Key, e.ToString());
        Assert.Equal($"Bearer {Key}", Assert.Single(server.Requests).Headers["authorization"]);
    }

    [Fact]
    public void AnEmptyQuota_IsNotWaitedFor()
    {
        using var server =
            new EndpointServer(_ => new ServerReply(429, """{"error":{"message":"pay first","code":"insufficient_quota"}}"""));
        using EndpointClient client = Client(server);

        Assert.Contains("pay first", Assert.Throws<UserErrorException>(() => Ask(client, "q")).Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task ASlowServer_IsAskedAgain()
    {
        using var server = new EndpointServer(r => r.Number == 0 ? new ServerReply(200, "", ReplyEnd.Never) : Ok("hello"));
        using EndpointClient client = Client(server);
        Task<string> answer = Task.Run(() => Ask(client, "q"));
        await server.Asked(1);
        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal("hello", await answer);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public void Redirects_AreNotFollowed_SoTheKeyStaysHere()
    {
        using var elsewhere = new EndpointServer(_ => Ok("stolen"));
        using var server = new EndpointServer(_ => new ServerReply(307, "")
        {
            Headers = new Dictionary<string, string> { ["Location"] = Named(elsewhere) + "/chat/completions?k=v" },
        });
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-redirect", e.Code);
        Assert.Contains(elsewhere.Url, e.Message);
        Assert.DoesNotContain("password", e.Message);
        Assert.DoesNotContain("k=v", e.Message);
        Assert.Empty(elsewhere.Requests);
        static string Named(EndpointServer s) => s.Url.Replace("http://", "http://user:password@", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Whole", "text/html", "<html>Log in</html>", "text/html")]
    [InlineData("Endless", "application/json", "        ", "more than")]
    public void WhatIsNoAnswerAtAll_IsAnErrorAtOnce(string end, string type, string body, string says)
    {
        using var server = new EndpointServer(_ => new ServerReply(200, body, Enum.Parse<ReplyEnd>(end)) { ContentType = type });
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-bad-reply", e.Code);
        Assert.Contains(says, e.Problem);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void AByteOrderMark_IsNoPartOfAnAnswer()
    {
        using var server = new EndpointServer(_ => Ok("") with { Raw = Encoding.UTF8.GetBytes("\uFEFF" + Chat("hello")) });
        using EndpointClient client = Client(server, cache: true);

        Assert.Equal(("hello", "hello"), (Ask(client, "q"), Ask(client, "q")));
        Assert.Single(server.Requests);
    }

    [Fact]
    public void AnAnnouncedLength_BeyondTheBound_IsNotRead()
    {
        using var server = new EndpointServer(_ => Ok(new string('x', 200_000)));
        using EndpointClient client = Client(server);

        Assert.Contains("more than", Assert.Throws<UserErrorException>(() => Ask(client, "q")).Message);
    }

    [Fact]
    public void NobodyThere_IsToldAfterAllAttempts()
    {
        string url;
        using (var server = new EndpointServer(_ => Ok(""))) url = server.Url;
        using var client = new EndpointClient(EndpointAddress.Parse(url, "m"), null, new EndpointSettings(), null, _clock);

        Assert.Equal("endpoint-unreachable", Assert.Throws<UserErrorException>(() => Ask(client, "q")).Code);
        Assert.Equal(6, _clock.Waits.Count);
    }

    [Fact]
    public void Answers_AreKept_ByWhatWasAsked_WithoutTheKey()
    {
        using var server = new EndpointServer(r => Ok(Said(r).ToUpperInvariant()));
        using (EndpointClient first = Client(server, cache: true))
        {
            Assert.Equal("ONE", Ask(first, "one"));
            Assert.Equal("ONE", Ask(first, "one"));
            Assert.Equal((1, 1), (first.Usage.Requests, first.Usage.Cached));
        }
        using EndpointClient second = Client(server, cache: true);
        Assert.Equal("ONE", Ask(second, "one"));
        Assert.Equal(0, second.Usage.TokensIn);
        Assert.Single(server.Requests);
        Assert.Equal("TWO", Ask(second, "two"));
        Assert.Equal(2, server.Requests.Count);
        string[] files = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(2, files.Length);
        Assert.All(files, f => Assert.DoesNotContain("secret", File.ReadAllText(f)));

        // A file that was cut, or is about something else, is no answer.
        File.WriteAllText(files[0], File.ReadAllText(files[0])[..30]);
        File.Copy(files[0], files[1], true);
        Assert.Equal("ONE", Ask(second, "one"));
        Assert.Equal("TWO", Ask(second, "two"));
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public void AStoppedRun_PaysForNothingTwice()
    {
        using var stop = new CancellationTokenSource();
        ChatQuestion[] questions = [.. Enumerable.Range(0, 20).Select(i => Question($"q{i}"))];
        using var dying = new EndpointServer(r =>
        {
            if (r.Number == 11) stop.Cancel();
            return r.Number >= 11 ? new ServerReply(200, "", ReplyEnd.Never) : Ok(Said(r));
        });
        using (EndpointClient client = Client(dying, cache: true))
            Assert.ThrowsAny<OperationCanceledException>(() => new EndpointChat(client).Ask(questions, cancellation: stop.Token));
        int kept = Directory.GetFiles(_folder.Path, "*.json", SearchOption.AllDirectories).Length;
        Assert.InRange(kept, 11 - 4, 11);

        using var server = new EndpointServer(r => Ok(Said(r)));
        using EndpointClient again = Client(server, cache: true);
        EndpointEstimate estimate = new EndpointChat(again).Estimate(questions)!;
        Assert.Equal((20, kept), (estimate.Requests, estimate.Cached));
        Assert.Equal(questions.Select((_, i) => $"q{i}"), new EndpointChat(again).Ask(questions).Select(r => r[0].Text));
        Assert.Equal(20 - kept, server.Requests.Count);
    }

    [Fact]
    public void NoMoreRequestsAreUnderWay_ThanAllowed()
    {
        // Every answer waits until four requests are there: fewer at once would wait for ever, more would show.
        using var four = new Barrier(4);
        using var server = new EndpointServer(r => four.SignalAndWait(TimeSpan.FromSeconds(60))
            ? Ok(Said(r)) : new ServerReply(400, "alone"));
        using EndpointClient client = Client(server);

        IReadOnlyList<IReadOnlyList<ChatReply>> replies =
            new EndpointChat(client).Ask([.. Enumerable.Range(0, 24).Select(i => Question($"q{i}"))]);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => $"q{i}"), replies.Select(r => r[0].Text));
        Assert.Equal(4, server.MostAtOnce);
    }

    [Fact]
    public void EqualQuestionsAtOnce_AreOneRequest()
    {
        using var server = new EndpointServer(r =>
        {
            Thread.Sleep(50);
            return Ok(Said(r));
        });
        using EndpointClient client = Client(server, cache: true);

        Assert.Equal(8, new EndpointChat(client).Ask([.. Enumerable.Repeat(Question("q"), 8)]).Count);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void AServerThatGivesOneReply_IsAskedForTheRest()
    {
        using var server = new EndpointServer(r => Ok(JsonDocument.Parse(r.Body).RootElement.GetProperty("seed").GetRawText()));
        using EndpointClient client = Client(server);

        IReadOnlyList<ChatReply> replies = new EndpointChat(client).Ask([Question("q") with { Samples = 3, Seed = 5 }])[0];
        Assert.Equal(3, replies.Select(r => r.Text).Distinct().Count());
    }

    [Fact]
    public void Usage_IsWhatTheServerCounts_OrAnEstimateThatSaysSo()
    {
        using var counting = new EndpointServer(_ => Ok("hello", ""","usage":{"prompt_tokens":100,"completion_tokens":10}"""));
        using (EndpointClient client = Client(counting))
        {
            Ask(client, "q");
            Assert.Equal(new EndpointUsage(1, 0, 0, 100, 10, false, ((100 * 2.0) + (10 * 8.0)) / 1e6), client.Usage);
        }
        using var silent = new EndpointServer(_ => Ok("hello"));
        using EndpointClient other = Client(silent);
        Ask(other, new string('x', 400));
        Assert.True(other.Usage.Estimated);
        Assert.Equal(104, other.Usage.TokensIn);
    }

    [Theory]
    [InlineData("http://localhost:8000", "http://localhost:8000/v1/")]
    [InlineData("http://localhost:8000/v1/", "http://localhost:8000/v1/")]
    [InlineData("https://example.org/openai/v1", "https://example.org/openai/v1/")]
    public void Addresses_AreTakenAsUsersGiveThem(string given, string expected) =>
        Assert.Equal(expected, EndpointAddress.Parse(given, "m").Base.ToString());

    [Theory]
    [InlineData("models/med")]
    [InlineData("ftp://example.org")]
    [InlineData("http://user:sk-1234@example.org/v1")]
    [InlineData("http://example.org/v1?key=sk-1234")]
    public void BadAddresses_AreRefused_WithoutTheirSecrets(string given)
    {
        UserErrorException e = Assert.Throws<UserErrorException>(() => EndpointAddress.Parse(given, "m"));
        Assert.Equal("endpoint-address", e.Code);
        Assert.DoesNotContain("sk-1234", e.Message);
    }

    internal static ServerReply Ok(string said, string more = "") => ServerReply.Ok(Chat(said, more));

    internal static string Chat(string said, string more = "") =>
        $$"""{"choices":[{"message":{"role":"assistant","content":{{JsonSerializer.Serialize(said)}}"""
        + $$"""},"finish_reason":"stop"}]{{more}}}""";

    private static string Said(ServerRequest request) =>
        JsonDocument.Parse(request.Body).RootElement.GetProperty("messages")[0].GetProperty("content").GetString()!;

    private static ChatQuestion Question(string text) => new([new Turn("user", text)]);

    internal static string Ask(EndpointClient client, string text) => new EndpointChat(client).Ask([Question(text)])[0][0].Text;

    private EndpointClient Client(EndpointServer server, bool cache = false) => new(EndpointAddress.Parse(server.Url, "m"), Key,
        new EndpointSettings { LargestResponse = 100_000, Prices = new TokenPrices(2, 8) },
        cache ? new EndpointCache(_folder.Path) : null, _clock);
}
