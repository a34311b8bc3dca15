using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>What a checkpoint says about itself.</summary>
internal sealed record CheckpointHeader(int Version, string RunId, int Step, long Tokens, long Position, double LossSum, double LossWeight,
    List<TrainingPoint> Points, long Floats);

/// <summary>
/// A run that stopped between two steps: header, weights and both moments in one file, written whole or not at all, with a checksum.
/// Layout: "PSMTRAIN", int32 header length, header (JSON), three arrays of float32, SHA-256 of everything before it; little-endian.
/// </summary>
internal static class TrainingCheckpoint
{
    private const int Version = 1;
    private const int MaxHeader = 64 << 20;
    private const int Chunk = 1 << 20;
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private static readonly byte[] Magic = "PSMTRAIN"u8.ToArray();

    public static void Save(string path, CheckpointHeader header, params FloatBuffer[] arrays) => AtomicFile.Write(path, stream =>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header with { Version = Version }, Json);
        Put(Magic);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, json.Length);
        Put(length);
        Put(json);
        foreach (FloatBuffer array in arrays)
        {
            for (long at = 0; at < header.Floats; at += Chunk)
                Put(MemoryMarshal.AsBytes(array.Span(at, (int)Math.Min(Chunk, header.Floats - at))));
        }
        stream.Write(hash.GetHashAndReset());
    });

    /// <summary>
    /// Reads a checkpoint of the run <paramref name="runId"/> into the arrays; nothing is touched unless all of it is sound.
    /// </summary>
    /// <exception cref="UserErrorException">The file is damaged (<c>corrupt-checkpoint</c>) or of another run
    /// (<c>checkpoint-mismatch</c>).</exception>
    public static CheckpointHeader Load(string path, string runId, long floats, params FloatBuffer[] arrays)
    {
        using FileStream stream = Open(path);
        if (stream.Length < Magic.Length + 4 + 32 || !SoundHash(stream)) throw Corrupt(path, "its checksum does not fit");
        stream.Position = 0;
        CheckpointHeader header = ReadHeader(path, stream);
        if (header.RunId != runId || header.Floats != floats)
        {
            throw new UserErrorException("checkpoint-mismatch",
                $"The checkpoint {path} belongs to another run: other data, settings, seed or shape than now.",
                "Repeat the command with the settings it was started with, or delete the checkpoint to start anew.");
        }
        if (stream.Length - stream.Position != arrays.Length * floats * sizeof(float) + 32) throw Corrupt(path, "its length is wrong");
        foreach (FloatBuffer array in arrays)
        {
            for (long at = 0; at < floats; at += Chunk)
                stream.ReadExactly(MemoryMarshal.AsBytes(array.Span(at, (int)Math.Min(Chunk, floats - at))));
        }
        return header;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read the checkpoint {path}: {e.Message}",
                "Check the path and its permissions, or delete the checkpoint to start anew.", e);
        }
    }

    private static CheckpointHeader ReadHeader(string path, FileStream stream)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start, 12, false) < 12 || !start[..8].SequenceEqual(Magic))
            throw Corrupt(path, "it is not a training checkpoint");
        int length = BinaryPrimitives.ReadInt32LittleEndian(start[8..]);
        if (length <= 0 || length > MaxHeader || length > stream.Length - 12) throw Corrupt(path, "its header is damaged");
        byte[] json = new byte[length];
        stream.ReadExactly(json);
        try
        {
            if (JsonSerializer.Deserialize<CheckpointHeader>(json, Json) is { Version: Version } header) return header;
        }
        catch (JsonException)
        {
            // Reported below like any other damage.
        }
        throw Corrupt(path, "its header is damaged or of another version");
    }

    private static bool SoundHash(FileStream stream)
    {
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        for (long left = stream.Length - 32; left > 0;)
        {
            int read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (read == 0) return false;
            hash.AppendData(buffer, 0, read);
            left -= read;
        }
        byte[] stored = new byte[32];
        stream.ReadExactly(stored);
        return hash.GetHashAndReset().AsSpan().SequenceEqual(stored);
    }

    private static UserErrorException Corrupt(string path, string how) => new("corrupt-checkpoint",
        $"The checkpoint {path} cannot be used: {how}.", "Delete it to start anew, or restore it from a copy.");
}
