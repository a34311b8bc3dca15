namespace PersonaSelection.Model;

/// <summary>Where one named tensor lies in the flat array of all parameters.</summary>
/// <param name="Name">Such as <c>blocks.0.qkv</c>.</param>
/// <param name="Offset">First float; a multiple of 16.</param>
/// <param name="Rows">Inputs for a matrix [in, out]; 1 for a vector.</param>
/// <param name="Columns">Outputs, or the length of a vector.</param>
/// <param name="IsMatrix">Matrices decay and take low-rank updates; gains of norms and biases do not.</param>
public sealed record ParameterTensor(string Name, long Offset, int Rows, int Columns, bool IsMatrix)
{
    /// <summary>Number of floats.</summary>
    public long Length => (long)Rows * Columns;
}

/// <summary>Offsets of the tensors of one block; -1 for those that its family has not.</summary>
internal readonly record struct BlockOffsets(long AttentionNorm, long Qkv, long AttentionOut, long MlpNorm, long GateUp, long Down,
    long QkvBias, long QueryNorm, long KeyNorm);

/// <summary>
/// The one layout shared by weights, gradients and the optimiser's moments: all matrices first, then all vectors; every tensor starts at
/// a multiple of 16 floats, and the floats between tensors are always zero.
/// </summary>
public sealed class ParameterLayout
{
    private readonly Dictionary<string, ParameterTensor> _byName;

    /// <summary>The layout of a configuration.</summary>
    public ParameterLayout(DecoderConfig config)
    {
        config.Validate();
        var tensors = new List<ParameterTensor>();
        long offset = 0;
        long Place(string name, int rows, int columns, bool isMatrix)
        {
            var tensor = new ParameterTensor(name, offset, rows, columns, isMatrix);
            tensors.Add(tensor);
            offset += (tensor.Length + 15) / 16 * 16;
            return tensor.Offset;
        }

        int d = config.Width;
        Embedding = Place("embed.weight", config.VocabularySize, d, true);
        var matrices = new (long Qkv, long Out, long GateUp, long Down)[config.Layers];
        for (int i = 0; i < config.Layers; i++)
        {
            matrices[i] = (Place($"blocks.{i}.qkv", d, config.QkvWidth, true), Place($"blocks.{i}.attn_out", config.HeadsWidth, d, true),
                Place($"blocks.{i}.gate_up", d, 2 * config.FeedForward, true), Place($"blocks.{i}.down", config.FeedForward, d, true));
        }
        Head = config.TieEmbeddings ? -1 : Place("lm_head", d, config.VocabularySize, true);
        MatrixLength = offset;
        Blocks = new BlockOffsets[config.Layers];
        for (int i = 0; i < config.Layers; i++)
        {
            bool biased = config.Family == DecoderFamily.Qwen2, normed = config.Family == DecoderFamily.Qwen3;
            Blocks[i] = new BlockOffsets(Place($"blocks.{i}.attn_norm", 1, d, false), matrices[i].Qkv, matrices[i].Out,
                Place($"blocks.{i}.mlp_norm", 1, d, false), matrices[i].GateUp, matrices[i].Down,
                biased ? Place($"blocks.{i}.qkv_bias", 1, config.QkvWidth, false) : -1,
                normed ? Place($"blocks.{i}.q_norm", 1, config.HeadDim, false) : -1,
                normed ? Place($"blocks.{i}.k_norm", 1, config.HeadDim, false) : -1);
        }
        FinalNorm = Place("final_norm", 1, d, false);
        Length = offset;
        Tensors = tensors;
        _byName = tensors.ToDictionary(t => t.Name);
    }

    /// <summary>All tensors in the order of their offsets.</summary>
    public IReadOnlyList<ParameterTensor> Tensors { get; }

    /// <summary>Floats in the flat array, gaps included.</summary>
    public long Length { get; }

    /// <summary>The matrices fill [0, <see cref="MatrixLength"/>): the part that decays.</summary>
    public long MatrixLength { get; }

    /// <summary>The tensor called <paramref name="name"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ParameterTensor this[string name] => _byName[name];

    /// <summary>The matrices of the blocks, fused ones in their parts: queries, keys, values; gate, up.</summary>
    internal IReadOnlyList<HiddenMatrix> HiddenMatrices(DecoderConfig config)
    {
        var matrices = new List<HiddenMatrix>();
        int q = config.HeadsWidth, kv = config.KvHeads * config.HeadDim, qkv = config.QkvWidth, d = config.Width, f = config.FeedForward;
        foreach (BlockOffsets block in Blocks)
        {
            matrices.Add(new HiddenMatrix(block.GateUp, d, f, 2 * f));
            matrices.Add(new HiddenMatrix(block.GateUp + f, d, f, 2 * f));
            matrices.Add(new HiddenMatrix(block.Down, f, d, d));
            matrices.Add(new HiddenMatrix(block.Qkv, d, q, qkv));
            matrices.Add(new HiddenMatrix(block.Qkv + q, d, kv, qkv));
            matrices.Add(new HiddenMatrix(block.Qkv + q + kv, d, kv, qkv));
            matrices.Add(new HiddenMatrix(block.AttentionOut, q, d, d));
        }
        return matrices;
    }

    internal long Embedding { get; }

    /// <summary>-1 when the embeddings are tied.</summary>
    internal long Head { get; }

    internal long FinalNorm { get; }

    internal BlockOffsets[] Blocks { get; }
}
