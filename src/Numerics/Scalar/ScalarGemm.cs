namespace PersonaSelection.Numerics;

/// <summary>The definition of <see cref="Gemm"/>, one product at a time, summed in double.</summary>
internal static unsafe class ScalarGemm
{
    /// <summary>C[m,n] (+)= A B with A's element (i, p) at a[i ars + p aks] and B's (p, j) at b[p bks + j bcs].</summary>
    public static void Run(int m, int n, int k, float* a, long ars, long aks, float* b, long bks, long bcs, float* c,
        int ldc, bool accumulate)
    {
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = accumulate ? c[(long)i * ldc + j] : 0;
                for (int p = 0; p < k; p++) sum += (double)a[i * ars + p * aks] * b[p * bks + j * bcs];
                c[(long)i * ldc + j] = (float)sum;
            }
        }
    }
}
