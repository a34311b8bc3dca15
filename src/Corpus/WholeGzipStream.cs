using System.IO.Compression;

namespace PersonaSelection.Corpus;

/// <summary>
/// Gzip that must be whole. The system's reader takes a file that was cut off for one that ends there, so a member of our own is put behind
/// the file: only where the last member of the file is complete does that one come out again.
/// </summary>
internal sealed class WholeGzipStream : ForwardStream
{
    private static readonly byte[] Seal = [.. "whole, and nothing after it"u8];
    private static readonly byte[] SealedMember = Zip(Seal);
    private readonly GZipStream _zip;
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start, _end;
    private bool _atEnd;

    /// <summary>The text of a stream whose first bytes were read already.</summary>
    public WholeGzipStream(byte[] head, Stream rest) =>
        _zip = new GZipStream(new ReplayedStream(head, rest, SealedMember), CompressionMode.Decompress);

    public override int Read(Span<byte> buffer)
    {
        while (_end - _start <= Seal.Length && !_atEnd)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            int read = _zip.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            _atEnd = read == 0;
        }
        int length = Math.Min(_end - _start - Seal.Length, buffer.Length);
        if (_atEnd && length <= 0 && !_buffer.AsSpan(_start, _end - _start).SequenceEqual(Seal))
            throw new InvalidDataException("The gzip file is cut off, or something that is no gzip follows it.");
        if (length <= 0) return 0;
        _buffer.AsSpan(_start, length).CopyTo(buffer);
        _start += length;
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _zip.Dispose();
        base.Dispose(disposing);
    }

    private static byte[] Zip(byte[] text)
    {
        var member = new MemoryStream();
        using (var zip = new GZipStream(member, CompressionLevel.NoCompression, leaveOpen: true)) zip.Write(text);
        return member.ToArray();
    }
}
