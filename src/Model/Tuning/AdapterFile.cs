using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// An adapter in one file: "PSMLORA1", int32 header length, header (JSON: shape, rank, alpha), the factors as float32 in the order of the
/// matrices (A then B), SHA-256 of everything before it; little-endian.
/// </summary>
internal static class AdapterFile
{
    private const int MaxHeader = 1 << 16;
    private static readonly byte[] Magic = "PSMLORA1"u8.ToArray();

    private sealed record Header(DecoderConfig Config, int Rank, double Alpha, long Floats);

    public static void Save(string path, DecoderConfig config, int rank, double alpha, FloatBuffer factors)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new Header(config, rank, alpha, factors.Length));
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, json.Length);
        byte[] body = [.. Magic, .. length, .. json, .. MemoryMarshal.AsBytes(factors.Span(0, checked((int)factors.Length)))];
        AtomicFile.Write(path, stream =>
        {
            stream.Write(body);
            stream.Write(SHA256.HashData(body));
        });
    }

    public static T Load<T>(string path, DecoderConfig config, Func<int, double, T> make, Func<T, FloatBuffer> factors)
    {
        byte[] file = Read(path);
        if (file.Length < 12 + 32 || !file.AsSpan(0, 8).SequenceEqual(Magic)) throw Corrupt(path, "it is not an adapter");
        if (!SHA256.HashData(file.AsSpan(0, file.Length - 32)).AsSpan().SequenceEqual(file.AsSpan(file.Length - 32)))
            throw Corrupt(path, "its checksum does not fit");
        int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(8));
        if (length is <= 0 or > MaxHeader || length > file.Length - 44) throw Corrupt(path, "its header is damaged");
        Header header = Parse(path, file.AsSpan(12, length));
        if (header.Config != config) throw Corrupt(path, "it was made for a model of another shape");
        if (header.Rank is <= 0 or > 65536) throw Corrupt(path, "its rank is out of range");
        ReadOnlySpan<byte> data = file.AsSpan(12 + length, file.Length - 44 - length);
        // Before memory is taken: every matrix that reads the residual stream has a factor [width, rank].
        if ((long)header.Rank * config.Width > data.Length / sizeof(float)) throw Corrupt(path, "its length is wrong");
        T adapter = make(header.Rank, header.Alpha);
        FloatBuffer target = factors(adapter);
        if (target.Length != header.Floats || data.Length != target.Length * sizeof(float)) throw Corrupt(path, "its length is wrong");
        data.CopyTo(MemoryMarshal.AsBytes(target.Span(0, checked((int)target.Length))));
        return adapter;
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read the adapter {path}: {e.Message}",
                "Check the path and its permissions.", e);
        }
    }

    private static Header Parse(string path, ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<Header>(json) ?? throw Corrupt(path, "its header is damaged");
        }
        catch (JsonException)
        {
            throw Corrupt(path, "its header is damaged");
        }
    }

    private static UserErrorException Corrupt(string path, string how) =>
        new("corrupt-adapter", $"The adapter {path} cannot be used: {how}.", "Tune it again, or name the model it was made from.");
}
