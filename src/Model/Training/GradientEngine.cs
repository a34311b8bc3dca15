using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>
/// The sum of a loss's gradient over the micro-batches of a step, computed by a pool of workers. Every micro-batch has a gradient of its
/// own and the sum is taken in their order, slice by slice: the same bits for any number of threads.
/// </summary>
internal sealed unsafe class GradientEngine : IDisposable
{
    private const long SliceLength = 16384;

    private readonly Decoder _decoder;
    private readonly WorkerPool _pool;
    private readonly FloatBuffer[] _gradients;
    private readonly DecoderWorkspace[] _workspaces;
    private readonly PackedProjections _transposes;
    private readonly Action<int, int> _packJob, _partJob, _sliceJob;
    private readonly double[] _losses;
    private readonly double[] _squares;
    private readonly float*[] _filled;
    private readonly int[] _order;
    private readonly (long Start, long Length)[] _slices;
    private int _filledCount;
    private Trainable _trainable = null!;
    private TokenBatch[] _parts = null!;
    private ILossFunction _loss = null!;
    private Action? _aside;

    public GradientEngine(DecoderConfig config, int microBatches, WorkerPool pool)
    {
        var layout = new ParameterLayout(config);
        _decoder = new Decoder(config);
        _pool = pool;
        _gradients = [.. Enumerable.Range(0, microBatches).Select(_ => new FloatBuffer(layout.Length))];
        _workspaces = [.. Enumerable.Range(0, pool.Threads).Select(_ => new DecoderWorkspace(config))];
        _transposes = PackedProjections.Backward(config);
        _losses = new double[microBatches];
        _filled = new float*[microBatches];
        _order = [.. Enumerable.Range(0, microBatches)];
        _slices = Slices(layout.MatrixLength, layout.Length);
        _squares = new double[_slices.Length];
        _packJob = Pack;
        _partJob = RunPart;
        _sliceJob = SumSlice;
    }

    /// <summary>The sum of the gradients, valid until the next call.</summary>
    public FloatBuffer Gradient => _gradients[0];

    /// <summary>Cuts [0, end) into slices that do not straddle the boundary.</summary>
    public static (long Start, long Length)[] Slices(long boundary, long end)
    {
        var slices = new List<(long, long)>();
        for (long at = 0; at < boundary; at += SliceLength) slices.Add((at, Math.Min(SliceLength, boundary - at)));
        for (long at = boundary; at < end; at += SliceLength) slices.Add((at, Math.Min(SliceLength, end - at)));
        return [.. slices];
    }

    /// <summary>Runs forward and backward over all parts; <paramref name="aside"/> runs meanwhile as one more job.</summary>
    /// <returns>The sum of the loss, and the sum of squares of the summed gradient.</returns>
    public (double Loss, double SumOfSquares) Run(Trainable trainable, TokenBatch[] parts, ILossFunction loss, Action? aside = null)
    {
        _trainable = trainable;
        _parts = parts;
        _loss = loss;
        _aside = aside;
        LargestFirst();
        // Every part multiplies by the same transposes. Packing what is not transposed costs nothing beside the first products.
        _pool.Run(_transposes.Count, _packJob);
        _pool.Run(parts.Length + (aside is null ? 0 : 1), _partJob);
        _filledCount = 0;
        double sum = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].TargetCount == 0 && i > 0) continue;
            _filled[_filledCount++] = _gradients[i].Pointer;
            sum += _losses[i];
        }
        if (!trainable.NeedsWeightGradient) return (sum, 0);
        _pool.Run(_slices.Length, _sliceJob);
        double squares = 0;
        foreach (double s in _squares) squares += s;
        return (sum, squares);
    }

    public void Dispose()
    {
        foreach (FloatBuffer gradient in _gradients) gradient.Dispose();
        foreach (DecoderWorkspace workspace in _workspaces) workspace.Dispose();
        _transposes.Dispose();
        _decoder.Dispose();
    }

    private void Pack(int job, int worker) => _transposes.Pack(job, _trainable.Weights);

    private void RunPart(int job, int worker)
    {
        // The side job goes last: it is short, and whoever has no part left would wait.
        if (job == _parts.Length)
        {
            _aside!();
            return;
        }
        job = _order[job];
        TokenBatch part = _parts[job];
        DecoderWorkspace workspace = _workspaces[worker];
        _losses[job] = 0;
        FloatBuffer? gradient = _trainable.NeedsWeightGradient ? _gradients[job] : null;
        if (part.TargetCount == 0)
        {
            if (job == 0) gradient?.Span(0, (int)gradient.Length).Clear();
            return;
        }
        _decoder.Forward(_trainable.Weights, part, workspace, _trainable.Edits);
        _losses[job] = _loss.Evaluate(new LogitRows(part, workspace, job));
        _decoder.Backward(_trainable.Weights, part, workspace, gradient, _trainable.Edits, _transposes);
        _trainable.Collect(job, workspace);
    }

    /// <summary>
    /// The order in which parts are begun, so that no worker is left with a large one at the end; sums keep the order of the parts.
    /// </summary>
    private void LargestFirst()
    {
        for (int i = 1; i < _parts.Length; i++)
        {
            int part = _order[i], at = i;
            for (; at > 0 && _parts[_order[at - 1]].Rows < _parts[part].Rows; at--) _order[at] = _order[at - 1];
            _order[at] = part;
        }
    }

    private void SumSlice(int slice, int worker)
    {
        (long start, long length) = _slices[slice];
        float** shifted = stackalloc float*[_filledCount];
        for (int i = 0; i < _filledCount; i++) shifted[i] = _filled[i] + start;
        _squares[slice] = Elementwise.SumGradients(length, shifted, _filledCount, _gradients[0].Pointer + start);
    }
}
