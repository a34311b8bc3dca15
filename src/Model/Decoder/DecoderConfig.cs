using System.Text.Json.Serialization;
using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>What a decoder has between the projection to queries, keys and values and their rotation.</summary>
internal enum DecoderFamily
{
    /// <summary>Nothing (Touvron et al. 2023).</summary>
    Llama,

    /// <summary>Biases of queries, keys and values (Qwen 2 and 2.5).</summary>
    Qwen2,

    /// <summary>A norm of each query head and each key head (Qwen 3).</summary>
    Qwen3,
}

/// <summary>
/// The shape of a Llama decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, optionally tied embeddings.
/// </summary>
public sealed record DecoderConfig
{
    /// <summary>Number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream, d.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Inner width of the feed-forward part.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Base of the rotary wavelengths.</summary>
    public double RopeTheta { get; init; } = 10000;

    // These two are not public, so that they stay out of ToString, which is in the content ids of saved models.
    /// <summary>How the rotary frequencies are stretched; null for not at all.</summary>
    [JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal RotaryScaling? RopeScaling { get; init; }

    /// <summary>What stands before the rotation.</summary>
    [JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal DecoderFamily Family { get; init; }

    /// <summary>Added to the mean square inside RMSNorm.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Whether the output matrix is the transposed embedding.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>The largest number of tokens in one sequence.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Columns of the fused projection: queries, then keys, then values.</summary>
    public int QkvWidth => (Heads + 2 * KvHeads) * HeadDim;

    /// <summary>Width of the concatenated heads.</summary>
    public int HeadsWidth => Heads * HeadDim;

    /// <summary>Heads of queries and keys that a norm is taken of.</summary>
    internal int NormedHeads => Family == DecoderFamily.Qwen3 ? Heads + KvHeads : 0;

    /// <summary>Number of trained numbers.</summary>
    public long ParameterCount =>
        (long)VocabularySize * Width * (TieEmbeddings ? 1 : 2)
        + Layers * ((long)Width * QkvWidth + (long)HeadsWidth * Width + 3L * Width * FeedForward + 2L * Width + OwnOfFamily)
        + Width;

    /// <summary>
    /// The family as a <c>model_type</c> names it: <c>llama</c> (a Mistral checkpoint too, which computes the same), <c>qwen2</c> or
    /// <c>qwen3</c>. A method, so that it stays out of ToString.
    /// </summary>
    public string FamilyName() => Family.ToString().ToLowerInvariant();

    /// <summary>Useful floating-point operations of one training step per token (forward and backward, causal attention halved).</summary>
    /// <param name="sequenceLength">Mean length of the sequences.</param>
    public double TrainingFlopsPerToken(double sequenceLength) =>
        6.0 * (ParameterCount - (TieEmbeddings ? 0 : (long)VocabularySize * Width)) + 6.0 * Layers * HeadsWidth * sequenceLength;

    /// <summary>
    /// A decoder with full attention, tied embeddings, and a feed-forward width of 2.75 d rounded up to a multiple of 16.
    /// </summary>
    public static DecoderConfig Small(int vocabularySize, int width, int layers, int heads, int contextLength) => new()
    {
        VocabularySize = vocabularySize,
        Width = width,
        Layers = layers,
        Heads = heads,
        KvHeads = heads,
        HeadDim = width / heads,
        FeedForward = (width * 11 / 4 + 15) / 16 * 16,
        ContextLength = contextLength,
    };

    /// <summary>Refuses a shape that no decoder can have, in the names of <c>config.json</c>, where users have it from.</summary>
    /// <exception cref="ArgumentException">A size is not positive, the heads do not divide, or the head width is odd.</exception>
    public void Validate()
    {
        Check(VocabularySize is > 1 and <= 1 << 24, "\"vocab_size\" must be in [2, 2^24].");
        Check(Width is > 0 and <= 1 << 16, "\"hidden_size\" must be in [1, 65536].");
        Check(Layers is > 0 and <= 1024, "\"num_hidden_layers\" must be in [1, 1024].");
        Check(Heads is > 0 and <= 4096, "\"num_attention_heads\" must be in [1, 4096].");
        Check(KvHeads > 0 && Heads % KvHeads == 0, "\"num_key_value_heads\" must divide \"num_attention_heads\".");
        Check(HeadDim is > 0 and <= 4096 && HeadDim % 2 == 0,
            "\"head_dim\" (without it \"hidden_size\" / \"num_attention_heads\") must be even, in [2, 4096].");
        Check(FeedForward is > 0 and <= 1 << 20, "\"intermediate_size\" must be in [1, 2^20].");
        Check(RopeTheta > 0 && double.IsFinite(RopeTheta), "\"rope_theta\" must be positive.");
        RopeScaling?.Validate();
        Check(NormEpsilon >= 0 && NormEpsilon < 1, "\"rms_norm_eps\" must be in [0, 1).");
        Check(ContextLength is > 0 and <= 1 << 24, "\"max_position_embeddings\" must be in [1, 2^24].");
    }

    private int OwnOfFamily => Family switch
    {
        DecoderFamily.Qwen2 => QkvWidth,
        DecoderFamily.Qwen3 => 2 * HeadDim,
        _ => 0,
    };

    private static void Check(bool holds, string message)
    {
        if (!holds) throw new ArgumentException(message);
    }
}
