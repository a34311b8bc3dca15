using System.Text;
using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;
using static PersonaSelection.Tests.Rooms.ModelTests.EndpointClientTests;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>What a server says under the status of a success and nobody can read: asked for again, by one rule, and never kept.</summary>
public sealed class UnreadableAnswerTests : IDisposable
{
    private readonly ImpatientClock _clock = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{}", "no choices")]
    [InlineData("""{"choices":[]}""", "no choices")]
    [InlineData("""{"choices":[7]}""", "no choices")]
    [InlineData("[1]", "no object")]
    [InlineData("Sorry", "5 bytes that are not JSON")]
    [InlineData("""{"choices":[{"message":7}]}""", "without text")]
    [InlineData("""{"choices":[{"message":{"content":"\ud800"}}]}""", "Unicode")]
    [InlineData("""{"choices":[{"message":{"content":"x"},"finish_reason":"\ud800"}]}""", "Unicode")]
    [InlineData("""{"\ud800":1}""", "Unicode")]
    [InlineData("""{"error":{"message":"warming up"},"choices":null}""", "warming up")]
    public void AnAnswerThatCannotBeRead_IsAskedForAgain_AndNeverKept(string body, string says)
    {
        int unreadable = 1;
        using var server = new EndpointServer(r => r.Number < Volatile.Read(ref unreadable) ? ServerReply.Ok(body) : Ok("hello"));
        using (EndpointClient client = Client(server, cache: true))
        {
            Assert.Equal("hello", Ask(client, "q"));
            Assert.Equal((2, 1), (server.Requests.Count, client.Usage.Retries));
            Assert.InRange(Assert.Single(_clock.Waits).TotalSeconds, 0.5, 1);
            Assert.Equal("hello", Ask(client, "q"));
            Assert.Equal(2, server.Requests.Count);
        }
        unreadable = int.MaxValue;
        using EndpointClient given = Client(server, cache: true);
        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(given, "other"));
        Assert.Equal(("endpoint-bad-reply", 2 + 7), (e.Code, server.Requests.Count));
        Assert.Contains(server.Url + "/chat/completions", e.Problem);
        Assert.Contains(says, e.Problem);
        Assert.Contains("in 7 attempts", e.Problem);
        Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void AnAnswerInAnotherEncoding_IsRefusedAtOnce(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] bare = encoding.GetBytes(Chat("grüß"));
        foreach (byte[] raw in (byte[][])[bare, [.. encoding.GetPreamble(), .. bare]])
        {
            using var server = new EndpointServer(_ => ServerReply.Ok("") with { Raw = raw });
            using EndpointClient client = Client(server);

            UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
            Assert.Equal(("endpoint-bad-reply", 1), (e.Code, server.Requests.Count));
            Assert.Contains($"{raw.Length} bytes that are no text in UTF-8", e.Problem);
        }
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    public void AnAnswerThatSaysItHasNoContent_IsRefusedAtOnce(int status)
    {
        using var server = new EndpointServer(_ => new ServerReply(status, ""));
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal(("endpoint-bad-reply", 1), (e.Code, server.Requests.Count));
        Assert.Contains($"no content ({status})", e.Problem);
    }

    /// <summary>A line that breaks within a character leaves bytes that are no UTF-8 either.</summary>
    [Fact]
    public void AnAnswerCutWithinACharacter_IsAskedForAgain()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Chat("ü"));
        int within = Array.IndexOf(whole, (byte)0xC3) + 1;
        using var server = new EndpointServer(r => r.Number > 0 ? Ok("hello") : ServerReply.Ok("") with { Raw = whole[..within] });
        using EndpointClient client = Client(server);

        Assert.Equal(("hello", 2), (Ask(client, "q"), server.Requests.Count));
    }

    [Fact]
    public void AnUnreadableAnswer_IsWaitedForAsTheServerAsks_AndPaidFor()
    {
        using var server = new EndpointServer(r => r.Number > 0 ? Ok("hello", ""","usage":{"prompt_tokens":3,"completion_tokens":1}""")
            : new ServerReply(200, """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":0}}""")
            {
                Headers = new Dictionary<string, string> { ["Retry-After"] = "7" },
            });
        using EndpointClient client = Client(server);

        Assert.Equal("hello", Ask(client, "q"));
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(_clock.Waits));
        Assert.Equal((2, 6, 1), (client.Usage.Requests, client.Usage.TokensIn, client.Usage.TokensOut));
    }

    [Fact]
    public void WhatIsWaitedFor_IsTold()
    {
        using var server = new EndpointServer(r => r.Number switch
        {
            0 => ServerReply.Ok("{}"),
            1 => new ServerReply(429, """{"error":"slow down"}"""),
            _ => Ok("hello"),
        });
        using EndpointClient client = Client(server);
        var said = new Heard();

        new EndpointChat(client).Ask([new ChatQuestion([new Turn("user", "q")])], "asking", said);
        Assert.Equal(3, said.All.Count);
        Assert.Matches(@"^again in 0\.[5-9] s \(no choices\)$|^again in 1 s \(no choices\)$", said.All[0].Detail);
        Assert.Matches(@"^again in [12](\.\d)? s \(429 slow down\)$", said.All[1].Detail);
        Assert.Equal(new WorkProgress("asking", 1, 1, "requests"), said.All[2]);
    }

    [Fact]
    public void AnUnreadableAnswerInTheCache_GivesWayToABetterOne()
    {
        using var server = new EndpointServer(_ => Ok("hello"));
        using (EndpointClient first = Client(server, cache: true)) Ask(first, "q");
        string file = Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
        File.WriteAllText(file, File.ReadAllText(file).Replace(Chat("hello"), """{"choices":[]}""", StringComparison.Ordinal));

        using EndpointClient second = Client(server, cache: true);
        Assert.Equal(("hello", "hello"), (Ask(second, "q"), Ask(second, "q")));
        Assert.Equal((2, 1), (server.Requests.Count, second.Usage.Cached));
    }

    [Theory]
    [InlineData("""{"data":[{}]}""")]
    [InlineData("""{"data":[{"id":"\ud800"}]}""")]
    public async Task AListOfModelsThatCannotBeRead_IsAskedForAgain(string body)
    {
        using var server = new EndpointServer(r => ServerReply.Ok(r.Number == 0 ? body : """{"data":[{"id":"m"}]}"""));
        using EndpointClient client = Client(server);

        Assert.Equal(["m"], await client.Models(TestContext.Current.CancellationToken));
    }

    /// <summary>In the cache an answer stands a level deeper than on its way, where it may be as deep as a reader goes.</summary>
    [Fact]
    public void TheDeepestAnswerThatIsRead_IsFoundInTheCache()
    {
        string deep = $",\"deep\":{new string('[', 63)}{new string(']', 63)}";
        using var server = new EndpointServer(_ => Ok("hello", deep));
        using EndpointClient client = Client(server, cache: true);

        Assert.Equal(("hello", "hello"), (Ask(client, "q"), Ask(client, "q")));
        Assert.Equal((1, 1), (server.Requests.Count, client.Usage.Cached));
    }

    private sealed class Heard : IProgress<WorkProgress>
    {
        public List<WorkProgress> All { get; } = [];

        public void Report(WorkProgress value) => All.Add(value);
    }

    private EndpointClient Client(EndpointServer server, bool cache = false) => new(EndpointAddress.Parse(server.Url, "m"), null,
        new EndpointSettings(), cache ? new EndpointCache(_folder.Path) : null, _clock);
}
