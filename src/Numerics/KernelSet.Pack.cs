using System.Runtime.CompilerServices;

namespace PersonaSelection.Numerics;

internal sealed unsafe partial class KernelSet<I, V>
{
    /// <summary>Packs [k, n] into panels [n / 2W][k][2W]; columns past n are zero.</summary>
    public override void Pack(int k, int n, float* b, int ldb, bool byColumns, float* panels) =>
        PackPanels(k, n, b, ldb, byColumns, panels);

    [MethodImpl(Hot)]
    private static void PackPanels(int k, int n, float* b, int ldb, bool byColumns, float* panels)
    {
        int nr = 2 * I.Width;
        for (int j = 0; j < n; j += nr)
            PackPanel(k, Math.Min(nr, n - j), byColumns ? b + (long)j * ldb : b + j, ldb, byColumns, panels + (long)j * k);
    }

    private static void PackPanel(int k, int columns, float* b, int ldb, bool byColumns, float* to)
    {
        if (byColumns) PackColumns(k, columns, b, ldb, to);
        else PackRows(k, columns, b, ldb, to);
    }

    [MethodImpl(Hot)]
    private static void PackRows(int k, int columns, float* b, int ldb, float* to)
    {
        int nr = 2 * I.Width;
        if (columns == nr)
        {
            for (int p = 0; p < k; p++, b += ldb, to += nr)
            {
                I.Store(to, I.Load(b));
                I.Store(to + I.Width, I.Load(b + I.Width));
            }
            return;
        }
        for (int p = 0; p < k; p++, b += ldb, to += nr)
        {
            int j = 0;
            for (; j + I.Width <= columns; j += I.Width) I.Store(to + j, I.Load(b + j));
            for (; j < columns; j++) to[j] = b[j];
            for (; j % I.Width != 0; j++) to[j] = 0;
            if (j < nr) I.Store(to + j, I.Create(0));
        }
    }

    private static void PackColumns(int k, int columns, float* b, int ldb, float* to)
    {
        int nr = 2 * I.Width;
        if (columns < nr) new Span<float>(to, k * nr).Clear();
        Turn(columns, k, b, ldb, to, nr);
    }

    /// <summary>to[p, j] = from[j, p] for any number of rows j and columns p.</summary>
    [MethodImpl(Hot)]
    private static void Turn(int rows, int columns, float* from, int ldFrom, float* to, int ldTo)
    {
        int size = I.TransposeSize, whole = rows / size * size, squares = columns / size;
        I.Transpose(from, ldFrom, to, ldTo, whole, squares);
        for (int p = squares * size; p < columns; p++)
        {
            for (int j = 0; j < whole; j++) to[(long)p * ldTo + j] = from[(long)j * ldFrom + p];
        }
        for (int j = whole; j < rows; j++)
        {
            float* row = from + (long)j * ldFrom;
            for (int p = 0; p < columns; p++) to[(long)p * ldTo + j] = row[p];
        }
    }

    /// <summary>
    /// Strides (row, depth, strip) of a copy of A where the first-level cache can hold a strip of it: columns that lie far apart, or rows
    /// whose distance maps them all to the same cache sets, are laid side by side.
    /// </summary>
    private static (nint Row, nint Depth, nint Strip) CopyStrides(int k, bool columns) =>
        columns ? (1, I.TileRows, k * I.TileRows + 16) : (k + 16, 1, I.TileRows * (k + 16));

    [MethodImpl(Hot)]
    private static void CopyRows(int m, int k, float* a, nint ars, float* to)
    {
        for (int i = 0; i < m; i++) Elementwise.Copy(k, a + i * ars, to + (long)i * (k + 16));
    }

    /// <summary>Columns of A, strip by strip; the columns of a strip lie side by side.</summary>
    [MethodImpl(Hot)]
    private static void CopyColumns(int m, int k, float* a, nint aks, float* to)
    {
        int strip = I.TileRows;
        // A vector may run past its strip's row: the next row, or the padding after the last, takes the excess.
        int stride = k * strip + 16;
        for (int p = 0; p < k; p++, a += aks)
        {
            float* at = to + p * strip;
            int i = 0;
            // Reading past the end of a row reads the next one.
            int safe = p < k - 1 && m >= 16 ? m : m - RoundUp(strip, I.Width) + 1;
            for (; i < safe; i += strip, at += stride)
            {
                for (int j = 0; j < strip; j += I.Width) I.Store(at + j, I.Load(a + i + j));
            }
            for (; i < m; i += strip, at += stride)
            {
                for (int j = 0; j < strip && i + j < m; j++) at[j] = a[i + j];
            }
        }
    }
}
