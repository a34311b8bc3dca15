using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using MathNet.Numerics.Distributions;

namespace PersonaSelection.Numerics;

/// <summary>
/// A named stream of random numbers: xoshiro256++ seeded from a root seed and a path of names.
/// A child depends on its path alone, never on how many numbers its parent has drawn, so results do not depend on the
/// order or the thread in which streams are used.
/// </summary>
/// <remarks>Generator: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021).</remarks>
public sealed class RngStream
{
    private readonly string _path;
    private ulong _s0, _s1, _s2, _s3;

    private RngStream(string path)
    {
        _path = path;
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(path), hash);
        _s0 = BinaryPrimitives.ReadUInt64LittleEndian(hash);
        _s1 = BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]);
        _s2 = BinaryPrimitives.ReadUInt64LittleEndian(hash[16..]);
        _s3 = BinaryPrimitives.ReadUInt64LittleEndian(hash[24..]) | 1;
    }

    /// <summary>The path that names this stream, from the root seed down.</summary>
    public string Path => _path;

    /// <summary>The position in the stream: save it to resume at the same number.</summary>
    public (ulong S0, ulong S1, ulong S2, ulong S3) State
    {
        get => (_s0, _s1, _s2, _s3);
        set => (_s0, _s1, _s2, _s3) = value;
    }

    /// <summary>The stream at the top of everything random in one run.</summary>
    public static RngStream Root(ulong seed) => new($"psm/{seed}");

    /// <summary>The stream called <paramref name="name"/> below this one.</summary>
    public RngStream Child(string name) => new($"{_path}/{name}");

    /// <summary>The <paramref name="index"/>-th stream called <paramref name="name"/> below this one.</summary>
    public RngStream Child(string name, long index) => new($"{_path}/{name}/{index}");

    /// <summary>64 uniform bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_s0 + _s3, 23) + _s0;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>A uniform number in [0, 1) with 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1ul << 53));

    /// <summary>A uniform integer in [0, <paramref name="exclusive"/>), without modulo bias worth mentioning (2^-64).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int NextInt(int exclusive)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusive);
        return (int)Math.BigMul(NextUInt64(), (ulong)exclusive, out _);
    }

    /// <summary>True with probability <paramref name="probability"/>.</summary>
    public bool NextBool(double probability) => NextDouble() < probability;

    /// <summary>A standard normal number (Box-Muller, one of the pair).</summary>
    public double NextGaussian() =>
        Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>A number of the beta distribution: mean a / (a + b), in [0, 1].</summary>
    /// <param name="a">Positive.</param>
    /// <param name="b">Positive.</param>
    public double NextBeta(double a, double b) => Beta.Sample(new AsRandom(this), a, b);

    /// <summary>An index drawn in proportion to non-negative <paramref name="weights"/>.</summary>
    /// <exception cref="ArgumentException">The weights do not have a positive sum.</exception>
    public int NextIndex(ReadOnlySpan<double> weights)
    {
        double total = 0;
        foreach (double w in weights) total += w;
        if (!(total > 0)) throw new ArgumentException("Weights need a positive sum.", nameof(weights));
        double u = NextDouble() * total;
        int last = -1;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0) continue;
            last = i;
            u -= weights[i];
            if (u < 0) return i;
        }
        return last;
    }

    /// <summary>Puts the items into a uniformly random order (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>A stream where MathNet wants a generator of its own kind.</summary>
    private sealed class AsRandom(RngStream stream) : Random(0)
    {
        public override double NextDouble() => stream.NextDouble();

        protected override double Sample() => stream.NextDouble();
    }
}
