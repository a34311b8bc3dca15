using System.Reflection;
using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

/// <summary>
/// Every kernel for one instruction set. The public classes (<see cref="Gemm"/>, <see cref="Attention"/>, ...) say what each one computes.
/// </summary>
internal abstract unsafe class KernelSet
{
    /// <summary>The kernels of <see cref="InstructionSet.Current"/>.</summary>
    public static readonly KernelSet Current = Compiling(For(InstructionSet.Current));

    public static KernelSet For(SimdLevel level) => level switch
    {
        SimdLevel.Vector512 => new KernelSet<Simd512, System.Runtime.Intrinsics.Vector512<float>>(),
        SimdLevel.Vector256 => new KernelSet<Simd256, System.Runtime.Intrinsics.Vector256<float>>(),
        SimdLevel.Vector128 => new KernelSet<Simd128, System.Runtime.Intrinsics.Vector128<float>>(),
        _ => new KernelSet<Simd1, float>(),
    };

    /// <summary>
    /// The same kernels, which another thread begins to compile. Compiled one after the other as they are first called, they make the first
    /// step of a small model as long as five later ones.
    /// </summary>
    private static KernelSet Compiling(KernelSet kernels)
    {
        if (Environment.ProcessorCount > 1) ThreadPool.UnsafeQueueUserWorkItem(static k => k.Compile(), kernels, preferLocal: false);
        return kernels;
    }

    /// <summary>Compiles every kernel that is not compiled yet.</summary>
    public abstract void Compile();

    /// <summary>Columns of a packed panel: two vectors.</summary>
    public abstract int PanelWidth { get; }

    public abstract void Gemm(int m, int n, int k, float* a, nint ars, nint aks, float* b, int ldb, bool bByColumns, float* c, int ldc,
        bool add, GemmScratch scratch);
    public abstract void Pack(int k, int n, float* b, int ldb, bool byColumns, float* panels);
    /// <summary>
    /// C [n, n] = A [n, k] times packed panels [k, n], where that is symmetric: what lies above the diagonal is copied from below.
    /// </summary>
    public abstract void SymmetricProduct(int n, int k, float* a, nint ars, nint aks, float* panels, float* c, int ldc);
    public abstract void GemmPacked(int m, int n, int k, float* a, int lda, float* panels, float* c, int ldc, bool add);

    public abstract void AttentionForward(AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo,
        float* lse, AttentionScratch scratch, int skip = 0);
    public abstract void AttentionBackward(AttentionShape s, int sequences, int* starts, float* qkv, int ldqkv, float* o, int ldo,
        float* lse, float* dO, int lddo, float* dqkv, int lddqkv, AttentionScratch scratch);
    public abstract void AttentionCached(AttentionShape s, int sequences, int* starts, int* firstQuery, float* qkv, int ldqkv,
        float** prefixRows, int* prefixLength, float** ownRows, int* ownLength, float* o, int ldo, AttentionScratch scratch);

    public abstract void RmsNormForward(int n, int d, float* x, int ldx, float* gain, float eps, float* y, int ldy, float* rstd);
    public abstract void RmsNormBackward(int n, int d, float* x, int ldx, float* gain, float* rstd, float* dy, int lddy,
        float* dx, int lddx, float* dGain);
    public abstract void RotaryApply(int n, int heads, int headDim, float* x, int ldx, int* positions, float* table, bool inverse);
    public abstract void SwiGluForward(int n, int f, float* gateUp, int ldgu, float* y, int ldy);
    public abstract void SwiGluBackward(int n, int f, float* gateUp, int ldgu, float* dy, int lddy, float* dGateUp, int lddgu);
    public abstract void CrossEntropy(int n, int v, float* logits, int ld, int* targets, float* weights, float* losses);
    public abstract void LogProbabilities(int n, int v, float* logits, int ld, int* targets, float* logp);
    public abstract void LogSoftmax(int n, int v, float* logits, int ld);

    public abstract void Exp(long n, float* x, float* y);
    public abstract void Axpy(long n, float a, float* x, float* y);
    public abstract void Axpby(long n, float a, float* x, float b, float* y);
    public abstract void Scale(long n, float a, float* x);
    public abstract double Dot(long n, float* x, float* y);
    public abstract double SumGradients(long n, float** parts, int count, float* target);
    public abstract void AdamW(long n, float* p, float* g, float* m, float* v, AdamWStep step);
}

/// <summary>
/// The kernels written over the vector type <typeparamref name="V"/>; their bodies are in the files named after each kernel.
/// </summary>
internal sealed unsafe partial class KernelSet<I, V> : KernelSet where I : struct, ISimd<V> where V : struct
{
    private const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const BindingFlags Kernels =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public override int PanelWidth => 2 * I.Width;

    public override void Compile()
    {
        RuntimeTypeHandle[] over = [typeof(I).TypeHandle, typeof(V).TypeHandle];
        foreach (MethodInfo method in (MethodInfo[])[.. GetType().GetMethods(Kernels), .. typeof(GemmTile<I, V>).GetMethods(Kernels)])
        {
            if ((method.MethodImplementationFlags & MethodImplAttributes.AggressiveOptimization) != 0)
                RuntimeHelpers.PrepareMethod(method.MethodHandle, over);
        }
    }
}
