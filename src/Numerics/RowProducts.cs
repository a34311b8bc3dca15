namespace PersonaSelection.Numerics;

/// <summary>The dot products of rows with rows, as one matrix product.</summary>
public static unsafe class RowProducts
{
    /// <summary>
    /// [a.Count][b.Count]: row i holds the products of a[i] with every b. It has the same bits whatever the other rows of a are.
    /// </summary>
    /// <param name="a">Rows of one length.</param>
    /// <param name="b">Rows of the same length.</param>
    public static float[][] Of(IReadOnlyList<float[]> a, IReadOnlyList<float[]> b)
    {
        if (a.Count == 0 || b.Count == 0) return [.. a.Select(_ => Array.Empty<float>())];
        int k = b[0].Length, n = b.Count;
        using FloatBuffer left = Stack(a, k), right = Stack(b, k), products = new((long)a.Count * n);
        using PackedMatrix packed = PackedMatrix.FromColumns(k, n, right.Pointer, k);
        Gemm.Packed(a.Count, left.Pointer, k, packed, products.Pointer, n, false);
        return [.. Enumerable.Range(0, a.Count).Select(i => products.Span((long)i * n, n).ToArray())];
    }

    private static FloatBuffer Stack(IReadOnlyList<float[]> rows, int k)
    {
        var stacked = new FloatBuffer((long)rows.Count * k);
        for (int i = 0; i < rows.Count; i++) rows[i].CopyTo(stacked.Span((long)i * k, k));
        return stacked;
    }
}
