using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>A tensor to be written, its numbers made when their turn comes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Sizes, the slowest first.</param>
/// <param name="Fill">Writes the numbers, row by row, into a span of exactly their count.</param>
public sealed record TensorToStore(string Name, int[] Shape, TensorFill Fill)
{
    /// <summary>Number of elements.</summary>
    public int Length => Shape.Aggregate(1, (a, b) => checked(a * b));
}

/// <summary>Writes the numbers of a tensor into <paramref name="target"/>.</summary>
public delegate void TensorFill(Span<float> target);

/// <summary>Writes <c>F32</c> safetensors files: tensors in the given order, no gaps, data aligned to 8 bytes.</summary>
public static class SafetensorsWriter
{
    private const int Slice = 1 << 20;

    /// <summary>Writes the file, whole or not at all, with memory for one tensor.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<TensorToStore> tensors, IReadOnlyDictionary<string, string> metadata) =>
        AtomicFile.Write(path, stream =>
        {
            byte[] header = Header(tensors, metadata);
            Span<byte> word = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(word, header.Length);
            stream.Write(word);
            stream.Write(header);
            var buffer = new float[tensors.Count == 0 ? 0 : tensors.Max(t => t.Length)];
            foreach (TensorToStore tensor in tensors)
            {
                Span<float> numbers = buffer.AsSpan(0, tensor.Length);
                tensor.Fill(numbers);
                for (int at = 0; at < numbers.Length; at += Slice)
                    stream.Write(MemoryMarshal.AsBytes(numbers.Slice(at, Math.Min(Slice, numbers.Length - at))));
            }
        });

    private static byte[] Header(IReadOnlyList<TensorToStore> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var bytes = new MemoryStream();
        using (var w = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            w.WriteStartObject();
            w.WriteStartObject("__metadata__");
            foreach ((string key, string value) in metadata) w.WriteString(key, value);
            w.WriteEndObject();
            long at = 0;
            foreach (TensorToStore tensor in tensors)
            {
                w.WriteStartObject(tensor.Name);
                w.WriteString("dtype", "F32");
                w.WriteStartArray("shape");
                foreach (int size in tensor.Shape) w.WriteNumberValue(size);
                w.WriteEndArray();
                w.WriteStartArray("data_offsets");
                w.WriteNumberValue(at);
                w.WriteNumberValue(at += 4L * tensor.Length);
                w.WriteEndArray();
                w.WriteEndObject();
            }
            w.WriteEndObject();
        }
        while (bytes.Length % 8 != 0) bytes.WriteByte((byte)' ');
        return bytes.ToArray();
    }
}
