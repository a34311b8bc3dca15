using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    // Rows of a block of A, which the second-level cache holds while each panel of B passes by.
    private const int MBlock = 120;

    // Columns of C from which a copy of A pays for itself.
    private const int CopyWidth = 256;

    // Floats of a block of B beyond which the second-level cache does not hold it from before.
    private const long ColdBlock = 1 << 18;

    // Floats of a block of B that leave room in the second-level cache for as much again.
    private static readonly long NearBlock = Memory.SecondLevel / sizeof(float) / 2;

    /// <summary>
    /// C[m,n] (+)= A[m,k] panels, for one depth block. Where <paramref name="b"/> is given the panels are empty: each is packed from it
    /// when it is first needed, and by the tile that needs it where the rows of B lie side by side.
    /// </summary>
    [MethodImpl(Hot)]
    private static void Block(
        int m, int n, int k, float* a, nint ars, nint aks, float* panels, nint panelStride, float* c, int ldc, bool add,
        GemmScratch? scratch, float* b = null, int ldb = 0, bool bByColumns = false)
    {
        float* spare = stackalloc float[12 * 32];
        RowBlock rows = new()
        {
            N = n,
            K = k,
            Panels = panels,
            PanelStride = panelStride,
            Ldc = ldc,
            Add = add,
            B = b,
            Ldb = ldb,
            BByColumns = bByColumns,
            Spare = spare,
            Row = ars,
            Depth = aks,
            Strip = I.TileRows * ars,
        };
        if (m <= 2)
        {
            rows.A = a;
            rows.C = c;
            rows.Few(m);
            return;
        }
        // Equal blocks near MBlock rows, so that none is a sliver.
        int parts = Math.Max(1, (m + MBlock / 2) / MBlock), mBlock = RoundUp((m + parts - 1) / parts, I.TileRows);
        // Rows of one block use each panel once: one panel's memory, which stays in the first-level cache, will do.
        if (b != null && parts == 1) rows.PanelStride = 0;
        bool copy = scratch is not null && n >= CopyWidth && m >= 4 && (aks != 1 || ars * sizeof(float) % 4096 == 0);
        float* copied = copy ? scratch!.A((long)(mBlock + 12) * (k + 16)) : null;
        if (copy) (rows.Row, rows.Depth, rows.Strip) = CopyStrides(k, aks != 1);
        for (int i0 = 0; i0 < m; i0 += mBlock)
        {
            rows.M = Math.Min(mBlock, m - i0);
            rows.A = copy ? copied : a + i0 * ars;
            rows.C = c + (long)i0 * ldc;
            if (copy && aks == 1) CopyRows(rows.M, k, a + i0 * ars, ars, copied);
            if (copy && aks != 1 && !TileCopies(aks))
            {
                CopyColumns(rows.M, k, a + i0, aks, copied);
            }
            else if (copy && aks != 1)
            {
                rows.Columns = a + i0;
                rows.ColumnsDepth = aks;
                rows.ColumnsLeft = m - i0;
            }
            if (rows.B != null || (long)k * n > NearBlock) rows.PanelByPanel();
            else rows.StripByStrip();
            rows.B = null;
        }
    }

    /// <summary>
    /// Whether columns of A are copied by the tile that reads them first. Not by a small tile, which reads less than half of each line, nor
    /// where the distance of the rows of A maps them all to the same cache sets: there each line is read once, for all columns in it.
    /// </summary>
    [MethodImpl(Inline)]
    private static bool TileCopies(nint aks) => I.TileRows == 12 && aks * sizeof(float) % 4096 != 0;

    /// <summary>Asks for some rows of the panel that is packed next, tile by tile: all at once would keep the products waiting.</summary>
    [MethodImpl(Inline)]
    private static void Foresee(float* b, nint ldb, int from, int to)
    {
        for (float* row = b + from * ldb; from < to; from++, row += ldb)
        {
            Memory.PrefetchL2(row);
            Memory.PrefetchL2(row + 2 * I.Width - 1);
        }
    }

    /// <summary>
    /// Some rows of one depth block of a product. Row i of A lies in strip i / TileRows, <see cref="Strip"/> floats from the one before, as
    /// its row i % TileRows.
    /// </summary>
    private struct RowBlock
    {
        public int M, N, K, Ldc, Ldb, ColumnsLeft;
        public nint Row, Depth, Strip, PanelStride, ColumnsDepth;
        public float* A, C, Panels, Spare;
        public bool Add, BByColumns;

        /// <summary>B before it is packed; null once it is.</summary>
        public float* B;

        /// <summary>The columns of A before they are copied to <see cref="A"/>; null where A is there already.</summary>
        public float* Columns;

        /// <summary>One or two rows.</summary>
        [MethodImpl(Hot)]
        public void Few(int rows)
        {
            int nr = 2 * I.Width, j = 0;
            if (B != null) PackPanels(K, N, B, Ldb, BByColumns, Panels);
            for (; j + 4 * nr <= N; j += 4 * nr)
            {
                float* p = Panels + j / nr * PanelStride;
                if (rows == 2) GemmTile<I, V>.Rows2Panels4(K, A, Row, Depth, p, PanelStride, C + j, Ldc, Add);
                else GemmTile<I, V>.Rows1Panels4(K, A, Row, Depth, p, PanelStride, C + j, Ldc, Add);
            }
            for (; j < N; j += nr)
                TileColumns(rows, Math.Min(nr, N - j), K, A, Row, Depth, Panels + j / nr * PanelStride, C + j, Ldc, Add, Spare);
        }

        /// <summary>Each panel of B stays in the first-level cache while the strips of A pass by.</summary>
        [MethodImpl(Hot)]
        public void PanelByPanel()
        {
            int nr = 2 * I.Width;
            for (int j = 0; j < N; j += nr)
            {
                bool foresees = B != null && !BByColumns && j + 2 * nr <= N && (long)K * Ldb > ColdBlock;
                for (int i = 0, rows; i < M; i += rows)
                {
                    rows = TileRows(M - i);
                    Tile(i, rows, j);
                    if (foresees) Foresee(B + j + nr, Ldb, (int)((long)i * K / M), (int)((long)(i + rows) * K / M));
                }
            }
        }

        /// <summary>Each strip of A stays in the first-level cache while the panels of B, which are one stream, pass by.</summary>
        [MethodImpl(Hot)]
        public void StripByStrip()
        {
            int nr = 2 * I.Width;
            for (int i = 0, rows; i < M; i += rows)
            {
                rows = TileRows(M - i);
                for (int j = 0; j < N; j += nr) Tile(i, rows, j);
            }
        }

        [MethodImpl(Inline)]
        private readonly void Tile(int i, int rows, int j)
        {
            int nr = 2 * I.Width;
            float* a = A + i / I.TileRows * Strip + i % I.TileRows * Row, c = C + (long)i * Ldc + j, p = Panels + j / nr * PanelStride;
            bool whole = j + nr <= N && rows == I.TileRows, copies = Columns != null && j == 0;
            if (B != null && i == 0)
            {
                if (whole && !BByColumns && !copies)
                {
                    PackingTile(K, a, Row, Depth, B + j, Ldb, p, c, Ldc, Add);
                    return;
                }
                PackPanel(K, Math.Min(nr, N - j), BByColumns ? B + (long)j * Ldb : B + j, Ldb, BByColumns, p);
            }
            if (copies && i % I.TileRows == 0)
            {
                // Each row is read as whole vectors.
                if (whole && i + RoundUp(I.TileRows, I.Width) <= ColumnsLeft)
                {
                    GemmTile<I, V>.Rows12Copying(K, Columns + i, 1, ColumnsDepth, p, a, c, Ldc, Add);
                    return;
                }
                CopyColumns(Math.Min(I.TileRows, M - i), K, Columns + i, ColumnsDepth, a);
            }
            if (j + nr <= N) KernelSet<I, V>.Tile(rows, K, a, Row, Depth, p, c, Ldc, Add);
            else TileColumns(rows, N - j, K, a, Row, Depth, p, c, Ldc, Add, Spare);
        }
    }
}
