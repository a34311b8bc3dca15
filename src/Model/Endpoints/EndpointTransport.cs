using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PersonaSelection.Model;

/// <summary>What became of one attempt.</summary>
/// <param name="Status">The status; 0 when there was no answer.</param>
/// <param name="Body">The whole body of a success.</param>
/// <param name="Reply">The same, read.</param>
/// <param name="Trouble">What went wrong, in the server's words where it has any.</param>
/// <param name="Transient">Whether it may go better another time.</param>
/// <param name="RetryAfter">How long the server asks to wait.</param>
internal sealed record EndpointAttempt(int Status, byte[] Body, JsonElement Reply, string Trouble = "", bool Transient = false,
    TimeSpan? RetryAfter = null)
{
    public bool Succeeded => Reply.ValueKind == JsonValueKind.Object;

    /// <summary>The same, of which nothing can be made.</summary>
    public EndpointAttempt Unreadable(string trouble) => this with { Body = [], Reply = default, Trouble = trouble, Transient = true };

    public static EndpointAttempt Failed(int status, string trouble, bool transient = false, TimeSpan? retryAfter = null) =>
        new(status, [], default, trouble, transient, retryAfter);
}

/// <summary>
/// One request over one connection. Redirects are not followed: a key goes to the server it was given for and nowhere else.
/// </summary>
internal sealed partial class EndpointTransport : IDisposable
{
    private const int LargestMessage = 1 << 16;
    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;
    private readonly HttpClient _http;
    private readonly string? _key;
    private readonly int _largest;
    private readonly TimeProvider _time;
    private volatile string? _untrusted;

    public EndpointTransport(EndpointAddress address, string? key, EndpointSettings settings, TimeProvider time)
    {
        (_key, _largest, _time) = (string.IsNullOrWhiteSpace(key) ? null : key.Trim(), settings.LargestResponse, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            UseCookies = false,
            UseProxy = !address.Base.IsLoopback,
            MaxConnectionsPerServer = settings.Concurrency,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                {
                    _untrusted = errors == SslPolicyErrors.None ? null
                        : Clean(ServerCertificate.Trouble(address.Base.Host, certificate as X509Certificate2, chain, errors));
                    return _untrusted is null;
                },
            },
        })
        {
            BaseAddress = address.Base,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Sends a request; without a body it is a GET.</summary>
    public async Task<EndpointAttempt> Send(string path, byte[]? body, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (_key is not null) message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_key}");
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        message.Headers.UserAgent.Add(new ProductInfoHeaderValue("psm", null));
        if (body is not null) message.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        try
        {
            using HttpResponseMessage response =
                await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            return await Read(response, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            // A certificate, or a server that speaks no TLS, is the same another time; a line that breaks is not.
            bool broken = _untrusted is null && e.InnerException is not AuthenticationException;
            string trouble = _untrusted ?? Clean(e.GetBaseException().Message);
            return EndpointAttempt.Failed(0, broken ? $"no TLS connection ({trouble})" : trouble, broken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The message of a socket's trouble names the place; others point to the exception within.
            Exception said = e.InnerException is SocketException ? e : e.GetBaseException();
            return EndpointAttempt.Failed(0, Clean(said.Message), transient: true);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<EndpointAttempt> Read(HttpResponseMessage response, CancellationToken cancellation)
    {
        int status = (int)response.StatusCode;
        if (status is >= 300 and < 400)
            return EndpointAttempt.Failed(status, Clean(response.Headers.Location is { } to ? Where(to) : "another place"));
        if (status is < 200 or >= 300)
        {
            string said = await Said(response, cancellation).ConfigureAwait(false);
            // A quota that is used up is told by the status of a server that is busy, and no waiting helps.
            bool spent = said.Contains("insufficient_quota", StringComparison.Ordinal);
            return EndpointAttempt.Failed(status, said, !spent && status is 408 or 409 or 425 or 429 or >= 500, RetryAfter(response));
        }
        // A server that says on purpose that it sends nothing says so another time too.
        if (status is 204 or 205) return EndpointAttempt.Failed(status, $"no content ({status})");
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (type is not null && type.Contains("html", StringComparison.OrdinalIgnoreCase))
            // A page is there to stay: the address is that of a door for people.
            return EndpointAttempt.Failed(status, $"a page of type {Clean(type)} instead of JSON");
        // What was asked for is unpacked by now, and its name taken from the list.
        if (response.Content.Headers.ContentEncoding is { Count: > 0 } packed && packed.Any(p => p != "identity"))
            return EndpointAttempt.Failed(status, $"an answer packed in a way that is not read here ({Clean(string.Join(", ", packed))})");
        var attempt = new EndpointAttempt(status, [], default, RetryAfter: RetryAfter(response));
        byte[]? body;
        try
        {
            body = await ReadBody(response, _largest, whole: true, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (IsUnpackable(e))
        {
            return attempt.Unreadable("an answer that cannot be unpacked, or only a part of one");
        }
        if (body is null) return EndpointAttempt.Failed(status, $"more than {_largest} bytes");
        // Some servers begin with a byte order mark, which is no JSON.
        if (body.AsSpan().StartsWith(ByteOrderMark)) body = body[ByteOrderMark.Length..];
        attempt = attempt with { Body = body };
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = EndpointReply.Deepest });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return attempt.Unreadable("JSON that is no object");
            // Some gateways tell under the status of a success what went wrong behind them.
            bool failed = root.TryGetProperty("error", out JsonElement error) && (error.ValueKind == JsonValueKind.Object
                || (error.ValueKind == JsonValueKind.String && !error.ValueEquals("")));
            return failed ? attempt.Unreadable($"an error: {Message(body)}") : attempt with { Reply = root.Clone() };
        }
        catch (JsonException)
        {
            if (!IsUtf8(body)) return EndpointAttempt.Failed(status, $"{body.Length} bytes that are no text in UTF-8");
            // A connection that broke in the middle of an answer without a length looks like this.
            return attempt.Unreadable($"{body.Length} bytes that are not JSON, or only a part of it");
        }
        catch (InvalidOperationException)
        {
            return attempt.Unreadable(EndpointReply.HalfCharacter);
        }
    }

    private async Task<string> Said(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return Message(await ReadBody(response, LargestMessage, whole: false, cancellation).ConfigureAwait(false) ?? []);
        }
        catch (Exception e) when (IsUnpackable(e))
        {
            // The status says enough.
            return "";
        }
    }

    // What each of the ways of packing throws.
    private static bool IsUnpackable(Exception e) => e is InvalidDataException or InvalidOperationException;

    // A character may be cut in the middle by a line that broke; no JSON holds a zero, and UTF-16 without a mark many.
    private static bool IsUtf8(byte[] body)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetDecoder().GetCharCount(body, flush: false);
            return !body.Contains((byte)0);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The body, unpacked; null when it is larger and should be whole.</summary>
    private static async Task<byte[]?> ReadBody(HttpResponseMessage response, int largest, bool whole, CancellationToken cancellation)
    {
        if (whole && response.Content.Headers.ContentLength > largest) return null;
        Stream stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = stream.ConfigureAwait(false);
        using var body = new MemoryStream();
        byte[] piece = new byte[1 << 14];
        while (await stream.ReadAsync(piece, cancellation).ConfigureAwait(false) is var read and > 0)
        {
            if (body.Length + read > largest)
            {
                if (whole) return null;
                body.Write(piece, 0, largest - (int)body.Length);
                break;
            }
            body.Write(piece, 0, read);
        }
        return body.ToArray();
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    // Without the user's name, password or query that a server may put there: they end up in logs.
    private static string Where(Uri to) => to.IsAbsoluteUri
        ? to.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : to.OriginalString.Split('?')[0];

    private string Message(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
            {
                if (root.TryGetProperty("error", out JsonElement error)) root = error;
                if (root.ValueKind == JsonValueKind.String) return Clean(root.GetString()!);
                string code = Text(root, "code") is { Length: > 0 } named ? $" ({named})" : "";
                if ((Text(root, "message") ?? Text(root, "detail")) is { } said) return Clean(said + code);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not every server explains itself in JSON, or in well-formed Unicode.
        }
        return Clean(Encoding.UTF8.GetString(body));
    }

    private static string? Text(JsonElement e, string name) =>
        e.ValueKind == JsonValueKind.Object && e.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    /// <summary>One short line without control characters, and without the key, which some servers repeat in their messages.</summary>
    private string Clean(string text)
    {
        if (_key is not null) text = text.Replace(_key, "…", StringComparison.Ordinal);
        string line = Blank().Replace(text, " ").Trim();
        return line.Length > 300 ? line[..300] + "…" : line;
    }

    [GeneratedRegex(@"[\s\p{C}]+")]
    private static partial Regex Blank();
}
