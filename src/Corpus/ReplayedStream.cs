namespace PersonaSelection.Corpus;

/// <summary>A stream with bytes before and after it, read once from start to end; it need not be able to seek.</summary>
internal sealed class ReplayedStream(byte[] head, Stream rest, byte[]? tail = null) : Stream
{
    private int _read;
    private int _tailRead = -1;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_read < head.Length) return Take(head, ref _read, buffer);
        int read = _tailRead < 0 ? rest.Read(buffer) : 0;
        if (read > 0 || tail is null || buffer.IsEmpty) return read;
        _tailRead = Math.Max(0, _tailRead);
        return Take(tail, ref _tailRead, buffer);
    }

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) rest.Dispose();
        base.Dispose(disposing);
    }

    private static int Take(byte[] bytes, ref int at, Span<byte> buffer)
    {
        int length = Math.Min(bytes.Length - at, buffer.Length);
        bytes.AsSpan(at, length).CopyTo(buffer);
        at += length;
        return length;
    }
}
