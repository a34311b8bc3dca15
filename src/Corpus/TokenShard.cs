using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>
/// Documents as token ids in one memory-mapped file: a header of 96 bytes, the tokens (two bytes each while the vocabulary allows,
/// otherwise four), then where each document starts. Little-endian. A corrupt file is refused when it is opened.
/// </summary>
/// <remarks>
/// Header: magic <c>PSMTOKEN</c>, version (4 bytes), bytes per token (4), vocabulary (8), tokens (8), documents (8), SHA-256 of
/// everything after the header (32), the first 24 bytes of the SHA-256 of the tokenizer's id (24).
/// </remarks>
public sealed unsafe class TokenShard : IDisposable
{
    internal const int HeaderLength = 96;
    internal const int Version = 1;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private readonly ulong* _starts;
    private readonly int _width;

    private TokenShard(MemoryMappedFile file, MemoryMappedViewAccessor view, byte* start, int width, int vocabulary, long tokens,
        int documents)
    {
        (_file, _view, _width) = (file, view, width);
        _data = start + HeaderLength;
        _starts = (ulong*)(_data + IndexOffset(tokens, width));
        (VocabularySize, Tokens, Documents) = (vocabulary, tokens, documents);
    }

    internal static ReadOnlySpan<byte> Magic => "PSMTOKEN"u8;

    /// <summary>Every token id is below this.</summary>
    public int VocabularySize { get; }

    /// <summary>Number of tokens in all documents.</summary>
    public long Tokens { get; }

    /// <summary>Number of documents.</summary>
    public int Documents { get; }

    /// <summary>Opens a shard and checks it whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">The tokenizer its ids must come from; null takes any.</param>
    /// <exception cref="UserErrorException">No such file, not a shard, cut short, altered, or made with another tokenizer.</exception>
    public static TokenShard Open(string path, ITokenizer? tokenizer = null)
    {
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        byte* start = null;
        try
        {
            long length = new FileInfo(path).Length;
            if (length < HeaderLength) throw Corrupt(path, "it is too short");
            file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            TokenShard shard = Check(path, file, view, start, length, tokenizer);
            file = null;
            view = null;
            start = null;
            return shard;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read the token shard {path}: {e.Message}",
                "Make it again with psm corpus new.", e);
        }
        finally
        {
            if (start is not null) view!.SafeMemoryMappedViewHandle.ReleasePointer();
            view?.Dispose();
            file?.Dispose();
        }
    }

    /// <summary>Number of tokens in one document.</summary>
    public int LengthOf(int document)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)document, (uint)Documents, nameof(document));
        return (int)(_starts[document + 1] - _starts[document]);
    }

    /// <summary>Copies the tokens of one document, which must fit, and returns how many they are.</summary>
    public int CopyTo(int document, Span<int> tokens)
    {
        int length = LengthOf(document);
        long start = (long)_starts[document];
        if (_width == 2)
        {
            var source = new ReadOnlySpan<ushort>((ushort*)_data + start, length);
            for (int i = 0; i < length; i++) tokens[i] = source[i];
        }
        else
        {
            new ReadOnlySpan<int>((int*)_data + start, length).CopyTo(tokens);
        }
        return length;
    }

    /// <summary>The tokens of one document.</summary>
    public int[] Read(int document)
    {
        var tokens = new int[LengthOf(document)];
        CopyTo(document, tokens);
        return tokens;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed) _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    internal static byte[] TokenizerMark(ITokenizer tokenizer) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(tokenizer.Id))[..24];

    internal static long IndexOffset(long tokens, int width) => (tokens * width + 7) / 8 * 8;

    private static TokenShard Check(
        string path, MemoryMappedFile file, MemoryMappedViewAccessor view, byte* start, long length, ITokenizer? tokenizer)
    {
        var header = new ReadOnlySpan<byte>(start, HeaderLength);
        if (!header[..8].SequenceEqual(Magic)) throw Corrupt(path, "it is not a token shard");
        int version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version != Version) throw Corrupt(path, $"its version is {version}, this program reads {Version}");
        int width = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        long vocabulary = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        long tokens = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        long documents = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        if (width is not (2 or 4) || vocabulary is <= 0 or > int.MaxValue || tokens < 0 || tokens > length
            || documents is < 0 or >= int.MaxValue
            || HeaderLength + IndexOffset(tokens, width) + 8 * (documents + 1) != length)
            throw Corrupt(path, "its length is not what its header says");
        if (tokenizer is not null && !header.Slice(72, 24).SequenceEqual(TokenizerMark(tokenizer)))
            throw new UserErrorException("wrong-tokenizer", $"The token shard {path} was made with another tokenizer.",
                "Make it again with the tokenizer of this model.");
        if (tokenizer is not null && vocabulary != tokenizer.VocabularySize)
            throw Corrupt(path, "its vocabulary is not that of its tokenizer");
        if (!HashOf(start + HeaderLength, length - HeaderLength).AsSpan().SequenceEqual(header.Slice(40, 32)))
            throw Corrupt(path, "its checksum is wrong");
        var shard = new TokenShard(file, view, start, width, (int)vocabulary, tokens, (int)documents);
        ulong last = 0;
        for (int d = 0; d <= shard.Documents; d++)
        {
            ulong at = shard._starts[d];
            if (at < last || at > (ulong)tokens || at - last > int.MaxValue) throw Corrupt(path, "its index is out of order");
            last = at;
        }
        if (shard._starts[0] != 0 || last != (ulong)tokens) throw Corrupt(path, "its index does not cover its tokens");
        // Whoever made the file made its checksum too.
        if (!shard.IdsAreKnown()) throw Corrupt(path, "it holds tokens beyond its vocabulary");
        return shard;
    }

    private bool IdsAreKnown()
    {
        const int part = 1 << 20;
        for (long at = 0; at < Tokens; at += part)
        {
            int length = (int)Math.Min(part, Tokens - at);
            bool beyond = _width == 2
                ? new ReadOnlySpan<ushort>((ushort*)_data + at, length)
                    .ContainsAnyExceptInRange((ushort)0, (ushort)Math.Min(VocabularySize - 1, ushort.MaxValue))
                : new ReadOnlySpan<int>((int*)_data + at, length).ContainsAnyExceptInRange(0, VocabularySize - 1);
            if (beyond) return false;
        }
        return true;
    }

    private static byte[] HashOf(byte* data, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < length; at += 1 << 20)
            hash.AppendData(new ReadOnlySpan<byte>(data + at, (int)Math.Min(1 << 20, length - at)));
        return hash.GetHashAndReset();
    }

    private static UserErrorException Corrupt(string path, string why) =>
        new("corrupt-shard", $"The token shard {path} cannot be used: {why}.", "Make it again with psm corpus new.");
}
