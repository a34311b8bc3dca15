using System.Buffers.Binary;
using System.Text;
using FsCheck.Fluent;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["a.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_and_metadata_come_back()
    {
        float[] a = [1, -2.5f, 3e-30f, 0, 5, 6], b = [7];
        SafetensorsWriter.Write(Target, [Store("a", [2, 3], a), Store("b ☃", [1], b)], new Dictionary<string,
            string>
        { ["format"] = "pt" });
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal([2, 3], file.Tensors["a"].Shape);
        Assert.Equal(0, file.Tensors["a"].Start % 8);
        var back = new float[6];
        file.Read("a", back);
        Assert.Equal(a, back);
        Assert.Throws<UserErrorException>(() => file.Read("missing", back));
        Assert.Throws<UserErrorException>(() => file.Read("b ☃", back));
    }

    [Fact]
    public void Half_and_bfloat16_are_widened()
    {
        byte[] data = new byte[8];
        BinaryPrimitives.WriteHalfLittleEndian(data, (Half)0.333);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(2), (Half)(-65504));
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(4), 0x3F80); // 1
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(6), 0xC049); // -3.140625
        WriteRaw("{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"BF16\",\"shape\":[2],"
            + "\"data_offsets\":[4,8]}}", data);
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        var two = new float[2];
        file.Read("h", two);
        Assert.Equal([(float)(Half)0.333, -65504f], two);
        file.Read("b", two);
        Assert.Equal([1f, -3.140625f], two);
    }

    /// <summary>Of more numbers than are converted at once, from any of them on.</summary>
    [Fact]
    public void Doubles_are_narrowed()
    {
        double[] stored = [.. Enumerable.Range(0, 70_000).Select(i => Math.Sin(i) / 3)];
        WriteDoubles(stored);
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        var back = new float[stored.Length];
        file.Read("d", back);
        Assert.Equal(stored.Select(x => (float)x), back);
        file.Read("d", 3, back.AsSpan(0, 66_000));
        Assert.Equal(stored.Skip(3).Take(66_000).Select(x => (float)x), back.Take(66_000));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e39)]
    public void A_double_that_is_no_finite_float_is_refused(double wrong)
    {
        WriteDoubles([1, wrong]);
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        UserErrorException e = Assert.Throws<UserErrorException>(() => file.Read("d", new float[2]));
        Assert.Contains("\"d\" that is not finite", e.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("{\"a\":3}", "malformed")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "incomplete")]
    [InlineData("{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}", "unknown type")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "impossible shape")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", "does not fit")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "does not fit")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "does not fit")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4611686018427387904],\"data_offsets\":[0,8]}}", "malformed")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[-9223372036854775808,8]}}", "malformed")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "bytes follow")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"
        + "\"data_offsets\":[4,8]}}", "overlap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "gap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
        + "\"data_offsets\":[0,8]}}", "twice")]
    public void Hostile_headers_are_refused(string header, string why)
    {
        WriteRaw(header, new byte[8]);
        var error = Assert.Throws<UserErrorException>(() => SafetensorsFile.Open(Target));
        Assert.Equal("corrupt-checkpoint", error.Code);
        Assert.Contains(why, error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 40)]
    [InlineData(1ul << 63)]
    [InlineData(99_999_999ul)]
    public void A_header_length_beyond_the_file_allocates_nothing(ulong length)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(Target, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<UserErrorException>(() => SafetensorsFile.Open(Target));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_refused()
    {
        SafetensorsWriter.Write(Target, [Store("a", [2], [1, float.NaN])], new Dictionary<string, string>());
        using SafetensorsFile file = SafetensorsFile.Open(Target);
        Assert.Contains("not finite", Assert.Throws<UserErrorException>(() => file.Read("a", new float[2])).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Any_damage_is_an_error_for_the_user_or_harmless()
    {
        SafetensorsWriter.Write(Target, [Store("a", [2, 3], [1, 2, 3, 4, 5, 6])], new Dictionary<string, string> { ["format"] = "pt" });
        byte[] good = File.ReadAllBytes(Target);
        RngStream rng = RngStream.Root(3);
        for (int trial = 0; trial < 500; trial++)
        {
            byte[] bad = [.. good[..(rng.NextBool(0.2) ? rng.NextInt(good.Length) : good.Length)]];
            for (int k = rng.NextInt(3); k >= 0 && bad.Length > 0; k--) bad[rng.NextInt(bad.Length)] = (byte)rng.NextInt(256);
            File.WriteAllBytes(Target, bad);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(Target);
                foreach (StoredTensor tensor in file.Tensors.Values) file.Read(tensor.Name, new float[tensor.Length]);
            }
            catch (UserErrorException)
            {
                // What the user is told; anything else would fail the test.
            }
        }
    }

    private static TensorToStore Store(string name, int[] shape, float[] values) => new(name, shape, t => values.CopyTo(t));

    private void WriteDoubles(double[] numbers) => WriteRaw(
        $"{{\"d\":{{\"dtype\":\"F64\",\"shape\":[{numbers.Length}],\"data_offsets\":[0,{8 * numbers.Length}]}}}}",
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());

    private void WriteRaw(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        File.WriteAllBytes(Target, bytes);
    }
}
