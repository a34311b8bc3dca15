using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The rows that every sequence of a batch begins with, computed once, for passes that make no gradients of weights.
/// </summary>
/// <param name="Space">Holds a pass over the opening alone.</param>
/// <param name="Rows">Its rows.</param>
internal sealed unsafe record SharedOpening(DecoderWorkspace Space, int Rows)
{
    /// <summary>Copies a block's activations to the first rows of each sequence: those that the backward pass reads.</summary>
    public void Copy(int block, in BlockActivations to, TokenBatch batch)
    {
        DecoderConfig c = Space.Config;
        BlockActivations from = Space.Blocks[block];
        // Behind the attention of a narrow last block there are no such rows.
        bool whole = block < c.Layers - 1;
        for (int s = 0; s < batch.Sequences; s++)
        {
            long row = batch.Starts[s];
            CopyRows(c.Width, from.Pre, to.Pre, row);
            CopyRows(1, from.AttentionScale, to.AttentionScale, row);
            CopyRows(c.NormedHeads * c.HeadDim, from.RawHeads, to.RawHeads, row);
            CopyRows(c.NormedHeads, from.RawScale, to.RawScale, row);
            CopyRows(c.QkvWidth, from.Qkv, to.Qkv, row);
            CopyRows(c.HeadsWidth, from.Mixed, to.Mixed, row);
            CopyRows(c.Heads, from.LogNormaliser, to.LogNormaliser, row);
            if (!whole) continue;
            CopyRows(c.Width, from.Mid, to.Mid, row);
            CopyRows(1, from.MlpScale, to.MlpScale, row);
            CopyRows(2 * c.FeedForward, from.GateUp, to.GateUp, row);
        }
    }

    private void CopyRows(int width, float* from, float* to, long row) => Elementwise.Copy((long)Rows * width, from, to + row * width);
}
