using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PersonaSelection.Lab;

namespace PersonaSelection.Corpus;

/// <summary>Writes documents into a <see cref="TokenShard"/> in constant memory: neither the tokens nor the index are held.</summary>
public static class TokenShardWriter
{
    private const int BufferLength = 1 << 15;

    /// <summary>Writes every document, in order; the file appears only when it is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tokenizer">Where the ids come from.</param>
    /// <param name="documents">Token ids of each document, begin and end included.</param>
    /// <param name="cancellation">Stops between documents and leaves no file.</param>
    /// <returns>Number of tokens written.</returns>
    /// <exception cref="ArgumentException">An id is outside the tokenizer's vocabulary.</exception>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static long Write(string path, ITokenizer tokenizer, IEnumerable<int[]> documents, CancellationToken cancellation = default)
    {
        long tokens = 0;
        AtomicFile.Write(path, stream => tokens = Write(stream, path, tokenizer, documents, cancellation));
        return tokens;
    }

    private static long Write(Stream stream, string path, ITokenizer tokenizer, IEnumerable<int[]> documents,
        CancellationToken cancellation)
    {
        int width = tokenizer.VocabularySize <= ushort.MaxValue + 1 ? 2 : 4;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The index comes after the tokens, whose number is not known before; it waits in a file of its own.
        using var index = new FileStream(AtomicFile.Beside(path), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16,
            FileOptions.DeleteOnClose);
        Span<byte> word = stackalloc byte[8];
        var buffer = new byte[BufferLength * width];
        stream.Write(new byte[TokenShard.HeaderLength]);
        long tokens = 0, count = 0;
        foreach (int[] document in documents)
        {
            cancellation.ThrowIfCancellationRequested();
            BinaryPrimitives.WriteInt64LittleEndian(word, tokens);
            index.Write(word);
            for (int from = 0; from < document.Length; from += BufferLength)
            {
                ReadOnlySpan<int> part = document.AsSpan(from, Math.Min(BufferLength, document.Length - from));
                Span<byte> bytes = buffer.AsSpan(0, part.Length * width);
                Pack(part, bytes, width, tokenizer.VocabularySize);
                stream.Write(bytes);
                hash.AppendData(bytes);
            }
            tokens += document.Length;
            count++;
        }
        BinaryPrimitives.WriteInt64LittleEndian(word, tokens);
        index.Write(word);
        word.Clear();
        Append(stream, hash, word[..(int)(TokenShard.IndexOffset(tokens, width) - tokens * width)]);
        index.Position = 0;
        for (int read; (read = index.Read(buffer)) > 0;) Append(stream, hash, buffer.AsSpan(0, read));
        WriteHeader(stream, tokenizer, width, tokens, count, hash.GetHashAndReset());
        return tokens;
    }

    private static void Append(Stream stream, IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        hash.AppendData(bytes);
    }

    private static void Pack(ReadOnlySpan<int> ids, Span<byte> bytes, int width, int vocabulary)
    {
        foreach (int id in ids)
            if ((uint)id >= (uint)vocabulary) throw new ArgumentException($"Token id {id} is not below {vocabulary}.", nameof(ids));
        if (width == 4)
        {
            MemoryMarshal.AsBytes(ids).CopyTo(bytes);
            return;
        }
        Span<ushort> target = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (int i = 0; i < ids.Length; i++) target[i] = (ushort)ids[i];
    }

    private static void WriteHeader(Stream stream, ITokenizer tokenizer, int width, long tokens, long documents, byte[] checksum)
    {
        Span<byte> header = stackalloc byte[TokenShard.HeaderLength];
        TokenShard.Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], TokenShard.Version);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], width);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], tokenizer.VocabularySize);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], tokens);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], documents);
        checksum.CopyTo(header[40..]);
        TokenShard.TokenizerMark(tokenizer).CopyTo(header[72..]);
        stream.Position = 0;
        stream.Write(header);
    }
}
