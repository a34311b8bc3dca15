namespace PersonaSelection.Numerics;

/// <summary>
/// Matrix products of row-major float matrices; ld is the row stride in floats. Each element is summed over k in one fixed order, so a
/// row of C has the same bits whatever the other rows, the thread and the number of rows are. Scalar twin: <c>ScalarGemm</c>.
/// </summary>
public static unsafe class Gemm
{
    /// <summary>C[m,n] (+)= A[m,k] B[k,n].</summary>
    public static void NN(int m, int n, int k, float* a, int lda, float* b, int ldb, float* c, int ldc,
        bool accumulate, GemmScratch scratch) =>
        KernelSet.Current.Gemm(m, n, k, a, lda, 1, b, ldb, false, c, ldc, accumulate, scratch);

    /// <summary>C[m,n] (+)= A[m,k] B^T with B stored [n,k].</summary>
    public static void NT(int m, int n, int k, float* a, int lda, float* b, int ldb, float* c, int ldc,
        bool accumulate, GemmScratch scratch) =>
        KernelSet.Current.Gemm(m, n, k, a, lda, 1, b, ldb, true, c, ldc, accumulate, scratch);

    /// <summary>C[m,n] (+)= A^T B[k,n] with A stored [k,m].</summary>
    public static void TN(int m, int n, int k, float* a, int lda, float* b, int ldb, float* c, int ldc,
        bool accumulate, GemmScratch scratch) =>
        KernelSet.Current.Gemm(m, n, k, a, 1, lda, b, ldb, false, c, ldc, accumulate, scratch);

    /// <summary>C[m,n] (+)= A[m,k] B with B packed beforehand: fast from m = 1, the same bits as <see cref="NN"/>.</summary>
    public static void Packed(int m, float* a, int lda, PackedMatrix b, float* c, int ldc, bool accumulate) =>
        KernelSet.Current.GemmPacked(m, b.N, b.K, a, lda, b.Panels, c, ldc, accumulate);
}
