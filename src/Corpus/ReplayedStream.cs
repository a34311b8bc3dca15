namespace PersonaSelection.Corpus;

/// <summary>A stream with bytes before and after it, read once from start to end; it need not be able to seek.</summary>
internal sealed class ReplayedStream(byte[] head, Stream rest, byte[]? tail = null) : ForwardStream
{
    private int _read;
    private int _tailRead = -1;

    public override int Read(Span<byte> buffer)
    {
        if (_read < head.Length) return Take(head, ref _read, buffer);
        int read = _tailRead < 0 ? rest.Read(buffer) : 0;
        if (read > 0 || tail is null || buffer.IsEmpty) return read;
        _tailRead = Math.Max(0, _tailRead);
        return Take(tail, ref _tailRead, buffer);
    }

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
