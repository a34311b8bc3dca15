namespace PersonaSelection.Numerics;

/// <summary>Root-mean-square normalisation of rows (Zhang and Sennrich 2019). Scalar twin: <c>ScalarLayers</c>.</summary>
public static unsafe class RmsNorm
{
    /// <summary>rstd[i] = 1/sqrt(mean(x[i]^2) + eps); y[i] = x[i] rstd[i] gain.</summary>
    public static void Forward(int n, int d, float* x, int ldx, float* gain, float eps, float* y, int ldy, float* rstd) =>
        KernelSet.Current.RmsNormForward(n, d, x, ldx, gain, eps, y, ldy, rstd);

    /// <summary>Adds the gradients to dx and to dGain (which may be null).</summary>
    public static void Backward(int n, int d, float* x, int ldx, float* gain, float* rstd, float* dy, int lddy, float* dx,
        int lddx, float* dGain) =>
        KernelSet.Current.RmsNormBackward(n, d, x, ldx, gain, rstd, dy, lddy, dx, lddx, dGain);
}

/// <summary>Cosines and sines of rotary position embedding (Su et al. 2021), computed in double.</summary>
public sealed unsafe class RotaryTable : IDisposable
{
    private readonly FloatBuffer _table;

    /// <summary>Angles p theta^(-2 i / headDim) for positions p below <paramref name="maxPositions"/>, the frequencies scaled.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An odd or non-positive head dimension, or no positions.</exception>
    public RotaryTable(int headDim, int maxPositions, double theta, RotaryScaling? scaling = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headDim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxPositions);
        if (headDim % 2 != 0) throw new ArgumentOutOfRangeException(nameof(headDim), "The head dimension must be even.");
        (HeadDim, MaxPositions) = (headDim, maxPositions);
        _table = new FloatBuffer((long)headDim * maxPositions);
        int half = headDim / 2;
        double[] frequencies = [.. Enumerable.Range(0, half).Select(i => Math.Pow(theta, -2.0 * i / headDim))];
        if (scaling is not null) frequencies = Array.ConvertAll(frequencies, scaling.Of);
        for (int p = 0; p < maxPositions; p++)
        {
            Span<float> row = _table.Span((long)p * headDim, headDim);
            for (int i = 0; i < half; i++)
            {
                (double sin, double cos) = Math.SinCos(p * frequencies[i]);
                (row[i], row[half + i]) = ((float)cos, (float)sin);
            }
        }
    }

    /// <summary>Floats per head.</summary>
    public int HeadDim { get; }

    /// <summary>Positions 0 to this, exclusive.</summary>
    public int MaxPositions { get; }

    internal float* Pointer => _table.Pointer;

    /// <inheritdoc/>
    public void Dispose() => _table.Dispose();
}

/// <summary>
/// Rotary position embedding in the pairing (i, i + headDim/2) of Hugging Face's <c>rotate_half</c>. Scalar twin: <c>ScalarLayers</c>.
/// </summary>
public static unsafe class Rotary
{
    /// <summary>
    /// Turns each of the heads at the start of row i by positions[i], in place; the inverse is the transpose, for the backward pass.
    /// </summary>
    /// <exception cref="ArgumentException">The table is for another head dimension, or too short.</exception>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static void Apply(int n, int heads, int headDim, float* x, int ldx, int* positions, RotaryTable table, bool inverse)
    {
        if (table.HeadDim != headDim) throw new ArgumentException("The rotary table is for another head dimension.", nameof(table));
        for (int i = 0; i < n; i++)
        {
            if ((uint)positions[i] >= (uint)table.MaxPositions)
                throw new ArgumentException("A position lies past the rotary table.", nameof(positions));
        }
        KernelSet.Current.RotaryApply(n, heads, headDim, x, ldx, positions, table.Pointer, inverse);
    }
}

/// <summary>
/// The gated feed-forward non-linearity y = silu(gate) up (Shazeer 2020). A row of gateUp is [f gates | f ups]. Scalar
/// twin: <c>ScalarLayers</c>.
/// </summary>
public static unsafe class SwiGlu
{
    /// <summary>y[i] = gate sigmoid(gate) up.</summary>
    public static void Forward(int n, int f, float* gateUp, int ldgu, float* y, int ldy) =>
        KernelSet.Current.SwiGluForward(n, f, gateUp, ldgu, y, ldy);

    /// <summary>Writes the gradient of gateUp; it may be gateUp itself.</summary>
    public static void Backward(int n, int f, float* gateUp, int ldgu, float* dy, int lddy, float* dGateUp, int lddgu) =>
        KernelSet.Current.SwiGluBackward(n, f, gateUp, ldgu, dy, lddy, dGateUp, lddgu);
}

/// <summary>
/// Softmax over a row of v logits and its cross-entropy, in nats. Targets must lie in [0, v). Scalar twin: <c>ScalarLayers</c>.
/// </summary>
public static unsafe class SoftmaxCrossEntropy
{
    /// <summary>
    /// losses[i] = -log p(targets[i]); logits[i] becomes weights[i] (softmax - onehot), the gradient of the weighted loss.
    /// </summary>
    public static void ForwardBackward(int n, int v, float* logits, int ld, int* targets, float* weights, float* losses) =>
        KernelSet.Current.CrossEntropy(n, v, logits, ld, targets, weights, losses);

    /// <summary>logp[i] = log p(targets[i]); the logits stay.</summary>
    public static void LogProbabilities(int n, int v, float* logits, int ld, int* targets, float* logp) =>
        KernelSet.Current.LogProbabilities(n, v, logits, ld, targets, logp);

    /// <summary>Each row becomes the logs of its softmax.</summary>
    public static void LogSoftmax(int n, int v, float* logits, int ld) => KernelSet.Current.LogSoftmax(n, v, logits, ld);
}
