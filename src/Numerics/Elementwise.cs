namespace PersonaSelection.Numerics;

/// <summary>Operations on flat blocks of floats. Sums are taken in a fixed order. Scalar twin: <c>ScalarElementwise</c>.</summary>
public static unsafe class Elementwise
{
    /// <summary>y += x.</summary>
    public static void Add(long n, float* x, float* y) => KernelSet.Current.Axpy(n, 1, x, y);

    /// <summary>y += a x.</summary>
    public static void Axpy(long n, float a, float* x, float* y) => KernelSet.Current.Axpy(n, a, x, y);

    /// <summary>y = a x + b y, in one pass.</summary>
    public static void Axpby(long n, float a, float* x, float b, float* y) => KernelSet.Current.Axpby(n, a, x, b, y);

    /// <summary>x *= a.</summary>
    public static void Scale(long n, float a, float* x) => KernelSet.Current.Scale(n, a, x);

    /// <summary>y = e^x (relative error below 2e-7; 0 below -87.3, e^88.3 above 88.3). y may be x.</summary>
    public static void Exp(long n, float* x, float* y) => KernelSet.Current.Exp(n, x, y);

    /// <summary>y = x.</summary>
    public static void Copy(long n, float* x, float* y) => Buffer.MemoryCopy(x, y, n * sizeof(float), n * sizeof(float));

    /// <summary>x = a.</summary>
    public static void Fill(long n, float a, float* x)
    {
        for (long i = 0; i < n; i += int.MaxValue) new Span<float>(x + i, (int)Math.Min(int.MaxValue, n - i)).Fill(a);
    }

    /// <summary>The sum of x y; float inside blocks of 512, double between them.</summary>
    public static double Dot(long n, float* x, float* y) => KernelSet.Current.Dot(n, x, y);

    /// <summary>The sum of x^2.</summary>
    public static double SumOfSquares(long n, float* x) => KernelSet.Current.Dot(n, x, x);

    /// <summary>Row i of y becomes row ids[i] of a table [*, d].</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static void Gather(int n, int d, float* table, int* ids, float* y, int ldy)
    {
        for (int i = 0; i < n; i++) new Span<float>(table + (long)ids[i] * d, d).CopyTo(new Span<float>(y + (long)i * ldy, d));
    }

    /// <summary>Moves row i of x [*, d] to row ids[i], in place, and clears the other of its rows; ids are ascending.</summary>
    public static void Spread(int n, int d, float* x, int* ids, int rows)
    {
        for (int i = n - 1, end = rows; i >= -1; i--)
        {
            int to = i < 0 ? -1 : ids[i];
            new Span<float>(x + (long)(to + 1) * d, (end - to - 1) * d).Clear();
            if (i >= 0 && to > i) new Span<float>(x + (long)i * d, d).CopyTo(new Span<float>(x + (long)to * d, d));
            end = to;
        }
    }

    /// <summary>Adds row i of dy to row ids[i] of dTable [*, d], rows in order.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static void ScatterAdd(int n, int d, float* dy, int lddy, int* ids, float* dTable)
    {
        for (int i = 0; i < n; i++) KernelSet.Current.Axpy(d, 1, dy + (long)i * lddy, dTable + (long)ids[i] * d);
    }

    /// <summary>Adds one row [d] to each row of y.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static void AddRow(int n, int d, float* row, float* y, int ldy)
    {
        for (int i = 0; i < n; i++) KernelSet.Current.Axpy(d, 1, row, y + (long)i * ldy);
    }

    /// <summary>Adds the rows of x to one row [d], in order.</summary>
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]
    public static void SumRows(int n, int d, float* x, int ldx, float* row)
    {
        for (int i = 0; i < n; i++) KernelSet.Current.Axpy(d, 1, x + (long)i * ldx, row);
    }

    /// <summary>
    /// target = the sum of the parts in their order (target may be parts[0] alone); returns the sum of squares of target.
    /// </summary>
    public static double SumGradients(long n, float** parts, int count, float* target) =>
        KernelSet.Current.SumGradients(n, parts, count, target);
}
