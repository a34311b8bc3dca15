using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The matrices of a decoder in the panels that products read, packed for one direction. Any number of threads may read them between two
/// packings.
/// </summary>
internal sealed unsafe class PackedProjections : IDisposable
{
    private const int PerBlock = 4;
    private const long SmallModel = 4 << 20;

    private readonly (PackedMatrix Panels, long At, int Stride, bool ByColumns)[] _matrices;
    private readonly long _embedding;

    private PackedProjections(DecoderConfig c, bool transposed)
    {
        var layout = new ParameterLayout(c);
        _embedding = layout.Embedding;
        var matrices = new List<(PackedMatrix, long, int, bool)>();
        int d = c.Width, h = c.HeadsWidth, f = c.FeedForward, v = c.VocabularySize;
        // A matrix stored [rows, columns], or its transpose.
        void Add(long at, int rows, int columns, bool turn) =>
            matrices.Add((turn ? new PackedMatrix(columns, rows) : new PackedMatrix(rows, columns), at, columns, turn));
        foreach (BlockOffsets at in layout.Blocks)
        {
            Add(at.Qkv, d, c.QkvWidth, transposed);
            Add(at.AttentionOut, h, d, transposed);
            Add(at.GateUp, d, 2 * f, transposed);
            Add(at.Down, f, d, transposed);
        }
        // A tied head is the embedding, which is stored [V, d].
        if (layout.Head < 0) Add(layout.Embedding, v, d, !transposed);
        else Add(layout.Head, d, v, transposed);
        _matrices = [.. matrices];
    }

    /// <summary>Room for the matrices as the forward pass multiplies by them.</summary>
    public static PackedProjections Forward(DecoderConfig config) => new(config, false);

    /// <summary>Room for their transposes, by which the backward pass multiplies.</summary>
    public static PackedProjections Backward(DecoderConfig config) => new(config, true);

    /// <summary>The number of matrices.</summary>
    public int Count => _matrices.Length;

    /// <summary>[d, V], or [V, d] backward.</summary>
    public PackedMatrix Head => _matrices[^1].Panels;

    /// <summary>[d, qkv], or [qkv, d] backward.</summary>
    public PackedMatrix Qkv(int block) => _matrices[PerBlock * block].Panels;

    /// <summary>[heads·hd, d], or [d, heads·hd] backward.</summary>
    public PackedMatrix AttentionOut(int block) => _matrices[PerBlock * block + 1].Panels;

    /// <summary>[d, 2F], or [2F, d] backward.</summary>
    public PackedMatrix GateUp(int block) => _matrices[PerBlock * block + 2].Panels;

    /// <summary>[F, d], or [d, F] backward.</summary>
    public PackedMatrix Down(int block) => _matrices[PerBlock * block + 3].Panels;

    /// <summary>Packs one matrix; later changes of the weights are not seen.</summary>
    public void Pack(int index, DecoderWeights weights)
    {
        (PackedMatrix panels, long at, int stride, bool byColumns) = _matrices[index];
        panels.Pack(weights.Pointer + at, stride, byColumns);
    }

    /// <summary>Packs all matrices; later changes of the weights are not seen.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="threads">Threads that pack.</param>
    /// <param name="forget">Whether the weights give back the memory of each matrix but the embedding when it is packed.</param>
    public PackedProjections Pack(DecoderWeights weights, int threads, bool forget = false)
    {
        // Threads cost more than packing a small model.
        using var pool = new WorkerPool(weights.Layout.Length < SmallModel ? 1 : threads);
        pool.Run(Count, (job, _) =>
        {
            Pack(job, weights);
            if (forget && _matrices[job].At != _embedding)
                weights.Buffer.Forget(_matrices[job].At, (long)_matrices[job].Panels.K * _matrices[job].Panels.N);
        });
        return this;
    }

    public void Dispose()
    {
        foreach (var matrix in _matrices) matrix.Panels.Dispose();
    }
}
