using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    // A panel of B is KBlock x 2W (most of the first-level cache). NBlock columns of them are read one after the other, which the processor
    // foresees: they may fill the second-level cache, and the wider the block, the seldomer A is copied and read again.
    private const int KBlock = 256, NBlock = 1024;

    // Rows of C up to which it pays to turn A and C in place of B.
    private const int FlatRows = 96;

    [MethodImpl(Hot)]
    public override void Gemm(
        int m, int n, int k, float* a, nint ars, nint aks, float* b, int ldb, bool bByColumns, float* c, int ldc,
        bool add, GemmScratch scratch)
    {
        if (m <= 0 || n <= 0) return;
        if (k <= 0)
        {
            if (!add) ClearRows(m, n, c, ldc);
            return;
        }
        if (bByColumns && !add && m is > 2 and <= FlatRows && n > m && k >= 32)
        {
            TransposedProduct(m, n, k, a, (int)ars, b, ldb, c, ldc, scratch);
            return;
        }
        int nr = 2 * I.Width;
        int kc = KStep(k);
        int nc = Math.Min(NBlock, RoundUp(n, nr));
        float* panels = scratch.B((long)kc * nc);
        for (int j0 = 0; j0 < n; j0 += nc)
        {
            int nj = Math.Min(nc, n - j0);
            for (int k0 = 0; k0 < k; k0 += kc)
            {
                int kj = Math.Min(kc, k - k0);
                float* bBlock = bByColumns ? b + (long)j0 * ldb + k0 : b + (long)k0 * ldb + j0;
                Block(m, nj, kj, a + k0 * aks, ars, aks, panels, (nint)kj * nr, c + j0, ldc, add || k0 > 0, scratch,
                    bBlock, ldb, bByColumns);
            }
        }
    }

    /// <summary>
    /// C^T[n,m] = B A^T for few rows: A and C, which are small, are turned in place of B. Every element is the same sum as ever.
    /// </summary>
    [MethodImpl(Hot)]
    private static void TransposedProduct(
        int m, int n, int k, float* a, int lda, float* b, int ldb, float* c, int ldc, GemmScratch scratch)
    {
        int nr = 2 * I.Width, kc = KStep(k), strip = 10 * I.TileRows, wide = RoundUp(m, nr);
        float* panels = scratch.B((long)k * wide + (long)strip * wide), turned = panels + (long)k * wide;
        PackPanels(k, m, a, lda, true, panels);
        for (int j0 = 0; j0 < n; j0 += strip)
        {
            int nj = Math.Min(strip, n - j0);
            for (int k0 = 0; k0 < k; k0 += kc)
            {
                Block(nj, m, Math.Min(kc, k - k0), b + (long)j0 * ldb + k0, ldb, 1, panels + (long)k0 * nr, (nint)k * nr,
                    turned, wide, k0 > 0, null);
            }
            Turn(nj, m, turned, wide, c + j0, ldc);
        }
    }

    [MethodImpl(Hot)]
    public override void GemmPacked(int m, int n, int k, float* a, int lda, float* panels, float* c, int ldc, bool add)
    {
        if (m <= 0 || n <= 0) return;
        if (k <= 0)
        {
            if (!add) ClearRows(m, n, c, ldc);
            return;
        }
        int nr = 2 * I.Width;
        int kc = KStep(k);
        for (int k0 = 0; k0 < k; k0 += kc)
        {
            int kj = Math.Min(kc, k - k0);
            Block(m, n, kj, a + k0, lda, 1, panels + (long)k0 * nr, (nint)k * nr, c, ldc, add || k0 > 0, null);
        }
    }

    /// <summary>
    /// Depth of a block: k cut into equal parts of at most <see cref="KBlock"/>. It depends on k alone, so that sums never regroup.
    /// </summary>
    private static int KStep(int k)
    {
        int parts = (k + KBlock - 1) / KBlock;
        return (k + parts - 1) / parts;
    }

    private static int RoundUp(int x, int multiple) => (x + multiple - 1) / multiple * multiple;

    private static void ClearRows(int m, int n, float* c, int ldc)
    {
        for (int i = 0; i < m; i++) new Span<float>(c + (long)i * ldc, n).Clear();
    }

    [MethodImpl(Inline)]
    private static int TileRows(int left) =>
        left >= 12 && I.TileRows == 12 ? 12
        : left >= 8 && I.TileRows == 12 ? 8
        : left >= 6 ? 6
        : Math.Min(left, 4);

    /// <summary>
    /// The large tile on rows of B as they lie, which leaves them packed: what is stored on the way costs nothing beside the products.
    /// </summary>
    [MethodImpl(Inline)]
    private static void PackingTile(int k, float* a, nint ars, nint aks, float* b, nint ldb, float* panel, float* c, nint ldc, bool add)
    {
        if (I.TileRows == 12) GemmTile<I, V>.Rows12Packing(k, a, ars, aks, b, ldb, panel, c, ldc, add);
        else GemmTile<I, V>.Rows6Packing(k, a, ars, aks, b, ldb, panel, c, ldc, add);
    }

    /// <summary>
    /// A tile of which only the first <paramref name="columns"/> (at most 2W) are wanted. <paramref name="spare"/> holds 12 x 2W floats.
    /// </summary>
    private static void TileColumns(
        int rows, int columns, int k, float* a, nint ars, nint aks, float* b, float* c, int ldc, bool add, float* spare)
    {
        int nr = 2 * I.Width;
        if (columns == nr)
        {
            Tile(rows, k, a, ars, aks, b, c, ldc, add);
        }
        else if (columns == I.Width)
        {
            HalfTile(rows, k, a, ars, aks, b, c, ldc, add);
        }
        else
        {
            if (columns < I.Width) HalfTile(rows, k, a, ars, aks, b, spare, nr, false);
            else Tile(rows, k, a, ars, aks, b, spare, nr, false);
            StoreTail(rows, columns, spare, nr, c, ldc, add);
        }
    }

    [MethodImpl(Inline)]
    private static void Tile(int rows, int k, float* a, nint ars, nint aks, float* b, float* c, nint ldc, bool add)
    {
        switch (rows)
        {
            case 12: GemmTile<I, V>.Rows12(k, a, ars, aks, b, c, ldc, add); break;
            case 8: GemmTile<I, V>.Rows8(k, a, ars, aks, b, c, ldc, add); break;
            case 6: GemmTile<I, V>.Rows6(k, a, ars, aks, b, c, ldc, add); break;
            case 4: GemmTile<I, V>.Rows4(k, a, ars, aks, b, c, ldc, add); break;
            case 3: GemmTile<I, V>.Rows3(k, a, ars, aks, b, c, ldc, add); break;
            case 2: GemmTile<I, V>.Rows2(k, a, ars, aks, b, c, ldc, add); break;
            default: GemmTile<I, V>.Rows1(k, a, ars, aks, b, c, ldc, add); break;
        }
    }

    [MethodImpl(Inline)]
    private static void HalfTile(int rows, int k, float* a, nint ars, nint aks, float* b, float* c, nint ldc, bool add)
    {
        switch (rows)
        {
            case 12: GemmTile<I, V>.Rows12Half(k, a, ars, aks, b, c, ldc, add); break;
            case 8: GemmTile<I, V>.Rows8Half(k, a, ars, aks, b, c, ldc, add); break;
            case 6: GemmTile<I, V>.Rows6Half(k, a, ars, aks, b, c, ldc, add); break;
            case 4: GemmTile<I, V>.Rows4Half(k, a, ars, aks, b, c, ldc, add); break;
            case 3: GemmTile<I, V>.Rows3Half(k, a, ars, aks, b, c, ldc, add); break;
            case 2: GemmTile<I, V>.Rows2Half(k, a, ars, aks, b, c, ldc, add); break;
            default: GemmTile<I, V>.Rows1Half(k, a, ars, aks, b, c, ldc, add); break;
        }
    }

    private static void StoreTail(int rows, int columns, float* tile, int ldt, float* c, int ldc, bool add)
    {
        for (int i = 0; i < rows; i++, tile += ldt, c += ldc)
        {
            for (int j = 0; j < columns; j++) c[j] = add ? c[j] + tile[j] : tile[j];
        }
    }
}
