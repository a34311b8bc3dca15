using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>One tensor in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type"><c>F32</c>, <c>F16</c>, <c>BF16</c> … as written in the file.</param>
/// <param name="Shape">Sizes, the slowest first.</param>
/// <param name="Start">First byte, counted from the start of the file.</param>
/// <param name="Bytes">Length in bytes.</param>
public sealed record StoredTensor(string Name, string Type, IReadOnlyList<long> Shape, long Start, long Bytes)
{
    /// <summary>Number of elements.</summary>
    public long Length => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>
/// An open safetensors file: 8 bytes of header length, a JSON header, then the tensors without gaps. Files are hostile until checked:
/// the header is bounded, and every range is checked against its shape, its neighbours and the file before anything is read.
/// </summary>
/// <remarks>Format: github.com/huggingface/safetensors.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    internal const string TypesRead = "F64, F32, F16 and BF16 are read";
    internal const int LargestHeader = 100_000_000;
    private const string Remedy = "Download or export the file again; it may be cut short or altered.";
    private readonly SafeFileHandle _file;
    private readonly string _path;

    private SafetensorsFile(SafeFileHandle file, string path, Dictionary<string, StoredTensor> tensors, Dictionary<string, string> metadata)
    {
        (_file, _path, Tensors, Metadata) = (file, path, tensors, metadata);
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The strings under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="UserErrorException">No such file, or one that breaks the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            Span<byte> word = stackalloc byte[8];
            if (length < 8 || RandomAccess.Read(file, word, 0) < 8) throw new FormatException("it is too short");
            ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(word);
            if (headerLength > LargestHeader || headerLength > (ulong)(length - 8))
                throw new FormatException("its header is longer than the file");
            var header = new byte[headerLength];
            ReadExactly(file, header, 8);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            Dictionary<string, StoredTensor> tensors = ReadHeader(path, header, 8 + (long)headerLength, length, metadata);
            var opened = new SafetensorsFile(file, path, tensors, metadata);
            file = null;
            return opened;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or OverflowException)
        {
            string why = e is JsonException ? "its header is not JSON" : e is FormatException ? e.Message : "its header is malformed";
            throw new UserErrorException("corrupt-checkpoint", $"{path} is not a usable safetensors file: {why}.", Remedy, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException("cannot-read", $"Cannot read {path}: {e.Message}", "Check the path of the model folder.", e);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Reads a tensor of <c>F64</c>, <c>F32</c>, <c>F16</c> or <c>BF16</c> as floats.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="target">As many floats as the tensor has elements.</param>
    /// <exception cref="UserErrorException">The file has no such tensor, of another size or type, or holds a number that is not
    /// finite as a float.</exception>
    public void Read(string name, Span<float> target)
    {
        if (Tensors.TryGetValue(name, out StoredTensor? tensor) && tensor.Length != target.Length)
            throw Broken($"holds \"{name}\" with {tensor.Length} numbers where {target.Length} are expected");
        Read(name, 0, target);
    }

    /// <summary>Reads a part of a tensor. Any number of threads may read at once.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="from">The first of its elements that is wanted.</param>
    /// <param name="target">As many floats as are wanted.</param>
    /// <exception cref="UserErrorException">As for the whole.</exception>
    internal void Read(string name, long from, Span<float> target)
    {
        if (!Tensors.TryGetValue(name, out StoredTensor? tensor)) throw Broken($"has no tensor \"{name}\"");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, tensor.Length - target.Length);
        try
        {
            ReadAs(tensor, from, target);
        }
        catch (IOException e)
        {
            throw Broken($"cannot be read at \"{name}\" ({e.Message})");
        }
        if (!AllFinite(target)) throw Broken($"holds a number in \"{name}\" that is not finite");
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadAs(StoredTensor tensor, long from, Span<float> target)
    {
        switch (tensor.Type)
        {
            case "F64": ReadAs<double>(tensor, from, target, Convert); break;
            case "F32": ReadExactly(_file, MemoryMarshal.AsBytes(target), tensor.Start + (4 * from)); break;
            case "F16": ReadAs<Half>(tensor, from, target, Convert); break;
            case "BF16": ReadAs<ushort>(tensor, from, target, WidenBrain); break;
            default: throw Broken($"holds \"{tensor.Name}\" as {tensor.Type}; {TypesRead}");
        }
    }

    private void ReadAs<T>(StoredTensor tensor, long from, Span<float> target, Action<ReadOnlySpan<T>, Span<float>> convert)
        where T : unmanaged
    {
        var stored = new T[Math.Min(target.Length, 1 << 16)];
        for (int at = 0; at < target.Length; at += stored.Length)
        {
            Span<T> part = stored.AsSpan(0, Math.Min(stored.Length, target.Length - at));
            ReadExactly(_file, MemoryMarshal.AsBytes(part), tensor.Start + (Unsafe.SizeOf<T>() * (from + at)));
            convert(part, target.Slice(at, part.Length));
        }
    }

    // A double beyond every float becomes an infinity, and is refused as one.
    private static void Convert<T>(ReadOnlySpan<T> stored, Span<float> target) where T : INumberBase<T>
    {
        for (int i = 0; i < stored.Length; i++) target[i] = float.CreateTruncating(stored[i]);
    }

    // A bfloat16 is the upper half of a float.
    private static void WidenBrain(ReadOnlySpan<ushort> halves, Span<float> target)
    {
        Span<uint> to = MemoryMarshal.Cast<float, uint>(target);
        int i = 0;
        for (; i <= halves.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[i..]), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(to[i..]);
            (high << 16).CopyTo(to[(i + Vector<uint>.Count)..]);
        }
        for (; i < halves.Length; i++) to[i] = (uint)halves[i] << 16;
    }

    // Infinities and what is no number have an exponent of ones, and so are no less than infinity without their sign.
    private static bool AllFinite(ReadOnlySpan<float> numbers)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(numbers);
        var magnitude = new Vector<uint>(0x7FFFFFFF);
        var infinity = new Vector<uint>(0x7F800000);
        int i = 0;
        for (; i <= bits.Length - Vector<uint>.Count; i += Vector<uint>.Count)
            if (Vector.GreaterThanOrEqualAny(new Vector<uint>(bits[i..]) & magnitude, infinity)) return false;
        for (; i < bits.Length; i++) if (!float.IsFinite(numbers[i])) return false;
        return true;
    }

    private UserErrorException Broken(string what) => new("corrupt-checkpoint", $"{_path} {what}.", Remedy);

    private static void ReadExactly(SafeFileHandle file, Span<byte> target, long at)
    {
        while (target.Length > 0)
        {
            int read = RandomAccess.Read(file, target, at);
            if (read == 0) throw new EndOfStreamException("the file ends too early");
            target = target[read..];
            at += read;
        }
    }

    private static Dictionary<string,
        StoredTensor> ReadHeader(string path, byte[] header, long dataStart, long length, Dictionary<string, string> metadata)
    {
        using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new FormatException("its header is not an object");
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                foreach (JsonProperty pair in entry.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? "";
                continue;
            }
            StoredTensor tensor = ReadTensor(path, entry, dataStart, length);
            if (!tensors.TryAdd(entry.Name, tensor)) throw new FormatException($"it holds \"{entry.Name}\" twice");
        }
        long at = dataStart;
        foreach (StoredTensor tensor in tensors.Values.OrderBy(t => t.Start).ThenBy(t => t.Bytes))
        {
            if (tensor.Start != at) throw new FormatException($"there is a gap or an overlap before \"{tensor.Name}\"");
            at += tensor.Bytes;
        }
        if (at != length) throw new FormatException(at < length ? "bytes follow the last tensor" : "it is cut short");
        return tensors;
    }

    private static StoredTensor ReadTensor(string path, JsonProperty entry, long dataStart, long length)
    {
        string? type = null;
        List<long>? shape = null;
        (long From, long To)? offsets = null;
        foreach (JsonProperty field in entry.Value.EnumerateObject())
        {
            if (field.Name == "dtype") type = field.Value.GetString();
            else if (field.Name == "shape") shape = [.. field.Value.EnumerateArray().Select(x => Whole(x, entry.Name))];
            else if (field.Name == "data_offsets"
                && field.Value.GetArrayLength() == 2) offsets = (Whole(field.Value[0], entry.Name), Whole(field.Value[1], entry.Name));
        }
        if (type is null || shape is null || offsets is not { } range)
            throw new FormatException($"the entry of \"{entry.Name}\" is incomplete");
        int size = type switch
        {
            "F64" or "I64" or "U64" => 8,
            "F32" or "I32" or "U32" => 4,
            "F16" or "BF16" or "I16" or "U16" => 2,
            "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 1,
            "F4" or "F6_E2M3" or "F6_E3M2" => throw Quantised.Weights(path, entry.Name, type),
            _ => throw new FormatException($"\"{entry.Name}\" has the unknown type \"{type}\""),
        };
        if (shape.Count > 8 || shape.Any(s => s < 0)) throw new FormatException($"\"{entry.Name}\" has an impossible shape");
        long bytes = size;
        foreach (long s in shape) bytes = checked(bytes * s);
        if (range.From < 0 || range.To < range.From || range.To > length - dataStart || range.To - range.From != bytes)
            throw new FormatException($"\"{entry.Name}\" lies outside the file or does not fit its shape");
        return new StoredTensor(entry.Name, type, shape, dataStart + range.From, bytes);
    }

    private static long Whole(JsonElement number, string name) =>
        number.TryGetInt64(out long whole) ? whole : throw new FormatException($"the entry of \"{name}\" holds a number that is no size");
}
