using PersonaSelection.Numerics;
using Xunit;

namespace PersonaSelection.Tests.Rooms.NumericsTests;

public unsafe class AttentionTests
{
    public static TheoryData<SimdLevel> Levels => Blocks.Levels;

    private static readonly (AttentionShape Shape, int[] Lengths)[] Cases =
    [
        (new(2, 2, 16), [1, 5, 0, 33, 12]),
        (new(4, 2, 32), [75, 13, 24]),
        (new(3, 1, 8), [40, 2]),
        (new(2, 1, 20), [31, 32, 7]),
        (new(1, 1, 64), [100]),
        (new(2, 2, 6), [17]),
        // Longer than one block of backward rows.
        (new(1, 1, 16), [421]),
    ];

    [Theory, MemberData(nameof(Levels))]
    public void Forward_and_backward_equal_their_twins(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(5);
        using AttentionScratch scratch = new();
        foreach ((AttentionShape s, int[] lengths) in Cases)
        {
            int[] starts = Starts(lengths, 2);
            int rows = starts[^1], ld = s.RowLength + 3, ldo = s.Heads * s.HeadDim + 1;
            using FloatBuffer qkv = Blocks.Random(rng, rows * ld, 2), dO = Blocks.Random(rng, rows * ldo);
            using FloatBuffer o = new(rows * ldo), o2 = new(rows * ldo), lse = new(rows * s.Heads), lse2 = new(rows * s.Heads),
                d = new(rows * ld), d2 = new(rows * ld);
            fixed (int* p = starts)
            {
                kernels.AttentionForward(s, lengths.Length, p, qkv.Pointer, ld, o.Pointer, ldo, lse.Pointer, scratch);
                ScalarAttention.Forward(s, lengths.Length, p, qkv.Pointer, ld, o2.Pointer, ldo, lse2.Pointer);
                Blocks.Close(o2, o, 3e-6, $"{level} {s} output");
                Blocks.Close(lse2, lse, 3e-6, $"{level} {s} log-sum-exp");
                // What the first rows of each sequence hold stays; the others get the same bits.
                using FloatBuffer o3 = new(rows * ldo), lse3 = new(rows * s.Heads);
                Elementwise.Fill(rows * ldo, 7, o3.Pointer);
                kernels.AttentionForward(s, lengths.Length, p, qkv.Pointer, ld, o3.Pointer, ldo, lse3.Pointer, scratch, 5);
                for (int q = 0; q < lengths.Length; q++)
                {
                    for (int i = p[q]; i < p[q + 1]; i++)
                    {
                        Span<float> row = o3.Span(i * ldo, s.Heads * s.HeadDim), log = lse3.Span(i * s.Heads, s.Heads);
                        if (i - p[q] < 5) Assert.Equal((7, 0), (row[0], log[0]));
                        else
                            Assert.True(row.SequenceEqual(o.Span(i * ldo, row.Length)) && log.SequenceEqual(lse.Span(i * s.Heads, s.Heads)),
                                $"{level} {s} row {i}");
                    }
                }
                kernels.AttentionBackward(s, lengths.Length, p, qkv.Pointer, ld, o.Pointer, ldo, lse.Pointer, dO.Pointer,
                    ldo, d.Pointer, ld, scratch);
                ScalarAttention.Backward(s, lengths.Length, p, qkv.Pointer, ld, dO.Pointer, ldo, d2.Pointer, ld);
                Blocks.Close(d2, d, 2e-5, $"{level} {s} gradient");
            }
        }
    }

    [Fact]
    public void The_twin_s_gradient_is_the_slope_of_its_forward_pass()
    {
        AttentionShape s = new(4, 2, 6);
        int[] starts = [0, 7, 12];
        int ld = s.RowLength, ldo = s.Heads * s.HeadDim, rows = 12;
        RngStream rng = RngStream.Root(6);
        using FloatBuffer qkv = Blocks.Random(rng, rows * ld), dO = Blocks.Random(rng, rows * ldo), way = Blocks.Random(rng, rows * ld);
        using FloatBuffer o = new(rows * ldo), lse = new(rows * s.Heads), d = new(rows * ld);
        fixed (int* p = starts)
        {
            ScalarAttention.Backward(s, 2, p, qkv.Pointer, ld, dO.Pointer, ldo, d.Pointer, ld);
            double slope = 0;
            foreach (int sign in (int[])[1, -1])
            {
                using FloatBuffer moved = Blocks.Clone(qkv);
                Elementwise.Axpy(rows * ld, sign * 0.01f, way.Pointer, moved.Pointer);
                ScalarAttention.Forward(s, 2, p, moved.Pointer, ld, o.Pointer, ldo, lse.Pointer);
                slope += sign * ScalarElementwise.Dot(rows * ldo, o.Pointer, dO.Pointer) / 0.02;
            }
            Assert.Equal(slope, ScalarElementwise.Dot(rows * ld, d.Pointer, way.Pointer), 1e-3 * (1 + Math.Abs(slope)));
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void A_row_depends_on_nothing_after_it_nor_on_other_sequences(SimdLevel level)
    {
        AttentionShape s = new(2, 1, 16);
        int ld = s.RowLength, ldo = 32, n = 90;
        using AttentionScratch scratch = new();
        using FloatBuffer qkv = Blocks.Random(RngStream.Root(7), n * ld, 3), whole = new(n * ldo), lse = new(n * 2);
        Run(kernels: KernelSet.For(level), [0, n], whole, lse);
        foreach (int cut in (int[])[1, 12, 13, 47, 75])
        {
            using FloatBuffer o = new(n * ldo), log = new(n * 2);
            Run(KernelSet.For(level), [0, cut, n], o, log);
            Assert.True(whole.Span(0, cut * ldo).SequenceEqual(o.Span(0, cut * ldo)), $"{level} cut at {cut}");
            Assert.True(lse.Span(0, cut * 2).SequenceEqual(log.Span(0, cut * 2)), $"{level} log cut at {cut}");
        }

        void Run(KernelSet kernels, int[] starts, FloatBuffer o, FloatBuffer log)
        {
            fixed (int* p = starts)
                kernels.AttentionForward(s, starts.Length - 1, p, qkv.Pointer, ld, o.Pointer, ldo, log.Pointer, scratch);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void Cached_rows_attend_as_in_the_whole_sequence(SimdLevel level)
    {
        KernelSet kernels = KernelSet.For(level);
        RngStream rng = RngStream.Root(8);
        float** prefixRows = stackalloc float*[5], ownRows = stackalloc float*[5];
        int* prefixLength = stackalloc int[5], ownLength = stackalloc int[5], span = stackalloc int[2];
        using AttentionScratch scratch = new();
        foreach (AttentionShape s in (AttentionShape[])[new(4, 2, 16), new(2, 2, 20), new(2, 1, 64)])
        {
            // Three sequences share the first 37 rows; each has own earlier rows and new ones.
            int prefix = 37, ld = s.RowLength, ldo = s.Heads * s.HeadDim, kv = 2 * s.KvHeads * s.HeadDim;
            (int Own, int Fresh)[] sequences = [(0, 20), (11, 9), (5, 1), (0, 2), (40, 33)];
            int[] starts = Starts([.. sequences.Select(x => x.Fresh)], 0);
            int rows = starts[^1];
            using FloatBuffer fresh = new(rows * ld), o = new(rows * ldo), shared = Blocks.Random(rng, prefix * ld);
            List<FloatBuffer> owned = [];
            using FloatBuffer expected = new(rows * ldo), cache = Cache(s, shared, prefix);
            for (int q = 0; q < sequences.Length; q++)
            {
                (int own, int count) = sequences[q];
                int total = prefix + own + count;
                FloatBuffer all = Blocks.Random(rng, total * ld);
                owned.Add(all);
                Elementwise.Copy(prefix * ld, shared.Pointer, all.Pointer);
                Elementwise.Copy(count * ld, all.Pointer + (prefix + own) * ld, fresh.Pointer + starts[q] * ld);
                FloatBuffer cached = Cache(s, all, prefix + own);
                owned.Add(cached);
                (prefixLength[q], ownLength[q]) = (prefix, own);
                prefixRows[q] = cache.Pointer;
                ownRows[q] = own == 0 ? null : cached.Pointer + prefix * kv;
                using FloatBuffer wholeO = new(total * ldo), wholeLog = new(total * s.Heads);
                (span[0], span[1]) = (0, total);
                kernels.AttentionForward(s, 1, span, all.Pointer, ld, wholeO.Pointer, ldo, wholeLog.Pointer, scratch);
                Elementwise.Copy(count * ldo, wholeO.Pointer + (prefix + own) * ldo, expected.Pointer + starts[q] * ldo);
            }
            fixed (int* p = starts)
                kernels.AttentionCached(s, sequences.Length, p, null, fresh.Pointer, ld, prefixRows, prefixLength, ownRows, ownLength,
                    o.Pointer, ldo, scratch);
            Blocks.Close(expected, o, 2e-6, $"{level} {s}");
            Assert.True(expected.Span(0, starts[2] * ldo).SequenceEqual(o.Span(0, starts[2] * ldo)), "many new rows: the same bits");
            // Rows that nobody asked for cost nothing, and the others have the same bits.
            using FloatBuffer some = new(rows * ldo);
            int[] first = [3, 9, 0, 1, 30];
            fixed (int* p = starts, f = first)
                kernels.AttentionCached(s, sequences.Length, p, f, fresh.Pointer, ld, prefixRows, prefixLength, ownRows, ownLength,
                    some.Pointer, ldo, scratch);
            for (int q = 0; q < sequences.Length; q++)
            {
                int from = starts[q] + first[q];
                Assert.True(o.Span(from * ldo, (starts[q + 1] - from) * ldo)
                    .SequenceEqual(some.Span(from * ldo, (starts[q + 1] - from) * ldo)), $"{level} {s} {q}");
                Assert.False(some.Span(starts[q] * ldo, first[q] * ldo).ContainsAnyExcept(0f));
            }
            foreach (FloatBuffer x in owned) x.Dispose();
        }
    }

    private static FloatBuffer Cache(AttentionShape s, FloatBuffer qkv, int rows)
    {
        int kv = 2 * s.KvHeads * s.HeadDim;
        FloatBuffer cache = new((long)rows * kv);
        for (int i = 0; i < rows; i++) Elementwise.Copy(kv, qkv.Pointer + i * s.RowLength + s.KeyOffset, cache.Pointer + i * kv);
        return cache;
    }

    private static int[] Starts(int[] lengths, int first)
    {
        int[] starts = new int[lengths.Length + 1];
        starts[0] = first;
        for (int i = 0; i < lengths.Length; i++) starts[i + 1] = starts[i] + lengths[i];
        return starts;
    }
}
