using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    // The rows of two small tiles or of one large: a finer staircase would end in more half-used panels.
    private const int SymmetricRows = 12;

    [MethodImpl(Hot)]
    public override void SymmetricProduct(int n, int k, float* a, nint ars, nint aks, float* panels, float* c, int ldc)
    {
        int nr = 2 * I.Width, kc = KStep(k);
        for (int i = 0; i < n; i += SymmetricRows)
        {
            int rows = Math.Min(SymmetricRows, n - i), columns = Math.Min(n, RoundUp(i + rows, I.Width));
            for (int k0 = 0; k0 < k; k0 += kc)
            {
                Block(rows, columns, Math.Min(kc, k - k0), a + i * ars + k0 * aks, ars, aks, panels + (long)k0 * nr, (nint)k * nr,
                    c + (long)i * ldc, ldc, k0 > 0, null);
            }
        }
        Mirror(n, c, ldc);
    }

    /// <summary>c[j, i] = c[i, j] for j below i.</summary>
    [MethodImpl(Hot)]
    private static void Mirror(int n, float* c, int ldc)
    {
        int size = I.TransposeSize, i0 = 0;
        for (; i0 + size <= n; i0 += size)
        {
            I.Transpose(c + (long)i0 * ldc, ldc, c + i0, ldc, size, i0 / size);
            for (int i = i0 + 1; i < i0 + size; i++)
            {
                for (int j = i0; j < i; j++) c[(long)j * ldc + i] = c[(long)i * ldc + j];
            }
        }
        for (int i = i0; i < n; i++)
        {
            for (int j = 0; j < i; j++) c[(long)j * ldc + i] = c[(long)i * ldc + j];
        }
    }
}
