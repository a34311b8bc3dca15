using System.Text;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// The lines of a text as UTF-8 bytes, in memory bounded by <see cref="LongestLine"/> whatever the text holds. Gzip (of several members
/// too) is known by its first bytes, UTF-16 by its byte order mark.
/// </summary>
internal sealed class TextLines : IDisposable
{
    /// <summary>Bytes of the longest line that is read; of a longer one only the number is known.</summary>
    public const int LongestLine = 16 << 20;

    // What unpacks a small file into a line without end is refused, not waited for.
    private const long EndlessLine = 1L << 30;
    private readonly Stream _file;
    private readonly Stream _stream;
    private byte[] _buffer = new byte[1 << 16];
    private int _start, _end;
    private bool _atEnd;

    /// <summary>Lines of a stream, which is closed with them.</summary>
    public TextLines(Stream stream)
    {
        _file = stream;
        _stream = Unpack(stream);
        IsGzip = _stream is WholeGzipStream;
        int length = Fill(3);
        if (length >= 2 && _buffer[0] == 0xff && _buffer[1] == 0xfe) _stream = Transcode(Encoding.Unicode);
        else if (length >= 2 && _buffer[0] == 0xfe && _buffer[1] == 0xff) _stream = Transcode(Encoding.BigEndianUnicode);
        Fill(3);
        if (_buffer.AsSpan(_start, _end - _start).StartsWith("\uFEFF"u8)) _start += 3;
    }

    /// <summary>Whether the text came gzipped.</summary>
    public bool IsGzip { get; }

    /// <summary>The number of the current line, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The current line without its line feed; valid until the next one. Empty when <see cref="TooLong"/>.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Whether the current line is longer than <see cref="LongestLine"/>.</summary>
    public bool TooLong { get; private set; }

    /// <summary>Bytes of the file read so far, packed as they are; 0 where that cannot be known.</summary>
    public long FileBytes => _file is { CanSeek: true } ? _file.Position : 0;

    /// <summary>Opens a file; a pipe does as well.</summary>
    /// <exception cref="UserErrorException"><c>foreign-file</c>: it is no text.</exception>
    public static TextLines Open(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        try
        {
            var lines = new TextLines(file);
            lines.Fill(ForeignFile.HeadLength);
            ForeignFile.Refuse(path, lines._buffer.AsSpan(lines._start, lines._end - lines._start));
            return lines;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads, and tells the user of a file that is missing, cut or hostile.</summary>
    /// <exception cref="UserErrorException">The reading failed.</exception>
    public static T Guarded<T>(string path, int line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or NotSupportedException
            or ArgumentException)
        {
            throw new UserErrorException("cannot-read",
                line > 0 ? $"Cannot read {path} beyond line {line}: {e.Message}" : $"Cannot read {path}: {e.Message}",
                "Check that the file is there and whole.", e);
        }
    }

    /// <summary>Moves to the next line; false at the end.</summary>
    /// <exception cref="InvalidDataException">The text is no whole gzip, or a line has no end.</exception>
    public bool MoveNext()
    {
        TooLong = false;
        int searched = 0;
        while (true)
        {
            int feed = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (feed >= 0) return Give(searched + feed, 1);
            searched = _end - _start;
            if (searched > LongestLine) return Skip();
            if (!More()) return searched > 0 && Give(searched, 0);
        }
    }

    public void Dispose() => _stream.Dispose();

    private bool Give(int length, int feed)
    {
        Number++;
        TooLong = length > LongestLine;
        Current = TooLong ? default : _buffer.AsMemory(_start, length);
        _start += length + feed;
        return true;
    }

    private bool Skip()
    {
        for (long skipped = 0; ;)
        {
            int feed = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (feed >= 0) _start += feed + 1;
            else
            {
                skipped += _end - _start;
                _start = _end;
                if (skipped > EndlessLine) throw new InvalidDataException($"Line {Number + 1} does not end within a gigabyte.");
                if (More()) continue;
            }
            Number++;
            TooLong = true;
            Current = default;
            return true;
        }
    }

    private int Fill(int count)
    {
        while (_end - _start < count && More()) { }
        return _end - _start;
    }

    private bool More()
    {
        if (_atEnd) return false;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _atEnd = read == 0;
        return read > 0;
    }

    private Stream Transcode(Encoding encoding)
    {
        var head = new ReplayedStream(_buffer.AsSpan(2, _end - 2).ToArray(), _stream);
        (_start, _end, _atEnd) = (0, 0, false);
        return Encoding.CreateTranscodingStream(head, encoding, Encoding.UTF8);
    }

    private static Stream Unpack(Stream stream)
    {
        var head = new byte[2];
        int length = stream.ReadAtLeast(head, 2, throwOnEndOfStream: false);
        return length == 2 && head[0] == 0x1f && head[1] == 0x8b
            ? new WholeGzipStream(head, stream) : new ReplayedStream(head[..length], stream);
    }
}
