using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;
using static PersonaSelection.Tests.Rooms.ModelTests.EndpointClientTests;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>Servers whose word nobody vouches for: told at once, and nothing is sent to them.</summary>
public sealed class CertificateTests
{
    private readonly ImpatientClock _clock = new();

    [Theory]
    [InlineData("elsewhere.example", 30, "signed by itself", "'elsewhere.example', not for '127.0.0.1'")]
    [InlineData("127.0.0.1", -10, "out of date")]
    [InlineData("127.0.0.1", 30, "signed by itself")]
    public void ACertificateThatIsNotTaken_IsToldAtOnce(string name, int days, params string[] says)
    {
        using X509Certificate2 certificate = Certificate(name, days);
        using var server = new EndpointServer(_ => Ok("hello"), certificate);
        using EndpointClient client = Client(server.Url);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-tls", e.Code);
        Assert.All([server.Url, .. says], s => Assert.Contains(s, e.Problem));
        Assert.DoesNotContain("inner exception", e.Message);
        Assert.Contains("SSL_CERT_FILE", e.Remedy);
        Assert.Empty(_clock.Waits);
        Assert.Equal((1, 0), (server.Connections, server.Requests.Count));
    }

    [Fact]
    public void AServerThatSpeaksNoTls_IsToldAtOnce()
    {
        using var server = new EndpointServer(_ => Ok("hello"));
        using EndpointClient client = Client(server.Url.Replace("http:", "https:", StringComparison.Ordinal));

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal("endpoint-tls", e.Code);
        Assert.Contains("https or http", e.Remedy);
        Assert.DoesNotContain("inner exception", e.Message);
        Assert.Empty(_clock.Waits);
    }

    [Fact]
    public void ALineThatBreaks_SaysHow_WithoutPointingElsewhere()
    {
        using var server = new EndpointServer(_ => new ServerReply(200, "", ReplyEnd.Dropped));
        using EndpointClient client = Client(server.Url);

        UserErrorException e = Assert.Throws<UserErrorException>(() => Ask(client, "q"));
        Assert.Equal(("endpoint-unreachable", 7), (e.Code, server.Requests.Count));
        Assert.DoesNotContain("An error occurred", e.Message);
    }

    private static X509Certificate2 Certificate(string name, int days)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=psm test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (System.Net.IPAddress.TryParse(name, out System.Net.IPAddress? number)) names.AddIpAddress(number);
        else names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-60), now.AddDays(days));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private EndpointClient Client(string url) =>
        new(EndpointAddress.Parse(url, "m"), "sk-secret", new EndpointSettings(), null, _clock);
}
