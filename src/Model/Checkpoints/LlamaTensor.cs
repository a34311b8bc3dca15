namespace PersonaSelection.Model;

/// <summary>
/// A tensor of a Hugging Face checkpoint of the Llama kind and the part of ours that it is. Theirs are [out, in] with queries, keys,
/// values, gates and ups apart; ours are [in, out] with those side by side.
/// </summary>
/// <param name="Name">Their name.</param>
/// <param name="Shape">Their shape.</param>
/// <param name="Ours">Our tensor.</param>
/// <param name="Column">The first of our columns that it fills.</param>
/// <param name="Transposed">Whether theirs is [out, in]; vectors and the embedding are stored alike.</param>
internal sealed record LlamaTensor(string Name, int[] Shape, string Ours, int Column, bool Transposed)
{
    private const int Tile = 32;

    /// <summary>Every tensor of a decoder, in the order in which they are written.</summary>
    public static List<LlamaTensor> All(DecoderConfig c)
    {
        int d = c.Width, f = c.FeedForward, q = c.HeadsWidth, kv = c.KvHeads * c.HeadDim;
        var all = new List<LlamaTensor> { new("model.embed_tokens.weight", [c.VocabularySize, d], "embed.weight", 0, false) };
        for (int i = 0; i < c.Layers; i++)
        {
            string theirs = $"model.layers.{i}.", ours = $"blocks.{i}.";
            all.Add(new(theirs + "input_layernorm.weight", [d], ours + "attn_norm", 0, false));
            all.Add(new(theirs + "self_attn.q_proj.weight", [q, d], ours + "qkv", 0, true));
            all.Add(new(theirs + "self_attn.k_proj.weight", [kv, d], ours + "qkv", q, true));
            all.Add(new(theirs + "self_attn.v_proj.weight", [kv, d], ours + "qkv", q + kv, true));
            if (c.Family == DecoderFamily.Qwen2)
            {
                all.Add(new(theirs + "self_attn.q_proj.bias", [q], ours + "qkv_bias", 0, false));
                all.Add(new(theirs + "self_attn.k_proj.bias", [kv], ours + "qkv_bias", q, false));
                all.Add(new(theirs + "self_attn.v_proj.bias", [kv], ours + "qkv_bias", q + kv, false));
            }
            if (c.Family == DecoderFamily.Qwen3)
            {
                all.Add(new(theirs + "self_attn.q_norm.weight", [c.HeadDim], ours + "q_norm", 0, false));
                all.Add(new(theirs + "self_attn.k_norm.weight", [c.HeadDim], ours + "k_norm", 0, false));
            }
            all.Add(new(theirs + "self_attn.o_proj.weight", [d, q], ours + "attn_out", 0, true));
            all.Add(new(theirs + "post_attention_layernorm.weight", [d], ours + "mlp_norm", 0, false));
            all.Add(new(theirs + "mlp.gate_proj.weight", [f, d], ours + "gate_up", 0, true));
            all.Add(new(theirs + "mlp.up_proj.weight", [f, d], ours + "gate_up", f, true));
            all.Add(new(theirs + "mlp.down_proj.weight", [d, f], ours + "down", 0, true));
        }
        all.Add(new("model.norm.weight", [d], "final_norm", 0, false));
        if (!c.TieEmbeddings) all.Add(new("lm_head.weight", [c.VocabularySize, d], "lm_head", 0, true));
        return all;
    }

    /// <summary>Number of elements.</summary>
    public long Length => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Numbers in one of their rows; all of a vector's.</summary>
    public int RowLength => Shape[^1];

    /// <summary>Their rows.</summary>
    public int Rows => Shape.Length == 1 ? 1 : Shape[0];

    /// <summary>Writes their numbers.</summary>
    public void CopyFrom(DecoderWeights weights, Span<float> theirs) => Walk(weights, 0, theirs, toOurs: false);

    /// <summary>Takes over their numbers, of the rows from one on.</summary>
    public void CopyTo(DecoderWeights weights, Span<float> theirs, int fromRow = 0) => Walk(weights, fromRow, theirs, toOurs: true);

    private void Walk(DecoderWeights weights, int fromRow, Span<float> theirs, bool toOurs)
    {
        int inputs = RowLength, outputs = theirs.Length / inputs, stride = weights.Layout[Ours].Columns;
        if (!Transposed)
        {
            Span<float> part = weights[Ours].Slice(Column + (fromRow * inputs), theirs.Length);
            if (toOurs) theirs.CopyTo(part);
            else part.CopyTo(theirs);
            return;
        }
        Span<float> ours = weights[Ours][(Column + fromRow)..];
        for (int o0 = 0; o0 < outputs; o0 += Tile)
        {
            for (int i0 = 0; i0 < inputs; i0 += Tile)
            {
                int oEnd = Math.Min(o0 + Tile, outputs), iEnd = Math.Min(i0 + Tile, inputs);
                for (int i = i0; i < iEnd; i++)
                {
                    for (int o = o0; o < oEnd; o++)
                    {
                        int at = i * stride + o, there = o * inputs + i;
                        if (toOurs) ours[at] = theirs[there];
                        else theirs[there] = ours[at];
                    }
                }
            }
        }
    }
}
