using System.IO.Compression;
using System.Text;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;
using static PersonaSelection.Tests.Rooms.ModelTests.EndpointClientTests;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Answers that a server, or a proxy before it, sends packed.</summary>
public sealed class PackedAnswerTests
{
    private const int Largest = 100_000;

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void APackedAnswer_IsRead(string how)
    {
        using var server = new EndpointServer(_ => Packed(how, Chat("hello")));
        using EndpointClient client = Client(server);

        Assert.Equal("hello", Ask(client, "q"));
        Assert.Contains(how, Assert.Single(server.Requests).Headers["accept-encoding"]);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void AFewBytesThatUnpackToMany_AreRefusedAtTheBound(string how)
    {
        using var server = new EndpointServer(_ => Packed(how, Chat(new string('x', 20 << 20))));
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-bad-reply", e.Code);
        Assert.Contains($"more than {Largest} bytes", e.Problem);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public void WhatCannotBeUnpacked_IsAskedForAgain(string how)
    {
        using var server = new EndpointServer(r => (r.Number % 3) switch
        {
            0 => Packed(how, Chat("hello")) with { Raw = [.. Enumerable.Range(7, 200).Select(i => (byte)(i * i * 31))] },
            1 => Packed(how, Chat("hello")) is { } whole ? whole with { Raw = whole.Raw![..^12] } : null!,
            _ => Packed(how, Chat("hello")),
        });
        using EndpointClient client = Client(server);

        Assert.Equal("hello", Ask(client, "q"));
        Assert.Equal((3, 2), (server.Requests.Count, client.Usage.Retries));
    }

    [Fact]
    public void WhatIsWrong_IsReadFromAPackedAnswerToo()
    {
        using var server = new EndpointServer(_ => Packed("gzip", """{"error":{"message":"no such option"}}""") with { Status = 400 });
        using EndpointClient client = Client(server);

        Assert.Contains("no such option", Assert.Throws<UserErrorException>(() => Ask(client, "q")).Problem);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void AWayOfPackingNobodyAskedFor_IsNamedAtOnce()
    {
        using var server = new EndpointServer(_ => Packed("zstd", Chat("hello")));
        using EndpointClient client = Client(server);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-bad-reply", e.Code);
        Assert.Contains("zstd", e.Problem);
        Assert.Single(server.Requests);
    }

    private static ServerReply Packed(string how, string body)
    {
        using var packed = new MemoryStream();
        using (Stream into = how switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true),
            _ => new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true),
        }) into.Write(Encoding.UTF8.GetBytes(body));
        return ServerReply.Ok("") with
        {
            Raw = packed.ToArray(),
            Headers = new Dictionary<string, string> { ["Content-Encoding"] = how },
        };
    }

    private static EndpointClient Client(EndpointServer server) => new(EndpointAddress.Parse(server.Url, "m"), null,
        new EndpointSettings { LargestResponse = Largest }, null, new ImpatientClock());
}
