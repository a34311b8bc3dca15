using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// A low-rank update of matrices: W + (alpha / rank) A B with A [in, rank] random and B [rank, out] zero at first (Hu et al. 2021). Covers
/// the four matrices of every block.
/// </summary>
public sealed unsafe class LowRankAdapter : IDisposable
{
    private readonly (ParameterTensor Tensor, long A, long B)[] _updates;

    /// <summary>An adapter that changes nothing yet.</summary>
    /// <param name="config">Shape of the decoder it fits.</param>
    /// <param name="rank">Rank of every update.</param>
    /// <param name="alpha">Scale times rank.</param>
    /// <param name="rng">Draws A.</param>
    public LowRankAdapter(DecoderConfig config, int rank, double alpha, RngStream rng)
        : this(config, rank, alpha)
    {
        foreach ((ParameterTensor tensor, long a, _) in _updates)
        {
            RngStream stream = rng.Child(tensor.Name);
            double deviation = 1 / Math.Sqrt(tensor.Rows);
            foreach (ref float x in Buffer.Span(a, tensor.Rows * rank)) x = (float)(deviation * stream.NextGaussian());
        }
    }

    private LowRankAdapter(DecoderConfig config, int rank, double alpha)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        (Config, Rank, Alpha) = (config, rank, alpha);
        long offset = 0;
        _updates = [.. new ParameterLayout(config).Tensors
            .Where(t => t.IsMatrix && t.Name.StartsWith("blocks.", StringComparison.Ordinal))
            .Select(t =>
            {
                long a = offset;
                long b = a + ((long)t.Rows * rank + 15) / 16 * 16;
                offset = b + ((long)t.Columns * rank + 15) / 16 * 16;
                return (t, a, b);
            })];
        Buffer = new FloatBuffer(offset);
    }

    /// <summary>Shape of the decoder it fits.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Rank of every update.</summary>
    public int Rank { get; }

    /// <summary>Scale times rank.</summary>
    public double Alpha { get; }

    /// <summary>The content id: shape, rank, scale and every bit of every factor.</summary>
    internal ContentId Id
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            const int most = 1 << 20;
            for (long at = 0; at < Length; at += most)
                hash.AppendData(MemoryMarshal.AsBytes(Buffer.Span(at, (int)Math.Min(most, Length - at))));
            return ContentId.Of("adapter", Config.ToString(), Rank, Alpha, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
    }

    /// <summary>Every A and B.</summary>
    internal FloatBuffer Buffer { get; }

    internal long Length => Buffer.Length;

    private float Scale => (float)(Alpha / Rank);

    /// <summary>The factors of one matrix: A [in, rank] and B [rank, out].</summary>
    /// <exception cref="KeyNotFoundException">The adapter does not cover that tensor.</exception>
    public (float[] A, float[] B) Factors(string tensor)
    {
        foreach ((ParameterTensor t, long a, long b) in _updates)
        {
            if (t.Name == tensor) return (Buffer.Span(a, t.Rows * Rank).ToArray(), Buffer.Span(b, Rank * t.Columns).ToArray());
        }
        throw new KeyNotFoundException(tensor);
    }

    /// <summary>Base weights with the update added: a model like any other.</summary>
    /// <exception cref="ArgumentException">The base has another shape.</exception>
    public DecoderWeights Merge(DecoderWeights baseWeights)
    {
        DecoderWeights merged = baseWeights.Clone();
        using var scratch = new GemmScratch();
        MergeInto(baseWeights, merged, scratch);
        return merged;
    }

    /// <summary>Writes the adapter alone.</summary>
    /// <exception cref="UserErrorException">The place cannot be written.</exception>
    public void Save(string path) => AdapterFile.Save(path, Config, Rank, Alpha, Buffer);

    /// <summary>Reads an adapter for a decoder of this shape.</summary>
    /// <exception cref="UserErrorException">The file is damaged or for another shape (<c>corrupt-adapter</c>).</exception>
    public static LowRankAdapter Load(string path, DecoderConfig config) =>
        AdapterFile.Load(path, config, (rank, alpha) => new LowRankAdapter(config, rank, alpha), a => a.Buffer);

    internal void MergeInto(DecoderWeights baseWeights, DecoderWeights target, GemmScratch scratch)
    {
        if (baseWeights.Config != Config)
            throw new ArgumentException("The adapter is for a decoder of another shape.", nameof(baseWeights));
        foreach ((ParameterTensor t, long a, long b) in _updates)
        {
            float* w = target.Pointer + t.Offset;
            Gemm.NN(t.Rows, t.Columns, Rank, Buffer.Pointer + a, Rank, Buffer.Pointer + b, t.Columns, w, t.Columns, false, scratch);
            Elementwise.Scale(t.Length, Scale, w);
            Elementwise.Add(t.Length, baseWeights.Pointer + t.Offset, w);
        }
    }

    /// <summary>dA = s dW Bᵀ, dB = s Aᵀ dW.</summary>
    internal void PullBack(float* weightGradient, float* gradient, GemmScratch scratch)
    {
        foreach ((ParameterTensor t, long a, long b) in _updates)
        {
            float* dw = weightGradient + t.Offset;
            Gemm.NT(t.Rows, Rank, t.Columns, dw, t.Columns, Buffer.Pointer + b, t.Columns, gradient + a, Rank, false, scratch);
            Gemm.TN(Rank, t.Columns, t.Rows, Buffer.Pointer + a, Rank, dw, t.Columns, gradient + b, t.Columns, false, scratch);
        }
        Elementwise.Scale(Length, Scale, gradient);
    }

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();
}

/// <summary>Moves an adapter; the decoder runs with the merged weights.</summary>
internal sealed unsafe class LowRankWeights(DecoderWeights baseWeights, DecoderWeights merged, LowRankAdapter adapter) : Trainable
{
    private readonly FloatBuffer _gradient = new(adapter.Length);
    private readonly GemmScratch _scratch = new();

    public override DecoderWeights Weights => merged;

    public override FloatBuffer Parameters => adapter.Buffer;

    public override long DecayLength => adapter.Length;

    public override void Materialise() => adapter.MergeInto(baseWeights, merged, _scratch);

    public override (FloatBuffer Gradient, double Squares) PullBack(FloatBuffer weightGradient, double squares, TokenBatch[] parts)
    {
        adapter.PullBack(weightGradient.Pointer, _gradient.Pointer, _scratch);
        return (_gradient, Elementwise.SumOfSquares(adapter.Length, _gradient.Pointer));
    }

    public override void Dispose()
    {
        base.Dispose();
        _gradient.Dispose();
        _scratch.Dispose();
    }
}
