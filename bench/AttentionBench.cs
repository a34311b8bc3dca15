using PersonaSelection.Numerics;

namespace PersonaSelection.Bench;

/// <summary>Causal attention; operations are counted for the visible half only: 4 hd per visible pair forward, 8 hd backward.</summary>
internal static unsafe class AttentionBench
{
    private static readonly (int Sequences, int Length, int Heads, int KvHeads, int HeadDim)[] Shapes =
    [
        (16, 64, 4, 4, 16), (16, 75, 4, 4, 16), (10, 75, 6, 6, 16), (16, 75, 4, 4, 32), (8, 128, 4, 4, 32), (4, 256, 8, 8, 32),
        (4, 256, 8, 2, 32), (1, 1024, 8, 8, 32), (2, 512, 8, 8, 64),
    ];

    public static void Run(Bench bench)
    {
        using AttentionScratch scratch = new();
        foreach ((int sequences, int length, int heads, int kvHeads, int headDim) in Shapes)
        {
            AttentionShape s = new(heads, kvHeads, headDim);
            int rows = sequences * length, ld = (heads + 2 * kvHeads) * headDim, ldo = heads * headDim;
            using FloatBuffer qkv = GemmBench.Fill(rows * ld), o = new(rows * ldo), lse = new(rows * heads),
                dO = GemmBench.Fill(rows * ldo), d = new(rows * ld);
            int[] starts = [.. Enumerable.Range(0, sequences + 1).Select(i => i * length)];
            fixed (int* p = starts)
            {
                nint at = (nint)p;
                string name = $"{sequences}x{length} H{heads}/{kvHeads} hd{headDim}";
                double flops = 4.0 * headDim * heads * sequences * length * (length + 1) / 2;
                bench.Flops("attention", $"forward  {name}", flops, () =>
                    Attention.Forward(s, sequences, (int*)at, qkv.Pointer, ld, o.Pointer, ldo, lse.Pointer, scratch));
                bench.Flops("attention", $"backward {name}", 2 * flops, () =>
                    Attention.Backward(s, sequences, (int*)at, qkv.Pointer, ld, o.Pointer, ldo, lse.Pointer, dO.Pointer, ldo, d.Pointer,
                        ld, scratch));
            }
        }
    }
}
