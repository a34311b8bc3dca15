using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>What came in. Headers are in lower case.</summary>
internal sealed record ServerRequest(int Number, string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>How a reply ends.</summary>
internal enum ReplyEnd
{
    Whole,

    /// <summary>The length is announced, half of the body comes, the connection closes.</summary>
    Half,

    /// <summary>No length is announced, half of the body comes, the connection closes.</summary>
    HalfUnannounced,

    /// <summary>The connection is reset without a word.</summary>
    Dropped,

    /// <summary>Nothing comes until the server ends.</summary>
    Never,

    /// <summary>A body without a length and without an end.</summary>
    Endless,
}

internal sealed record ServerReply(int Status, string Body, ReplyEnd End = ReplyEnd.Whole)
{
    public string ContentType { get; init; } = "application/json";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The bytes of the body where they are not those of the text.</summary>
    public byte[]? Raw { get; init; }

    public static ServerReply Ok(string body) => new(200, body);
}

/// <summary>An HTTP server over sockets that does whatever a test wants, misbehaviour included, and remembers what it was asked.</summary>
internal sealed class EndpointServer : IDisposable
{
    private const byte TlsHandshake = 22;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<ServerRequest, ServerReply> _answer;
    private readonly CancellationTokenSource _end = new();
    private readonly List<ServerRequest> _requests = [];
    private readonly X509Certificate2? _certificate;
    private int _active, _most, _connections;

    /// <param name="answer">What is answered to each request.</param>
    /// <param name="certificate">What the server shows; it then speaks TLS.</param>
    public EndpointServer(Func<ServerRequest, ServerReply> answer, X509Certificate2? certificate = null)
    {
        (_answer, _certificate) = (answer, certificate);
        _listener.Start(256);
        Url = $"{(certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v1";
        _ = Task.Run(Accept);
    }

    public string Url { get; }

    public IReadOnlyList<ServerRequest> Requests
    {
        get
        {
            lock (_requests) return [.. _requests];
        }
    }

    /// <summary>How often somebody connected.</summary>
    public int Connections => _connections;

    /// <summary>The most requests that were under way at once.</summary>
    public int MostAtOnce => _most;

    /// <summary>Waits until so many requests have come in.</summary>
    public async Task Asked(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (Requests.Count < count) await Task.Delay(5, limit.Token);
    }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
    }

    private async Task Accept()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                // A thread of its own: answers may block until others arrive.
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                Interlocked.Increment(ref _connections);
                Stream stream = client.GetStream();
                byte[] first = new byte[1];
                if (_certificate is null && client.Client.Receive(first, SocketFlags.Peek) == 1 && first[0] == TlsHandshake)
                {
                    stream.Write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8);
                    return;
                }
                if (_certificate is not null)
                {
                    var safe = new SslStream(stream);
                    safe.AuthenticateAsServer(_certificate);
                    stream = safe;
                }
                ServerRequest request = Read(stream);
                int active = Interlocked.Increment(ref _active);
                lock (_requests)
                {
                    // Numbered where it is kept: two that come in at once have different numbers.
                    request = request with { Number = _requests.Count };
                    _requests.Add(request);
                    _most = Math.Max(_most, active);
                }
                ServerReply reply = _answer(request);
                Interlocked.Decrement(ref _active);
                Write(client, stream, reply);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException
                or System.Security.Authentication.AuthenticationException)
            {
                // The client has gone; that is its right.
            }
        }
    }

    private static ServerRequest Read(Stream stream)
    {
        string[] first = Line(stream).Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        for (string line = Line(stream); line.Length > 0; line = Line(stream))
            headers[line[..line.IndexOf(':')].ToLowerInvariant()] = line[(line.IndexOf(':') + 1)..].Trim();
        byte[] body = new byte[int.Parse(headers.GetValueOrDefault("content-length", "0"))];
        stream.ReadExactly(body);
        return new ServerRequest(-1, first[0], first[1], headers, Encoding.UTF8.GetString(body));
    }

    private static string Line(Stream stream)
    {
        var line = new StringBuilder();
        for (int c = stream.ReadByte(); c != '\n'; c = stream.ReadByte())
        {
            if (c < 0) throw new IOException("The request ended early.");
            if (c != '\r') line.Append((char)c);
        }
        return line.ToString();
    }

    private void Write(TcpClient client, Stream stream, ServerReply reply)
    {
        if (reply.End == ReplyEnd.Dropped)
        {
            client.Client.LingerState = new LingerOption(true, 0);
            return;
        }
        if (reply.End == ReplyEnd.Never)
        {
            _end.Token.WaitHandle.WaitOne();
            return;
        }
        byte[] body = reply.Raw ?? Encoding.UTF8.GetBytes(reply.Body);
        var head = new StringBuilder($"HTTP/1.1 {reply.Status} Status\r\nContent-Type: {reply.ContentType}\r\nConnection: close\r\n");
        if (reply.End is ReplyEnd.Whole or ReplyEnd.Half) head.Append($"Content-Length: {body.Length}\r\n");
        foreach ((string name, string value) in reply.Headers) head.Append($"{name}: {value}\r\n");
        stream.Write(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
        stream.Write(reply.End is ReplyEnd.Half or ReplyEnd.HalfUnannounced ? body.AsSpan(0, body.Length / 2) : body);
        while (reply.End == ReplyEnd.Endless && !_end.IsCancellationRequested) stream.Write(body);
    }
}
