using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PersonaSelection.Lab;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>The parameters of a decoder, one flat array of floats in the order of its <see cref="ParameterLayout"/>.</summary>
public sealed unsafe class DecoderWeights : IDisposable
{
    /// <summary>All zero.</summary>
    public DecoderWeights(DecoderConfig config)
    {
        Config = config;
        Layout = new ParameterLayout(config);
        Buffer = new FloatBuffer(Layout.Length);
    }

    /// <summary>The shape.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Where each tensor lies.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The floats.</summary>
    public FloatBuffer Buffer { get; }

    /// <summary>First float.</summary>
    public float* Pointer => Buffer.Pointer;

    /// <summary>The floats of one tensor, row by row.</summary>
    public Span<float> this[string name]
    {
        get
        {
            ParameterTensor tensor = Layout[name];
            return Buffer.Span(tensor.Offset, checked((int)tensor.Length));
        }
    }

    /// <summary>
    /// Fresh weights. Gains are 1, biases 0; a matrix has standard deviation 1/sqrt(in); the two matrices of a block that write to the
    /// residual stream are scaled by 1/sqrt(2 Layers) as in GPT-2 (Radford et al. 2019); embeddings have 0.02 · sqrt(768/d)
    /// capped at 0.06, which keeps the first logits of a tied model near zero.
    /// </summary>
    public static DecoderWeights Initialise(DecoderConfig config, RngStream rng)
    {
        var weights = new DecoderWeights(config);
        double residual = 1 / Math.Sqrt(2.0 * config.Layers);
        foreach (ParameterTensor tensor in weights.Layout.Tensors)
        {
            Span<float> values = weights[tensor.Name];
            if (!tensor.IsMatrix)
            {
                values.Fill(tensor.Name.EndsWith("_bias", StringComparison.Ordinal) ? 0 : 1);
                continue;
            }
            double deviation = 1 / Math.Sqrt(tensor.Rows);
            if (tensor.Name == "embed.weight") deviation = Math.Min(0.06, 0.02 * Math.Sqrt(768.0 / config.Width));
            if (tensor.Name == "lm_head") deviation = 0.02;
            if (tensor.Name.EndsWith(".attn_out", StringComparison.Ordinal) || tensor.Name.EndsWith(".down", StringComparison.Ordinal))
                deviation *= residual;
            RngStream stream = rng.Child(tensor.Name);
            for (int i = 0; i < values.Length; i++) values[i] = (float)(deviation * stream.NextGaussian());
        }
        return weights;
    }

    /// <summary>A copy with its own memory.</summary>
    public DecoderWeights Clone()
    {
        var copy = new DecoderWeights(Config);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>Takes over the values of weights of the same shape.</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void CopyFrom(DecoderWeights other)
    {
        if (other.Layout.Length != Layout.Length) throw new ArgumentException("The weights have different shapes.", nameof(other));
        System.Buffer.MemoryCopy(other.Pointer, Pointer, Layout.Length * sizeof(float), Layout.Length * sizeof(float));
    }

    /// <summary>The content id: shape and every bit of every tensor.</summary>
    public ContentId Id()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ParameterTensor tensor in Layout.Tensors) hash.AppendData(MemoryMarshal.AsBytes(this[tensor.Name]));
        object[] family = Config.Family == DecoderFamily.Llama ? [] : [Config.Family.ToString()];
        object[] scaling = Config.RopeScaling is { } s
            ? [s.Factor, s.LowFrequencyFactor, s.HighFrequencyFactor, s.OriginalContext ?? 0] : [];
        return ContentId.Of("weights", [Config.ToString(), .. scaling, .. family, Convert.ToHexStringLower(hash.GetHashAndReset())]);
    }

    /// <inheritdoc/>
    public void Dispose() => Buffer.Dispose();
}
